"""From a score to a probability, and the out-of-fold scores on which a deployment bases its promise."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput

__all__ = ["SCORES", "Calibrator", "fit_calibrator", "out_of_fold_table", "sigmoid"]

Array = npt.NDArray[np.float64]

SCORES = pa.schema(
    [
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("truth", pa.string(), nullable=False),
        pa.field("right", pa.bool_(), nullable=False),
        pa.field("evidence_right", pa.bool_()),  # null where there is no clause to quote
        pa.field("fold", pa.int16(), nullable=False),
    ]
)
"""Answers of experts that had not seen the case, with the truth; no text of any case."""


@dataclass(frozen=True)
class Calibrator:
    """Log odds from a score: one slope above zero, one below, one shift, for all fields.

    Slopes and shifts of single fields were tried and lose: most fields have too few positive cases.

    Parameters
    ----------
    above, below : float
        At least 0, so that a higher score is never a lower probability.
    shift : float
    """

    above: float
    below: float
    shift: float

    def probability(self, scores: Array) -> Array:
        """Return P(clause present), same shape as `scores`."""
        return sigmoid(
            self.above * np.maximum(scores, 0.0) + self.below * np.minimum(scores, 0.0) + self.shift
        )

    def score(self, probability: float) -> float:
        """Return the lowest score whose probability is at least this one; infinite where none is.

        Parameters
        ----------
        probability : float
            In (0, 1).
        """
        wanted = float(np.log(probability / (1.0 - probability))) - self.shift
        slope = self.above if wanted >= 0.0 else self.below
        return wanted / slope if slope > 0.0 else float("inf") if wanted > 0.0 else 0.0


def sigmoid(scores: Array) -> Array:
    """Return 1 / (1 + exp(-scores)), without overflow."""
    half: Array = 0.5 * (1.0 + np.tanh(0.5 * scores))
    return half


def fit_calibrator(scores: Array, truth: npt.NDArray[np.int8]) -> Calibrator:
    """Fit the calibrator by Newton's method with a very weak pull towards (1, 1, 0).

    Parameters
    ----------
    scores : ndarray
        Scores of models that had not seen the case.
    truth : ndarray of 0 and 1, same shape

    Returns
    -------
    Calibrator

    Source: Platt 1999, with separate slopes on the two sides.
    """
    if scores.shape != truth.shape or scores.size == 0:
        raise BadInput(
            f"Calibration needs one truth per score, got {truth.shape} for {scores.shape}.",
            fix="Give out-of-fold scores and labels of the same cases.",
        )
    flat, target = scores.ravel(), truth.ravel().astype(np.float64)
    design = np.column_stack([np.maximum(flat, 0.0), np.minimum(flat, 0.0), np.ones(flat.size)])
    start = np.array([1.0, 1.0, 0.0])
    weights = start.copy()
    for _ in range(50):
        probability = sigmoid(design @ weights)
        gradient = design.T @ (probability - target) + (weights - start)
        curvature = (design * (probability * (1.0 - probability))[:, None]).T @ design + np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if float(np.abs(step).max()) < 1e-10:
            break
    above, below, shift = (float(weight) for weight in weights)
    return Calibrator(max(above, 0.0), max(below, 0.0), shift)


def out_of_fold_table(
    case_ids: list[str],
    fields: tuple[str, ...],
    probability: Array,
    truth: npt.NDArray[np.int8],
    quote_right: npt.NDArray[np.bool_],
    fold: npt.NDArray[np.int64],
) -> pa.Table:
    """Return a table of schema SCORES from matrices of shape (n_cases, n_fields)."""
    says = probability > 0.5
    right = says == (truth == 1)
    flags = np.array(["false", "true"])
    n, width = probability.shape
    present = (truth == 1).ravel()
    return pa.table(
        [
            pa.array(np.repeat(np.array(case_ids), width)),
            pa.array(np.tile(np.array(fields), n)),
            pa.array(flags[says.ravel().astype(int)]),
            pa.array(np.where(says, probability, 1.0 - probability).ravel()),
            pa.array(flags[present.astype(int)]),
            pa.array(right.ravel()),
            pa.array(quote_right.ravel(), mask=~present),
            pa.array(np.repeat(fold, width).astype(np.int16)),
        ],
        schema=SCORES,
    )
