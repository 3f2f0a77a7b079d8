"""Bring the history up to the ledger: what each kind of entry adds to which table."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from flyball.evaluation.history.records import REVIEW
from flyball.evaluation.history.schema import OUTCOMES
from flyball.evaluation.outcomes.records import OUTCOME
from flyball.ledger.ledger import Ledger
from flyball.ledger.store import Row

__all__ = ["follow", "microseconds"]

_CHUNK = 5_000
_UNTOUCHED = (0, "open", 0, 0, 0, 0, 0, 0.0, 1.0)
"""Of what waits: not chosen, in nobody's hands, nobody has answered, its urgency is not known yet."""
_REPLACED = (
    "UPDATE waiting SET replaced = 1 WHERE entry IN "
    "(SELECT earlier.entry FROM decisions AS later JOIN decisions AS earlier "
    "ON earlier.case_id = later.case_id AND earlier.tenant = later.tenant AND earlier.entry < later.entry "
    "WHERE later.entry BETWEEN ? AND ?)"
)
_SAME_QUESTIONS = (
    "FROM decisions AS later JOIN decisions AS earlier "
    "ON earlier.case_id = later.case_id AND earlier.tenant = later.tenant AND earlier.entry < later.entry "
    "WHERE later.allowed AND later.waits AND NOT earlier.waits "
    "AND EXISTS (SELECT 1 FROM reviews WHERE decision = earlier.entry AND act IN ('answered', 'settled')) "
    "AND NOT EXISTS (SELECT 1 FROM reviews WHERE decision = earlier.entry AND act = 'closed') "
    "AND NOT EXISTS (SELECT 1 FROM reviews WHERE decision = later.entry) "
    "AND NOT EXISTS (SELECT 1 FROM json_each(later.for_people) AS asked "
    "WHERE asked.value NOT IN (SELECT value FROM json_each(earlier.for_people))) "
)
"""A case decided again, of which people have settled, on the same bytes, all that is left to them."""
_SETTLED_BEFORE = (
    f"SELECT later.entry {_SAME_QUESTIONS} AND later.entry BETWEEN ?1 AND ?2 UNION "  # noqa: S608 - our own words
    f"SELECT later.entry {_SAME_QUESTIONS} AND earlier.entry IN "
    "(SELECT decision FROM reviews WHERE entry BETWEEN ?1 AND ?2)"
)
_CHOSEN = (
    "INSERT OR IGNORE INTO waiting SELECT entry, tenant, 0, ?, confidence, allowed, 0, "
    "?, ?, ?, ?, ?, ?, ?, ?, ? FROM decisions WHERE entry = ?"
)
_CLAIMED = (
    "UPDATE waiting SET step = 'claimed', holder = ?, until = ?, "
    "people = CASE WHEN answered = 0 AND ? > 0 THEN ? ELSE people END WHERE entry = ?"
)
_LEFT = (
    "UPDATE waiting SET holder = 0, answered = answered + ?1, step = CASE "
    "WHEN ?1 AND people > 0 AND answered + 1 >= people THEN 'disputed' ELSE 'open' END WHERE entry = ?2"
)
"""Answered by as many as must, and still not done: they differ."""
_NUMBER = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_DECIDED_BY = re.compile(r"\(Rule ([A-Za-z0-9._-]+), row ")
"""How an answer names the rule of a table that decides."""


class _Route(msgspec.Struct):
    expert: str = ""


class _Field(msgspec.Struct):
    field: str
    outcome: str
    answer: str
    confidence: float
    route: _Route
    reason: str = ""


class _Finding(msgspec.Struct):
    rule: str


class _Principle(msgspec.Struct):
    principle: str


class _Context(msgspec.Struct):
    tenant: str


class _Verdict(msgspec.Struct):
    allowed: bool


class _Decision(msgspec.Struct):
    case_id: str
    case_name: str
    release: str
    context: _Context
    decided_at: datetime
    fields: list[_Field]
    findings: list[_Finding]
    verdict: _Verdict
    cost_eur: str
    obligations: list[str] = []
    principles: list[_Principle] = []


