"""What waits for people, in the order of its urgency: the SQL of the list, and what it is asked with.

Values travel beside the SQL, never in it: what is put together here are our own words.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "KEEP",
    "UNSCORED",
    "Behind",
    "Listed",
    "Only",
    "Score",
    "Unscored",
    "counts_of",
    "of_every_list",
    "page_of",
    "place_of",
]

Only = Literal["open", "mine", "claimed", "disputed", "escalated", "all"]

_HOURS = "CASE step WHEN 'escalated' THEN :escalated ELSE hours END"
_LATE = f"(:now - since) > {_HOURS}"
_TOTAL = f"points + :age * min(1.0, max(0.0, (:now - since) / {_HOURS}))"
_HELD = "(step = 'claimed' AND until > :now)"
_STEP = "CASE WHEN step = 'claimed' AND until <= :now THEN 'open' ELSE step END"
_WAITS = f"(NOT replaced OR chosen OR step IN ('disputed', 'escalated') OR {_HELD})"
"""A case that was decided again waits with its last decision, unless somebody is at work on this one."""
_THERE = f"tenant = (SELECT id FROM names WHERE name = :tenant) AND {_WAITS}"  # noqa: S608
_TIE = 1e-6

UNSCORED = (
    "SELECT entry, tenants.name, names.name, confidence, allowed FROM waiting "
    "JOIN names AS tenants ON tenants.id = waiting.tenant JOIN names ON names.id = waiting.fields "
    "WHERE scored < ?1 OR scored > ?1 ORDER BY entry LIMIT ?2"
)
KEEP = "UPDATE waiting SET points = ?, hours = ?, scored = ? WHERE entry = ?"


@dataclass(frozen=True, slots=True)
class Unscored:
    """A case that waits and whose urgency is not known yet.

    Parameters
    ----------
    entry : int
    tenant : str
    for_people : tuple of str
        Fields that a person decides.
    confidence : float or None
        The lowest of its answers.
    allowed : bool
        What the decision gate said.
    """

    entry: int
    tenant: str
    for_people: tuple[str, ...]
    confidence: float | None
    allowed: bool


@dataclass(frozen=True, slots=True)
class Score:
    """How urgent a case is before it ages.

    Parameters
    ----------
    entry : int
    points : float
        Without its age.
    hours : float
        Within which it is due.
    """

    entry: int
    points: float
    hours: float


@dataclass(frozen=True, slots=True)
class Behind:
    """The place of a case on the list: what stands behind it comes next."""

    late: bool
    total: float
    entry: int


@dataclass(frozen=True, slots=True)
class Listed:
    """Whose list it is, and at what time.

    Parameters
    ----------
    tenant : str
    reader : tuple of str
        All names of who asks; they are not shown what they have answered.
    now : int
        Microseconds since 1970.
    age : float
        Points of a case whose time is up.
    escalated_hours : float
        Within which what was handed up is due.
    """

    tenant: str
    reader: tuple[str, ...]
    now: int
    age: float
    escalated_hours: float

    def values(self) -> dict[str, object]:
        """Return the values of its names in the queries."""
        readers = {f"reader{number}": name for number, name in enumerate(self.reader)}
        times = {"now": self.now, "age": self.age, "escalated": self.escalated_hours * 3.6e9}
        return {"tenant": self.tenant, **times, **readers}


@dataclass(frozen=True, slots=True)
class ListedCounts:
    """How many cases are on the list.

    Parameters
    ----------
    waiting, overdue : int
    steps : dict of str to int
        How many of them are "open", "claimed", "disputed", "escalated".
    """

    waiting: int
    overdue: int
    steps: dict[str, int]


def page_of(asked: Listed, only: Only, behind: Behind | None, limit: int) -> tuple[str, dict[str, object]]:
    """Return the query for the entries of a page, the most urgent first, and its values."""
    readers = ", ".join(f":reader{number}" for number in range(len(asked.reader)))
    mine = f"(SELECT id FROM names WHERE name IN ({readers}))"  # noqa: S608
    answered = (
        "EXISTS (SELECT 1 FROM reviews WHERE reviews.decision = waiting.entry "  # noqa: S608
        f"AND reviews.act = 'answered' AND reviews.by IN {mine})"
    )
    conditions = {
        "all": "1",
        "open": f"{_STEP} = 'open' AND (answered = 0 OR NOT {answered})",
        "mine": f"{_HELD} AND holder IN {mine}",
        "claimed": _HELD,
        "disputed": "step = 'disputed'",
        "escalated": "step = 'escalated'",
    }
    values = asked.values() | {"limit": limit}
    rest = "1"
    if behind is not None:
        rest = (
            "(late < :late OR (late = :late AND (total < :total - :tie "
            "OR (abs(total - :total) <= :tie AND entry > :entry))))"
        )
        values |= {"late": behind.late, "total": behind.total, "entry": behind.entry, "tie": _TIE}
    query = (
        f"SELECT entry FROM (SELECT entry, {_LATE} AS late, {_TOTAL} AS total FROM waiting "  # noqa: S608
        f"WHERE {_THERE} AND {conditions[only]}) WHERE {rest} "
        "ORDER BY late DESC, total DESC, entry LIMIT :limit"
    )
    return query, values


def place_of(asked: Listed, entry: int) -> tuple[str, dict[str, object]]:
    """Return the query for the place of one case: whether it is late, and its points."""
    query = f"SELECT {_LATE}, {_TOTAL} FROM waiting WHERE entry = :entry AND {_THERE}"  # noqa: S608
    return query, asked.values() | {"entry": entry}


def of_every_list(now: int) -> tuple[str, dict[str, object]]:
    """Return the query for the entries of all that wait, of every tenant; times in microseconds."""
    return f"SELECT entry FROM waiting WHERE {_WAITS}", {"now": now}  # noqa: S608


def counts_of(asked: Listed) -> tuple[str, dict[str, object]]:
    """Return the query that counts: all, those that are late, and by step those that are not open."""
    query = (
        f"SELECT '', COUNT(*), SUM({_LATE}) FROM waiting WHERE {_THERE} UNION ALL "  # noqa: S608
        f"SELECT {_STEP} AS now, COUNT(*), 0 FROM waiting WHERE {_THERE} AND step <> 'open' GROUP BY now"
    )
    return query, asked.values()
