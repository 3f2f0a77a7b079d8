"""Database connections, each used by one thread at a time and used again afterwards."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

__all__ = ["Pool"]


class _Closable(Protocol):
    def close(self) -> None: ...


Connection = TypeVar("Connection", bound=_Closable)


class Pool(Generic[Connection]):
    """Idle connections; opens one more when none is idle.

    Parameters
    ----------
    connect : callable
        Opens a connection.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        """Lend a connection.

        When the block raises an error, that one and all idle ones are closed: a server that went
        away took them all with it.
        """
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = self._connect() if connection is None else connection
        try:
            yield connection
        except BaseException:
            connection.close()
            self._drop_idle()
            raise
        with self._lock:
            keep = not self._closed
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def close(self) -> None:
        """Close the idle connections, and those still lent when they come back."""
        with self._lock:
            self._closed = True
        self._drop_idle()

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
