"""Emergency access: who broke the glass, until when, and who has looked at it since.

Read here from the ledger; the key that it comes with is made by `gateway.access.break_glass`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from flyball.core.errors import BadInput
from flyball.ledger.ledger import Ledger

__all__ = ["ENDED", "OPENED", "REFUSED", "REVIEWED", "Emergency", "emergencies", "find_emergency", "open_now"]

OPENED, ENDED, REFUSED = "access.emergency", "access.emergency_ended", "access.emergency_refused"
REVIEWED = "access.reviewed"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One time that the glass was broken.

    Parameters
    ----------
    entry : int
        By which it is called.
    person : str
        Id in people.toml; their key signed the request.
    public_key : str
        Which key that was.
    reason : str
    roles : tuple of str
        What it gave beyond what they had.
    tenant : str
    key : str
        Id of the gateway key.
    at, until : datetime
        It ends by itself.
    ended_at : datetime or None
        Where somebody ended it before.
    reviewed_by, comment : str
        "" where nobody has looked at it yet.
    """

    entry: int
    person: str
    public_key: str
    reason: str
    roles: tuple[str, ...]
    tenant: str
    key: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    reviewed_by: str = ""
    comment: str = ""

    def over_at(self) -> datetime:
        """Return when it opens nothing any more."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    def state(self, now: datetime) -> Literal["open", "to review", "reviewed"]:
        """Return how it stands."""
        if now < self.over_at():
            return "open"
        return "reviewed" if self.reviewed_by else "to review"


class _Signed(msgspec.Struct, frozen=True):
    public_key: str


class _Opened(msgspec.Struct, frozen=True):
    person: str
    reason: str
    roles: tuple[str, ...]
    tenant: str
    until: datetime
    key: str
    approval: _Signed


class _About(msgspec.Struct, frozen=True):
    entry: int


class _Reviewed(msgspec.Struct, frozen=True):
    entry: int
    person: str
    reason: str


def emergencies(ledger: Ledger) -> list[Emergency]:
    """Return every one there ever was, oldest first."""
    ended = {msgspec.convert(one.body, _About).entry: one.at for one in ledger.entries(ENDED)}
    looked = {
        one.entry: one for one in (msgspec.convert(e.body, _Reviewed) for e in ledger.entries(REVIEWED))
    }
    found = []
    for entry in ledger.entries(OPENED):
        body = msgspec.convert(entry.body, _Opened)
        review = looked.get(entry.index)
        found.append(
            Emergency(
                entry.index,
                body.person,
                body.approval.public_key,
                body.reason,
                body.roles,
                body.tenant,
                body.key,
                entry.at,
                body.until,
                ended.get(entry.index),
                "" if review is None else review.person,
                "" if review is None else review.reason,
            )
        )
    return found


def open_now(ledger: Ledger, now: datetime) -> list[Emergency]:
    """Return those that are open."""
    return [one for one in emergencies(ledger) if one.state(now) == "open"]


def find_emergency(ledger: Ledger, entry: int) -> Emergency:
    """Return one by its entry.

    Raises
    ------
    BadInput
        That entry is none.
    """
    found = emergencies(ledger)
    for one in found:
        if one.entry == entry:
            return one
    known = ", ".join(str(one.entry) for one in found) or "none"
    raise BadInput(
        f"Entry {entry} is no emergency access.", fix=f"There are: {known}. See flyball access list."
    )
