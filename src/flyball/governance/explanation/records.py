"""What an explanation is made of: records, each with an id under which a sentence can name it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from flyball.core.digests import digest_of, short
from flyball.core.estimates import Measurement
from flyball.core.records import Outcome
from flyball.data.documents.rows import Value
from flyball.models.router.route import Considered

__all__ = [
    "Answer",
    "Attribution",
    "Changed",
    "Check",
    "CheckName",
    "Duty",
    "Expert",
    "Explanation",
    "Method",
    "Move",
    "Passage",
    "Reason",
    "RuleRow",
    "Share",
]

Method = Literal["tree_shares", "kernel_shares"]
CheckName = Literal["adds_up", "repeats", "stable", "agrees", "deletion", "fidelity"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one column, or one part of a text, did to the output of a model.

    Parameters
    ----------
    column : str
    value : Value
        Of the case; for a part of a text where it stands: "120-310".
    share : float
        In the unit of the attribution; below 0 it speaks for "false".
    """

    column: str
    value: Value
    share: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """The output of one expert for one case, taken apart.

    Parameters
    ----------
    expert : str
    method : Method
    exact : bool
        Whether the shares are those of the model itself; else they come from asking it, see `fidelity`.
    unit : str
    base, output : float
    shares : tuple of Share
        In the order of the model's columns.
    fidelity : Measurement, optional
        For a model that was asked from outside: the part of its variation that the shares explain.
    against : str
        What an absent column stands for, in words.
    """

    expert: str
    method: Method
    exact: bool
    unit: str
    base: float
    output: float
    shares: tuple[Share, ...]
    fidelity: Measurement | None = None
    against: str = ""

    @property
    def id(self) -> str:
        """Name, by content."""
        return f"attribution:{short(digest_of(self))}"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an explanation, with its number.

    Parameters
    ----------
    name : CheckName
    passed : bool or None
        None where it could not be measured.
    measured : Measurement
    at_least : float, optional
    words : str
        What was measured, for people.
    """

    name: CheckName
    passed: bool | None
    measured: Measurement
    words: str
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """The row of a decision table that decided, or that sent the case to a person.

    Parameters
    ----------
    rule : str
    row : int
        Of the spreadsheet.
    expert : str
    conditions : tuple of (fact, cell, value)
        As they are written, and what the case holds.
    reason : str
        As it was told.
    template : str
        As the row says it, with the names of facts in braces.
    cites : tuple of str
    digest : str
        Of what the row does.
    """

    rule: str
    row: int
    expert: str
    conditions: tuple[tuple[str, str, Value], ...]
    reason: str
    template: str
    cites: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A place of the text that speaks for an answer; the words stay in the text, so that it can be erased."""

    start: int
    end: int
    score: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A specific reason in words that may be told.

    Parameters
    ----------
    words : str
    share : float or None
        What it did, in the unit of the attribution; None where a rule decided.
    source : str
        Id of the record that it rests on: an attribution, or a rule.
    """

    words: str
    share: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Move:
    """One column that would have to be another: from what, to what, and how to say it with {value}."""

    column: str
    now: Value
    value: float
    template: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The smallest change within a person's power, decided again with the release of then, rules included.

    Parameters
    ----------
    moves : tuple of Move
        () where none was enough.
    answer, outcome : str
        Of the case with these moves; "" where there are none.
    why : str
        How it was searched for, or why there is none.
    searched : bool
        Whether changes were tried at all: only then can it be said that none is enough.
    """

    moves: tuple[Move, ...]
    answer: str
    outcome: str
    why: str
    searched: bool = True


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty in force for the case on its day."""

    id: str
    key: str
    title: str
    law: str
    article: str
    digest: str


@dataclass(frozen=True, slots=True)
class Expert:
    """An expert that had a say."""

    name: str
    kind: str
    version: str
    summary: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a decision, explained.

    Parameters
    ----------
    field, title, question : str
    answer : str
        JSON text.
    outcome : Outcome
    confidence : float
    against : bool
        Whether this answer goes against a person, by the settings.
    expert : str
        Who answered; "" where a person is asked.
    route : str
    considered : tuple of Considered
    rules : tuple of RuleRow
        That decided, or that sent the case to a person.
    attribution : Attribution, optional
        Of the expert that answered, or whose best guess it is.
    passages : tuple of Passage
    neighbours : tuple of str
        What an expert over a graph says of those around the case, the strongest first.
    path : tuple of str
        Of a cycle of transfers, where the case lies on one.
    reasons : tuple of Reason
        At most four, what counted most first.
    changed : Changed, optional
        Only where the answer goes against a person.
    checks : tuple of Check
    gaps : tuple of str
        What is not explained, and why.
    """

    field: str
    title: str
    question: str
    answer: str
    outcome: Outcome
    confidence: float
    against: bool
    expert: str
    route: str
    considered: tuple[Considered, ...]
    rules: tuple[RuleRow, ...] = ()
    attribution: Attribution | None = None
    passages: tuple[Passage, ...] = ()
    neighbours: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    changed: Changed | None = None
    checks: tuple[Check, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one decision came out as it did, by the release that made it.

    Parameters
    ----------
    entry : int
        Of the decision in the ledger.
    case, deployment, purpose : str
    release : str
        Digest.
    decided_at : datetime
    as_of : date
        The day whose law counts.
    jurisdictions : tuple of str
    duties : tuple of Duty
    experts : tuple of Expert
    answers : tuple of Answer
    row : mapping of str to Value
        The case, where it is a row; never written to the ledger.
    """

    entry: int
    case: str
    deployment: str
    purpose: str
    release: str
    decided_at: datetime
    as_of: date
    jurisdictions: tuple[str, ...]
    duties: tuple[Duty, ...]
    experts: tuple[Expert, ...]
    answers: tuple[Answer, ...]
    row: Mapping[str, Value] = field(default_factory=dict)
