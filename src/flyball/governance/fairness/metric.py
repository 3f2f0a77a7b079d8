"""The contract of a fairness metric: one file, one name, one card, one function from counts to figures."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import Z95, wilson
from flyball.core.shelves import Shelf
from flyball.governance.fairness.counting import Counts

__all__ = ["FAIRNESS_METRICS", "ByGroup", "Compared", "FairnessMetric", "fairness_metric", "means", "shares"]

FAIRNESS_METRICS = Shelf(kind="fairness metric", package="flyball.governance.fairness.metrics")

Floats = npt.NDArray[np.float64]
Compared = Literal["ratio", "difference"]


@dataclass(frozen=True, slots=True, eq=False)
class ByGroup:
    """One figure of every group.

    Parameters
    ----------
    part : str
        Which figure, where a metric compares several; "" for the only one.
    values : ndarray of float64, shape (n_groups,)
        NaN where a group has nothing to divide by.
    n : ndarray of float64, shape (n_groups,)
        Cases behind each, after Kish where they are weighted.
    rows : ndarray of int64, shape (n_groups,)
        Rows behind each.
    errors : ndarray of float64, shape (n_groups,) or None
        Standard errors; None for shares, whose intervals are Wilson's.
    """

    part: str
    values: Floats
    n: Floats
    rows: npt.NDArray[np.int64]
    errors: Floats | None = None

    def ends(self, place: int, z: float = Z95) -> tuple[float, float, float]:
        """Return the value of a group and both ends of its interval."""
        value = float(self.values[place])
        if self.errors is None:
            return value, *wilson(value * float(self.n[place]), float(self.n[place]), z)
        wide = z * float(self.errors[place])
        return value, value - wide, value + wide

    def estimate(self, place: int) -> Measurement:
        """Return the figure of a group with its interval at 95 %."""
        if not np.isfinite(self.values[place]):
            return NotMeasured("no case to measure it on")
        value, low, high = self.ends(place)
        return Estimate(value, int(self.rows[place]), low, high)


Function = Callable[[Counts], tuple[ByGroup, ...] | NotMeasured]


@dataclass(frozen=True, slots=True)
class FairnessMetric:
    """A metric with its card.

    Parameters
    ----------
    name : str
        Name of the function and of its file.
    version : int
        Raised whenever the metric behaves differently.
    title, unit, source, doc : str
    compared : {"ratio", "difference"}
        How the figures of two groups are compared; 1 and 0 mean the same.
    limit : float or None
        What the gap should not pass where the deployment says nothing; None where no law names one.
    limit_from : str
        Which one does.
    function : callable (counts) -> figures by group, or NotMeasured
    """

    name: str
    version: int
    title: str
    unit: str
    compared: Compared
    source: str
    limit: float | None
    limit_from: str
    doc: str
    function: Function

    def __call__(self, counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
        """Return the figures that are compared."""
        return self.function(counts)


def fairness_metric(
    *,
    version: int,
    title: str,
    unit: str,
    compared: Compared,
    source: str,
    limit: float | None = None,
    limit_from: str = "",
) -> Callable[[Function], FairnessMetric]:
    """Make a metric of a function; registers nothing, the shelf finds it by its file name.

    Parameters
    ----------
    version, title, unit, compared, source, limit, limit_from
        See `FairnessMetric`.
    """

    def made(function: Function) -> FairnessMetric:
        return FairnessMetric(
            function.__name__,
            version,
            title,
            unit,
            compared,
            source,
            limit,
            limit_from,
            inspect.cleandoc(function.__doc__ or ""),
            function,
        )

    return made


def shares(
    counts: Counts, hits: tuple[object, object], of: tuple[object, object], *, part: str = ""
) -> ByGroup:
    """Return the share of cells within other cells, by group.

    Parameters
    ----------
    counts : Counts
    hits, of : tuple
        Indices of decision (0 no, 1 yes) and outcome (0 badly, 1 well, 2 not known), also slices.
    part : str
    """

    def sums(table: npt.NDArray[np.generic], which: tuple[object, object]) -> Floats:
        cut: npt.NDArray[np.generic] = table[(slice(None), *which)]  # type: ignore[index]
        return np.asarray(cut.sum(axis=tuple(range(1, cut.ndim))), dtype=np.float64)

    above, below = sums(counts.weights, hits), sums(counts.weights, of)
    effective = _divided(below**2, sums(counts.squares, of))
    rows = sums(counts.rows, of).astype(np.int64)
    return ByGroup(part, np.clip(_divided(above, below), 0.0, 1.0), effective, rows)


def means(counts: Counts, moments: Floats, *, scale: float = 1.0, part: str = "") -> ByGroup:
    """Return means by group with their standard errors, all divided by `scale`.

    Parameters
    ----------
    counts : Counts
    moments : ndarray of float64, shape (n_groups, 4)
        Sums of weights, their squares, values, and squares of values.
    scale : float
        Above 0.
    part : str
    """
    total, squared, first, second = moments.T
    mean = _divided(first, total)
    n = _divided(total**2, squared)
    spread = np.maximum(_divided(second, total) - mean**2, 0.0) * _divided(n, n - 1.0)
    errors = np.sqrt(_divided(spread, n)) / scale
    known = np.isfinite(mean) & np.isfinite(errors)
    values = np.where(known, mean / scale, np.nan)
    return ByGroup(part, values, n, counts.n, errors)


def _divided(above: Floats, below: Floats) -> Floats:
    found: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
