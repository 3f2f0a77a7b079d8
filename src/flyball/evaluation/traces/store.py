"""The file of traces: an SQLite file in the state folder, bounded by days and by size.

It is opened for each batch and each question, so that an erasure may delete it under a running gateway.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flyball.evaluation.traces.records import Kept, TraceRow, TracesUnavailable

__all__ = ["TraceStore"]

_FORM = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS traces (
    number INTEGER PRIMARY KEY, trace_id BLOB NOT NULL, tenant TEXT NOT NULL, name TEXT NOT NULL,
    began INTEGER NOT NULL, took INTEGER NOT NULL, failed INTEGER NOT NULL, left_out INTEGER NOT NULL,
    spans BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS traces_by_id ON traces (trace_id);
CREATE INDEX IF NOT EXISTS traces_by_time ON traces (began);
CREATE INDEX IF NOT EXISTS traces_by_length ON traces (took, number);
CREATE INDEX IF NOT EXISTS traces_by_tenant ON traces (tenant, number);
CREATE INDEX IF NOT EXISTS traces_failed ON traces (number) WHERE failed;
CREATE TABLE IF NOT EXISTS entries (
    entry INTEGER NOT NULL, trace INTEGER NOT NULL, PRIMARY KEY (entry, trace)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_trace ON entries (trace);
"""
_COLUMNS = "number, trace_id, tenant, name, began, took, failed"
_DAY = 86_400_000_000
_MB = 1_000_000
_SHARE_TO_GO = 10
"""Where there is too much, the oldest tenth goes."""


class TraceStore:
    """Kept traces.

    Parameters
    ----------
    path : Path
        For its owner only; made when something is kept.
    keep_days : int
    keep_mb : int
    may_go : callable () -> bool
        Asked before anything goes; where it says no, everything stays, also beyond `keep_mb`.
    """

    def __init__(self, path: Path, *, keep_days: int, keep_mb: int, may_go: Callable[[], bool]) -> None:
        self.path = path
        self._days, self._mb, self._may_go = keep_days, keep_mb, may_go

    def keep(self, traces: Sequence[Kept]) -> None:
        """Write traces, and let go of those that are too old or too many.

        Raises
        ------
        sqlite3.Error, OSError
            The disk is full, or the file is held by others or damaged.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        with self._opened(self.path) as database:
            database.execute("PRAGMA journal_mode = WAL")
            if database.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                database.executescript(f"{_SCHEMA} PRAGMA user_version = {_FORM};")
            database.execute("BEGIN IMMEDIATE")
            first = database.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM traces").fetchone()[0]
            database.executemany(
                "INSERT INTO traces (number, trace_id, tenant, name, began, took, failed, spans, left_out) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(first + at, *one[:6], one.spans, one.left_out) for at, one in enumerate(traces)],
            )
            entries = [(entry, first + at) for at, one in enumerate(traces) for entry in one.entries]
            database.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?)", entries)
            self._let_go(database)
            database.execute("COMMIT")

    def rows(
        self,
        *,
        tenant: str | None = None,
        entry: int | None = None,
        trace_id: str = "",
        failed: bool | None = None,
        slowest: bool = False,
        limit: int = 20,
    ) -> list[TraceRow]:
        """Return traces; everything that is given must hold. The newest first, or the slowest.

        Raises
        ------
        TracesUnavailable
        """
        parts, values = ["1"], []
        for condition, value in (
            ("tenant = ?", tenant),
            ("number IN (SELECT trace FROM entries WHERE entry = ?)", entry),
            ("trace_id = ?", bytes.fromhex(trace_id) if trace_id else None),
        ):
            if value is not None:
                parts.append(condition)
                values.append(value)
        if failed is not None:
            parts.append("failed" if failed else "NOT failed")
        order = "took DESC, number DESC" if slowest else "number DESC"
        query = f"SELECT {_COLUMNS} FROM traces WHERE {' AND '.join(parts)} ORDER BY {order} LIMIT ?"  # noqa: S608 - our own words
        with self._read() as database:
            if database is None:
                return []
            found = database.execute(query, [*values, max(1, limit)]).fetchall()
            return [_row(database, one) for one in found]

    def spans(self, number: int) -> tuple[bytes, int]:
        """Return the spans of a trace, and how many were left out; nothing where it is gone."""
        with self._read() as database:
            found = (
                database
                and database.execute(
                    "SELECT spans, left_out FROM traces WHERE number = ?", (number,)
                ).fetchone()
            )
        return (bytes(found[0]), int(found[1])) if found else (b"\x90", 0)

    def count(self) -> int:
        """Return how many traces are kept."""
        with self._read() as database:
            return (
                0 if database is None else int(database.execute("SELECT COUNT(*) FROM traces").fetchone()[0])
            )

    def _let_go(self, database: sqlite3.Connection) -> None:
        oldest = time.time_ns() // 1_000 - self._days * _DAY
        last = database.execute("SELECT MAX(number) FROM traces WHERE began < ?", (oldest,)).fetchone()[0]
        if (last is not None or _used_bytes(database) > self._mb * _MB) and not self._may_go():
            return
        while True:
            if last is not None:
                database.execute("DELETE FROM traces WHERE number <= ?", (last,))
                database.execute("DELETE FROM entries WHERE trace <= ?", (last,))
            first, newest = database.execute("SELECT MIN(number), MAX(number) FROM traces").fetchone()
            if first is None or _used_bytes(database) <= self._mb * _MB:
                return
            last = first + (newest - first) // _SHARE_TO_GO

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection to read by; None where nothing was ever kept."""
        try:
            if not self.path.is_file() or not self.path.stat().st_size:
                yield None
                return
            with self._opened(f"{self.path.absolute().as_uri()}?mode=ro") as database:
                made = database.execute("PRAGMA user_version").fetchone()[0] == _FORM
                yield database if made else None
        except sqlite3.Error as err:
            raise TracesUnavailable(
                f"The file {self.path.name} cannot be read: {err}.",
                fix="Check the disk. The file may be deleted: only traces are in it, and no decision.",
            ) from err

    @staticmethod
    @contextmanager
    def _opened(where: Path | str) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(where, uri=isinstance(where, str), timeout=5.0, isolation_level=None)
        try:
            for setting in ("synchronous = NORMAL", "trusted_schema = OFF"):
                database.execute(f"PRAGMA {setting}")
            yield database
        finally:
            database.close()


def _used_bytes(database: sqlite3.Connection) -> int:
    pages, free, size = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _row(database: sqlite3.Connection, found: tuple[Any, ...]) -> TraceRow:
    number, trace_id, tenant, name, began, took, failed = found
    entries = database.execute(
        "SELECT entry FROM entries WHERE trace = ? ORDER BY entry", (number,)
    ).fetchall()
    return TraceRow(
        number=number,
        trace_id=bytes(trace_id).hex(),
        name=name,
        tenant=tenant,
        began=datetime.fromtimestamp(began / 1_000_000, UTC),
        ms=took / 1_000,
        failed=bool(failed),
        entries=tuple(int(one[0]) for one in entries),
    )
