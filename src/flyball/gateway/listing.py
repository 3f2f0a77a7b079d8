"""A list of what stands in the ledger, so that nobody reads the whole of it to answer one question.

It is made from the ledger and from nothing else: it may be deleted at any time, and is then made again.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flyball.core.errors import FlyballError
from flyball.evaluation.outcomes.records import OUTCOME
from flyball.ledger.ledger import Ledger
from flyball.ledger.store import Row

__all__ = ["REVIEW", "Listed", "Listing", "ListingUnavailable"]

REVIEW = "review"
"""Kind of the ledger entries about reviews."""

_CHUNK = 5_000
_FORM = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS followed (one INTEGER PRIMARY KEY CHECK (one = 1), form INTEGER NOT NULL,
    ledger BLOB NOT NULL, read INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS decisions (entry INTEGER PRIMARY KEY, tenant TEXT NOT NULL, case_id TEXT NOT NULL,
    decided_at TEXT NOT NULL, for_people TEXT NOT NULL, waits INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS decisions_waiting ON decisions (tenant, waits, entry);
CREATE TABLE IF NOT EXISTS outcomes (entry INTEGER PRIMARY KEY, decision INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outcomes_decision ON outcomes (decision);
"""


class ListingUnavailable(FlyballError):
    """The list beside the ledger cannot be used."""

    code = "gateway.listing_unavailable"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """A decision in the list.

    Parameters
    ----------
    entry : int
        In the ledger.
    case_id, decided_at : str
    for_people : tuple of str
        Fields that a person decides.
    """

    entry: int
    case_id: str
    decided_at: str
    for_people: tuple[str, ...]


class _Field(msgspec.Struct):
    field: str
    outcome: str


class _Context(msgspec.Struct):
    tenant: str


class _Verdict(msgspec.Struct):
    allowed: bool


class _Decision(msgspec.Struct):
    case_id: str
    context: _Context
    decided_at: str
    fields: list[_Field]
    verdict: _Verdict


class _DecisionEntry(msgspec.Struct):
    body: _Decision


class _About(msgspec.Struct):
    decision: int


class _AboutEntry(msgspec.Struct):
    body: _About


class _Review(msgspec.Struct):
    decision: int
    done: bool = False


class _ReviewEntry(msgspec.Struct):
    body: _Review


_DECISION = msgspec.json.Decoder(_DecisionEntry)
_ABOUT = msgspec.json.Decoder(_AboutEntry)
_REVIEW = msgspec.json.Decoder(_ReviewEntry)


