"""Counting for objectives: every request of a deployment, minute by minute, kept in its state folder.

What was counted is written every few seconds, so a process that is killed loses the last seconds at most.
"""

import logging
import threading
from collections import Counter
from collections.abc import Collection, Mapping

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import FlyballError
from flyball.evaluation.objectives.requests import Counted, RequestLog
from flyball.evaluation.objectives.steps import step_of

__all__ = ["Counting"]

_LOG = logging.getLogger(__name__)
_MOST_KEPT = 50_000
"""Different counts that wait for a file that cannot be written; more are lost, and the log says so."""

Key = tuple[str, int, str, int, int]


class Counting:
    """Counts requests and writes them down in a thread of its own.

    A request counts for the deployment that answers for it. A fault of ours that happened before any was
    found counts for every one of them: it is nobody's success.

    Parameters
    ----------
    logs : mapping of str to RequestLog
        By deployment.
    clock : Clock
    every_seconds : float
    """

    def __init__(
        self, logs: Mapping[str, RequestLog], *, clock: Clock = utc_now, every_seconds: float = 5.0
    ) -> None:
        self._logs = dict(logs)
        self._clock = clock
        self._every = every_seconds
        self._waiting: Counter[Key] = Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._told = False
        self._thread: threading.Thread | None = None

    def add(self, whose: Collection[str], door: str, status: int, seconds: float) -> None:
        """Count one request.

        Parameters
        ----------
        whose : collection of str
        door : str
            "POST /v1/decisions".
        status : int
            As sent, 500 for one that broke; 0 for a caller who went away before an answer began.
        seconds : float
        """
        names = whose or (self._logs if status >= 500 and " /v1/" in door else ())
        if not names or not status:
            return
        minute = int(self._clock().timestamp()) // 60 * 60
        step = step_of(seconds * 1000)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="counting", daemon=True)
                self._thread.start()
            for name in names:
                key = (name, minute, door, status // 100, step)
                if key in self._waiting or len(self._waiting) < _MOST_KEPT:
                    self._waiting[key] += 1

    def flush(self) -> None:
        """Write down what was counted; what cannot be written waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        by_name: dict[str, list[Counted]] = {}
        for (name, minute, door, status, step), n in waiting.items():
            by_name.setdefault(name, []).append(Counted(minute, door, status, step, n))
        for name, counted in by_name.items():
            self._write(name, counted)

    def close(self) -> None:
        """Write what waits and stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _write(self, name: str, counted: list[Counted]) -> None:
        try:
            self._logs[name].add(counted, now=self._clock())
            self._told = False
        except (FlyballError, OSError) as err:
            if not self._told:
                _LOG.error("Requests of %s are counted but cannot be written down: %s", name, err)
                self._told = True
            with self._lock:
                for one in counted:
                    key = (name, one.minute, one.door, one.status, one.step)
                    if len(self._waiting) < _MOST_KEPT:
                        self._waiting[key] += one.n

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            self.flush()
