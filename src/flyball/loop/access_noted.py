"""Access noted: a changed `[access]` is an entry, and what two people must sign falls only with consent.

Whoever can write the file could take an act off the list and then do it alone. So an act that was on it stays
on it, for whoever asks, until somebody else has looked at the change and signed (`loop.access_reviews`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from flyball.core.digests import digest_of
from flyball.governance.approvals import Approval, same_key
from flyball.ledger.errors import KeyReused
from flyball.ledger.ledger import Ledger
from flyball.ledger.newest import newest
from flyball.ledger.records import Entry
from flyball.loop.emergency import REVIEWED
from flyball.loop.makers import account_now
from flyball.loop.settings import AccessSettings
from flyball.loop.workshop import Workshop

__all__ = ["ACCESS", "AccessChange", "access_change_of", "access_changes", "note_access", "two_people_must"]

ACCESS = "access.settings"


class _Body(msgspec.Struct, frozen=True):
    account: str
    before: AccessSettings | None
    after: AccessSettings


class _Reviewed(msgspec.Struct, frozen=True):
    entry: int
    person: str
    approval: Approval


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One change of `[access]`.

    Parameters
    ----------
    entry : int
    at : datetime
    account : str
        Of this machine, whose process noticed it. Who changed the file is not known.
    before : AccessSettings or None
        None: the first that was noticed to be others than the defaults.
    after : AccessSettings
    """

    entry: int
    at: datetime
    account: str
    before: AccessSettings | None
    after: AccessSettings

    @property
    def dropped(self) -> tuple[str, ...]:
        """Acts that one person alone could do from then on."""
        old = () if self.before is None else self.before.two_people
        return tuple(one for one in old if one not in self.after.two_people)

    @property
    def to_be_reviewed(self) -> bool:
        """Whether it asks for less than before."""
        return bool(self.dropped) or (
            self.before is not None
            and self.after.emergency_hours_at_most > self.before.emergency_hours_at_most
        )

    @property
    def in_words(self) -> str:
        """What two people sign, and how long emergency access lasts, before and after."""
        told = [
            f"two people sign {', '.join(one.two_people) or 'nothing'}, emergencies end after "
            f"{one.emergency_hours_at_most:g} hours"
            for one in (self.before, self.after)
            if one is not None
        ]
        return f"{told[-1]}; before: {told[0]}" if len(told) > 1 else told[0]


def note_access(workshop: Workshop) -> None:
    """Write down that `[access]` is not what it was."""
    now = workshop.deployment.settings.access
    last = next(map(access_change_of, newest(workshop.ledger, ACCESS, 1)), None)
    if now == (AccessSettings() if last is None else last.after):
        return
    body = _Body(account_now(), None if last is None else last.after, now)
    key = f"access/settings/{digest_of(now)}/after/{-1 if last is None else last.entry}"
    try:
        workshop.ledger.append(kind=ACCESS, actor=workshop.actor, body=body, key=key)
    except KeyReused:  # another process has just noticed it
        return


def access_change_of(entry: Entry) -> AccessChange:
    """Read one entry."""
    body = msgspec.convert(entry.body, _Body)
    return AccessChange(entry.index, entry.at, body.account, body.before, body.after)


def access_changes(workshop: Workshop) -> list[AccessChange]:
    """Return every change of `[access]` that was noticed, oldest first."""
    return list(_changes(workshop.ledger))


def two_people_must(workshop: Workshop, kind: str, person: str, public_key: str) -> bool:
    """Return whether a second person must sign an act of this kind that somebody asks for.

    It must where flyball.toml says so, and where it said so until a change that nobody but them has reviewed.
    """
    note_access(workshop)
    if kind in workshop.deployment.settings.access.two_people:
        return True
    dropped: int | None = None
    for change in _changes(workshop.ledger):
        if kind in change.after.two_people:
            dropped = None
        elif kind in change.dropped:
            dropped = change.entry
    if dropped is None:
        return False
    reviews = (msgspec.convert(one.body, _Reviewed) for one in workshop.ledger.entries(REVIEWED))
    return not any(
        one.entry == dropped and one.person != person and not same_key(one.approval.public_key, public_key)
        for one in reviews
    )


def _changes(ledger: Ledger) -> Iterator[AccessChange]:
    return map(access_change_of, ledger.entries(ACCESS))
