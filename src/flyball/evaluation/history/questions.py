"""The questions that the history answers with columns: their SQL, and the schema of what comes back."""

from dataclasses import dataclass

import pyarrow as pa

__all__ = [
    "ACTS",
    "ANSWERS",
    "BY_PERIOD",
    "BY_RELEASE",
    "DECISIONS",
    "FAIR",
    "FLAGS",
    "LISTED",
    "REPORTS",
    "REVIEWED",
    "REVIEWS",
    "SETTLED_BEFORE",
    "SIZES",
    "Question",
]

_TIME = pa.timestamp("us", tz="UTC")
_NAME = pa.dictionary(pa.int32(), pa.string())
_WHOLE = pa.int64()
_REAL = pa.float64()

_FROM = (
    " FROM decisions JOIN names AS tenants ON tenants.id = decisions.tenant "
    "JOIN names AS releases ON releases.id = decisions.release "
    "JOIN names AS actors ON actors.id = decisions.actor"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A query whose condition is still open.

    Parameters
    ----------
    query : str
        With `{where}` for the condition on `decisions`.
    schema : pa.Schema
        Of the columns, in their order.
    """

    query: str
    schema: pa.Schema

    def sql(self, where: str, **more: object) -> str:
        """Return the query with its condition; values never stand in it."""
        return self.query.format(where=where, **more)


LISTED = (
    "SELECT decisions.entry, tenants.name, case_id, case_name, releases.name, actors.name, decided_at, "
    "allowed, waits, for_people, automated, referred, refused, decisions.confidence, cost, findings"
    + _FROM
    + " WHERE {where} ORDER BY decisions.entry {order} LIMIT ?"
)

ACTS = (
    "SELECT reviews.decision, COUNT(*) FROM reviews "
    "JOIN decisions ON decisions.entry = reviews.decision WHERE {where} GROUP BY reviews.decision"
)

BY_RELEASE = (
    "SELECT releases.name, COUNT(*) FROM decisions JOIN names AS releases ON releases.id = decisions.release "
    "WHERE {where} GROUP BY decisions.release ORDER BY MIN(decisions.entry)"
)

REVIEWED = (
    "SELECT COUNT(DISTINCT reviews.decision) FROM reviews "
    "JOIN decisions ON decisions.entry = reviews.decision "
    "WHERE {where} AND reviews.act IN ('answered', 'settled') AND reviews.entry > ?"
)

SETTLED_BEFORE = (
    "SELECT earlier.entry FROM decisions AS later JOIN decisions AS earlier "
    "ON earlier.case_id = later.case_id AND earlier.tenant = later.tenant AND earlier.entry < later.entry "
    "WHERE later.entry = ? AND NOT earlier.waits "
    "AND EXISTS (SELECT 1 FROM reviews WHERE decision = earlier.entry AND act IN ('answered', 'settled')) "
    "AND NOT EXISTS (SELECT 1 FROM reviews WHERE decision = earlier.entry AND act = 'closed') "
    "ORDER BY earlier.entry DESC LIMIT 1"
)

DECISIONS = Question(
    "SELECT decisions.entry, tenants.name, case_id, case_name, releases.name, decided_at, allowed, waits, "
    "automated, referred, refused, decisions.confidence, cost / 1e9"
    + _FROM
    + " WHERE {where} ORDER BY decisions.entry",
    pa.schema(
        [
            ("entry", _WHOLE),
            ("tenant", _NAME),
            ("case_id", pa.string()),
            ("case_name", pa.string()),
            ("release", _NAME),
            ("decided_at", _TIME),
            ("allowed", pa.bool_()),
            ("waits", pa.bool_()),
            ("automated", pa.int32()),
            ("referred", pa.int32()),
            ("refused", pa.int32()),
            ("confidence", _REAL),
            ("cost_eur", _REAL),
        ]
    ),
)

FLAGS = Question(
    "SELECT decisions.entry, decisions.tenant, case_id, case_name, CASE WHEN allowed AND answers.outcome = 0 "
    "THEN answers.answer = 'true' END, CASE answers.answer WHEN 'true' THEN 1 WHEN 'false' THEN 0 END, "
    "answers.confidence FROM decisions LEFT JOIN answers ON answers.entry = decisions.entry "
    "AND answers.field = (SELECT id FROM names WHERE name = ?) WHERE {where} ORDER BY decisions.entry",
    pa.schema(
        [
            ("entry", _WHOLE),
            ("tenant", _WHOLE),
            ("case_id", pa.string()),
            ("case_name", pa.string()),
            ("said", pa.int8()),
            ("guess", pa.int8()),
            ("confidence", _REAL),
        ]
    ),
)
"""One flag alone, without the names of everything else: for figures over very many decisions."""

ANSWERS = Question(
    "SELECT decisions.entry, decided_at, fields.name, answers.answer, "
    "CASE answers.outcome WHEN 0 THEN 'automated' WHEN 1 THEN 'referred' ELSE 'refused' END, experts.name, "
    "answers.confidence FROM decisions JOIN answers ON answers.entry = decisions.entry "
    "JOIN names AS fields ON fields.id = answers.field JOIN names AS experts ON experts.id = answers.expert "
    "WHERE ({where}){fields} ORDER BY decisions.entry, answers.field",
    pa.schema(
        [
            ("entry", _WHOLE),
            ("decided_at", _TIME),
            ("field", _NAME),
            ("answer", _NAME),
            ("outcome", _NAME),
            ("expert", _NAME),
            ("confidence", _REAL),
        ]
    ),
)

REPORTS = Question(
    "SELECT reports.entry, decision, kind, things.name, answer, unit, people.name, source, observed_at, "
    "minutes, at FROM reports JOIN decisions ON decisions.entry = reports.decision "
    "JOIN names AS things ON things.id = reports.name JOIN names AS people ON people.id = reports.by "
    "WHERE {where} ORDER BY reports.entry",
    pa.schema(
        [
            ("entry", _WHOLE),
            ("decision", _WHOLE),
            ("kind", _NAME),
            ("name", _NAME),
            ("answer", pa.string()),
            ("unit", _NAME),
            ("by", _NAME),
            ("source", _NAME),
            ("observed_at", _TIME),
            ("minutes", _REAL),
            ("at", _TIME),
        ]
    ),
)

FAIR = (
    "(source NOT IN ('review', 'settled') OR (decisions.waits = 0 AND ("
    "EXISTS (SELECT 1 FROM reviews WHERE reviews.decision = decisions.entry AND reviews.how = 'drawn') OR "
    "EXISTS (SELECT 1 FROM reports AS others WHERE others.decision = reports.decision "
    "AND others.name = reports.name AND others.source NOT IN ('review', 'settled')))))"
)
"""Of what reviewers answered, only what speaks for all: drawn at random, or known without them as well."""

REVIEWS = Question(
    "SELECT reviews.entry, decision, act, people.name, minutes, at, until, how FROM reviews "
    "JOIN decisions ON decisions.entry = reviews.decision JOIN names AS people ON people.id = reviews.by "
    "WHERE {where} ORDER BY reviews.entry",
    pa.schema(
        [
            ("entry", _WHOLE),
            ("decision", _WHOLE),
            ("act", _NAME),
            ("by", _NAME),
            ("minutes", _REAL),
            ("at", _TIME),
            ("until", _TIME),
            ("how", _NAME),
        ]
    ),
)

SIZES = (
    "SELECT (decided_at / {length}) * {length} AS start, COUNT(*) FROM decisions WHERE {where} "
    "GROUP BY start ORDER BY start"
)

BY_PERIOD = Question(
    "SELECT (decided_at / {length}) * {length} AS start, COUNT(*), SUM(allowed), "
    "SUM(allowed AND referred + refused = 0), SUM(waits), SUM(cost) / 1e9, SUM(reports > 0) "
    "FROM decisions WHERE {where} GROUP BY start ORDER BY start",
    pa.schema(
        [
            ("start", _TIME),
            ("decisions", _WHOLE),
            ("allowed", _WHOLE),
            ("automated", _WHOLE),
            ("waiting", _WHOLE),
            ("cost_eur", _REAL),
            ("reported", _WHOLE),
        ]
    ),
)
