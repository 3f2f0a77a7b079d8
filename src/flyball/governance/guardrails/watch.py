"""Carry guardrails out in a thread of their own, and give up on one that hangs: nothing passes then."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flyball.governance.guardrails.errors import GuardrailFailed

__all__ = ["Watch", "patience"]

Answer = TypeVar("Answer")

_SECONDS = 10.0
_CHARACTERS_A_SECOND = 20_000
"""Far below what guardrails do on a busy machine: who takes longer hangs."""
_LOOK_SECONDS = 0.25
_IDLE_SECONDS = 30.0
_MOST_HUNG = 8


def patience(characters: int) -> float:
    """Return the seconds that guardrails may take for so many characters."""
    return _SECONDS + characters / _CHARACTERS_A_SECOND


@dataclass(slots=True, eq=False)
class _Job:
    future: "Future[Any]"
    work: Callable[..., Any]
    given: tuple[Any, ...]
    seconds: float
    began: float = field(default=0.0)


class Watch:
    """A thread that does jobs in order; where one hangs, another thread goes on with the rest.

    A thread that hangs cannot be ended, so it is left alone. After eight of them no further job is begun.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: _Job | None = None
        self._hung = 0

    def result(self, seconds: float, work: Callable[..., Answer], *given: Any) -> Answer:
        """Do a job and wait for it.

        Parameters
        ----------
        seconds : float
            That it may take once it has begun.
        work : callable

        Raises
        ------
        GuardrailFailed
            It hangs, or too many before it do.
        """
        future = self._begin(seconds, work, given)
        while True:
            try:
                answer: Answer = future.result(_LOOK_SECONDS)
            except StillWaiting:
                if future.done():
                    raise
                self._look()
            else:
                return answer

    async def answer(self, seconds: float, work: Callable[..., Answer], *given: Any) -> Answer:
        """Do a job without holding up the event loop; else as `result`."""
        future = self._begin(seconds, work, given)
        waiting = asyncio.wrap_future(future)
        while not (await asyncio.wait({waiting}, timeout=_LOOK_SECONDS))[0]:
            self._look()
        answer: Answer = waiting.result()
        return answer

    def _begin(self, seconds: float, work: Callable[..., Any], given: tuple[Any, ...]) -> "Future[Any]":
        job = _Job(Future(), work, given, seconds)
        with self._lock:
            if self._hung >= _MOST_HUNG:
                raise GuardrailFailed(
                    f"{self._hung} looks of the guardrails hang, so no further one is begun.",
                    fix="Find the guardrail that hangs, leave it out, and start this process again.",
                )
            self._jobs.put(job)
            if self._thread is None:
                self._start()
        return job.future

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="guards", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        me = threading.current_thread()
        while self._thread is me:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._thread is me and self._jobs.empty():
                        self._thread = None
                continue
            if not job.future.set_running_or_notify_cancel():
                continue
            job.began = time.monotonic()
            self._running = job
            try:
                answer = job.work(*job.given)
            except BaseException as err:  # noqa: BLE001 - raised again where somebody waits for it
                with suppress(InvalidStateError):  # given up already
                    job.future.set_exception(err)
            else:
                with suppress(InvalidStateError):
                    job.future.set_result(answer)
            finally:
                if self._running is job:
                    self._running = None

    def _look(self) -> None:
        """Give up on the job that runs where it has taken too long."""
        job = self._running
        if job is None or time.monotonic() - job.began < job.seconds:
            return
        with self._lock:
            if self._running is not job:
                return
            self._running = None
            self._hung += 1
            self._start()
        with suppress(InvalidStateError):
            job.future.set_exception(
                GuardrailFailed(
                    f"The guardrails did not end within {job.seconds:.0f} seconds, so nothing may pass.",
                    fix="Keep it back and try again; if it stays, one of them hangs: leave it out.",
                )
            )
