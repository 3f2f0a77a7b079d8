"""Accuracy without labels: what the confidences promise, and what labels said when they came."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import Z95, wilson

__all__ = ["Calibrator", "Reconciled", "estimated_accuracy", "fit_calibrator", "reconciled", "weights_of"]

Floats = npt.NDArray[np.float64]

_FEWEST = 100
_EDGE = 1e-6
_HEAVIEST = 10.0


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Corrects confidences by what was right in the reference: one slope and one shift of their log odds.

    Parameters
    ----------
    slope, shift : float
    covariance : tuple of float
        Of both: variance of the slope, covariance, variance of the shift.
    n : int
        Labelled rows that it was fitted on.
    """

    slope: float
    shift: float
    covariance: tuple[float, float, float]
    n: int


def fit_calibrator(
    confidence: Floats, right: Floats, weights: Floats | None = None
) -> Calibrator | NotMeasured:
    """Fit a calibrator on labelled rows.

    Parameters
    ----------
    confidence : ndarray
        P(right) as it was stated.
    right : ndarray
        1 and 0.
    weights : ndarray, optional
        How often each row would occur among the current ones; 1 where not given.

    Source: Platt 1999, Advances in Large Margin Classifiers; with weights, for covariate shift, Shimodaira
    2000, Journal of Statistical Planning and Inference 90(2). The variance is the sandwich of White 1980.
    """
    _check(confidence)
    n = len(confidence)
    weights = np.ones(n) if weights is None else weights
    if n < _FEWEST or right.min(initial=1) == right.max(initial=0):
        return NotMeasured(
            f"{n} labelled rows of the reference, right and wrong; at least {_FEWEST} are needed"
        )
    design = np.column_stack([_log_odds(confidence), np.ones(n)])
    beta = np.array([1.0, 0.0])
    hessian = np.eye(2)
    for _ in range(50):
        p = _logistic(design @ beta)
        # One invented row of the stated confidences keeps a slope finite where all are alike.
        gradient = design.T @ (weights * (right - p)) - (beta - [1.0, 0.0])
        hessian = (design * (weights * p * (1 - p))[:, None]).T @ design + np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-9:
            break
    residual = weights * (right - _logistic(design @ beta))
    inverse = np.linalg.inv(hessian)
    spread = inverse @ ((design * (residual**2)[:, None]).T @ design) @ inverse
    return Calibrator(
        float(beta[0]), float(beta[1]), (float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1])), n
    )


def estimated_accuracy(confidence: Floats, calibrator: Calibrator | None = None) -> Estimate | NotMeasured:
    """Return the share of right answers that the confidences promise.

    It holds as long as confidences mean what they meant: where the answers to look alike, as likely to be
    right as before. It cannot see that the same inputs have begun to lead to other outcomes.

    Returns
    -------
    Estimate or NotMeasured
        With a 95 % interval for the share that will be seen when labels come: chance of the rows, and of the
        calibrator.

    Source: confidence-based performance estimation, Garg et al. 2022, ICLR, "Leveraging unlabeled data to
    predict out-of-distribution performance", section 2, "average confidence".
    """
    _check(confidence)
    n = len(confidence)
    if n < 1:
        return NotMeasured("nothing was answered")
    if calibrator is None:
        chances, doubt = confidence, 0.0
    else:
        odds = _log_odds(confidence)
        chances = _logistic(calibrator.slope * odds + calibrator.shift)
        slopes = chances * (1 - chances)
        by_slope, by_shift = float((slopes * odds).mean()), float(slopes.mean())
        a, b, c = calibrator.covariance
        doubt = by_slope**2 * a + 2 * by_slope * by_shift * b + by_shift**2 * c
    value = float(chances.mean())
    half = Z95 * math.sqrt(float((chances * (1 - chances)).sum()) / n**2 + max(doubt, 0.0))
    return Estimate(value, n, max(0.0, value - half), min(1.0, value + half))


