"""What the templates show, piece by piece: every number already in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.core.verdicts import Check
from flyball.evaluation.reports.phrases import percent
from flyball.evaluation.reports.records import ContractView, ReportView
from flyball.models.decisions.records import Severity

__all__ = [
    "Cell",
    "Cite",
    "ContractPage",
    "Doubt",
    "FieldRow",
    "Figure",
    "FindingCard",
    "FirstLine",
    "FurtherRule",
    "Leaf",
    "Link",
    "Page",
    "Piece",
    "PrincipleRow",
    "Promise",
    "Quote",
    "SeverityCount",
    "Tag",
]


@dataclass(frozen=True, slots=True)
class Link:
    """A place on the page with its words."""

    anchor: str
    words: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The best passage, quoted, and where the others stand."""

    anchor: str
    words: str
    place: str
    also: tuple[Link, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Cite:
    """A duty or policy that a finding cites; `known` is False where the catalogue lacks it."""

    id: str
    title: str
    source: str
    in_force: str
    law: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain answer under a finding; `nearest` is quoted where the best guess is "absent"."""

    link: Link
    guess: str
    percent: str
    needed: str
    nearest: Quote | None


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding as it is shown; without `doubts` unless it is to be checked."""

    anchor: str
    rule: str
    title: str
    severity: Severity
    to_check: bool
    message: str
    wants: str
    rule_source: str
    cites: tuple[Cite, ...]
    quote: Quote | None
    fields: tuple[Link, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class FurtherRule:
    """A rule that applies only if an uncertain answer turns out otherwise than its best guess."""

    anchor: str
    rule: str
    title: str
    severity: Severity
    fields: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One answer as it is shown; `needed` is how sure it would have to be, `why` any other reason."""

    anchor: str
    title: str
    question: str
    group: str
    state: str
    outcome: str
    words: str
    guess: str
    sure: str
    percent: str
    needed: str
    value: str
    reason: str
    why: str
    awaited: bool
    quote: Quote | None
    expert: str
    route: str
    minutes: float
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A label in the text that leads to the answer or finding for which the passage stands."""

    anchor: str
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same passages."""

    text: str
    numbers: str
    anchors: tuple[str, ...]
    tags: tuple[Tag, ...]
    look: str
    depth: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of the text that a browser may lay out by itself; `place` where a page begins with it."""

    place: str
    gap: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a row; the value under the same passages as in a text."""

    name: str
    value: Piece


@dataclass(frozen=True, slots=True)
class PrincipleRow:
    """How an article of the constitution judged the decision."""

    title: str
    text: str
    passed: bool
    critique: str
    revision: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractPage:
    """One contract as it is shown."""

    number: int
    anchor: str
    name: str
    kind: str
    length: str
    refused: str
    failed: tuple[Check, ...]
    passed: tuple[Check, ...]
    findings: tuple[FindingCard, ...]
    further: tuple[FurtherRule, ...]
    counts: tuple[tuple[Severity, int], ...]
    worst: str
    to_check: int
    worst_to_check: str
    look: tuple[FieldRow, ...]
    look_absent: tuple[FieldRow, ...]
    present: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    absent: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    withheld: tuple[FieldRow, ...]
    rows: tuple[FieldRow, ...]
    unanswered: tuple[str, ...]
    automated: int
    decided: int
    leaves: tuple[Leaf, ...]
    cells: tuple[Cell, ...]
    excerpt: bool
    highlights: int
    principles: tuple[PrincipleRow, ...]
    principles_held: int
    ledger_entry: int | None
    view: ContractView

    @property
    def flags(self) -> bool:
        """Whether every question is one of yes or no, and not of what stands in the case."""
        return bool(self.rows) and all(row.flag for row in self.rows)

    @property
    def waiting(self) -> int:
        """Answers that wait for a person."""
        return len(self.look) + len(self.look_absent)

    @property
    def needed_for_absent(self) -> str:
        """How sure the machine would have to be of every guess "absent"; "" where that differs."""
        needed = {row.needed for row in self.look_absent}
        return needed.pop() if len(needed) == 1 else ""


@dataclass(frozen=True, slots=True)
class FirstLine:
    """A line of what to begin with: one finding, or one rule that stands in several contracts."""

    severity: Severity
    title: str
    to_check: bool
    where: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """How many findings of one severity, over all contracts that may be acted upon."""

    severity: Severity
    found: int
    to_check: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure in words."""

    name: str
    value: str
    rests: str
    meaning: str
    known: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise in words, and how it is known; `kept` is False where there is none."""

    sentence: str
    basis: str
    borne_out: str
    method: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report in words."""

    view: ReportView
    contracts: tuple[ContractPage, ...]
    severities: tuple[SeverityCount, ...]
    found: int
    to_check: int
    further: int
    automated: int
    referred: int
    withheld: int
    reviewed: tuple[ContractPage, ...]
    refused: tuple[ContractPage, ...]
    objected: int
    first: tuple[FirstLine, ...]
    more_first: int
    promises: tuple[Promise, ...]
    figures: tuple[Figure, ...]
    cited_ids: frozenset[str]
    titles: Mapping[str, str]
    entries: str
    written: str
    redacted: bool
    short_release: str
    flags: bool

    @property
    def decided(self) -> int:
        """All answers of contracts that may be acted upon."""
        return self.automated + self.referred + self.withheld

    @property
    def automated_share(self) -> str:
        """Share of answers decided by machine, in words."""
        return percent(self.automated / self.decided) if self.decided else "none"
