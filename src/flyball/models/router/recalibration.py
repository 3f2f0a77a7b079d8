"""Recalibrate an expert on the deployment's own labelled cases: one slope and one shift of its log odds.

A company's contracts may hold more clauses, or fewer, than those on which an expert learned. Its order
of cases then still stands, while its probabilities are too low or too high for all of them alike. Two
numbers mend that. They are the same for every field, so that few labelled cases are enough.

The change is monotone, so that thresholds move with it: exactly the same answers are automated as
before, and a guarantee keeps its meaning. What changes is the best guess, and the stated confidence.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.models.experts.digits import DIGITS

__all__ = ["FEWEST_CASES", "Recalibration", "fit_recalibration"]

FEWEST_CASES = 8
"""Labelled cases below which an expert's own probabilities are left as they are."""

_PULL = 10.0  # towards slope 1 and shift 0, as if by so many more decisions
_EDGE = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Log odds of "present" become `slope * log odds + shift`.

    Parameters
    ----------
    slope : float
        Above 0.
    shift : float
        0 leaves the base rate as it is; above 0 own cases hold more than the expert expects.
    n_cases : int
        Own labelled cases behind it.
    """

    slope: float = 1.0
    shift: float = 0.0
    n_cases: int = 0

    def answer(self, answer: str, confidence: float) -> tuple[str, float]:
        """Return the answer that is more likely after recalibration, with its probability.

        Parameters
        ----------
        answer : str
            "true" or "false"; any other answer is returned as it came.
        confidence : float
            In [0, 1]. 0 means that the expert does not judge, and stays 0.

        Returns
        -------
        (answer, confidence)
        """
        if answer not in ("true", "false") or confidence <= 0.0:
            return answer, confidence
        present = self.probability(confidence if answer == "true" else 1.0 - confidence)
        return ("true", present) if present > 0.5 else ("false", round(1.0 - present, DIGITS))

    def probability(self, present: float) -> float:
        """Return P(present) after recalibration, with the digits that count."""
        inside = min(max(present, _EDGE), 1.0 - _EDGE)
        score = self.slope * math.log(inside / (1.0 - inside)) + self.shift
        return round(0.5 * (1.0 + math.tanh(0.5 * score)), DIGITS)


def fit_recalibration(
    confidence: Floats, says_present: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_], *, n_cases: int
) -> Recalibration | None:
    """Fit slope and shift by Newton's method.

    Parameters
    ----------
    confidence, says_present, right : ndarray, shape (n_answers,)
        Of own labelled cases that are not used to measure what comes of this. Answers with
        confidence 0 (not judged) must be left out.
    n_cases : int

    Returns
    -------
    Recalibration or None
        None with fewer than `FEWEST_CASES`, or where only one answer occurs.

    Source: Platt 1999, with a pull towards no change.
    """
    truth = np.where(says_present, right, ~right).astype(np.float64)
    if n_cases < FEWEST_CASES or truth.size == 0 or truth.min() == truth.max():
        return None
    present = np.clip(np.where(says_present, confidence, 1.0 - confidence), _EDGE, 1.0 - _EDGE)
    design = np.stack([np.log(present / (1.0 - present)), np.ones_like(present)], axis=1)
    start = np.array([1.0, 0.0])
    weights = start.copy()
    for _ in range(100):
        expected = 0.5 * (1.0 + np.tanh(0.5 * (design @ weights)))
        gradient = design.T @ (expected - truth) + _PULL * (weights - start)
        curvature = (design * (expected * (1.0 - expected))[:, None]).T @ design + _PULL * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while _loss(weights - step, design, truth, start) > _loss(weights, design, truth, start):
            step = 0.5 * step  # a full Newton step may overshoot where answers are very sure
            if float(np.abs(step).max()) < 1e-12:
                break
        weights = weights - step
        if float(np.abs(step).max()) < 1e-9:
            break
    if not np.isfinite(weights).all() or weights[0] <= 0.0:
        return None
    return Recalibration(float(weights[0]), float(weights[1]), n_cases)


def _loss(weights: Floats, design: Floats, truth: Floats, start: Floats) -> float:
    """Return the negative log likelihood with the pull towards no change."""
    score = design @ weights
    pull = 0.5 * _PULL * float(((weights - start) ** 2).sum())
    return float((np.logaddexp(0.0, score) - truth * score).sum()) + pull
