"""A ledger in PostgreSQL (14 or later): for several writers on several machines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from flyball.core.extras import optional_import
from flyball.ledger.errors import (
    BadLedgerUrl,
    LedgerUnavailable,
    NotWritten,
    OutcomeUnknown,
    UnsafeDatabase,
)
from flyball.ledger.pool import Pool
from flyball.ledger.store import LedgerStore, Row, Tile, Writing

__all__ = ["postgresql"]

_PAGE = 1000
_LOCK = 0x666C79 << 32  # "fly": advisory locks of other programs in the same database stay apart

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger_meta (only_row INT PRIMARY KEY CHECK (only_row = 1), format INT NOT NULL,
    origin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_entries (idx BIGINT PRIMARY KEY, kind TEXT NOT NULL, key TEXT,
    leaf_hash BYTEA NOT NULL, leaf BYTEA NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS ledger_entries_key ON ledger_entries (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_entries_kind ON ledger_entries (kind, idx);
CREATE TABLE IF NOT EXISTS ledger_tiles (level INT NOT NULL, idx BIGINT NOT NULL, root BYTEA NOT NULL,
    hashes BYTEA NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE IF NOT EXISTS ledger_checkpoints (size BIGINT PRIMARY KEY, note BYTEA NOT NULL,
    edge BYTEA NOT NULL);
CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE OR REPLACE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
"""
_SIZE = "SELECT coalesce(max(idx), -1) + 1 FROM ledger_entries"
# One message to the server. Read committed: the size is read after the lock, so it counts what others
# committed meanwhile.
_BEGIN = f"""
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SELECT pg_advisory_xact_lock({_LOCK} + 'ledger_entries'::regclass::oid::bigint);
{_SIZE};
"""
_ROW = "SELECT idx, kind, key, leaf, leaf_hash FROM ledger_entries"


def postgresql(url: str) -> LedgerStore:
    """Return the store for `postgresql://user:password@host:port/database`.

    Everything that libpq understands may stand in the URL; `?options=-csearch_path%3Dname` puts
    the ledger into a schema of its own.
    """
    psycopg = optional_import("psycopg", extra="postgres")
    conninfo = optional_import("psycopg.conninfo", extra="postgres")
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.Error:  # its text may quote the password
        raise BadLedgerUrl(
            "The PostgreSQL URL cannot be read.",
            fix="Write postgresql://user:password@host:port/database, special signs as %XX.",
        ) from None
    return _PostgresqlStore(psycopg, url, parts)


