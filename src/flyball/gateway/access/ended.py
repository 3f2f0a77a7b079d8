"""Sessions that were ended by signing out, as the ledger tells them: a copy of their cookie opens nothing.

A cookie is sealed and known to no server, so what is written down is that it no longer counts: its digest,
until the time at which it would have ended by itself.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from flyball.core.clock import Clock, utc_now
from flyball.gateway.access.following import Followed
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Draft, Entry

__all__ = ["SESSION_ENDED", "EndedSessions"]

SESSION_ENDED = "session.ended"


class _Ended(msgspec.Struct, frozen=True):
    session: str
    until: datetime


class EndedSessions:
    """Which sessions of a house were ended.

    Parameters
    ----------
    ledger : Ledger
        Of the deployment whose key seals the cookies.
    clock : Clock
    monotonic : callable
        Decides when to look into the ledger again: what another process has written is in force here
        within a second.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._followed = Followed(ledger, SESSION_ENDED, self._take, monotonic=monotonic)

    def has(self, cookie: str) -> bool:
        """Return whether a session was ended.

        Raises
        ------
        LedgerUnavailable
            It cannot be read, so no session can be trusted.
        """
        self._followed.look()
        return _mark(cookie) in self._until

    def end(self, cookie: str, until: datetime, *, actor: str) -> None:
        """Write down that a session counts no longer.

        Parameters
        ----------
        cookie : str
            That its holder has proven to be one of ours; nothing is written for others.
        until : datetime
            When it would have ended by itself.
        actor : str
            Who signs out.

        Raises
        ------
        LedgerUnavailable
        """
        self._ledger.append_many([Draft(SESSION_ENDED, _Ended(_mark(cookie), until), actor)])
        self._followed.look(after=0.0)

    def _take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            one = msgspec.convert(entry.body, _Ended)
            self._until[one.session] = one.until
        at = self._clock()
        self._until = {mark: until for mark, until in self._until.items() if until > at}


def _mark(cookie: str) -> str:
    """Return the digest of what a cookie holds, the same however its base64 is written; "" for no cookie."""
    try:
        return hashlib.sha256(base64.urlsafe_b64decode(cookie.encode("ascii"))).hexdigest()
    except ValueError:
        return ""