class _DecisionEntry(msgspec.Struct):
    actor: str
    body: _Decision


class _Report(msgspec.Struct):
    decision: int
    kind: str
    name: str
    answer: str
    by: str
    source: str = "api"
    unit: str = ""
    observed_at: datetime | None = None
    minutes: float | None = None


class _ReportEntry(msgspec.Struct):
    at: datetime
    body: _Report


class _Chosen(msgspec.Struct):
    how: str = ""


class _Review(msgspec.Struct):
    decision: int
    act: str = ""
    by: str = ""
    minutes: float | None = None
    done: bool = False
    until: datetime | None = None
    people: int = 0
    fields: tuple[str, ...] = ()
    chosen: _Chosen | None = None


class _ReviewEntry(msgspec.Struct):
    at: datetime
    body: _Review


_DECISION = msgspec.json.Decoder(_DecisionEntry)
_REPORT = msgspec.json.Decoder(_ReportEntry)
_REVIEW = msgspec.json.Decoder(_ReviewEntry)


def microseconds(at: datetime) -> int:
    """Return a time as the tables hold it."""
    return round(at.timestamp() * 1_000_000)


def follow(database: sqlite3.Connection, ledger: Ledger) -> None:
    """Add everything that the ledger has and the history has not, in transactions of some thousand entries.

    Killed in between, the same call goes on. Two processes that follow at once take turns.
    """
    size = ledger.size()
    while _read(database) < size:
        database.execute("BEGIN IMMEDIATE")
        try:
            start = _read(database)
            stop = min(size, start + _CHUNK)
            rows = ledger.store.rows
            names = _Names(database)
            _add_decisions(database, names, rows(start, stop, kind="decision"))
            _add_reports(database, names, rows(start, stop, kind=OUTCOME))
            _add_reviews(database, names, rows(start, stop, kind=REVIEW))
            _leave_out_settled(database, start, stop)
            database.execute("UPDATE followed SET read = ?", (stop,))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _read(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT read FROM followed").fetchone()[0])


class _Names:
    """Numbers of names that stand in many rows, for one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._known: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        number = self._known.get(name)
        if number is None:
            self._database.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
            found = self._database.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
            number = self._known[name] = int(found[0])
        return number


class _Sets:
    """Numbers of sets of names: nearly all decisions of a day stand under the same duties and principles."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._known: dict[tuple[str, ...], int] = {}

    def __call__(self, members: tuple[str, ...]) -> int:
        number = self._known.get(members)
        if number is None:
            text = json.dumps(members)
            self._database.execute("INSERT OR IGNORE INTO sets (members) VALUES (?)", (text,))
            found = self._database.execute("SELECT id FROM sets WHERE members = ?", (text,)).fetchone()
            number = self._known[members] = int(found[0])
        return number


def _rules_of(one: _Decision) -> set[str]:
    """Return the rules that fired: those of the playbook, and those that decided or referred an answer."""
    fired = {finding.rule for finding in one.findings}
    for field in one.fields:
        if "(Rule " in field.reason:
            fired.update(_DECIDED_BY.findall(field.reason))
    return fired


def _add_decisions(database: sqlite3.Connection, names: _Names, rows: Iterator[Row]) -> None:
    sets = _Sets(database)
    ruled: list[tuple[object, ...]] = []
    decisions: list[tuple[object, ...]] = []
    answers: list[tuple[object, ...]] = []
    waiting: list[tuple[object, ...]] = []
    for row in rows:
        entry = _DECISION.decode(row.leaf)
        one = entry.body
        counts = [0, 0, 0]
        for field in one.fields:
            number = _NUMBER[field.outcome]
            counts[number] += 1
            answers.append(
                (
                    row.index,
                    names(field.field),
                    number,
                    names(field.route.expert),
                    field.confidence,
                    field.answer,
                )
            )
        people = [
            field.field for field in one.fields if field.outcome != "automated" or not one.verdict.allowed
        ]
        tenant, at, for_people = names(one.context.tenant), microseconds(one.decided_at), json.dumps(people)
        confidence = min((field.confidence for field in one.fields), default=None)
        decisions.append(
            (
                row.index,
                tenant,
                one.case_id,
                one.case_name,
                names(one.release),
                names(entry.actor),
                at,
                one.verdict.allowed,
                bool(people),
                for_people,
                *counts,
                confidence,
                int(Decimal(one.cost_eur) * 1_000_000_000),
                len(one.findings),
                0,
                sets(tuple(one.obligations)),
                sets(tuple(kept.principle for kept in one.principles)),
            )
        )
        ruled += [(names(rule), row.index) for rule in _rules_of(one)]
        if people:
            about = (names(for_people), at, confidence, one.verdict.allowed)
            waiting.append((row.index, tenant, *about, 0, *_UNTOUCHED))
    _insert(database, "decisions", decisions)
    _insert(database, "answers", answers)
    _insert(database, "ruled", ruled)
    _insert(database, "waiting", waiting)
    if decisions:
        database.execute(_REPLACED, (decisions[0][0], decisions[-1][0]))


def _add_reports(database: sqlite3.Connection, names: _Names, rows: Iterator[Row]) -> None:
    reports: list[tuple[object, ...]] = []
    for row in rows:
        entry = _REPORT.decode(row.leaf)
        one = entry.body
        observed = None if one.observed_at is None else microseconds(one.observed_at)
        about = (one.kind, names(one.name), one.answer, one.unit, names(one.by), one.source)
        reports.append((row.index, one.decision, *about, observed, one.minutes, microseconds(entry.at)))
    _insert(database, "reports", reports)
    database.executemany(
        "UPDATE decisions SET reports = reports + 1 WHERE entry = ?", [(one[1],) for one in reports]
    )


def _add_reviews(database: sqlite3.Connection, names: _Names, rows: Iterator[Row]) -> None:
    reviews: list[tuple[object, ...]] = []
    for row in rows:
        entry = _REVIEW.decode(row.leaf)
        one = entry.body
        at, by = microseconds(entry.at), names(one.by)
        how = one.chosen.how if one.chosen else ""
        until = None if one.until is None else microseconds(one.until)
        reviews.append((row.index, one.decision, one.act, by, one.minutes, at, until, how))
        _move(database, names, one, by, at)
    _insert(database, "reviews", reviews)


def _move(database: sqlite3.Connection, names: _Names, one: _Review, by: int, at: int) -> None:
    """Say of what waits who has it in hand and how far it is, as `loop.review_state` reads it."""
    if one.act == "chosen":  # to be looked at, although the machine was sure
        text = json.dumps(one.fields)
        database.execute(
            "UPDATE decisions SET waits = 1, for_people = ? WHERE entry = ?", (text, one.decision)
        )
        values = (at, *_UNTOUCHED, one.decision)
        database.execute(_CHOSEN, values)
        database.execute(
            "UPDATE waiting SET fields = ?, chosen = 1, scored = 0 WHERE entry = ?",
            (names(text), one.decision),
        )
    elif one.done:
        database.execute("UPDATE decisions SET waits = 0 WHERE entry = ?", (one.decision,))
        database.execute("DELETE FROM waiting WHERE entry = ?", (one.decision,))
    elif one.act == "claimed":
        until = 0 if one.until is None else microseconds(one.until)
        database.execute(_CLAIMED, (by, until, one.people, one.people, one.decision))
    elif one.act == "escalated":
        database.execute(
            "UPDATE waiting SET step = 'escalated', holder = 0, since = ? WHERE entry = ?", (at, one.decision)
        )
    else:
        database.execute(_LEFT, (one.act == "answered", one.decision))


def _leave_out_settled(database: sqlite3.Connection, start: int, stop: int) -> None:
    """Take off the list what people have answered already: they are not asked the same after each release."""
    settled = database.execute(_SETTLED_BEFORE, (start, stop - 1)).fetchall()
    database.executemany("UPDATE decisions SET waits = 0 WHERE entry = ?", settled)
    database.executemany("UPDATE waiting SET replaced = 1 WHERE entry = ?", settled)


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own names
