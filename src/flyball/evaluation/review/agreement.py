"""Agreement: how far readers of the same cases agree, beyond what chance alone would give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import (
    Floats,
    RareEvents,
    Sampling,
    Statistic,
    Tally,
    divided,
    estimate_all,
    ratio_of_sums,
)
from flyball.evaluation.review.settings import Scale

__all__ = ["krippendorff_alpha", "percent_agreement", "table_of"]

FEWEST_UNITS = 10
"""Cases that two readers have answered; below, an interval would be drawn from next to nothing."""

_MOST_VALUES = {"nominal": 2_000, "ordinal": 60}
_MOST_CELLS = 4_000_000
"""Numbers held at once: 32 MB."""
Wholes: TypeAlias = NDArray[np.int64]


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
    table = _read_twice(values)
    n_units = table.shape[1]
    if n_units < fewest:
        return NotMeasured(_too_few(n_units, fewest))
    said = _Said.of(table)
    if said.width < 2:
        return NotMeasured(f"all answers to {n_units} cases are the same, so nothing could differ")
    if scale == "interval":
        made = _interval_sums(table, said)
    else:
        most = _MOST_VALUES[scale]
        if said.width > most:
            return NotMeasured(f"{said.width:,} different answers are more than the {most:,} that it takes")
        made = _nominal_sums(said) if scale == "nominal" else _ordinal_sums(said)
    tally = Tally(made.sums, made.statistic, n=n_units, rare=(_differing(made, said),))
    return estimate_all([tally], sampling or Sampling())[0]


def percent_agreement(
    values: Floats, *, sampling: Sampling | None = None, fewest: int = FEWEST_UNITS
) -> Estimate | NotMeasured:
    """Share of pairs of answers to the same case that are the same; chance is not taken off.

    Parameters
    ----------
    values : array of shape (n_readers, n_units)
        As in `krippendorff_alpha`.
    sampling : Sampling, optional
    fewest : int
        Cases with two answers that it takes to say anything.

    Returns
    -------
    Estimate or NotMeasured
        In [0, 1]; `n` is the number of pairs.
    """
    table = _read_twice(values)
    if table.shape[1] < fewest:
        return NotMeasured(_too_few(table.shape[1], fewest))
    said = _Said.of(table)
    pairs = said.answers * (said.answers - 1.0) / 2.0
    alike = said.times * (said.times - 1.0) / 2.0
    same = np.bincount(said.unit, alike, minlength=len(pairs)).astype(np.float64)
    n = int(pairs.sum())
    tally = Tally(
        np.column_stack([same, pairs]),
        ratio_of_sums(),
        n=n,
        rare=(
            RareEvents(pairs - same, lambda events: 1.0 - min(events, n) / n),
            RareEvents(same, lambda events: min(events, n) / n),
        ),
    )
    return estimate_all([tally], sampling or Sampling())[0]


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


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """How often each answer stands in each case: only what is there, as a row for each.

    Parameters
    ----------
    unit, code, times : array of shape (n_rows,)
        In case `unit`, the answer with the number `code`, in the order of the answers, stands so often.
    answers : array of shape (n_units,)
    width : int
        Different answers.
    """

    unit: Wholes
    code: Wholes
    times: Floats
    answers: Floats
    width: int

    @classmethod
    def of(cls, table: Floats) -> "_Said":
        """Read a table in which each case has two answers at least."""
        there = ~np.isnan(table.T)
        found, codes = np.unique(table.T[there], return_inverse=True)
        width = len(found)
        keys, times = np.unique(np.nonzero(there)[0] * width + codes, return_counts=True)
        unit, code = np.divmod(keys, max(1, width))
        return cls(unit, code, times.astype(np.float64), there.sum(axis=1).astype(np.float64), width)

    def inside(self) -> Floats:
        """Return the disagreement inside each case, where any difference counts alike."""
        squares = np.bincount(self.unit, self.times**2, minlength=len(self.answers))
        result: Floats = (self.answers**2 - squares) / (self.answers - 1.0)
        return result

    def groups(self, columns: int) -> Wholes:
        """Return a group for each case: of its own, or at random where so many columns take too much room.

        Sums over random groups serve the interval as sums over cases do.
        """
        n, most = len(self.answers), max(200, _MOST_CELLS // columns)
        at = np.arange(n)
        return at if n <= most else np.random.default_rng(0).permutation(at % most)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The sums of cases, or of groups of them, what they come to, and the disagreement inside each."""

    sums: Floats
    statistic: Statistic
    inside: Floats


