"""Under way: what takes long and is done once at a time, and what came of it the last time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Told", "Underway"]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a piece of work: when it had ended, and in words."""

    at: datetime
    words: str


class Underway:
    """Pieces of work by name, each done by one request at a time. Kept in this process only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[str, datetime] = {}
        self._told: dict[str, Told] = {}

    @contextmanager
    def only(self, name: str, now: datetime) -> Iterator[bool]:
        """Yield whether the work may be done now; False where another request is at it."""
        with self._lock:
            mine = name not in self._since
            if mine:
                self._since[name] = now
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    del self._since[name]

    def tell(self, name: str, told: Told) -> None:
        """Keep what came of it, for who looks later."""
        self._told[name] = told

    def since(self, name: str) -> datetime | None:
        """Return when the work began that is going on; None where none is."""
        return self._since.get(name)

    def last(self, name: str) -> Told | None:
        """Return what came of it the last time."""
        return self._told.get(name)
