"""What can be asked of the history, and what comes back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.errors import FlyballError
from flyball.core.records import Outcome

__all__ = ["REVIEW", "Counted", "DecisionRow", "HistoryUnavailable", "TooMuch", "Wanted"]

REVIEW = "review"
"""Kind of the ledger entries about reviews."""


class HistoryUnavailable(FlyballError):
    """The list beside the ledger cannot be used."""

    code = "evaluation.history_unavailable"
    retry = True
    exit_code = 3


class TooMuch(FlyballError):
    """A question would take longer than anybody waits; nothing is shown rather than a part of it."""

    code = "evaluation.too_much"
    exit_code = 2
    status = 422


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions. Everything that is given must hold; nothing given is everything.

    Parameters
    ----------
    tenant : str or None
        None for those of all tenants.
    since, until : datetime or None
        UTC; from the first, before the second.
    release : str
        Digest, or the beginning of one behind "sha256:".
    case : str
        The id of a case, or the beginning of its name.
    field, outcome, expert, answer : str
        About one answer: all that are given hold for the same one. `answer` is JSON.
    confidence_at_most : float or None
        Of that answer.
    waiting : bool or None
        Whether a person still has to look at it.
    allowed : bool or None
        What the decision gate said.
    alone : bool or None
        Whether it was decided without a person: the gate let it pass, and no field was left to people.
    reported : bool or None
        Whether anything was reported about it.
    rule : str
        A rule that fired: it found something, or decided or referred an answer.
    obligation, principle : str
        A duty under which it was made; a principle that it was held against.
    touched_since : int or None
        Whether something was reported about it, or done in its review, in this ledger entry or a later one:
        for those who keep what they have worked out and ask for what is new.
    newest : bool or None
        Whether its case was not decided again later: a case that waits twice is one case.
    """

    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    release: str = ""
    case: str = ""
    field: str = ""
    outcome: Outcome | Literal[""] = ""
    expert: str = ""
    answer: str = ""
    confidence_at_most: float | None = None
    waiting: bool | None = None
    allowed: bool | None = None
    alone: bool | None = None
    reported: bool | None = None
    rule: str = ""
    obligation: str = ""
    principle: str = ""
    touched_since: int | None = None
    newest: bool | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are.

    Parameters
    ----------
    n : int
    exact : bool
        False: there are more than `n`, counting stopped there.
    """

    n: int
    exact: bool


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision in a list.

    Parameters
    ----------
    entry : int
        In the ledger.
    tenant, case_id, case_name, release, actor : str
    decided_at : datetime
        UTC.
    allowed, waits : bool
        What the decision gate said; whether a person still has to look at it.
    for_people : tuple of str
        Fields that a person decides.
    automated, referred, refused : int
        Numbers of fields.
    confidence : float or None
        The lowest of its answers; None without any.
    cost_eur : float
        Rounded to a billionth; the exact amount is in the entry.
    findings : int
    """

    entry: int
    tenant: str
    case_id: str
    case_name: str
    release: str
    actor: str
    decided_at: datetime
    allowed: bool
    waits: bool
    for_people: tuple[str, ...]
    automated: int
    referred: int
    refused: int
    confidence: float | None
    cost_eur: float
    findings: int