class _PostgresqlStore:
    def __init__(self, psycopg: ModuleType, url: str, parts: dict[str, Any]) -> None:
        self._psycopg = psycopg
        self._url = url  # may hold a password: never shown
        host = parts.get("host") or parts.get("hostaddr") or "local"
        self._place = f"postgresql://{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"
        self._pool: Pool[Any] = Pool(self._connect)

    @property
    def place(self) -> str:
        return self._place

    def origin(self) -> str | None:
        with self._reading() as cursor:
            if not _exists(cursor):
                return None
            found = cursor.execute("SELECT origin FROM ledger_meta").fetchone()
            return str(found[0]) if found else None

    def create(self, origin: str) -> str:
        with self._reading() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            # "If not exists" throughout: what this session knows of the catalogue may be older than the lock.
            cursor.execute(_SCHEMA, binary=False)  # several statements: the simple protocol
            cursor.execute("INSERT INTO ledger_meta VALUES (1, 1, %s) ON CONFLICT DO NOTHING", (origin,))
            found = cursor.execute("SELECT origin FROM ledger_meta").fetchone()
            cursor.execute("COMMIT")
        return str(found[0])

    def size(self) -> int:
        with self._reading() as cursor:
            return _size(cursor)

    def rows(self, start: int, stop: int, *, kind: str | None = None) -> Iterator[Row]:
        wanted = "" if kind is None else " AND kind = %s"
        query = f"{_ROW} WHERE idx >= %s AND idx < %s{wanted} ORDER BY idx LIMIT {_PAGE}"
        while start < stop:
            with self._reading() as cursor:
                cursor.execute(query, (start, stop) if kind is None else (start, stop, kind))
                found = [_row(values) for values in cursor.fetchall()]
            yield from found
            if len(found) < _PAGE:
                return
            start = found[-1].index + 1

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        with self._reading() as cursor:
            return _rows_by_key(cursor, keys)

    def kinds(self, start: int, stop: int) -> dict[str, int]:
        query = "SELECT kind, COUNT(*) FROM ledger_entries WHERE idx >= %s AND idx < %s GROUP BY kind"
        with self._reading() as cursor:
            found = cursor.execute(query, (start, stop)).fetchall()
        return {str(kind): int(number) for kind, number in found}

    def leaf_hashes(self, start: int, stop: int) -> list[bytes]:
        query = "SELECT leaf_hash FROM ledger_entries WHERE idx >= %s AND idx < %s ORDER BY idx"
        with self._reading() as cursor:
            return [bytes(found) for (found,) in cursor.execute(query, (start, stop)).fetchall()]

    def tile(self, level: int, index: int) -> Tile | None:
        query = "SELECT root, hashes FROM ledger_tiles WHERE level = %s AND idx = %s"
        with self._reading() as cursor:
            found = cursor.execute(query, (level, index)).fetchone()
        return Tile(level, index, bytes(found[0]), bytes(found[1])) if found else None

    def tile_roots(self, level: int, start: int, stop: int) -> list[bytes]:
        query = "SELECT root FROM ledger_tiles WHERE level = %s AND idx >= %s AND idx < %s ORDER BY idx"
        with self._reading() as cursor:
            return [bytes(found) for (found,) in cursor.execute(query, (level, start, stop)).fetchall()]

    def checkpoints(self) -> list[tuple[int, str]]:
        with self._reading() as cursor:
            found = cursor.execute("SELECT size, note FROM ledger_checkpoints ORDER BY size").fetchall()
        return [(int(size), _text(note)) for size, note in found]

    def last_checkpoint(self) -> tuple[int, str] | None:
        query = "SELECT size, note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"
        with self._reading() as cursor:
            found = cursor.execute(query).fetchone()
        return (int(found[0]), _text(found[1])) if found else None

    def edge(self, size: int) -> bytes:
        query = "SELECT edge FROM ledger_checkpoints WHERE size = %s"
        with self._reading() as cursor:
            found = cursor.execute(query, (size,)).fetchone()
        return bytes(found[0]) if found else b""

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with self._reading() as cursor:
            try:
                cursor.execute(_BEGIN, binary=False)
                while cursor.nextset():
                    pass
                yield _PostgresqlWriting(cursor, int(cursor.fetchone()[0]))
            except self._psycopg.Error as err:  # the connection is closed on the way out: that rolls back
                raise NotWritten(
                    f"Nothing was written to {self.place}: {_first_line(err)}.",
                    fix="Check the server, its free space and the rights of the user, then try again.",
                    place=self.place,
                ) from err
            try:
                cursor.execute("COMMIT")
            except self._psycopg.Error as err:
                raise OutcomeUnknown(
                    f"{self.place} failed while committing: {_first_line(err)}.",
                    fix="Check the server, then append again with the same key: it is written once only.",
                    place=self.place,
                ) from err

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        try:
            with self._pool.taken() as connection, connection.cursor(binary=True) as cursor:
                yield cursor
        except self._psycopg.Error as err:
            raise LedgerUnavailable(
                f"{self.place} cannot be used: {_first_line(err)}.",
                fix="Check that the server runs and that the user may use the database.",
                place=self.place,
            ) from err

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self._url, autocommit=True, connect_timeout=10, application_name="flyball-ledger"
        )
        try:
            for setting in ("fsync", "full_page_writes"):
                if connection.execute(f"SHOW {setting}").fetchone()[0] != "on":
                    raise UnsafeDatabase(
                        f"{self.place} runs with {setting} = off: a power cut would lose entries.",
                        fix=f"Set {setting} = on in postgresql.conf and reload the server.",
                        setting=setting,
                    )
            if connection.execute("SHOW synchronous_commit").fetchone()[0] == "off":
                connection.execute("SET synchronous_commit = on")
        except BaseException:
            connection.close()
            raise
        return connection


class _PostgresqlWriting:
    def __init__(self, cursor: Any, size: int) -> None:
        self._cursor = cursor
        self._size: int | None = size  # None once something was inserted

    def size(self) -> int:
        return _size(self._cursor) if self._size is None else self._size

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        return _rows_by_key(self._cursor, keys)

    def insert(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        self._size = None
        entries = "COPY ledger_entries (idx, kind, key, leaf_hash, leaf) FROM STDIN (FORMAT BINARY)"
        with self._cursor.copy(entries) as copy:
            copy.set_types(["int8", "text", "text", "bytea", "bytea"])
            for row in rows:
                copy.write_row((row.index, row.kind, row.key or None, row.leaf_hash, row.leaf))
        for tile in tiles:
            values = (tile.level, tile.index, tile.root, tile.hashes)
            self._cursor.execute("INSERT INTO ledger_tiles VALUES (%s, %s, %s, %s)", values)

    def insert_checkpoint(self, size: int, note: str, edge: bytes) -> None:
        values = (size, note.encode(), edge)
        self._cursor.execute("INSERT INTO ledger_checkpoints VALUES (%s, %s, %s)", values)


def _exists(cursor: Any) -> bool:
    return cursor.execute("SELECT to_regclass('ledger_meta') IS NOT NULL").fetchone()[0] is True


def _size(cursor: Any) -> int:
    return int(cursor.execute(_SIZE).fetchone()[0])


def _rows_by_key(cursor: Any, keys: Sequence[str]) -> dict[str, Row]:
    cursor.execute(f"{_ROW} WHERE key = ANY(%s)", (list(keys),))
    return {row.key: row for row in map(_row, cursor.fetchall())}


def _row(values: tuple[int, str, str | None, bytes, bytes]) -> Row:
    index, kind, key, leaf, leaf_hash = values
    return Row(index, kind, key or "", bytes(leaf), bytes(leaf_hash))


def _text(note: bytes) -> str:
    return bytes(note).decode("utf-8", errors="replace")


def _first_line(err: Exception) -> str:
    return (str(err).strip().splitlines() or [type(err).__name__])[0]