class Listing:
    """The list of one deployment. Safe to use from several threads and processes.

    Parameters
    ----------
    path : Path
        An SQLite file, for its owner only.
    ledger : Ledger
    """

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path = path
        self._ledger = ledger
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def outcomes_of(self, decision: int) -> list[int]:
        """Return the ledger entries of the reports about a decision, in order."""
        return self._entries("SELECT entry FROM outcomes WHERE decision = ? ORDER BY entry", (decision,))

    def waiting(
        self, tenant: str, *, after: int, limit: int, wanted: Callable[[Listed], bool]
    ) -> tuple[list[Listed], int]:
        """Return decisions of a tenant that hold something for people, oldest first.

        Parameters
        ----------
        tenant : str
        after : int
            Ledger entry behind which to begin; -1 for the first.
        limit : int
        wanted : callable
            Which of them; asked for one after the other.

        Returns
        -------
        tuple of list of Listed and int
            And where to go on, -1 where there are no more.
        """
        found: list[Listed] = []
        with self._followed() as database:
            while True:
                rows = database.execute(
                    "SELECT entry, case_id, decided_at, for_people FROM decisions "
                    "WHERE tenant = ? AND waits = 1 AND entry > ? ORDER BY entry LIMIT 200",
                    (tenant, after),
                ).fetchall()
                for entry, case_id, at, people in rows:
                    after = entry
                    one = Listed(entry, case_id, at, tuple(json.loads(people)))
                    if wanted(one):
                        found.append(one)
                        if len(found) == limit:
                            return found, after
                if len(rows) < 200:
                    return found, -1

    def decisions(self, tenant: str, *, after: int, limit: int) -> list[Listed]:
        """Return decisions of a tenant, oldest first."""
        with self._followed() as database:
            rows = database.execute(
                "SELECT entry, case_id, decided_at, for_people FROM decisions "
                "WHERE tenant = ? AND entry > ? ORDER BY entry LIMIT ?",
                (tenant, after, limit),
            ).fetchall()
        return [Listed(entry, case, at, tuple(json.loads(people))) for entry, case, at, people in rows]

    def reported(self, tenant: str) -> list[int]:
        """Return the decisions of a tenant about which something was reported."""
        return self._entries(
            "SELECT DISTINCT decisions.entry FROM decisions JOIN outcomes "
            "ON outcomes.decision = decisions.entry WHERE tenant = ? ORDER BY decisions.entry",
            (tenant,),
        )

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _entries(self, query: str, values: tuple[object, ...]) -> list[int]:
        with self._followed() as database:
            return [int(row[0]) for row in database.execute(query, values)]

    @contextmanager
    def _followed(self) -> Iterator[sqlite3.Connection]:
        """Give the file, once everything of the ledger is in it. A damaged one is made again."""
        with self._lock:
            try:
                try:
                    database = self._database or self._connect()
                    self._follow(database)
                except sqlite3.DatabaseError as err:
                    if isinstance(err, sqlite3.OperationalError):  # locked, disk full: not damaged
                        raise
                    self._forget()
                    database = self._connect()
                    self._follow(database)
                yield database
            except sqlite3.Error as err:
                raise ListingUnavailable(
                    f"The list {self._path.name} cannot be used: {err}.",
                    fix="Check the disk. The file may be deleted; it is made again from the ledger.",
                ) from err

    def _follow(self, database: sqlite3.Connection) -> None:
        size = self._ledger.size()
        while self._read(database) < size:
            database.execute("BEGIN IMMEDIATE")
            try:
                start = self._read(database)
                stop = min(size, start + _CHUNK)
                rows = self._ledger.store.rows
                self._add_decisions(database, list(rows(start, stop, kind="decision")))
                database.executemany(
                    "INSERT OR REPLACE INTO outcomes VALUES (?, ?)",
                    [
                        (row.index, _ABOUT.decode(row.leaf).body.decision)
                        for row in rows(start, stop, kind=OUTCOME)
                    ],
                )
                reviews = [_REVIEW.decode(row.leaf).body for row in rows(start, stop, kind=REVIEW)]
                database.executemany(
                    "UPDATE decisions SET waits = 0 WHERE entry = ?",
                    [(one.decision,) for one in reviews if one.done],
                )
                database.execute("UPDATE followed SET read = ?", (stop,))
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    def _add_decisions(self, database: sqlite3.Connection, rows: Sequence[Row]) -> None:
        values = []
        for row in rows:
            one = _DECISION.decode(row.leaf).body
            people = [field.field for field in one.fields if field.outcome != "automated"]
            waits = bool(people) or not one.verdict.allowed
            values.append(
                (row.index, one.context.tenant, one.case_id, one.decided_at, json.dumps(people), waits)
            )
        database.executemany("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?)", values)

    def _read(self, database: sqlite3.Connection) -> int:
        return int(database.execute("SELECT read FROM followed").fetchone()[0])

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, timeout=10.0, isolation_level=None, check_same_thread=False)
        self._database = database
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "trusted_schema = OFF"):
            database.execute(f"PRAGMA {setting}")
        database.executescript(_SCHEMA)
        first = next(iter(self._ledger.store.rows(0, 1)), None)
        ledger = first.leaf_hash if first else b""
        told = database.execute("SELECT form, ledger FROM followed").fetchone()
        if told is not None and (told[0] != _FORM or bytes(told[1]) not in (b"", ledger)):
            self._forget()  # the list of another ledger, or of another version
            return self._connect()
        database.execute("INSERT OR IGNORE INTO followed VALUES (1, ?, ?, 0)", (_FORM, ledger))
        database.execute("UPDATE followed SET ledger = ? WHERE ledger = x''", (ledger,))
        return database

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
