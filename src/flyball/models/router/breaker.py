"""A circuit breaker: leave an endpoint alone that keeps failing, and try it again with single calls.

Closed: calls go out, and the last ones are counted. Open: none goes out until a rest is over. Half open: one
call at a time tries; enough good ones close the circuit, a bad one opens it again for twice as long.
Pattern: Nygard 2018, Release It!, 2nd edition, chapter 5.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from flyball.core.errors import BadInput
from flyball.models.router.errors import CircuitOpen

__all__ = ["BreakerOptions", "CircuitBreaker", "Permit", "State"]

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """When a circuit opens, and how it closes again.

    Parameters
    ----------
    failed_share : float
        In (0, 1]: it opens where so many of the last calls failed.
    least_calls, last_calls : int
        How many calls are needed to judge, and how many are looked at.
    window_seconds : float
        Older calls are forgotten.
    rest_seconds, longest_rest_seconds : float
        How long it stays open; twice as long after each failed try, up to the longest.
    good_tries : int
        How many tries in a row must be good before it closes.
    try_seconds : float
        A try that has not reported by then is taken for lost, and another one may go out.
    """

    failed_share: float = 0.5
    least_calls: int = 5
    last_calls: int = 20
    window_seconds: float = 60.0
    rest_seconds: float = 5.0
    longest_rest_seconds: float = 300.0
    good_tries: int = 2
    try_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not 0.0 < self.failed_share <= 1.0 or not 1 <= self.least_calls <= self.last_calls:
            raise BadInput(
                f"failed_share must lie in (0, 1] and least_calls in [1, last_calls], got "
                f"{self.failed_share}, {self.least_calls} and {self.last_calls}.",
                fix="Correct the settings of the circuit breaker.",
            )
        times = (self.window_seconds, self.rest_seconds, self.longest_rest_seconds, self.try_seconds)
        if not all(0.0 < one < float("inf") for one in times) or self.good_tries < 1:
            raise BadInput(
                f"Times of a circuit breaker must be above 0 and good_tries at least 1, got {times} and "
                f"{self.good_tries}.",
                fix="Correct the settings of the circuit breaker.",
            )


class Permit:
    """Leave to make one call. Say what came of it, once; what is said later changes nothing.

    In a `with` statement an exception means failure, and a normal end success, where nothing else was said.
    """

    __slots__ = ("_breaker", "_era", "_said", "trial")

    def __init__(self, breaker: "CircuitBreaker", era: int, trial: bool) -> None:
        self._breaker = breaker
        self._era = era
        self._said = False
        self.trial = trial

    def succeeded(self) -> None:
        """Say that the endpoint did its work; an answer that refuses the request's content counts as that."""
        self._breaker._told(self, "good", 0.0)

    def failed(self, *, rest_seconds: float = 0.0) -> None:
        """Say that the endpoint failed, and how long it asked to be left alone (`Retry-After`)."""
        self._breaker._told(self, "bad", rest_seconds)

    def cancelled(self) -> None:
        """Say that the caller gave up: nothing is known about the endpoint."""
        self._breaker._told(self, "unknown", 0.0)

    def __enter__(self) -> "Permit":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.succeeded()
        elif isinstance(error, Exception):
            self.failed()
        else:
            self.cancelled()  # a cancelled task, an interrupt: not the endpoint's doing


class CircuitBreaker:
    """Whether an endpoint may be asked now; safe across threads.

    Parameters
    ----------
    name : str
        Of the endpoint, for messages.
    options : BreakerOptions
    clock : callable () -> float
        Seconds that only go forward.
    """

    def __init__(
        self,
        name: str,
        options: BreakerOptions | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._options = options or BreakerOptions()
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, bool]] = deque(maxlen=self._options.last_calls)
        self._era = 0
        self._open_until: float | None = None
        self._rest = self._options.rest_seconds
        self._good = 0
        self._trying_since: float | None = None

    @property
    def state(self) -> State:
        """What it would do with a call now."""
        with self._lock:
            return self._state(self._clock())

    def ready(self) -> bool:
        """Return whether a call could go out now; nothing is reserved by asking."""
        with self._lock:
            return self._waits(self._clock()) <= 0.0

    def ask(self) -> Permit:
        """Return leave to make one call.

        Raises
        ------
        CircuitOpen
            The endpoint rests, or another call is trying it.
        """
        with self._lock:
            now = self._clock()
            wait = self._waits(now)
            if wait > 0.0:
                raise CircuitOpen(
                    f"{self.name} failed too often and is left alone for another {wait:.1f} seconds.",
                    fix="Try again later; until then another expert, a rule or a person answers.",
                    endpoint=self.name,
                    wait_seconds=round(wait, 3),
                )
            trial = self._open_until is not None
            if trial:
                self._era += 1  # an earlier try that was lost has no say any more
                self._trying_since = now
            return Permit(self, self._era, trial)

    def _state(self, now: float) -> State:
        if self._open_until is None:
            return "closed"
        return "open" if now < self._open_until else "half_open"

    def _waits(self, now: float) -> float:
        """Return the seconds until a call may go out; 0 for now."""
        if self._open_until is None:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        if self._trying_since is None:
            return 0.0
        return max(self._trying_since + self._options.try_seconds - now, 0.0)

    def _told(self, permit: Permit, what: Literal["good", "bad", "unknown"], rest_seconds: float) -> None:
        with self._lock:
            if permit._said:
                return
            permit._said = True
            if permit._era != self._era:
                return  # sent out before the circuit opened or closed: it says nothing about now
            now = self._clock()
            if permit.trial:
                self._tried(what, now, rest_seconds)
            elif what != "unknown":
                self._counted(what == "bad", now, rest_seconds)

    def _tried(self, what: Literal["good", "bad", "unknown"], now: float, rest_seconds: float) -> None:
        self._trying_since = None
        if what == "bad":
            self._rest = min(self._rest * 2.0, self._options.longest_rest_seconds)
            self._opens(now, rest_seconds)
        elif what == "good":
            self._good += 1
            if self._good >= self._options.good_tries:
                self._era += 1
                self._open_until = None
                self._rest = self._options.rest_seconds
                self._calls.clear()

    def _counted(self, failed: bool, now: float, rest_seconds: float) -> None:
        self._calls.append((now, failed))
        while self._calls[0][0] < now - self._options.window_seconds:
            self._calls.popleft()
        bad = sum(one for _, one in self._calls)
        enough = len(self._calls) >= self._options.least_calls
        if failed and enough and bad >= self._options.failed_share * len(self._calls):
            self._opens(now, rest_seconds)

    def _opens(self, now: float, rest_seconds: float) -> None:
        asked = min(max(rest_seconds, 0.0), self._options.longest_rest_seconds)
        self._era += 1
        self._good = 0
        self._trying_since = None
        self._open_until = now + max(self._rest, asked)
