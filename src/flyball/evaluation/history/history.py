"""The history of one deployment: an SQLite file beside the ledger that can be asked."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import BadInput
from flyball.evaluation.history.asking import conditions
from flyball.evaluation.history.following import follow, microseconds
from flyball.evaluation.history.questions import (
    ACTS,
    ANSWERS,
    BY_PERIOD,
    BY_RELEASE,
    DECISIONS,
    FAIR,
    FLAGS,
    LISTED,
    REPORTS,
    REVIEWED,
    REVIEWS,
    SETTLED_BEFORE,
    SIZES,
)
from flyball.evaluation.history.records import Counted, DecisionRow, HistoryUnavailable, TooMuch, Wanted
from flyball.evaluation.history.schema import FORM, SCHEMA
from flyball.evaluation.history.waiting import (
    KEEP,
    UNSCORED,
    Behind,
    Listed,
    ListedCounts,
    Only,
    Score,
    Unscored,
    counts_of,
    of_every_list,
    page_of,
    place_of,
)
from flyball.ledger.ledger import Ledger

__all__ = ["History"]

_BATCH = 50_000
_MOST_ROWS = 5_000_000
"""Of one table: some 600 MB."""
_MARKS = 500
_PATIENT = 6
_STEPS = 10_000
_KNOWN = {
    "release": "decisions",
    "tenant": "decisions",
    "actor": "decisions",
    "expert": "answers",
    "field": "answers",
}


class History:
    """What was decided and what turned out. Safe to use from several threads and processes.

    Every question first brings the file up to the ledger, so that nothing durable is missing from an answer.

    Parameters
    ----------
    path : Path
        An SQLite file, for its owner only; made when it is not there.
    ledger : Ledger
    patience_seconds : float
        A question that takes longer is given up with `TooMuch`. Following the ledger does not count.
    """

    def __init__(self, path: Path, ledger: Ledger, *, patience_seconds: float = 20.0) -> None:
        self._path = path
        self._ledger = ledger
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def follow(self) -> None:
        """Bring the file up to the ledger, as every question does. A damaged one is made again.

        Raises
        ------
        HistoryUnavailable
            The disk is full, or another process has held the file for longer than ten seconds.
        """
        with self._lock:
            try:
                try:
                    follow(self._database or self._connect(), self._ledger)
                except sqlite3.DatabaseError as err:
                    if isinstance(err, sqlite3.OperationalError):  # locked, disk full: not damaged
                        raise
                    self._forget()
                    follow(self._connect(), self._ledger)
            except sqlite3.Error as err:
                raise _unavailable(self._path, err) from err

    def decisions(
        self, wanted: Wanted, *, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[DecisionRow]:
        """Return a page of decisions.

        Parameters
        ----------
        wanted : Wanted
        limit : int
            At least 1.
        before, after : int, optional
            A ledger entry: newest first below `before`, or oldest first above `after`. Neither: the newest.

        Returns
        -------
        list of DecisionRow
        """
        if before is not None and after is not None:
            raise BadInput("A page lies before an entry or after one, not both.", fix="Give one of them.")
        where, values = conditions(wanted)
        order = "DESC" if after is None else "ASC"
        where += " AND decisions.entry < ?" if after is None else " AND decisions.entry > ?"
        beyond = after if after is not None else before if before is not None else 2**62
        rows = self._ask(LISTED.format(where=where, order=order), [*values, beyond, max(1, limit)])
        return [_row(one) for one in rows]

    def count(self, wanted: Wanted, *, at_most: int = 100_000) -> Counted:
        """Count decisions, and stop at `at_most`: beyond it nobody reads the number."""
        where, values = conditions(wanted)
        query = f"SELECT COUNT(*) FROM (SELECT 1 FROM decisions WHERE {where} LIMIT ?)"  # noqa: S608 - see `asking`
        found = int(self._ask(query, [*values, at_most + 1])[0][0])
        return Counted(min(found, at_most), found <= at_most)

    def entries(self, wanted: Wanted, *, after: int = -1) -> list[int]:
        """Return the ledger entries of decisions above `after`, oldest first."""
        where, values = conditions(wanted)
        query = f"SELECT entry FROM decisions WHERE {where} AND entry > ? ORDER BY entry"  # noqa: S608 - see `asking`
        return [int(row[0]) for row in self._ask(query, [*values, after])]

    def by_release(self, wanted: Wanted) -> dict[str, int]:
        """Count decisions by the release that made them; a release without any is left out."""
        where, values = conditions(wanted)
        rows = self._ask(BY_RELEASE.format(where=where), values)
        return {str(release): int(n) for release, n in rows}

    def acts(self, wanted: Wanted) -> dict[int, int]:
        """Return how often people have done something about decisions; those without any are left out."""
        where, values = conditions(wanted)
        rows = self._ask(ACTS.format(where=where), values)
        return {int(decision): int(n) for decision, n in rows}

    def reviewed(self, wanted: Wanted, *, after: int = -1) -> int:
        """Count decisions that people have answered or settled in an entry above `after`."""
        where, values = conditions(wanted)
        return int(self._ask(REVIEWED.format(where=where), [*values, after])[0][0])

    def decisions_table(self, wanted: Wanted) -> pa.Table:
        """Return decisions as columns, oldest first.

        Returns
        -------
        pa.Table of shape (n_decisions, 13)
            entry, tenant, case_id, case_name, release, decided_at (UTC), allowed, waits, automated, referred,
            refused (numbers of fields), confidence (lowest; null without answers), cost_eur.
        """
        where, values = conditions(wanted)
        return self._table(DECISIONS.sql(where), values, DECISIONS.schema)

    def named(
        self, *, entries: Sequence[int] = (), cases: Sequence[str] = (), tenant: str | None = None
    ) -> pa.Table:
        """Return decisions by their ledger entries, and those about cases by id or name, oldest first.

        Parameters
        ----------
        entries : sequence of int
        cases : sequence of str
            Ids or whole names of cases; capitals are not told apart.
        tenant : str or None
            None for those of all tenants.

        Returns
        -------
        pa.Table of shape (n_decisions, 13)
            Columns as in `decisions_table`.
        """
        allowed, values = conditions(Wanted(tenant=tenant))
        found = [DECISIONS.schema.empty_table()]
        for column, wanted in (
            ("decisions.entry", entries),
            ("case_id", cases),
            ("case_name COLLATE NOCASE", cases),
        ):
            for start in range(0, len(wanted), _MARKS):
                part = wanted[start : start + _MARKS]
                where = f"{column} IN ({', '.join('?' * len(part))}) AND {allowed}"
                found.append(self._table(DECISIONS.sql(where), [*part, *values], DECISIONS.schema))
        table = pa.concat_tables(found).unify_dictionaries().sort_by("entry")
        repeated = pc.equal(table["entry"][1:], table["entry"][:-1]).to_pylist() if len(table) > 1 else []
        return table.filter([True, *(not one for one in repeated)]) if any(repeated) else table

    def answers_table(self, wanted: Wanted, *, fields: Sequence[str] = ()) -> pa.Table:
        """Return the answers of decisions as columns, oldest first.

        Parameters
        ----------
        wanted : Wanted
        fields : sequence of str
            Which fields; () for all.

        Returns
        -------
        pa.Table of shape (n_answers, 7)
            entry, decided_at, field, answer (JSON), outcome, expert ("" for nobody), confidence.
        """
        where, values = conditions(wanted)
        chosen = f" AND fields.name IN ({', '.join('?' * len(fields))})" if fields else ""
        return self._table(ANSWERS.sql(where, fields=chosen), [*values, *fields], ANSWERS.schema)

    def flags_table(self, wanted: Wanted, field: str) -> pa.Table:
        """Return what was said about one flag as columns, oldest first.

        Returns
        -------
        pa.Table of shape (n_decisions, 7)
            entry, tenant (a number), case_id, case_name, said (1 yes, 0 no; null where a person decides or
            it was withheld), guess (1, 0; null without an answer), confidence (of the guess).
        """
        where, values = conditions(wanted)
        return self._table(FLAGS.sql(where), [field, *values], FLAGS.schema)

    def reports_table(self, wanted: Wanted, *, fair: bool = False, several: bool = False) -> pa.Table:
        """Return what was reported about decisions as columns, in the order of the reports.

        Parameters
        ----------
        wanted : Wanted
        fair : bool
            Whether automated answers are to be judged by it: then, of what reviewers answered, only settled
            cases are in it that were drawn at random, or that somebody else reported on. Others were looked
            at because they are hard, and a plain share of them says nothing about all.
        several : bool
            Only about decisions with more than one report: no others can be in dispute.

        Returns
        -------
        pa.Table of shape (n_reports, 11)
            entry, decision, kind, name, answer (JSON), unit, by, source, observed_at, minutes, at.
        """
        where, values = conditions(wanted)
        where = f"({where}) AND {FAIR}" if fair else where
        where = f"({where}) AND decisions.reports > 1" if several else where
        return self._table(REPORTS.sql(where), values, REPORTS.schema)

    def reports_about(self, decisions: Sequence[int]) -> pa.Table:
        """Return what was reported about decisions, by their ledger entries.

        Returns
        -------
        pa.Table of shape (n_reports, 11)
            Columns and order as in `reports_table`; a decision is asked about once.
        """
        found = [REPORTS.schema.empty_table()]
        for start in range(0, len(decisions), _MARKS):
            part = decisions[start : start + _MARKS]
            where = f"reports.decision IN ({', '.join('?' * len(part))})"
            found.append(self._table(REPORTS.sql(where), part, REPORTS.schema))
        return pa.concat_tables(found).unify_dictionaries()

    def reviews_table(self, wanted: Wanted) -> pa.Table:
        """Return what people did about decisions as columns, in the order of their acts.

        Returns
        -------
        pa.Table of shape (n_acts, 8)
            entry, decision, act, by, minutes, at, until (of a claim), how ("teaches" or "drawn" where it
            was chosen).
        """
        where, values = conditions(wanted)
        return self._table(REVIEWS.sql(where), values, REVIEWS.schema)

    def unscored(self, form: int, *, limit: int = 5_000) -> list[Unscored]:
        """Return cases that wait and whose urgency is not known in this form.

        Parameters
        ----------
        form : int
            Of the settings by which urgency is told, above 0; another one makes all of it anew.
        limit : int
        """
        return [
            Unscored(int(entry), tenant, tuple(json.loads(fields)), confidence, bool(allowed))
            for entry, tenant, fields, confidence, allowed in self._ask(UNSCORED, [form, limit])
        ]

    def keep_scores(self, form: int, scores: Sequence[Score]) -> None:
        """Keep how urgent cases are, so that no other process asks for it again."""
        rows = [(one.points, one.hours * 3.6e9, form, one.entry) for one in scores]
        with self._lock:
            database = self._database or self._connect()
            try:
                database.execute("BEGIN IMMEDIATE")
                database.executemany(KEEP, rows)
                database.execute("COMMIT")
            except sqlite3.Error as err:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise _unavailable(self._path, err) from err

    def listed(
        self, asked: Listed, *, only: Only = "open", behind: Behind | None = None, limit: int = 50
    ) -> list[int]:
        """Return entries of decisions that wait for people, overdue ones first, then by points.

        Parameters
        ----------
        asked : Listed
            Whose list, and when.
        only : {"open", "mine", "claimed", "disputed", "escalated", "all"}
        behind : Behind or None
            The last case of the page before.
        limit : int
        """
        return [int(row[0]) for row in self._ask(*page_of(asked, only, behind, limit))]

    def place(self, asked: Listed, entry: int) -> Behind | None:
        """Return where a case stands on the list; None where it does not wait any more."""
        found = self._ask(*place_of(asked, entry))
        return Behind(bool(found[0][0]), float(found[0][1]), entry) if found else None

    def listed_counts(self, asked: Listed) -> ListedCounts:
        """Count what is on the list."""
        (_, n, late), *begun = self._ask(*counts_of(asked))
        steps = {str(step): int(of_it) for step, of_it, _ in begun if step != "open"}
        waiting = {"open": int(n) - sum(steps.values()), **steps}
        return ListedCounts(int(n), int(late or 0), {step: of_it for step, of_it in waiting.items() if of_it})

    def reports_of(self, decision: int) -> list[int]:
        """Return the ledger entries of the reports about a decision, in order."""
        rows = self._ask("SELECT entry FROM reports WHERE decision = ? ORDER BY entry", [decision])
        return [int(row[0]) for row in rows]

    def settled_before(self, decision: int) -> int | None:
        """Return the last decision of the same case that people have settled; None where there is none."""
        rows = self._ask(SETTLED_BEFORE, [decision])
        return int(rows[0][0]) if rows else None

    def waiting_entries(self, now: datetime) -> frozenset[int]:
        """Return the entries of all decisions that somebody still has to look at, of every tenant."""
        return frozenset(int(entry) for (entry,) in self._ask(*of_every_list(microseconds(now))))

    def reviews_of(self, decision: int) -> list[int]:
        """Return the ledger entries about the review of a decision, in order."""
        rows = self._ask("SELECT entry FROM reviews WHERE decision = ? ORDER BY entry", [decision])
        return [int(row[0]) for row in rows]

    def by_period(self, wanted: Wanted, *, seconds: int = 86_400) -> pa.Table:
        """Count decisions by periods of equal length, from 1970 on, UTC. Those without any are left out.

        Parameters
        ----------
        wanted : Wanted
        seconds : int
            Length of a period; 86,400 is a day.

        Returns
        -------
        pa.Table of shape (n_periods, 7)
            start, decisions, allowed, automated (those without any field for people), waiting, cost_eur,
            reported.
        """
        if seconds < 1:
            raise BadInput(f"A period lasts at least a second, got {seconds}.", fix="86400 is a day.")
        where, values = conditions(wanted)
        query = BY_PERIOD.sql(where, length=seconds * 1_000_000)
        return self._table(query, values, BY_PERIOD.schema)

    def sizes(self, wanted: Wanted, *, seconds: int) -> list[tuple[datetime, int]]:
        """Count decisions by periods of equal length, and nothing else of them: of all, by an index alone.

        Returns
        -------
        list of (start, int)
            In order, UTC; periods without any are left out.
        """
        where, values = conditions(wanted)
        with self._asked(patience=_PATIENT * self._patience) as database:  # the first step of a long walk
            rows = database.execute(SIZES.format(where=where, length=seconds * 1_000_000), values).fetchall()
        return [(datetime.fromtimestamp(start / 1_000_000, UTC), int(n)) for start, n in rows]

    def known(self, what: str) -> list[str]:
        """Return which releases, experts, fields, tenants or actors there are, sorted.

        Parameters
        ----------
        what : {"release", "expert", "field", "tenant", "actor"}
        """
        table = _KNOWN.get(what)
        if table is None:
            raise BadInput(f"The history knows no {what!r}.", fix=f"Known: {', '.join(_KNOWN)}.")
        query = f"SELECT name FROM names WHERE id IN (SELECT DISTINCT {what} FROM {table}) ORDER BY name"  # noqa: S608 - our own names
        return [str(row[0]) for row in self._ask(query, []) if row[0]]

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _ask(self, query: str, values: Sequence[object] | Mapping[str, object]) -> list[tuple[Any, ...]]:
        with self._asked() as database:
            return database.execute(query, values).fetchall()

    def _table(self, query: str, values: Sequence[object], schema: pa.Schema) -> pa.Table:
        batches: list[pa.RecordBatch] = []
        with self._asked() as database:
            cursor = database.execute(query, values)
            while rows := cursor.fetchmany(_BATCH):
                if len(batches) * _BATCH >= _MOST_ROWS:
                    raise TooMuch(
                        f"This question brings more than {_MOST_ROWS:,} rows; nothing is shown rather than "
                        "a part.",
                        fix="Ask about a shorter period, one release or one field.",
                    )
                columns = zip(*rows, strict=True)
                arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        return pa.Table.from_batches(batches, schema=schema).unify_dictionaries()

    @contextmanager
    def _asked(self, *, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """Give a connection of its own to read by, so that a long question holds nobody up."""
        try:
            self.follow()
            database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)
            try:
                until = time.monotonic() + (self._patience if patience is None else patience)
                database.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
                yield database
            finally:
                database.close()
        except sqlite3.OperationalError as err:
            if "interrupted" not in str(err):
                raise _unavailable(self._path, err) from err
            raise TooMuch(
                f"This question takes longer than {self._patience:g} seconds; nothing is shown rather than "
                "a part.",
                fix="Ask about a shorter period, one release or one field.",
            ) from err
        except sqlite3.Error as err:
            raise _unavailable(self._path, err) from err

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, timeout=10.0, isolation_level=None, check_same_thread=False)
        self._database = database
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "trusted_schema = OFF"):
            database.execute(f"PRAGMA {setting}")
        if not self._is_current(database):
            self._forget()  # the history of another ledger, or of another version
            return self._connect()
        return database

    def _is_current(self, database: sqlite3.Connection) -> bool:
        first = next(iter(self._ledger.store.rows(0, 1)), None)
        ledger = first.leaf_hash if first else b""
        is_made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'followed'").fetchone()
        told = database.execute("SELECT form, ledger FROM followed").fetchone() if is_made else None
        if told is not None and (told[0] != FORM or bytes(told[1]) not in (b"", ledger)):
            return False
        database.executescript(SCHEMA)
        database.execute("INSERT OR IGNORE INTO followed VALUES (1, ?, ?, 0)", (FORM, ledger))
        database.execute("UPDATE followed SET ledger = ? WHERE ledger = x''", (ledger,))
        return True

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _unavailable(path: Path, err: sqlite3.Error) -> HistoryUnavailable:
    return HistoryUnavailable(
        f"The list {path.name} cannot be used: {err}.",
        fix="Check the disk. The file may be deleted; it is made again from the ledger.",
    )


def _array(column: tuple[object, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array([bool(value) for value in column], kind)
    if pa.types.is_dictionary(kind):
        return pa.array(column, pa.string()).dictionary_encode()
    return pa.array(column, kind)


def _row(row: tuple[Any, ...]) -> DecisionRow:
    entry, tenant, case_id, case_name, release, actor, at, allowed, waits, people, *rest = row
    automated, referred, refused, confidence, cost, findings = rest
    return DecisionRow(
        entry=entry,
        tenant=tenant,
        case_id=case_id,
        case_name=case_name,
        release=release,
        actor=actor,
        decided_at=datetime.fromtimestamp(at / 1_000_000, UTC),
        allowed=bool(allowed),
        waits=bool(waits),
        for_people=tuple(json.loads(people)),
        automated=automated,
        referred=referred,
        refused=refused,
        confidence=confidence,
        cost_eur=cost / 1e9,
        findings=findings,
    )
