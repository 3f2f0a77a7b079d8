"""Requests: how many ended, how, and how fast, minute by minute, in a file of bounded size.

A minute is kept for two days and then becomes part of its hour; an hour is kept for a little longer than the
longest window of an objective. Durations are counted in steps of at most an eighth, from 1 ms to 1,000 s.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flyball.core.errors import FlyballError
from flyball.evaluation.objectives.settings import LONGEST_WINDOW_DAYS

__all__ = ["REQUESTS", "Counted", "RequestLog", "Requests", "RequestsUnavailable"]

REQUESTS = "objectives/requests.sqlite"
"""Of the state folder."""

_MINUTES_KEPT = timedelta(days=2)
_HOURS_KEPT = timedelta(days=LONGEST_WINDOW_DAYS + 1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (at INTEGER NOT NULL, seconds INTEGER NOT NULL, door TEXT NOT NULL,
    status INTEGER NOT NULL, step INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (at, seconds, door, status, step)) WITHOUT ROWID;
"""
_ADD = (
    "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (at, seconds, door, status, step) DO UPDATE SET n = n + excluded.n"
)


class RequestsUnavailable(FlyballError):
    """The file of counted requests cannot be used."""

    code = "evaluation.requests_unavailable"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """How many requests of one kind ended in one minute.

    Parameters
    ----------
    minute : int
        Seconds since 1970, UTC, at its beginning.
    door : str
        "POST /v1/decisions".
    status : int
        First digit: 2 answered, 4 the caller's mistake, 5 ours.
    step : int
        Place in `STEPS_MS` of the duration.
    n : int
    """

    minute: int
    door: str
    status: int
    step: int
    n: int


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests as columns, in order of time.

    Parameters
    ----------
    at : array of int64, shape (n_rows,)
        Beginning of the minute or hour, seconds since 1970, UTC.
    status, step, n : array of int64, shape (n_rows,)
    """

    at: np.ndarray
    status: np.ndarray
    step: np.ndarray
    n: np.ndarray


class RequestLog:
    """The file. Safe to use from several threads and processes.

    Parameters
    ----------
    path : Path
        An SQLite file, for its owner only; made on the first write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._swept = 0

    def add(self, counted: Iterable[Counted], *, now: datetime) -> None:
        """Count requests. Once an hour, what is old becomes coarser or goes.

        Raises
        ------
        RequestsUnavailable
            The disk is full, or the file is damaged; a damaged one is put aside, and counting begins anew.
        """
        rows = [(one.minute, 60, one.door, one.status, one.step, one.n) for one in counted]
        if not rows:
            return
        with self._lock:
            try:
                with closing(self._connect()) as database, database:
                    database.executemany(_ADD, rows)
                    hour = int(now.timestamp()) // 3600
                    if hour != self._swept:
                        _sweep(database, now)
                        self._swept = hour
            except sqlite3.OperationalError as err:
                raise self._unavailable(err) from err
            except sqlite3.DatabaseError as err:
                self._path.replace(self._path.with_suffix(".damaged"))
                for ending in ("-wal", "-shm"):  # they belong to what was put aside
                    self._path.with_name(f"{self._path.name}{ending}").unlink(missing_ok=True)
                raise self._unavailable(err) from err

    def read(self, since: datetime, until: datetime, *, doors: Sequence[str] = ()) -> Requests:
        """Return what ended from `since` on and before `until`, by minute or hour.

        Parameters
        ----------
        since, until : datetime
        doors : sequence of str
            () for all of them.

        Raises
        ------
        RequestsUnavailable
        """
        if not self._path.is_file():
            return Requests(*(np.zeros(0, np.int64) for _ in range(4)))
        chosen = f" AND door IN ({', '.join('?' * len(doors))})" if doors else ""
        query = (
            "SELECT at, status, step, SUM(n) FROM requests WHERE at >= ? AND at < ?"  # noqa: S608 - places only
            f"{chosen} GROUP BY at, status, step ORDER BY at"
        )
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=10.0)) as database:
                values = [int(since.timestamp()), int(until.timestamp()), *doors]
                rows = database.execute(query, values).fetchall()
        except sqlite3.Error as err:
            raise self._unavailable(err) from err
        columns = np.array(rows, np.int64).reshape(-1, 4).T
        return Requests(*columns)

    def last(self, *, doors: Sequence[str] = ()) -> datetime | None:
        """Return the last minute in which a request ended; None where none ever did."""
        if not self._path.is_file():
            return None
        chosen = f" WHERE door IN ({', '.join('?' * len(doors))})" if doors else ""
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=10.0)) as database:
                found = database.execute(f"SELECT MAX(at) FROM requests{chosen}", doors).fetchone()[0]  # noqa: S608
        except sqlite3.Error as err:
            raise self._unavailable(err) from err
        return None if found is None else datetime.fromtimestamp(found, UTC)

    def elsewhere(self, doors: Sequence[str]) -> str:
        """Return words that name the doors that were counted, where none of `doors` is among them."""
        known = self._doors() if doors else []
        if not known or set(doors) & set(known):
            return ""
        return f" at {', '.join(doors)}; counted are {', '.join(known)}"

    def _doors(self) -> list[str]:
        if not self._path.is_file():
            return []
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=10.0)) as database:
                return [
                    row[0] for row in database.execute("SELECT DISTINCT door FROM requests ORDER BY door")
                ]
        except sqlite3.Error as err:
            raise self._unavailable(err) from err

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, timeout=10.0)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        return database

    def _unavailable(self, err: sqlite3.Error) -> RequestsUnavailable:
        return RequestsUnavailable(
            f"The counts of requests in {self._path.name} cannot be used: {err}.",
            fix="Check the disk. The file may be deleted: counting begins anew, and objectives say so.",
        )


def _sweep(database: sqlite3.Connection, now: datetime) -> None:
    """Make hours of minutes that are old, and let go of hours that nobody asks for."""
    whole = int((now - _MINUTES_KEPT).timestamp()) // 3600 * 3600
    old = database.execute(
        "SELECT at / 3600 * 3600, 3600, door, status, step, SUM(n) FROM requests "
        "WHERE seconds = 60 AND at < ? GROUP BY 1, 3, 4, 5",
        [whole],
    ).fetchall()
    database.execute("DELETE FROM requests WHERE seconds = 60 AND at < ?", [whole])
    database.executemany(_ADD, old)
    database.execute("DELETE FROM requests WHERE at < ?", [int((now - _HOURS_KEPT).timestamp())])
