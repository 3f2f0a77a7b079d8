"""Following a ledger: what other processes write is in force here within a second."""

import threading
import time
from collections.abc import Callable, Iterable

from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry

__all__ = ["Followed"]

_FRESH_SECONDS = 1.0


class Followed:
    """Entries of one kind, each told once and in order.

    Parameters
    ----------
    ledger : Ledger
    kind : str
    take : callable
        Takes the entries that have come since the last look; never called by two threads at once.
    monotonic : callable
        Decides when to look again.
    """

    def __init__(
        self,
        ledger: Ledger,
        kind: str,
        take: Callable[[Iterable[Entry]], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._kind = kind
        self._take = take
        self._monotonic = monotonic
        self._read = 0
        self._looked: float | None = None
        self._lock = threading.Lock()

    def look(self, *, after: float = _FRESH_SECONDS) -> None:
        """Tell what has come to the ledger, where the last look is so many seconds ago.

        Raises
        ------
        LedgerUnavailable
            It cannot be read.
        """
        now = self._monotonic()
        if self._looked is not None and 0 <= now - self._looked < after:
            return
        with self._lock:
            size = self._ledger.size()
            self._take(self._ledger.entries(self._kind, self._read, size))
            self._read, self._looked = size, now
