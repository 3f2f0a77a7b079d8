"""Agreement: how far readers of the same cases agree, beyond what chance alone would give."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import (
    Floats,
    Sampling,
    Statistic,
    Tally,
    divided,
    estimate_all,
    share_of,
)
from flyball.evaluation.review.settings import Scale

__all__ = ["krippendorff_alpha", "percent_agreement", "table_of"]

FEWEST_UNITS = 10
"""Cases that two readers have answered; below, an interval would be drawn from next to nothing."""

_MOST_VALUES = {"nominal": 2_000, "ordinal": 60}


def krippendorff_alpha(
    values: Floats, scale: Scale, *, sampling: Sampling | None = None, fewest: int = FEWEST_UNITS
) -> Estimate | NotMeasured:
    """Krippendorff's alpha: 1 minus observed over expected disagreement.

    Parameters
    ----------
    values : array of shape (n_readers, n_units)
        What each reader said about each case; NaN where nothing. For a nominal scale any number for each
        different answer, for an ordinal one numbers whose order counts.
    scale : {"nominal", "ordinal", "interval"}
        Any difference counts alike; ranks that lie between; the square of the distance.
    sampling : Sampling, optional
        The interval is drawn over cases.
    fewest : int
        Cases with two answers that it takes to say anything.

    Returns
    -------
    Estimate or NotMeasured
        At most 1 (all agree); 0 is what chance gives, below 0 is less. `n` is the number of cases that at
        least two readers answered. `NotMeasured` below `fewest` of them, and where all answers are the
        same: then nothing was there to disagree about.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; intervals by drawing cases.
    """
    answered = (~np.isnan(values)).sum(axis=0)
    table = values[:, answered >= 2]
    n_units = table.shape[1]
    if n_units < fewest:
        return NotMeasured(f"{n_units} cases have two readers; {fewest} are needed")
    found, codes = np.unique(table[~np.isnan(table)], return_inverse=True)
    if len(found) < 2:
        return NotMeasured(f"all answers to {n_units} cases are the same, so nothing could differ")
    if scale == "interval":
        sums, statistic = _interval_sums(table)
    else:
        most = _MOST_VALUES[scale]
        if len(found) > most:
            return NotMeasured(f"{len(found):,} different answers are more than the {most:,} that it takes")
        counts = np.zeros((n_units, len(found)))
        np.add.at(counts, (np.nonzero(~np.isnan(table))[1], codes), 1.0)
        sums, statistic = _nominal_sums(counts) if scale == "nominal" else _ordinal_sums(counts)
    tally = Tally(sums, statistic, n=n_units)
    return estimate_all([tally], sampling or Sampling())[0]


def percent_agreement(values: Floats, *, sampling: Sampling | None = None) -> Estimate | NotMeasured:
    """Share of pairs of answers to the same case that are the same; chance is not taken off.

    Parameters
    ----------
    values : array of shape (n_readers, n_units)
        As in `krippendorff_alpha`.
    sampling : Sampling, optional

    Returns
    -------
    Estimate or NotMeasured
        In [0, 1]; `n` is the number of pairs.
    """
    n_readers = len(values)
    same, pairs = [], []
    for first in range(n_readers):
        for second in range(first + 1, n_readers):
            both = ~np.isnan(values[first]) & ~np.isnan(values[second])
            pairs.append(both)
            same.append(both & (values[first] == values[second]))
    nothing = "no case has two readers"
    if not pairs:
        return NotMeasured(nothing)
    of = np.array(pairs).T
    kept = of.any(axis=1)
    tally = share_of(np.array(same).T[kept], of[kept], nothing=nothing)
    return tally if isinstance(tally, NotMeasured) else estimate_all([tally], sampling or Sampling())[0]


def table_of(
    said: Sequence[tuple[str, int, object]], scale: Scale, *, order: Sequence[object] = ()
) -> tuple[Floats, list[str], list[int]]:
    """Return what readers said as a table of numbers.

    Parameters
    ----------
    said : sequence of (reader, unit, answer)
        The last word of a reader about a unit counts.
    scale : {"nominal", "ordinal", "interval"}
    order : sequence
        Of the answers of an ordinal scale, lowest first; an answer that is not in it is left out.

    Returns
    -------
    values : array of shape (n_readers, n_units)
    readers : list of str
    units : list of int
        Of the columns.
    """
    readers = sorted({reader for reader, _, _ in said})
    units = sorted({unit for _, unit, _ in said})
    row = {reader: at for at, reader in enumerate(readers)}
    column = {unit: at for at, unit in enumerate(units)}
    number: Mapping[str, float] = {repr(one): float(at) for at, one in enumerate(order)}
    if scale == "nominal":
        different = sorted({repr(answer) for _, _, answer in said})
        number = {one: float(at) for at, one in enumerate(different)}
    values = np.full((len(readers), len(units)), np.nan)
    for reader, unit, answer in said:
        if scale == "interval":
            if not isinstance(answer, int | float):
                raise BadInput(
                    f"{answer!r} is no number, so it cannot be {scale}.", fix='Take the scale "nominal".'
                )
            value = float(answer)
        else:
            value = number.get(repr(answer), np.nan)
        values[row[reader], column[unit]] = value
    return values, readers, units


def _nominal_sums(counts: Floats) -> tuple[Floats, Statistic]:
    """Columns: disagreement inside each case, then how often each answer stands there."""
    m = counts.sum(axis=1)
    inside = (m * m - (counts * counts).sum(axis=1)) / (m - 1.0)

    def alpha(sums: Floats) -> Floats:
        each = sums[:, 1:]
        n = each.sum(axis=1)
        expected = n * n - (each * each).sum(axis=1)
        return 1.0 - divided((n - 1.0) * sums[:, 0], expected)

    return np.column_stack([inside, counts]), alpha


def _interval_sums(table: Floats) -> tuple[Floats, Statistic]:
    """Columns: disagreement inside each case, numbers of answers, their sum and their squares."""
    there = ~np.isnan(table)
    middle = float(np.nanmean(table))  # so that the squares below lose no digits
    values = np.where(there, table - middle, 0.0)
    m = there.sum(axis=0).astype(np.float64)
    total, squares = values.sum(axis=0), (values * values).sum(axis=0)
    inside = 2.0 * (m * squares - total * total) / (m - 1.0)

    def alpha(sums: Floats) -> Floats:
        n, added, squared = sums[:, 1], sums[:, 2], sums[:, 3]
        return 1.0 - divided((n - 1.0) * sums[:, 0], 2.0 * (n * squared - added * added))

    return np.column_stack([inside, m, total, squares]), alpha


def _ordinal_sums(counts: Floats) -> tuple[Floats, Statistic]:
    """Columns: the coincidences of each case; how far two ranks are apart depends on all of them."""
    n_units, width = counts.shape
    m = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    at = np.arange(width)
    pairs[:, at, at] -= counts
    pairs /= (m - 1.0)[:, None, None]

    def alpha(sums: Floats) -> Floats:
        observed = sums.reshape(len(sums), width, width)
        each = observed.sum(axis=2)
        n = each.sum(axis=1)
        upto = each.cumsum(axis=1) - each / 2.0  # ranks from the lowest to the middle of each
        apart: NDArray[np.float64] = (upto[:, :, None] - upto[:, None, :]) ** 2
        inside = (observed * apart).sum(axis=(1, 2))
        expected = (each[:, :, None] * each[:, None, :] * apart).sum(axis=(1, 2))
        return 1.0 - divided((n - 1.0) * inside, expected)

    return pairs.reshape(n_units, width * width), alpha
