"""The contract of a checker: it complains about a decision, and may say how to mend it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.core.records import Outcome
from flyball.core.shelves import Shelf
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = ["CHECKERS", "NO_SETTINGS", "Ask", "Checker", "Complaint", "Reading"]

CHECKERS = Shelf(kind="checker", package="flyball.governance.constitution.checkers")

NO_SETTINGS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a checker may look at beside the decision itself.

    Parameters
    ----------
    text : str
        The text that the offsets of the decision index.
    fields : tuple of str
        Keys of all fields of the deployment, in its order.
    thresholds : Thresholds
        Of the release that decided. An expert that is not in it is never sure enough.
    rules : frozenset of str
        Names of the experts that are rules; they need no threshold.
    catalogue : frozenset of str
        Identifiers of every duty that is known.
    in_force : frozenset of str
        Identifiers of the duties in force for this case.
    policies : frozenset of str or None
        Policies of the company that may be cited, without "policy:"; None: not known, any is accepted.
    questions : mapping of str to str
        What each field asks, by its key.
    settings : mapping
        Of the principle that is checked.
    ask : callable (decision) -> tuple of Complaint, or None
        What a language model says about the principle that is checked; None where none is configured.
    """

    text: str
    fields: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    rules: frozenset[str] = frozenset()
    catalogue: frozenset[str] = frozenset()
    in_force: frozenset[str] = frozenset()
    policies: frozenset[str] | None = None
    questions: Mapping[str, str] = field(default_factory=lambda: NO_SETTINGS)
    settings: Mapping[str, Any] = field(default_factory=lambda: NO_SETTINGS)
    ask: "Ask | None" = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a decision.

    Parameters
    ----------
    problem : str
        What is wrong, as a sentence for people; it becomes the reason of a referral or refusal.
    field : str
        Key of the field concerned; "" where it concerns a finding or the whole decision.
    rule : str
        Rule of the finding concerned; "" otherwise.
    demands : Outcome or None
        What the field should become; None leaves that to the principle.
    said : str
        What a language model wrote about it. It may hold words of the case, so it is kept beside the
        ledger and never in it.
    """

    problem: str
    field: str = ""
    rule: str = ""
    demands: Outcome | None = None
    said: str = ""


Ask = Callable[[Decision], tuple[Complaint, ...]]


@dataclass(frozen=True, slots=True)
class Checker:
    """How a principle is checked; the object that a module of the shelf offers under its own name.

    Parameters
    ----------
    summary : str
        What it looks at, in one sentence for people.
    version : int
        Raised when its behaviour changes; part of the digest of every constitution that uses it.
    check : callable (decision, reading) -> tuple of Complaint
        Deterministic, without side effects; () means that nothing is wrong.
    revise : callable (decision, reading, complaints) -> Decision, or None
        Mends what `check` complained about. It may take away and be more careful, never add a claim:
        `review` refuses a revision that makes a decision bolder. None: it cannot mend.
    demands : tuple of Outcome
        What its complaints may demand; () where they leave that to the principle.
    names_fields : bool
        Whether it ever complains about a field. False: about findings or the whole decision only.
    takes : callable (settings) -> str, or None
        Says what is wrong with the settings of a principle, "" for nothing. None: it takes none.
    find_words : callable (text, settings) -> tuple of str, or None
        What is wrong with a text, such as an answer in a conversation. None: it looks at decisions only.
    mend_words : callable (text, settings) -> str, or None
        The text without what `find_words` found.
    """

    summary: str
    version: int
    check: Callable[[Decision, Reading], tuple[Complaint, ...]]
    revise: Callable[[Decision, Reading, tuple[Complaint, ...]], Decision] | None = None
    demands: tuple[Outcome, ...] = ()
    names_fields: bool = True
    takes: Callable[[Mapping[str, Any]], str] | None = None
    find_words: Callable[[str, Mapping[str, Any]], tuple[str, ...]] | None = None
    mend_words: Callable[[str, Mapping[str, Any]], str] | None = None
