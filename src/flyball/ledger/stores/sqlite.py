"""A ledger in one SQLite file: nothing to start, safe across power cuts (WAL, synchronous=FULL)."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flyball.ledger.errors import BadLedgerUrl, LedgerUnavailable, NotWritten, OutcomeUnknown, UnsafeDatabase
from flyball.ledger.pool import Pool
from flyball.ledger.store import LedgerStore, Row, Tile, Writing

__all__ = ["sqlite"]

_BUSY_SECONDS = 30.0
_PAGE = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger_meta (only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    format INTEGER NOT NULL, origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_entries (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT,
    leaf_hash BLOB NOT NULL, leaf BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS ledger_entries_key ON ledger_entries (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_entries_kind ON ledger_entries (kind);
CREATE TABLE IF NOT EXISTS ledger_tiles (level INTEGER NOT NULL, idx INTEGER NOT NULL,
    root BLOB NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE IF NOT EXISTS ledger_checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL,
    edge BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS ledger_no_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ledger_no_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""
_ROW = "SELECT idx, kind, key, leaf, leaf_hash FROM ledger_entries"


def sqlite(url: str) -> LedgerStore:
    """Return the store for `sqlite:///relative/path` or `sqlite:////absolute/path`."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.endswith("/"):
        raise BadLedgerUrl(
            f"{url!r} does not name a SQLite file.",
            fix="Write sqlite:///folder/ledger.sqlite, with four slashes for an absolute path.",
            url=url,
        )
    return _SqliteStore(Path(path))


class _SqliteStore:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = Pool(self._connect)

    @property
    def place(self) -> str:
        return f"sqlite:///{self._path}"

    def origin(self) -> str | None:
        if not self._path.exists():
            return None
        with self._reading() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_meta'").fetchone():
                return None
            found = connection.execute("SELECT origin FROM ledger_meta").fetchone()
            return str(found[0]) if found else None

    def create(self, origin: str) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with self._reading() as connection:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            connection.execute("INSERT OR IGNORE INTO ledger_meta VALUES (1, 1, ?)", (origin,))
            found = connection.execute("SELECT origin FROM ledger_meta").fetchone()
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file itself must survive a power cut, not only what is in it
        finally:
            os.close(folder)
        return str(found[0])

    def size(self) -> int:
        with self._reading() as connection:
            return _size(connection)

    def rows(self, start: int, stop: int, *, kind: str | None = None) -> Iterator[Row]:
        wanted = "" if kind is None else " AND kind = ?"
        query = f"{_ROW} WHERE idx >= ? AND idx < ?{wanted} ORDER BY idx LIMIT {_PAGE}"
        while start < stop:
            with self._reading() as connection:
                page = connection.execute(query, (start, stop) if kind is None else (start, stop, kind))
                found = [_row(values) for values in page]
            yield from found
            if len(found) < _PAGE:
                return
            start = found[-1].index + 1

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        with self._reading() as connection:
            return _rows_by_key(connection, keys)

    def kinds(self, start: int, stop: int) -> dict[str, int]:
        query = "SELECT kind, COUNT(*) FROM ledger_entries WHERE idx >= ? AND idx < ? GROUP BY kind"
        with self._reading() as connection:
            return {str(kind): int(number) for kind, number in connection.execute(query, (start, stop))}

    def leaf_hashes(self, start: int, stop: int) -> list[bytes]:
        query = "SELECT leaf_hash FROM ledger_entries WHERE idx >= ? AND idx < ? ORDER BY idx"
        with self._reading() as connection:
            return [bytes(found) for (found,) in connection.execute(query, (start, stop))]

    def tile(self, level: int, index: int) -> Tile | None:
        query = "SELECT root, hashes FROM ledger_tiles WHERE level = ? AND idx = ?"
        with self._reading() as connection:
            found = connection.execute(query, (level, index)).fetchone()
        return Tile(level, index, bytes(found[0]), bytes(found[1])) if found else None

    def tile_roots(self, level: int, start: int, stop: int) -> list[bytes]:
        query = "SELECT root FROM ledger_tiles WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        with self._reading() as connection:
            return [bytes(found) for (found,) in connection.execute(query, (level, start, stop))]

    def checkpoints(self) -> list[tuple[int, str]]:
        with self._reading() as connection:
            found = connection.execute("SELECT size, note FROM ledger_checkpoints ORDER BY size").fetchall()
        return [(int(size), str(note)) for size, note in found]

    def last_checkpoint(self) -> tuple[int, str] | None:
        query = "SELECT size, note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"
        with self._reading() as connection:
            found = connection.execute(query).fetchone()
        return (int(found[0]), str(found[1])) if found else None

    def edge(self, size: int) -> bytes:
        with self._reading() as connection:
            found = connection.execute(
                "SELECT edge FROM ledger_checkpoints WHERE size = ?", (size,)
            ).fetchone()
        return bytes(found[0]) if found else b""

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with self._reading() as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield _SqliteWriting(connection)
            except sqlite3.Error as err:  # the connection is closed on the way out: that rolls back
                raise NotWritten(
                    f"Nothing was written to {self.place}: {err}.",
                    fix="Check free space, rights and other writers, then try again.",
                    place=self.place,
                ) from err
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as err:
                raise OutcomeUnknown(
                    f"{self.place} failed while committing: {err}.",
                    fix="Check the disk, then append again with the same key: it is written once only.",
                    place=self.place,
                ) from err

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._pool.taken() as connection:
                yield connection
        except sqlite3.Error as err:
            raise LedgerUnavailable(
                f"{self.place} cannot be used: {err}.",
                fix="Check the file, its rights and the disk; a damaged file is restored from an export.",
                place=self.place,
            ) from err

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            if mode != "wal":
                raise UnsafeDatabase(
                    f"{self.place} cannot use write-ahead logging (journal mode {mode!r}).",
                    fix="Put it on a local disk, not on a network share.",
                    mode=mode,
                )
            for setting in (
                "synchronous = FULL",  # fsync at every commit: what is acknowledged survives a power cut
                "fullfsync = ON",  # macOS: through the drive's own cache
                "wal_autocheckpoint = 4000",
                "trusted_schema = OFF",
            ):
                connection.execute(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return connection


class _SqliteWriting:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        return _size(self._connection)

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        return _rows_by_key(self._connection, keys)

    def insert(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        self._connection.executemany(
            "INSERT INTO ledger_entries (idx, kind, key, leaf_hash, leaf) VALUES (?, ?, ?, ?, ?)",
            [(row.index, row.kind, row.key or None, row.leaf_hash, row.leaf) for row in rows],
        )
        self._connection.executemany(
            "INSERT INTO ledger_tiles VALUES (?, ?, ?, ?)",
            [(tile.level, tile.index, tile.root, tile.hashes) for tile in tiles],
        )

    def insert_checkpoint(self, size: int, note: str, edge: bytes) -> None:
        self._connection.execute("INSERT INTO ledger_checkpoints VALUES (?, ?, ?)", (size, note, edge))


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(idx), -1) + 1 FROM ledger_entries").fetchone()[0])


def _rows_by_key(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        query = f"{_ROW} WHERE key IN ({','.join('?' * len(some))})"
        for values in connection.execute(query, some):
            row = _row(values)
            found[row.key] = row
    return found


def _row(values: tuple[int, str, str | None, bytes, bytes]) -> Row:
    index, kind, key, leaf, leaf_hash = values
    return Row(index, kind, key or "", bytes(leaf), bytes(leaf_hash))
