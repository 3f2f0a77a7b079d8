"""The language of KPIs: what a formula is made of.

A formula is arithmetic over totals of decisions, such as `sum(cost_eur where automated) / count(decisions)`.
It is read by `reading.py` into the records here and never run as a program.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from flyball.core.errors import BadInput
from flyball.evaluation.kpis.units import NO_UNIT, Unit

__all__ = [
    "AGGREGATES",
    "COLUMNS",
    "Aggregate",
    "Arithmetic",
    "BadFormula",
    "Both",
    "Column",
    "ColumnOf",
    "Compare",
    "Known",
    "Node",
    "Not",
    "Number",
    "Reference",
    "Text",
    "Told",
    "Truth",
    "inner_of",
    "parts_of",
]


class BadFormula(BadInput):
    """A formula of a KPI that cannot be read, or that does not add up."""

    code = "evaluation.bad_formula"


@dataclass(frozen=True, slots=True)
class ColumnOf:
    """What a formula may say about a decision.

    Parameters
    ----------
    kind : {"number", "truth", "text"}
    about : str
        For people.
    unit : Unit
    """

    kind: Literal["number", "truth", "text"]
    about: str
    unit: Unit = NO_UNIT


_SECONDS = Unit((("second", 1),))

COLUMNS: dict[str, ColumnOf] = {
    "automated": ColumnOf("truth", "No person had to look at it: allowed, and every field automated."),
    "referred": ColumnOf(
        "truth", "A person had to: a field was referred or refused, or nothing was allowed."
    ),
    "allowed": ColumnOf("truth", "What the decision gate said."),
    "waiting": ColumnOf("truth", "A person still has to look at it."),
    "reported": ColumnOf("truth", "Something was reported about it."),
    "decided_again": ColumnOf("truth", "Its case was decided again later, as by the next turn."),
    "cost_eur": ColumnOf("number", "What deciding it cost.", Unit((("EUR", 1),))),
    "confidence": ColumnOf("number", "The lowest of its answers."),
    "fields_automated": ColumnOf("number", "How many of its fields a machine answered."),
    "fields_referred": ColumnOf("number", "How many went to a person."),
    "fields_refused": ColumnOf("number", "How many were refused."),
    "fields_checked": ColumnOf(
        "number", "Of the fields that a machine answered, those of which it is known what is right."
    ),
    "fields_wrong": ColumnOf("number", "Of those checked, how many were answered wrongly."),
    "fields_false": ColumnOf("number", "Of those checked, how many were answered yes where no is right."),
    "minutes": ColumnOf(
        "number",
        "What people said they spent on it; 0 where none had to look, else not known unless they say it.",
        _SECONDS,
    ),
    "minutes_automated": ColumnOf(
        "number",
        "What people would have needed for the fields that a machine answered, as fields.toml assumes.",
        _SECONDS,
    ),
    "time_to_decision": ColumnOf(
        "number",
        "From the machine's answer to a person's last word; 0 where none had to look.",
        _SECONDS,
    ),
    "case": ColumnOf("text", "Name of the case."),
    "release": ColumnOf("text", "Digest of the release that decided."),
    "tenant": ColumnOf("text", "Whose case it is."),
}
"""Every column with its unit; times are held in seconds."""

AGGREGATES = ("count", "sum", "mean", "median", "percentile", "share")


@dataclass(frozen=True, slots=True)
class Number:
    """A constant, in bases."""

    value: float
    unit: Unit = NO_UNIT


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of decisions, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """`field('fraud')`: what was answered; `outcome('fraud')`: what turned out.

    Parameters
    ----------
    about : {"field", "outcome", "confidence", "automated"}
    name : str
    unit : Unit
        What was written behind `in`; without it, figures must carry no unit.
    said : str
        The unit as it was written; "" for none.
    """

    about: Literal["field", "outcome", "confidence", "automated"]
    name: str
    unit: Unit = NO_UNIT
    said: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """`... is known`, `... is unknown`."""

    of: "Node"
    wanted: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values held against each other."""

    how: Literal["=", "!=", "<", "<=", ">", ">="]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Both:
    """`and`, `or`."""

    how: Literal["and", "or"]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers put together."""

    how: Literal["+", "-", "*", "/"]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number out of many decisions.

    Parameters
    ----------
    how : str
        One of AGGREGATES.
    of : Node or None
        None for `count(decisions)`.
    where : Node or None
    rank : float
        Of a percentile, in (0, 100); 50 for a median.
    said : str
        As it was written, for people.
    """

    how: str
    of: "Node | None"
    where: "Node | None"
    rank: float
    said: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`kpi('name')`: the formula of another KPI."""

    name: str


Node = (
    Number | Text | Truth | Column | Told | Known | Compare | Not | Both | Arithmetic | Aggregate | Reference
)


def inner_of(node: Node) -> list[Node]:
    """Return what a node is made of."""
    inner = (getattr(node, one.name) for one in fields(node))
    return [one for one in inner if isinstance(one, Node)]


def parts_of(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it."""
    waiting: list[Node] = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(inner_of(here))
