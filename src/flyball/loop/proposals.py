"""Proposals: what a turn suggests to change, as a record that a person signs before anything is edited.

A turn re-tests; it edits nothing by itself. Where what it found asks for another rule, another threshold or
another expert, it proposes that, once for each cause. An edit that somebody who may has signed is written to
the folder, if the file is still the one that it was made for; the next turn tests it like any other edit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flyball.core.digests import canonical_json, digest_of, digest_of_bytes, from_json, short
from flyball.core.errors import Refused, UnknownName
from flyball.governance.approvals import Approval, ApprovalKind, missing_approvals, sign_approval
from flyball.ledger.notes import SigningKey
from flyball.loop.memo import write_atomically
from flyball.loop.promotion import approvals_in, people_of, signed_within
from flyball.loop.workshop import Workshop

__all__ = [
    "Act",
    "Proposal",
    "Standing",
    "State",
    "approve_proposal",
    "find_proposal",
    "proposals_in",
    "record_proposals",
]

PROPOSED = "change.proposed"
APPLIED = "change.applied"
_AUTHOR = "turn"

Act = Literal["edit", "revise", "threshold", "re-tune", "re-route"]
State = Literal["waits", "signed", "applied", "rejected", "overtaken"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that is suggested.

    Parameters
    ----------
    deployment : str
    act : {"edit", "revise", "threshold", "re-tune", "re-route"}
        "edit": the new text of a file stands ready. "revise": a person has to write something.
    kind : ApprovalKind
        What somebody must be allowed to sign: "rule", "obligation" or "threshold".
    cause : str
        "us.sr-11-7 has not applied since 2026-04-17".
    what : str
        What is suggested, in a sentence.
    file : str
        Path in the deployment; "" where no file is edited.
    before, after : str
        Digests of its text now and then; the new text is among the blobs.
    lines : tuple of (str, str)
        Lines that differ: as they are, and as they would be.
    """

    deployment: str
    act: Act
    kind: ApprovalKind
    cause: str
    what: str
    file: str = ""
    before: str = ""
    after: str = ""
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """What is signed."""
        return digest_of(self)


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal and what became of it.

    Parameters
    ----------
    digest : str
    proposal : Proposal
    state : {"waits", "signed", "applied", "rejected", "overtaken"}
        "signed" is the end of one that edits no file; "overtaken": its file has changed since.
    entry : int
        Of the ledger.
    at : datetime
        When it was made.
    missing : tuple of str
        What still stands between it and its approval.
    """

    digest: str
    proposal: Proposal
    state: State
    entry: int
    at: datetime
    missing: tuple[str, ...]


def record_proposals(workshop: Workshop, proposals: Sequence[Proposal]) -> tuple[Standing, ...]:
    """Write proposals down, each once, and return those that nobody has answered yet."""
    for one in proposals:
        key = f"proposal/{one.digest}"
        if workshop.ledger.entry_by_key(key) is None:
            workshop.ledger.append(kind=PROPOSED, actor="system:turn", body=one, key=key)
    return tuple(one for one in proposals_in(workshop) if one.state == "waits") if proposals else ()


def proposals_in(workshop: Workshop) -> tuple[Standing, ...]:
    """Return every proposal of the deployment, oldest first."""
    entries = list(workshop.ledger.entries(kind=PROPOSED))
    if not entries:
        return ()
    applied = {str(entry.body["proposal"]) for entry in workshop.ledger.entries(kind=APPLIED)}
    approvals, people = approvals_in(workshop), people_of(workshop)
    found = []
    for entry in entries:
        one = from_json(canonical_json(entry.body), Proposal)
        missing = missing_approvals(
            max(1, workshop.deployment.settings.approvals.release),
            _AUTHOR,
            approvals,
            one.digest,
            people,
            kind=one.kind,
            signed_within=_together(workshop, approvals, one.digest),
        )
        listed = {person.id for person in people if not person.revoked}
        rejected = any(
            said.digest == one.digest and said.decision == "reject" and said.person in listed
            for said in approvals
        )
        state: State = "waits"
        if one.digest in applied:
            state = "applied"
        elif rejected:
            state = "rejected"
        elif one.file and _now(workshop, one) != one.before:
            state = "overtaken"
        elif not missing:
            state = "signed"
        found.append(Standing(one.digest, one, state, entry.index, entry.at, missing))
    return tuple(found)


def _together(workshop: Workshop, approvals: Sequence[Approval], digest: str) -> tuple[datetime, datetime]:
    """Return when approvals of a proposal that count were signed: none had expired when the last one came."""
    _, last = signed_within(workshop)
    newest = max((one.at for one in approvals if one.digest == digest and one.at <= last), default=last)
    return newest - timedelta(days=workshop.deployment.settings.approvals.valid_days), last


def find_proposal(workshop: Workshop, prefix: str) -> Standing:
    """Return a proposal by the first digits of its digest.

    Raises
    ------
    UnknownName
        None, or more than one, begins so.
    """
    all_ = proposals_in(workshop)
    wanted = prefix.removeprefix("sha256:")
    found = [one for one in all_ if wanted and one.digest.removeprefix("sha256:").startswith(wanted)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(short(one.digest) for one in all_) or "none"
    what = f"{len(found)} proposals begin" if found else "No proposal begins"
    raise UnknownName(f"{what} with {prefix!r}.", fix=f"Known: {known}.", proposal=prefix)


def approve_proposal(
    workshop: Workshop, digest: str, *, key: SigningKey, person: str, comment: str = "", reject: bool = False
) -> Standing:
    """Sign a proposal; when enough have, write its edit into the folder.

    Parameters
    ----------
    workshop : Workshop
    digest : str
        Or its first digits.
    key : SigningKey
        Of the person.
    person, comment : str
    reject : bool
        Say no instead.

    Returns
    -------
    Standing
        As it stands afterwards.

    Raises
    ------
    Refused
        It was answered or overtaken before, or this signature does not count; nothing was written.
    """
    standing = find_proposal(workshop, digest)
    one = standing.proposal
    if standing.state != "waits":
        raise Refused(
            f"Proposal {short(standing.digest)} is {standing.state}; nothing was signed.",
            fix="flyball turn makes it anew where it is still wanted."
            if standing.state == "overtaken"
            else "flyball proposal list shows those that wait.",
        )
    may = {who.id for who in people_of(workshop) if not who.revoked and one.kind in who.kinds}
    if person not in may:
        raise Refused(
            f"{person} may not sign this: it needs {one.kind!r} among their kinds in people.toml.",
            fix=f"Could sign: {', '.join(sorted(may)) or 'nobody'}.",
            person=person,
        )
    signed = sign_approval(
        key,
        digest=standing.digest,
        kind=one.kind,
        person=person,
        decision="reject" if reject else "approve",
        comment=comment,
        at=workshop.clock(),
    )
    workshop.ledger.append(kind="approval", actor=f"person:{person}", body=signed)
    after = find_proposal(workshop, standing.digest)
    if after.state == "signed" and one.file:
        _apply(workshop, after)
        after = find_proposal(workshop, standing.digest)
    workshop.ledger.checkpoint()
    return after


def _apply(workshop: Workshop, standing: Standing) -> None:
    """Write the new text of the file, and write down that it was done."""
    one, root = standing.proposal, workshop.deployment.root.resolve()
    path = (root / one.file).resolve()
    if not path.is_relative_to(root) or path.is_relative_to(workshop.state.resolve()):
        raise Refused(
            f"Proposal {short(standing.digest)} would write {one.file!r}, which is no file of the folder.",
            fix="Reject it, and find out who wrote it into the ledger.",
            file=one.file,
        )
    write_atomically(path, workshop.blobs.get(one.after))
    body = {"proposal": standing.digest, "file": one.file, "before": one.before, "after": one.after}
    workshop.ledger.append(
        kind=APPLIED, actor=workshop.actor, body=body, key=f"proposal.applied/{standing.digest}"
    )


def _now(workshop: Workshop, one: Proposal) -> str:
    path = workshop.deployment.root / one.file
    return digest_of_bytes(path.read_bytes()) if path.is_file() else ""
