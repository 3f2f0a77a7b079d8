"""Tables, their rules, the facts that they look at, and what comes out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, Literal, Protocol, runtime_checkable

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput

__all__ = [
    "PLAYBOOK",
    "ROW",
    "TRIAGE",
    "UNSURE",
    "BadTable",
    "Condition",
    "FactKind",
    "FactValue",
    "HitPolicy",
    "KnownFacts",
    "MadeOfTables",
    "Outputs",
    "Rule",
    "RuleChange",
    "RuleHit",
    "Scalar",
    "Table",
    "changed_rules",
]


_COLUMN = re.compile(r"row\.[a-z][a-z0-9_]*")


class BadTable(BadInput):
    """A decision table cannot be used; the message names file, row, column and cell."""

    code = "rules.bad_table"


class _Unsure(Enum):
    UNSURE = "unsure"


UNSURE: Final = _Unsure.UNSURE
"""The value of a fact that a person still has to decide."""

Scalar = str | float | bool | None
FactValue = Scalar | Literal[_Unsure.UNSURE]
"""True and False stand for yes and no; None means that no value was read."""

FactKind = Literal["flag", "number", "text", "value"]
"""What a fact can be: yes or no; a number; text; or whatever a value reader reads."""

HitPolicy = Literal["first", "all"]

ROW = "row."
"""Facts that begin so are columns of a row: of any name, with a number, text, yes or no, or nothing."""


class KnownFacts(dict[str, FactKind]):
    """Facts that rules may look at, and with them every column of a row, as `row.<column>`.

    Whether a row has the column is seen when it is decided: without it nothing is decided at all.
    """

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and _COLUMN.fullmatch(name) is not None)

    def __missing__(self, name: str) -> FactKind:
        if _COLUMN.fullmatch(name) is None:
            raise KeyError(name)
        return "value"


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which `then` columns a table of one purpose has.

    Parameters
    ----------
    purpose : str
        For messages: "playbook".
    required, optional : tuple of str
    allowed : mapping of str to tuple of str
        The only values that a column may hold, where there is such a list.
    """

    purpose: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


PLAYBOOK: Final = Outputs(
    "playbook",
    required=("title", "severity", "message"),
    optional=("want",),
    allowed={"severity": ("critical", "high", "medium", "low", "info")},
)
TRIAGE: Final = Outputs(
    "triage", required=("field", "decide", "reason"), allowed={"decide": ("yes", "no", "refer")}
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One filled `if` cell.

    Parameters
    ----------
    fact : str
        "non_compete", "notice_period_to_terminate_renewal.value", "language".
    kind : FactKind
    cell : str
        As the lawyer wrote it, white space made even.
    test : str
        The test in the engine's language.
    probes : tuple of Scalar
        Values at which the answer may change; used to try the possible answers of an unsure fact.
    unknown : bool
        Whether the cell asks if the fact is unsure; then it is not about the answer at all.
    unary : bool
        Whether the test is one of a GoRules column ("> 60"), not a whole expression ("x > 60").
    """

    fact: str
    kind: FactKind
    cell: str
    test: str
    probes: tuple[Scalar, ...] = ()
    unknown: bool = False
    unary: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One row.

    Parameters
    ----------
    id : str
        Table and row: "liability.L-02".
    row : int
        Row of the spreadsheet, 1 being the header; position in a JDM file.
    conditions : tuple of Condition
        All must hold. Empty: the row holds for every case.
    outputs : tuple of (column, text)
    cites : tuple of str
        Obligations and policies that the rule serves.
    note : str
        For colleagues; changes nothing.
    """

    id: str
    row: int
    conditions: tuple[Condition, ...]
    outputs: tuple[tuple[str, str], ...]
    cites: tuple[str, ...] = ()
    note: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """Facts that the rule looks at, in the order of the columns."""
        return tuple(dict.fromkeys(condition.fact for condition in self.conditions))

    @property
    def digest(self) -> str:
        """Digest of what the rule does; its note and its place in the file are left out."""
        conditions = sorted((condition.fact, condition.test) for condition in self.conditions)
        return digest_of([self.id, conditions, sorted(self.outputs), sorted(self.cites)])


@dataclass(frozen=True)
class Table:
    """One decision table, checked.

    Parameters
    ----------
    name : str
        File name without its ending; first part of every rule id.
    hit : {"first", "all"}
        Whether the first row that holds counts, or every row that holds.
    rules : tuple of Rule
    folds : bool
        Whether texts are compared without regard to capitals and white space (CSV: yes, JDM: no).
    """

    name: str
    hit: HitPolicy
    rules: tuple[Rule, ...]
    folds: bool = True

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Facts that any of its rules looks at."""
        return tuple(dict.fromkeys(fact for rule in self.rules for fact in rule.facts))

    @cached_property
    def digest(self) -> str:
        """Digest of what the table does."""
        return digest_of([self.name, self.hit, self.folds, [rule.digest for rule in self.rules]])


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that fires for a case.

    Parameters
    ----------
    table, rule : str
        `rule` is the full identifier, "liability.L-02".
    outputs : mapping of str to str
        Its `then` cells, templates not yet filled in.
    facts : tuple of str
        Facts that the rule looked at.
    cites : tuple of str
    status : {"found", "to_check"}
        "found": it fires whatever the unsure facts turn out to be. "to_check": under at least one
        possible answer it does, under another it does not.
    row : int
        Row of the spreadsheet that matched: the evidence.
    """

    table: str
    rule: str
    outputs: Mapping[str, str]
    facts: tuple[str, ...]
    cites: tuple[str, ...]
    status: Literal["found", "to_check"]
    row: int


@runtime_checkable
class MadeOfTables(Protocol):
    """An expert that is nothing but tables."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables, in the order in which they are asked."""
        ...


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that differs between two states of the tables."""

    rule: str
    change: Literal["added", "removed", "changed", "rows before it changed"]


def changed_rules(before: Sequence[Table], after: Sequence[Table]) -> tuple[RuleChange, ...]:
    """Return the rules that were added, removed or changed, by digest, sorted by identifier.

    A changed hit policy changes every rule of that table, and a changed row of a `first` table those after
    it: they are asked about other cases.
    """
    old, new = _identities(before), _identities(after)
    same = _rows(before) & _rows(after)
    changes: list[RuleChange] = []
    for rule in sorted(old.keys() | new.keys()):
        if rule not in old:
            changes.append(RuleChange(rule, "added"))
        elif rule not in new:
            changes.append(RuleChange(rule, "removed"))
        elif old[rule] != new[rule]:
            moved = any(id == rule for id, _ in same)
            changes.append(RuleChange(rule, "rows before it changed" if moved else "changed"))
    return tuple(changes)


def _rows(tables: Sequence[Table]) -> set[tuple[str, str]]:
    return {
        (rule.id, digest_of([table.hit, table.folds, rule.digest]))
        for table in tables
        for rule in table.rules
    }


def _identities(tables: Sequence[Table]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in tables:
        before: list[str] = []
        for rule in table.rules:
            place = list(before) if table.hit == "first" else []
            found[rule.id] = digest_of([table.hit, table.folds, place, rule.digest])
            before.append(rule.digest)
    return found