def weights_of(reference: Floats, current: Floats) -> Floats:
    """Return how much more often each reference row occurs among the current ones: a ratio of densities.

    A logistic regression tells both sides apart; its odds are the ratio. No row counts more than ten times.

    Parameters
    ----------
    reference, current : ndarray of shape (n_rows, n_features)
        Scaled alike.

    Source: Bickel, Brückner and Scheffer 2009, JMLR 10, section 3.
    """
    rows = np.concatenate([reference, current])
    squares = rows * rows
    design = np.column_stack([rows, squares - squares.mean(axis=0), np.ones(len(rows))])
    n, m = len(reference), len(current)
    side = np.concatenate([np.zeros(n), np.ones(m)])
    share = np.concatenate([np.full(n, 0.5 / n), np.full(m, 0.5 / m)]) * (n + m)
    beta = np.zeros(design.shape[1])
    penalty = np.eye(len(beta)) * 1.0
    for _ in range(25):
        p = _logistic(design @ beta)
        gradient = design.T @ (share * (side - p)) - penalty @ beta
        hessian = (design * (share * p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        beta = beta + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-6:
            break
    p = np.clip(_logistic(design[:n] @ beta), _EDGE, 1 - _EDGE)
    ratio = np.minimum(p / (1 - p), _HEAVIEST)
    weights: Floats = ratio * (n / ratio.sum())
    return weights


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An estimate beside what was seen.

    Parameters
    ----------
    estimated : Estimate or NotMeasured
        From confidences, calibrated on the reference as it was.
    weighted : Estimate or NotMeasured
        The same, with the reference weighted to look as the current rows do.
    realised : Estimate or NotMeasured
        From labels.
    finding : str
        "borne out", "inputs moved", "outcomes changed", "labels are not of all rows", "no labels yet".
    because : str
        For people: which assumption held and which did not.
    """

    estimated: Estimate | NotMeasured
    weighted: Estimate | NotMeasured
    realised: Estimate | NotMeasured
    finding: str
    because: str


def reconciled(
    estimated: Estimate | NotMeasured,
    weighted: Estimate | NotMeasured,
    right: Floats,
    *,
    confidence_labelled: Floats,
    confidence_all: Floats,
) -> Reconciled:
    """Hold estimates against labels.

    Parameters
    ----------
    estimated, weighted : Estimate or NotMeasured
    right : ndarray
        1 and 0, of the rows with a label.
    confidence_labelled, confidence_all : ndarray
        Stated confidences of those rows, and of all: labels of other rows than usual say nothing of all.
    """
    n = len(right)
    if n < 30 or isinstance(estimated, NotMeasured):
        why = NotMeasured(f"{n} labels; at least 30 are needed")
        return Reconciled(estimated, weighted, why, "no labels yet", why.reason)
    realised = _share(right)
    apart = abs(float(confidence_labelled.mean() - confidence_all.mean()))
    noise = Z95 * math.sqrt(float(confidence_all.var()) * (1 / n + 1 / len(confidence_all)))
    if _agree(estimated, realised):
        said = "the labels lie where the confidences promised: what they meant, they still mean"
        return Reconciled(estimated, weighted, realised, "borne out", said)
    if apart > noise and n < 0.9 * len(confidence_all):
        said = (
            f"the labelled rows had confidences of {confidence_labelled.mean():.3f} on average, all rows "
            f"{confidence_all.mean():.3f}: the labels are of other rows than usual"
        )
        return Reconciled(estimated, weighted, realised, "labels are not of all rows", said)
    if isinstance(weighted, Estimate) and _agree(weighted, realised):
        said = "with the reference weighted to look like the current rows the estimate is right: inputs moved"
        return Reconciled(estimated, weighted, realised, "inputs moved", said)
    said = "neither estimate explains the labels: the same inputs lead to other outcomes than before"
    return Reconciled(estimated, weighted, realised, "outcomes changed", said)


def _share(right: Floats) -> Estimate:
    return Estimate(float(right.mean()), len(right), *wilson(float(right.sum()), len(right)))


def _agree(estimated: Estimate, realised: Estimate) -> bool:
    """Say whether both may be the same, by the interval of their difference."""
    if estimated.low is None or estimated.high is None:
        return False
    own = (estimated.high - estimated.low) / (2 * Z95)
    theirs = math.sqrt(max(realised.value * (1 - realised.value), 0.25 / realised.n) / realised.n)
    return abs(estimated.value - realised.value) <= Z95 * math.hypot(own, theirs)


def _log_odds(confidence: Floats) -> Floats:
    clipped = np.clip(confidence, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def _logistic(x: Floats) -> Floats:
    chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -500, 500)))
    return chances


def _check(confidence: Floats) -> None:
    if len(confidence) and not (confidence.min() >= 0.0 and confidence.max() <= 1.0):
        raise BadInput("A confidence lies outside 0 to 1.", fix="Give P(right), as a share.")
