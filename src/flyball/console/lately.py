"""Lately: what takes long to work out, shown as it was a moment ago while it is looked at again."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar, cast

__all__ = ["Lately"]

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_FRESH_SECONDS = 10.0
_SHARE = 0.05
"""Of the time of a processor that looking at one value again and again may take."""
_STALE_SECONDS = 30.0
"""From then on a page waits a moment for a newer look."""
_AT_ONCE = 2
_NEVER = (float("-inf"), float("-inf"), None)


class Lately:
    """Values by name; each is looked at again when it is older than ten seconds and somebody asks.

    Parameters
    ----------
    patience_seconds : float
        How long a page waits for what was looked at too long ago, for all that it asks together; the first
        one that asks for what was never looked at waits five times as long.
    """

    def __init__(self, *, patience_seconds: float = 0.2) -> None:
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, float, Any]] = {}
        """When it was looked at, until when it counts as fresh, and what was seen."""
        self._coming: dict[str, Future[Any]] = {}
        self._waited: set[str] = set()
        """What a page has waited for in vain: the next page does not wait as long again."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="flyball-lately")

    def all(self, wanted: dict[str, Callable[[], T]]) -> dict[str, T | None]:
        """Return the newest known value of each name; None for what is not there in time."""
        futures = {name: self._ask(name, make) for name, make in wanted.items()}
        new = {name for name in wanted if name not in self._known and name not in self._waited}
        self._waited.update(new)
        until = time.monotonic() + self._patience * (5 if new else 1)
        found: dict[str, T | None] = {}
        for name, future in futures.items():
            at, _, _ = self._known.get(name, _NEVER)
            if future is not None and time.monotonic() - at > _STALE_SECONDS:
                try:
                    future.result(max(0.0, until - time.monotonic()))
                except TimeoutError:
                    pass
                except Exception:  # noqa: BLE001 - one that breaks keeps no page from being shown
                    _LOG.exception("%s could not be looked at", name)
            found[name] = cast("T | None", self._known.get(name, _NEVER)[2])
        return found

    def forget(self, name: str) -> None:
        """Look at a value anew when it is asked for next: what is known of it has just been changed."""
        with self._lock:
            self._known.pop(name, None)
            self._waited.discard(name)

    def _ask(self, name: str, make: Callable[[], T]) -> "Future[Any] | None":
        with self._lock:
            if time.monotonic() < self._known.get(name, _NEVER)[1]:
                return None
            if name not in self._coming:
                self._coming[name] = self._pool.submit(self._look, name, make)
            return self._coming[name]

    def _look(self, name: str, make: Callable[[], T]) -> None:
        begun = time.monotonic()
        try:
            made = make()
            now = time.monotonic()
            fresh = max(_FRESH_SECONDS, (now - begun) / _SHARE)
            with self._lock:
                self._known[name] = (now, now + fresh, made)
        finally:
            with self._lock:
                self._coming.pop(name, None)
