"""Access reviews: somebody else looks afterwards at emergency access, and at a change of who may do what."""

from dataclasses import dataclass
from datetime import datetime

from flyball.core.errors import BadInput, Refused
from flyball.governance.approvals import same_key
from flyball.ledger.records import Entry
from flyball.loop.access_noted import ACCESS, access_changes
from flyball.loop.emergency import OPENED, REVIEWED, emergencies, find_emergency
from flyball.loop.people_noted import PEOPLE, PeopleChange, change_of, people_changes
from flyball.loop.permission import signed_request
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["ToReview", "acts_during", "open_reviews", "review_access", "reviewed_entries"]

_SHORTEST_COMMENT = 8
_REFUSED = "access.review_refused"


@dataclass(frozen=True, slots=True)
class ToReview:
    """Something that nobody has looked at yet.

    Parameters
    ----------
    entry : int
    at : datetime
    what : str
        In words.
    """

    entry: int
    at: datetime
    what: str


def open_reviews(workshop: Workshop) -> list[ToReview]:
    """Return what waits for somebody to look at it, oldest first; emergencies that are still open count."""
    done = reviewed_entries(workshop)
    found = [
        ToReview(one.entry, one.at, f"emergency access of {one.person}: {one.reason}")
        for one in emergencies(workshop.ledger)
        if one.entry not in done
    ]
    found += [
        ToReview(one.entry, one.at, f"people.toml has changed: {one.in_words}")
        for one in people_changes(workshop)
        if one.to_be_reviewed and one.entry not in done
    ]
    found += [
        ToReview(one.entry, one.at, f"[access] of flyball.toml has changed: {one.in_words}")
        for one in access_changes(workshop)
        if one.to_be_reviewed and one.entry not in done
    ]
    return sorted(found, key=lambda one: one.entry)


def reviewed_entries(workshop: Workshop) -> set[int]:
    """Return the entries that somebody has looked at."""
    return {int(str(one.body["entry"])) for one in workshop.ledger.entries(REVIEWED)}


def review_access(workshop: Workshop, entry: int, *, person: str, comment: str) -> int:
    """Sign that one has looked at emergency access, or at a changed list of people or `[access]`.

    Parameters
    ----------
    workshop : Workshop
    entry : int
        Of the ledger; see `open_reviews`.
    person : str
        Id in people.toml: not who broke the glass; for a changed list somebody who was on it before. Of a
        changed `[access]` their own review lowers nothing for themselves.
    comment : str
        What was found, at least a few words.

    Returns
    -------
    int
        Entry of the review.

    Raises
    ------
    BadInput
        There is nothing to review there, it was reviewed, or nothing is said.
    Refused
        They may not, or the access is still open. That is written down too, where somebody is named.
    """
    if len(comment.strip()) < _SHORTEST_COMMENT:
        raise BadInput(
            f"A review says what was found in a few words, got {comment!r}.",
            fix='For instance --comment "Opened cases 4711 and 4712 only, as reported".',
        )
    written = workshop.ledger.entry(entry)
    if written.kind not in (OPENED, PEOPLE, ACCESS) or entry not in {
        one.entry for one in open_reviews(workshop)
    }:
        waiting = ", ".join(str(one.entry) for one in open_reviews(workshop)) or "none"
        raise BadInput(
            f"Entry {entry} ({written.kind}) waits for no review.", fix=f"Waiting: {waiting}.", entry=entry
        )
    why = _why_not(workshop, written, person)
    if why:
        body = {"entry": entry, "person": person, "why": why}
        workshop.ledger.append(kind=_REFUSED, actor=workshop.actor, body=body)
        raise Refused(
            f"{person} may not review entry {entry}: {why}.",
            fix="Have somebody else look at it.",
            entry=entry,
        )
    request = {"entry": entry, "person": person, "reason": comment}
    approval = signed_request(
        workshop, request, kind="access-review", person=person, refusal=_REFUSED, everybody=True
    )
    body = {**request, "approval": approval}
    written_as = workshop.ledger.append(kind=REVIEWED, actor=f"person:{person}", body=body).index
    workshop.ledger.checkpoint()
    return written_as


def acts_during(workshop: Workshop, entry: int) -> list[Entry]:
    """Return what somebody did while their emergency access was open, whatever key they used."""
    found = find_emergency(workshop.ledger, entry)
    until = found.over_at()
    return [
        one
        for one in workshop.ledger.entries(start=found.entry + 1)
        if one.actor == f"person:{found.person}" and one.at <= until
    ]


def _why_not(workshop: Workshop, entry: Entry, person: str) -> str:
    key = next((one.public_key for one in people_of(workshop) if one.id == person), "")
    if entry.kind == OPENED:
        found = find_emergency(workshop.ledger, entry.index)
        if found.state(workshop.clock()) == "open":
            until = f"{found.until:%Y-%m-%d %H:%M}"
            return f"it is open until {until} UTC; end it first: flyball access end {entry.index}"
        mine = person == found.person or same_key(key, found.public_key)
        return "they broke the glass themselves" if mine else ""
    if entry.kind == ACCESS:
        return ""
    change = change_of(entry)
    return "" if _was_listed(change, person, key) else "they were not on the list before it changed"


def _was_listed(change: PeopleChange, person: str, key: str) -> bool:
    return any(
        one.id == person and same_key(one.public_key, key) and not one.revoked for one in change.before
    )
