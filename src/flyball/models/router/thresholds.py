"""Thresholds: how sure an expert must be before its answer leaves without a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flyball.models.experts.digits import DIGITS
from flyball.models.router.recalibration import Recalibration

__all__ = ["NEVER", "ExpertThresholds", "Guarantee", "Thresholds", "moved"]

NEVER = 2.0
"""A threshold that no confidence reaches: everything goes to a person."""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What is promised about automated answers, and on what the promise rests.

    Parameters
    ----------
    promise : str
        In words, for people.
    bound : float
        The promised upper bound, in the unit of `unit`.
    unit : str
        "share of automated answers" or "per 1,000 cases".
    confidence : float
        Chance that the bound holds, over the draw of the calibration cases.
    n : int
        Calibration cases that no expert had trained on.
    observed : float or None
        The same quantity as seen on the calibration cases; None where nothing was automated.
    method : str
        Procedure with its source.
    kept : bool
        False: no threshold keeps the promise, so nothing is automated.
    """

    promise: str
    bound: float
    unit: str
    confidence: float
    n: int
    observed: float | None
    method: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ExpertThresholds:
    """Least confidence for an automated answer of one expert.

    Parameters
    ----------
    present, absent : float
        For the answers "true" and "false"; any other answer needs the higher of the two.
        `NEVER` sends everything to a person.
    fields : mapping of str to (float, float)
        Own thresholds (present, absent) of a field; never below the general ones' guarantee.
    """

    present: float = NEVER
    absent: float = NEVER
    fields: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def least(self, key: str, answer: str) -> float:
        """Return the least confidence for this answer to this field."""
        present, absent = self.fields.get(key, (self.present, self.absent))
        if answer == "true":
            return present
        if answer == "false":
            return absent
        return max(present, absent)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of every expert, with what they guarantee.

    Parameters
    ----------
    experts : mapping of str to ExpertThresholds
        An expert that is not listed is never sure enough.
    guarantees : tuple of Guarantee
    notes : tuple of str
        What own labelled cases taught: what was raised above the guarantees, and why.
    recalibrations : mapping of str to Recalibration
        Of experts whose probabilities own labelled cases correct; thresholds are on the corrected ones.
    """

    experts: Mapping[str, ExpertThresholds] = field(default_factory=dict)
    guarantees: tuple[Guarantee, ...] = ()
    notes: tuple[str, ...] = ()
    recalibrations: Mapping[str, Recalibration] = field(default_factory=dict)

    def least(self, expert: str, key: str, answer: str) -> float:
        """Return the least confidence that `expert` needs; `NEVER` for an unknown expert."""
        known = self.experts.get(expert)
        return NEVER if known is None else known.least(key, answer)


def moved(thresholds: ExpertThresholds, by: Recalibration) -> ExpertThresholds:
    """Return thresholds on recalibrated confidence under which the same answers are automated.

    An answer that turns around is never automated: before, it was less likely than its opposite.
    """

    def present(level: float) -> float:
        return level if level >= NEVER else max(by.probability(level), _MORE_LIKELY)

    def absent(level: float) -> float:
        return (
            level if level >= NEVER else max(round(1.0 - by.probability(1.0 - level), DIGITS), _MORE_LIKELY)
        )

    return ExpertThresholds(
        present(thresholds.present),
        absent(thresholds.absent),
        {key: (present(first), absent(second)) for key, (first, second) in thresholds.fields.items()},
    )


_MORE_LIKELY = 0.5 + 1e-9
