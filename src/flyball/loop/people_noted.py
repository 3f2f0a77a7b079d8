"""People noted: a changed people.toml is an entry of the ledger, and somebody listed before looks at it.

Who may sign is decided by a file, so whoever can write the file could list a second key of their own. That is
not prevented here; it is written down at the next act or look, raises an alert, and stays open until
`loop.access_reviews` has a signed review by somebody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from flyball.core.digests import digest_of
from flyball.governance.approvals import Person
from flyball.ledger.errors import KeyReused
from flyball.ledger.newest import newest
from flyball.ledger.records import Entry
from flyball.loop.makers import account_now
from flyball.loop.workshop import Workshop

__all__ = ["PEOPLE", "ListedPerson", "PeopleChange", "change_of", "note_people", "people_changes"]

PEOPLE = "access.people"


class ListedPerson(msgspec.Struct, frozen=True):
    """What the ledger keeps of somebody who may sign: no name, only what decides what counts."""

    id: str
    public_key: str
    kinds: tuple[str, ...]
    revoked: bool
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleChange:
    """One change of the list.

    Parameters
    ----------
    entry : int
    at : datetime
    account : str
        Of this machine, whose process noticed it. Who changed the file is not known.
    added, removed, changed : tuple of str
        Ids.
    before, after : tuple of ListedPerson
    """

    entry: int
    at: datetime
    account: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    before: tuple[ListedPerson, ...]
    after: tuple[ListedPerson, ...]

    @property
    def to_be_reviewed(self) -> bool:
        """Whether somebody was listed before, who can look at it; the first list is a beginning."""
        return bool(self.before)

    @property
    def in_words(self) -> str:
        """Who was added, removed or changed."""
        parts = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        return "; ".join(f"{word} {', '.join(ids)}" for word, ids in parts if ids)


class _Body(msgspec.Struct, frozen=True):
    account: str
    before: tuple[ListedPerson, ...]
    after: tuple[ListedPerson, ...]


def note_people(workshop: Workshop, people: Sequence[Person]) -> PeopleChange | None:
    """Write down that the list of people is not what it was; None where it is.

    Parameters
    ----------
    workshop : Workshop
    people : sequence of Person
        As people.toml says now.
    """
    now = tuple(
        ListedPerson(one.id, one.public_key, tuple(one.kinds), one.revoked, one.accounts)
        for one in sorted(people, key=lambda one: one.id)
    )
    last = next(iter(newest(workshop.ledger, PEOPLE, 1)), None)
    before = () if last is None else msgspec.convert(last.body, _Body).after
    if before == now:
        return None
    body = _Body(account_now(), before, now)
    key = f"access/people/{digest_of(now)}/after/{-1 if last is None else last.index}"
    try:
        receipt = workshop.ledger.append(kind=PEOPLE, actor=workshop.actor, body=body, key=key)
    except KeyReused:  # another process has just noticed it
        return None
    return change_of(workshop.ledger.entry(receipt.index))


def people_changes(workshop: Workshop) -> list[PeopleChange]:
    """Return every change of the list that was noticed, oldest first."""
    return [change_of(entry) for entry in workshop.ledger.entries(PEOPLE)]


def change_of(entry: Entry) -> PeopleChange:
    """Read one entry."""
    body = msgspec.convert(entry.body, _Body)
    old, new = ({one.id: one for one in people} for people in (body.before, body.after))
    return PeopleChange(
        entry.index,
        entry.at,
        body.account,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(id for id in new.keys() & old.keys() if new[id] != old[id])),
        body.before,
        body.after,
    )