def _read_twice(values: Floats) -> Floats:
    table: Floats = values[:, (~np.isnan(values)).sum(axis=0) >= 2]
    return table


def _too_few(n_units: int, fewest: int) -> str:
    have = "1 case has" if n_units == 1 else f"{n_units} cases have"
    return f"{have} two readers; {fewest} are needed"


def _differing(made: _Sums, said: _Said) -> RareEvents:
    """Say what alpha would be with another number of cases that differ: none seen does not mean none.

    One such case counts as two answers that are as far apart as different answers are on average.
    """
    each = np.bincount(said.code, said.times, minlength=said.width)
    n = float(each.sum())
    pairs = n * n - float((each**2).sum())
    whole = float(made.statistic(made.sums.sum(axis=0)[None, :])[0])
    total = float(made.inside.sum())
    expected = (n - 1.0) * total / (1.0 - whole) if whole < 1.0 else 0.0
    apart = expected / pairs if expected else 1.0
    return RareEvents(made.inside / (2.0 * apart), lambda events: 1.0 - (n - 1.0) * 2.0 * events / pairs)


def _nominal_sums(said: _Said) -> _Sums:
    """Columns: disagreement inside each case, then how often each answer stands there."""
    inside, group = said.inside(), said.groups(said.width)
    counts = np.zeros((int(group.max()) + 1, said.width))
    np.add.at(counts, (group[said.unit], said.code), said.times)

    def alpha(sums: Floats) -> Floats:
        each = sums[:, 1:]
        n = each.sum(axis=1)
        expected = n * n - (each * each).sum(axis=1)
        return 1.0 - divided((n - 1.0) * sums[:, 0], expected)

    return _Sums(np.column_stack([np.bincount(group, inside), counts]), alpha, inside)


def _interval_sums(table: Floats, said: _Said) -> _Sums:
    """Columns: disagreement inside each case, numbers of answers, their sum and their squares."""
    there = ~np.isnan(table)
    middle = float(np.nanmean(table))  # so that the squares below lose no digits
    values = np.where(there, table - middle, 0.0)
    m = said.answers
    total, squares = values.sum(axis=0), (values * values).sum(axis=0)
    inside = 2.0 * (m * squares - total * total) / (m - 1.0)

    def alpha(sums: Floats) -> Floats:
        n, added, squared = sums[:, 1], sums[:, 2], sums[:, 3]
        return 1.0 - divided((n - 1.0) * sums[:, 0], 2.0 * (n * squared - added * added))

    return _Sums(np.column_stack([inside, m, total, squares]), alpha, inside)


def _ordinal_sums(said: _Said) -> _Sums:
    """Columns: the coincidences of each case; how far two ranks are apart depends on all of them."""
    width, n_units = said.width, len(said.answers)
    group = said.groups(width * width)
    sums = np.zeros((int(group.max()) + 1, width * width))
    at = np.arange(width)
    block = max(1, _MOST_CELLS // (width * width))
    for start in range(0, n_units, block):
        low, high = np.searchsorted(said.unit, (start, start + block))
        m = said.answers[start : start + block]
        counts = np.zeros((len(m), width))
        counts[said.unit[low:high] - start, said.code[low:high]] = said.times[low:high]
        pairs = counts[:, :, None] * counts[:, None, :]
        pairs[:, at, at] -= counts
        pairs /= (m - 1.0)[:, None, None]
        np.add.at(sums, group[start : start + block], pairs.reshape(len(m), width * width))

    def apart(each: Floats) -> Floats:
        upto = each.cumsum(axis=1) - each / 2.0  # ranks from the lowest to the middle of each
        result: Floats = (upto[:, :, None] - upto[:, None, :]) ** 2
        return result

    def alpha(flat: Floats) -> Floats:
        observed = flat.reshape(len(flat), width, width)
        each = observed.sum(axis=2)
        n, distance = each.sum(axis=1), apart(each)
        inside = (observed * distance).sum(axis=(1, 2))
        expected = (each[:, :, None] * each[:, None, :] * distance).sum(axis=(1, 2))
        return 1.0 - divided((n - 1.0) * inside, expected)

    every = sums.sum(axis=0).reshape(1, width, width)
    inside = (sums.reshape(-1, width, width) * apart(every.sum(axis=2))).sum(axis=(1, 2))
    return _Sums(sums, alpha, inside)
