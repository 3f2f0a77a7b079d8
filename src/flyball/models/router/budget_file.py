"""The file that remembers what was spent: one row per account and period, in SQLite.

Amounts are whole nano-euros, so that nothing is rounded on the way. The file is written when a lease is taken
or given back, never for a single request. An answer is durable before it is believed (WAL, synchronous=FULL).
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flyball.models.router.errors import BudgetUnreadable

__all__ = ["Account", "BudgetFile", "Taken"]

_BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS money (
    deployment TEXT NOT NULL, tenant TEXT NOT NULL, period TEXT NOT NULL,
    taken INTEGER NOT NULL CHECK (typeof(taken) = 'integer' AND taken >= 0),
    PRIMARY KEY (deployment, tenant, period)
) WITHOUT ROWID
"""
_REFUSED = """
CREATE TABLE IF NOT EXISTS refused (
    deployment TEXT NOT NULL, tenant TEXT NOT NULL, period TEXT NOT NULL,
    PRIMARY KEY (deployment, tenant, period)
) WITHOUT ROWID
"""
_MOST = 2**62


@dataclass(frozen=True, slots=True)
class Account:
    """Whose money.

    Parameters
    ----------
    deployment : str
    tenant : str
        "" for the deployment as a whole.
    """

    deployment: str
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one account has taken in one period, in nano-euros: spent, or leased by a process."""

    account: Account
    period: str
    nano: int


class BudgetFile:
    """What was taken, shared by every thread and process of a deployment.

    Parameters
    ----------
    path : Path
        In the state folder. It is made on first use; a note beside it (`.made`) says that it was, so
        that a file that disappears later counts as spent and not as new.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._of: tuple[int, int, int] = (0, 0, 0)
        self._inherited: list[sqlite3.Connection] = []

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def take(self, account: Account, period: str, least: int, wanted: int, limit: int) -> int:
        """Take between `least` and `wanted` nano-euros, or nothing where `limit` does not allow the least.

        Near the limit at most a twentieth of what is left is taken beyond the least, so that a process
        keeps little from the others.

        Returns
        -------
        int
            What was taken; 0 for a refusal.
        """
        with self._writing() as connection:
            taken = _taken(connection, account, period)
            left = limit - taken
            if least > left:
                row = (account.deployment, account.tenant, period)
                connection.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?)", row)  # written once
                return 0
            amount = max(least, min(wanted, left // 20))
            _put(connection, account, period, taken + amount)
        return amount

    def add(self, account: Account, period: str, amount: int) -> None:
        """Add `amount`, whatever the limit: money that is gone is written down. Below 0 gives back."""
        with self._writing() as connection:
            _put(connection, account, period, max(_taken(connection, account, period) + amount, 0))

    def taken(self, account: Account, period: str) -> int:
        """Return what was taken."""
        with self._writing() as connection:
            return _taken(connection, account, period)

    def everything(self) -> list[Taken]:
        """Return every account and period, sorted."""
        query = "SELECT deployment, tenant, period, taken FROM money ORDER BY deployment, tenant, period"
        with self._writing() as connection:
            rows = connection.execute(query).fetchall()
        return [
            Taken(Account(deployment, tenant), period, taken) for deployment, tenant, period, taken in rows
        ]

    def refused(self, period: str) -> set[Account]:
        """Return the accounts from which something was refused in a period."""
        query = "SELECT deployment, tenant FROM refused WHERE period = ?"
        with self._writing() as connection:
            return {Account(*row) for row in connection.execute(query, (period,))}

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._drop()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one write lock of the file; whatever goes wrong, the money counts as spent."""
        with self._lock:
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except (sqlite3.Error, OSError, TypeError, ValueError) as err:
                self._drop()
                raise BudgetUnreadable(
                    f"What was spent cannot be read from {self._path.name} "
                    f"({type(err).__name__}: {err}); it counts as all.",
                    fix=f"Look at {self._path}: restore it, or free the disk. "
                    "Nothing that costs money is asked until then.",
                    file=self._path,
                ) from err

    def _open(self) -> sqlite3.Connection:
        """Return the connection of this process to the file that is there now."""
        made = self._path.with_name(self._path.name + ".made")
        if self._connection is not None and self._of == self._identity():
            return self._connection
        self._drop()
        if made.exists() and not self._path.exists():
            raise FileNotFoundError("the file was there and is gone")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        with _first(self._path):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_SCHEMA)
            connection.execute(_REFUSED)
            if not made.exists():
                made.touch(mode=0o600)
                _make_durable(self._path.parent)
        self._connection, self._of = connection, self._identity()
        return connection

    def _identity(self) -> tuple[int, int, int]:
        """Return which file this is, and whose connection: a child process must open its own."""
        found = os.stat(self._path)
        return os.getpid(), found.st_dev, found.st_ino

    def _drop(self) -> None:
        if self._connection is not None and self._of[0] != os.getpid():
            self._inherited.append(self._connection)  # SQLite forbids a child even to close it
        elif self._connection is not None:
            self._connection.close()
        self._connection = None


@contextmanager
def _first(path: Path) -> Iterator[None]:
    """Let one process at a time set the file up: SQLite does not wait for a change of its journal."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _make_durable(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _taken(connection: sqlite3.Connection, account: Account, period: str) -> int:
    query = "SELECT taken FROM money WHERE deployment = ? AND tenant = ? AND period = ?"
    found = connection.execute(query, (account.deployment, account.tenant, period)).fetchone()
    if found is None:
        return 0
    if not isinstance(found[0], int) or not 0 <= found[0] <= _MOST:
        raise ValueError(f"{found[0]!r} is not an amount")
    return found[0]


def _put(connection: sqlite3.Connection, account: Account, period: str, taken: int) -> None:
    connection.execute(
        "INSERT INTO money VALUES (?, ?, ?, ?) "
        "ON CONFLICT (deployment, tenant, period) DO UPDATE SET taken = excluded.taken",
        (account.deployment, account.tenant, period, taken),
    )
