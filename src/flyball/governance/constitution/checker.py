"""The contract of a checker: it complains about a decision, and may say how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from flyball.core.records import Outcome
from flyball.core.shelves import Shelf
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = ["CHECKERS", "Checker", "Complaint", "Reading"]

CHECKERS = Shelf(kind="checker", package="flyball.governance.constitution.checkers")


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
    """

    text: str
    fields: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    rules: frozenset[str] = frozenset()
    catalogue: frozenset[str] = frozenset()
    in_force: frozenset[str] = frozenset()
    policies: frozenset[str] | None = None


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
    """

    problem: str
    field: str = ""
    rule: str = ""
    demands: Outcome | None = None


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
    """

    summary: str
    version: int
    check: Callable[[Decision, Reading], tuple[Complaint, ...]]
    revise: Callable[[Decision, Reading, tuple[Complaint, ...]], Decision] | None = None
