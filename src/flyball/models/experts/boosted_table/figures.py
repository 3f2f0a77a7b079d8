"""Figures of a table model on cases that it had not seen."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["area_under_curve", "area_with_variance", "figures_of"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_FEWEST = 20
_BINS = 15


def figures_of(chance: Floats, truth: Flags) -> dict[str, Measurement]:
    """Return the area under the curve, the Brier score and the calibration error.

    Parameters
    ----------
    chance : ndarray of float64, shape (n_cases,)
        Of "true", in [0, 1], by models that had not seen the case.
    truth : ndarray of bool, shape (n_cases,)
    """
    squares = (chance - truth) ** 2
    half = 1.96 * float(squares.std()) / math.sqrt(max(len(squares), 1))
    brier = float(squares.mean()) if len(squares) else 0.0
    return {
        "auc": area_under_curve(chance, truth),
        "brier_score": Estimate(brier, n=len(truth), low=brier - half, high=brier + half)
        if len(truth) >= _FEWEST
        else NotMeasured(f"{len(truth)} cases, {_FEWEST} needed"),
        "expected_calibration_error": _calibration_error(chance, truth),
    }


def area_under_curve(score: Floats, truth: Flags) -> Measurement:
    """Return the chance that a true case scores above a false one, with its 95 % interval.

    Source: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595, by midranks.
    """
    positive, negative = int(truth.sum()), int((~truth).sum())
    if min(positive, negative) < _FEWEST:
        return NotMeasured(f"{positive} true and {negative} false cases, {_FEWEST} of each needed")
    value, variance = area_with_variance(score, truth)
    half = 1.96 * math.sqrt(variance)
    return Estimate(value, n=len(truth), low=max(value - half, 0.0), high=min(value + half, 1.0))


def area_with_variance(score: Floats, truth: Flags) -> tuple[float, float]:
    """Return the area under the curve and its variance; at least two cases of each kind are needed."""
    yes, no = score[truth], score[~truth]
    m, n = len(yes), len(no)
    above_no = (_midranks(np.concatenate([yes, no]))[:m] - _midranks(yes)) / n
    above_yes = 1.0 - (_midranks(np.concatenate([yes, no]))[m:] - _midranks(no)) / m
    value = float(above_no.mean())
    return value, float(above_no.var(ddof=1) / m + above_yes.var(ddof=1) / n)


def _midranks(values: Floats) -> Floats:
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last: npt.NDArray[Any] = np.cumsum(many)
    found: Floats = (last - (many - 1) / 2.0)[place]
    return found


def _calibration_error(chance: Floats, truth: Flags) -> Measurement:
    """Return the mean distance between stated chance and share of true cases, over 15 equal bins."""
    if len(truth) < 100:
        return NotMeasured(f"{len(truth)} cases, 100 needed")
    bins = np.minimum((chance * _BINS).astype(np.int64), _BINS - 1)
    many = np.bincount(bins, minlength=_BINS)
    gap = np.abs(np.bincount(bins, chance, _BINS) - np.bincount(bins, truth.astype(np.float64), _BINS))
    return Estimate(float(gap.sum() / many.sum()), n=len(truth))
