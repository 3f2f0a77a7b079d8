"""Reading in processes of their own: uses every core, and a file that breaks its reader breaks only that.

PDFium is C++ and reads hostile files. In a process of its own it may crash, run for ever or ask for
all memory; the file becomes an error, and the others go on.
"""

import contextlib
import math
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from flyball.data.documents.errors import TooSlow
from flyball.data.documents.records import Document, Limits, Unreadable

try:
    import resource
except ImportError:  # Windows has no limits of this kind
    resource = None  # type: ignore[assignment]

__all__ = ["Read", "read_in_processes"]

Read = Callable[[str, Path, Limits], Document | Unreadable]
"""(name, path, limits) -> Document or Unreadable; a function of a module, so that processes can find it."""

_AHEAD = 4  # documents in flight for each process: enough to keep it busy, few enough to bound memory


def read_in_processes(
    named: Sequence[tuple[str, Path]], read: Read, *, workers: int, limits: Limits
) -> Iterator[Document | Unreadable]:
    """Yield the result of each file, in order.

    Parameters
    ----------
    named : sequence of (name, Path)
    read : Read
    workers : int
        Processes, at least 1.
    limits : Limits
        `cpu_seconds` and `memory_bytes` are held here.
    """
    pool = _pool(workers)
    try:
        waiting: deque[tuple[str, Path, Future[tuple[bool, bytes]] | None]] = deque()
        upcoming = iter(named)
        while True:
            while len(waiting) < workers * _AHEAD and (task := next(upcoming, None)) is not None:
                try:
                    waiting.append((*task, pool.submit(_limited, read, *task, limits)))
                except BrokenProcessPool:
                    waiting.append((*task, None))
            if not waiting:
                return
            name, path, future = waiting.popleft()
            try:
                if future is None:
                    raise BrokenProcessPool
                yield _arrived(future.result())
            except BrokenProcessPool:
                # One of those in flight broke the pool, and nobody says which: each is read alone.
                suspects = [(name, path), *((name, path) for name, path, _ in waiting)]
                waiting.clear()
                pool.shutdown(wait=True, cancel_futures=True)
                for suspect in suspects:
                    yield _alone(*suspect, read, limits)
                pool = _pool(workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(name: str, path: Path, read: Read, limits: Limits) -> Document | Unreadable:
    with _pool(1) as pool:
        try:
            return _arrived(pool.submit(_limited, read, name, path, limits).result())
        except BrokenProcessPool:
            error = TooSlow(
                f"{name} broke down its reader, or took more than {limits.cpu_seconds} s of computing time.",
                fix="Treat the file with care; ask for it again, or print it to a new PDF.",
                name=name,
                cpu_seconds=limits.cpu_seconds,
            )
            return Unreadable.from_error(name, error)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Not forked: a fork copies locks that other threads hold, and PDFium's among them.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends the pool


def _limited(read: Read, name: str, path: Path, limits: Limits) -> tuple[bool, bytes]:
    """Read one file within its limits; the result travels as MessagePack, ten times as fast as by pickle."""
    if resource is not None:
        used = sum(os.times()[:2])
        _set_limit(resource.RLIMIT_CPU, math.ceil(used) + limits.cpu_seconds)
        _set_limit(resource.RLIMIT_CORE, 0)
        with contextlib.suppress(OSError, ValueError):  # only Linux says how much is in use
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            _set_limit(resource.RLIMIT_AS, pages * resource.getpagesize() + limits.memory_bytes)
    result = read(name, path, limits)
    return isinstance(result, Document), msgspec.msgpack.encode(result)


def _arrived(result: tuple[bool, bytes]) -> Document | Unreadable:
    is_document, data = result
    if is_document:
        return msgspec.msgpack.decode(data, type=Document)
    return msgspec.msgpack.decode(data, type=Unreadable)


def _set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
