"""Sign a release: the exact bytes for one's own key, and the place where the signature comes back.

No private key is asked for here: who signs does so where the key is.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from flyball.console.page import Act, Asked, File, Go, Page, Shown
from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput
from flyball.governance.approvals import Approval, Person, signed_bytes, verify_approval
from flyball.loop.promotion import people_of
from flyball.loop.release_view import release_view
from flyball.loop.releases import find_release, read_release
from flyball.loop.workshop import Workshop

__all__ = ["sign"]

_LONGEST_COMMENT = 400
_SIGNATURE = re.compile(r"[A-Za-z0-9+/=\s]{80,120}\Z")


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    view = release_view(workshop, digest)
    statement = None
    if asked.problem is not None and asked.sent("statement"):
        statement = _statement_sent(asked)
    elif asked.query.get("person"):
        statement = _statement_asked(asked, workshop, digest)
    now = asked.desk.served.workshop.clock().astimezone(UTC)
    return {
        "title": f"Sign release {short(digest)}",
        "view": view,
        "people": _able(workshop),
        "statement": statement,
        "written": "" if statement is None else canonical_json(statement).decode(),
        "shown": "" if statement is None else signed_bytes(statement).decode(),
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "here": asked.link("releases", asked.path["release"], "sign"),
    }


def _able(workshop: Workshop) -> list[Person]:
    return [one for one in people_of(workshop) if "release" in one.kinds and not one.revoked]


def _statement_asked(asked: Asked, workshop: Workshop, digest: str) -> Approval:
    """Return what would be signed, without its signature; the same question gives the same bytes."""
    person = _person(workshop, asked.query.get("person", ""))
    comment, decision = asked.query.get("comment", "").strip(), asked.query.get("decision", "approve")
    if decision not in ("approve", "reject"):
        raise BadInput(f"{decision[:40]!r} is no decision.", fix="Choose approve or reject.")
    if len(comment) > _LONGEST_COMMENT:
        raise BadInput(f"A comment has at most {_LONGEST_COMMENT} characters.", fix="Say it shorter.")
    try:
        at = datetime.fromisoformat(asked.query.get("at", "")).astimezone(UTC)
    except ValueError as err:
        raise BadInput("The time of signing cannot be read.", fix="Begin again from the release.") from err
    said = "approve" if decision == "approve" else "reject"
    return Approval(
        digest,
        "release",
        person.id,
        person.public_key,
        "approve" if said == "approve" else "reject",
        comment,
        at,
    )


def _person(workshop: Workshop, id: str) -> Person:
    able = {one.id: one for one in _able(workshop)}
    if id not in able:
        known = ", ".join(sorted(able)) or "nobody"
        raise BadInput(
            f"{id[:60]!r} may not sign releases here.", fix=f"May sign: {known}; people.toml lists them."
        )
    return able[id]


def _statement_sent(asked: Asked) -> Approval:
    try:
        return from_json(asked.sent("statement").encode(), Approval)
    except (BadInput, msgspec.ValidationError) as err:
        raise BadInput("The statement was altered on its way.", fix="Begin again from the release.") from err


def _bytes(asked: Asked) -> File:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    statement = _statement_asked(asked, workshop, digest)
    return File(signed_bytes(statement), f"approval-{short(digest)}.txt", "application/octet-stream")


def _hand_in(asked: Asked) -> Go:
    workshop = asked.desk.served.workshop
    digest = find_release(workshop.state, asked.path["release"])
    read_release(workshop.state, digest, workshop.key.verifier)  # refuses one that was altered
    statement = _statement_sent(asked)
    if statement.digest != digest or statement.kind != "release":
        raise BadInput(
            f"The statement is about {short(statement.digest)}, not {short(digest)}.",
            fix="Begin again from the release that you mean.",
        )
    if statement.at > workshop.clock():
        raise BadInput("The statement is of a time to come.", fix="Begin again from the release.")
    written = asked.sent("signature")
    if not _SIGNATURE.match(written):
        raise BadInput(
            "This is not a signature: it has 88 characters in base64.",
            fix="Paste what the command printed, nothing else. Never paste a private key.",
        )
    person = _person(workshop, statement.person)
    approval = replace(statement, signature="".join(written.split()))
    verify_approval(approval, person)
    workshop.ledger.append(
        kind="approval",
        actor=f"person:{person.id}",
        body=approval,
        key=f"approval/{digest_of(approval)}",
    )
    word = "approval" if approval.decision == "approve" else "rejection"
    return Go(
        asked.link("releases", short(digest)),
        f"The {word} of {person.name} stands in the ledger, handed in by {asked.principal.id}.",
    )


sign = Page(
    "Sign",
    "/d/{deployment}/releases/{release}/sign",
    _show,
    scope="releases",
    acts={"hand-in": Act("releases", _hand_in)},
    files={"bytes": _bytes},
)
