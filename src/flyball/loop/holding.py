"""Holding: somebody who may places a legal hold and signs it, and somebody else releases it."""

import re
import secrets
from collections.abc import Sequence

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import list_datasets
from flyball.governance.approvals import same_key
from flyball.ledger.erasure import erase as erase_blob
from flyball.loop.erased import subject_digest
from flyball.loop.holds import PLACED, RELEASED, Hold, holds_of, open_holds
from flyball.loop.permission import signed_request
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["place_hold", "release_hold"]

_REFUSED = "hold.refused"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_SHORTEST_REASON = 8


def place_hold(
    workshop: Workshop,
    name: str,
    *,
    person: str,
    reason: str,
    subject: str = "",
    document: str = "",
    datasets: Sequence[str] = (),
    everything: bool = False,
) -> Hold:
    """Keep something until the hold is released.

    Parameters
    ----------
    workshop : Workshop
    name : str
        Of the matter: "matter-2026-7".
    person : str
        Needs "hold" among their kinds in people.toml, and signs.
    reason : str
        For the ledger; the subject is not named in it.
    subject, document, datasets, everything
        One of them: a person as the source writes them; the whole digest of a document's bytes; datasets;
        the whole deployment.

    Returns
    -------
    Hold

    Raises
    ------
    BadInput
        None or several of them, a name in use, no reason, or one that names the subject.
    UnknownName
        There is no such dataset.
    Refused
        They may not. That is written down too.
    """
    subject = subject.strip()
    if sum(map(bool, (subject, document, datasets, everything))) != 1:
        raise BadInput(
            "A hold is about one of: a person, a document, datasets, everything.",
            fix="For instance --dataset cases, or --subject 4711.",
        )
    if not _NAME.match(name) or any(one.name == name for one in open_holds(workshop.ledger)):
        raise BadInput(
            f"{name!r} cannot be the name of a new hold: it is in use, or not of 1 to 63 lower case letters, "
            "digits and . _ -.",
            fix="Name the matter: matter-2026-7. See flyball hold list.",
            name=name,
        )
    if len(reason.strip()) < _SHORTEST_REASON or (subject and subject.casefold() in reason.casefold()):
        raise BadInput(
            "A hold needs a reason of a few words, in which the subject is not named: it stays for ever.",
            fix='For instance --reason "Litigation 2026-7, letter of counsel".',
        )
    if document and not _DIGEST.match(document):
        raise BadInput(
            f"{document!r} is not the whole digest of a document.",
            fix="Give sha256: and 64 digits; see the decision.",
        )
    if datasets:
        with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
            there = list_datasets(catalogue)
        unknown = sorted(set(datasets) - set(there))
        if unknown:
            raise UnknownName(
                f"There is no dataset {unknown[0]!r}.", fix=f"Known: {', '.join(there) or 'none'}."
            )
    request = {
        "name": name,
        "person": person,
        "reason": reason,
        "subject": subject_digest(workshop, subject) if subject else "",
        "documents": [document] if document else [],
        "datasets": sorted(set(datasets)),
        "everything": everything,
    }
    approval = signed_request(workshop, request, kind="hold", person=person, refusal=_REFUSED)
    held = ""
    if subject:  # salted, so that its digest in the ledger tells nobody who it is
        held = workshop.blobs.put(canonical_json({"subject": subject, "salt": secrets.token_hex(16)}))
    entry = workshop.ledger.append(
        kind=PLACED,
        actor=f"person:{person}",
        body={**request, "held": held, "approval": approval},
        refs=(held,) if held else (),
    ).index
    workshop.ledger.checkpoint()
    return next(one for one in holds_of(workshop.ledger) if one.entry == entry)


def release_hold(workshop: Workshop, name: str, *, person: str, reason: str) -> Hold:
    """End a hold: what is due goes at the next run of retention, what was demanded can be erased.

    Parameters
    ----------
    workshop : Workshop
    name : str
    person : str
        Needs "hold" among their kinds, and is not who placed it.
    reason : str

    Returns
    -------
    Hold
        As it was.

    Raises
    ------
    BadInput
        No hold of that name is in force, or no reason is given.
    Refused
        They placed it themselves, or may not. That is written down too.
    """
    found = {one.name: one for one in open_holds(workshop.ledger)}
    if name not in found or len(reason.strip()) < _SHORTEST_REASON:
        raise BadInput(
            f"No hold {name!r} is in force."
            if name not in found
            else f"A reason of a few words is needed, got {reason!r}.",
            fix=f"In force: {', '.join(sorted(found)) or 'none'}.",
            name=name,
        )
    hold = found[name]
    key = next((one.public_key for one in people_of(workshop) if one.id == person), "")
    request = {"entry": hold.entry, "name": name, "person": person, "reason": reason}
    if person == hold.person or same_key(key, hold.public_key):
        why = "they placed it themselves"
        workshop.ledger.append(kind=_REFUSED, actor=workshop.actor, body={**request, "why": why})
        raise Refused(
            f"{person} may not release the hold {name}: {why}.",
            fix="Have somebody else with the kind hold release it.",
            person=person,
        )
    approval = signed_request(workshop, request, kind="hold", person=person, refusal=_REFUSED)
    workshop.ledger.append(kind=RELEASED, actor=f"person:{person}", body={**request, "approval": approval})
    if hold.held:
        erase_blob(
            workshop.ledger,
            workshop.blobs,
            hold.held,
            actor=f"person:{person}",
            reason=f"hold {name} was released",
        )
    workshop.ledger.checkpoint()
    return hold
