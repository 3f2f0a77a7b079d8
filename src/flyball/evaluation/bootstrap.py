"""Intervals by drawing cases again: the one place that turns counts into estimates.

A metric hands over a `Tally`: sums per case, and a function from summed counts to the value. Whole
cases are drawn, never single decisions, because the 41 answers to one contract share its fate.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import solve_rising

__all__ = [
    "RARE",
    "Floats",
    "RareEvents",
    "Sampling",
    "Statistic",
    "Tally",
    "bootstrap_interval",
    "divided",
    "estimate_all",
    "paired_difference",
    "poisson_interval",
    "ratio_of_sums",
    "share_of",
]

Floats: TypeAlias = NDArray[np.float64]
Statistic: TypeAlias = Callable[[Floats], Floats]
"""From summed columns, shape (draws, columns), to values, shape (draws,); NaN where undefined."""

RARE = 10
"""Below this many affected cases the drawn interval is too narrow and the exact one is joined to it."""

_NORMAL = NormalDist()
_MOST_ROWS = 8192  # more cases than this are first put into random groups of equal size
_BLOCK = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Sampling:
    """How intervals are drawn.

    Parameters
    ----------
    seed : int
        Same seed, same cases, same interval.
    resamples : int
        Draws, at least 200.
    level : float
        Coverage aimed at, in (0, 1).
    """

    seed: int = 0
    resamples: int = 2000
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise BadInput(
                f"The level of an interval must lie between 0 and 1, got {self.level}.",
                fix="Write 0.95 for 95 %.",
                level=self.level,
            )
        if self.resamples < 200:
            raise BadInput(
                f"An interval needs at least 200 draws, got {self.resamples}.",
                fix="Leave it at 2000.",
                resamples=self.resamples,
            )


@dataclass(frozen=True, slots=True, eq=False)
class RareEvents:
    """Events that may be too few to draw from: 0 seen does not mean that there are none.

    Parameters
    ----------
    per_case : array of shape (n_cases,)
        Events seen in each case.
    value_at : callable (events) -> value
        What the metric would be, had this many events been seen in all.
    """

    per_case: Floats
    value_at: Callable[[float], float]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Everything that a metric needs from the cases, case by case.

    Parameters
    ----------
    sums : array of shape (n_cases, columns)
        Adding up the rows of a set of cases gives that set's counts.
    statistic : Statistic
        From counts to the value.
    n : int
        Decisions, answers or cases that the value rests on.
    rare : tuple of RareEvents
        Joined to the interval where they touch fewer than `RARE` cases.
    """

    sums: Floats
    statistic: Statistic
    n: int
    rare: tuple[RareEvents, ...] = ()

    @property
    def value(self) -> float:
        """The value over all cases; NaN where undefined."""
        return float(self.statistic(self.sums.sum(axis=0)[None, :])[0])

    @property
    def without_one(self) -> Floats:
        """The value with each case left out in turn, shape (n_cases,); NaN where undefined."""
        return self.statistic(self.sums.sum(axis=0)[None, :] - self.sums)


def ratio_of_sums(scale: float = 1.0) -> Statistic:
    """Return the statistic `scale x first column / second column`."""

    def ratio(sums: Floats) -> Floats:
        return scale * divided(sums[:, 0], sums[:, 1])

    return ratio


def divided(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where below is 0."""
    result: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def share_of(hits: NDArray[np.bool_], of: NDArray[np.bool_], *, nothing: str) -> Tally | NotMeasured:
    """Tally a share of decisions.

    Parameters
    ----------
    hits, of : bool arrays of shape (n_cases, n_fields)
        Decisions that count, among those looked at; hits outside `of` are ignored.
    nothing : str
        Reason to give where `of` is empty.

    Returns
    -------
    Tally or NotMeasured
    """
    total = of.sum(axis=1).astype(np.float64)
    yes = (hits & of).sum(axis=1).astype(np.float64)
    n = int(total.sum())
    if n == 0:
        return NotMeasured(nothing)
    return Tally(
        sums=np.column_stack([yes, total]),
        statistic=ratio_of_sums(),
        n=n,
        rare=(
            RareEvents(total - yes, lambda events: 1.0 - min(events, n) / n),
            RareEvents(yes, lambda events: min(events, n) / n),
        ),
    )


def poisson_interval(events: int, level: float) -> tuple[float, float]:
    """Exact two-sided interval for the mean of a Poisson count.

    Parameters
    ----------
    events : int
        Seen, at least 0.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    low, high : float
        In events. (0, 3.69) for 0 events at 95 %.

    Source: Garwood 1936, Biometrika 28, 437-442.
    """
    tail = (1.0 - level) / 2.0
    most = 10.0 * events + 50.0
    low = 0.0
    if events:
        low = solve_rising(lambda mean: 1.0 - _poisson_cdf(events - 1, mean), tail, high=most)
    high = solve_rising(lambda mean: 1.0 - _poisson_cdf(events, mean), 1.0 - tail, high=most)
    return low, high


def _poisson_cdf(events: int, mean: float) -> float:
    term = math.exp(-mean)
    total = term
    for k in range(1, events + 1):
        term *= mean / k
        total += term
    return total


def bootstrap_interval(
    sums: Floats, statistic: Statistic, sampling: Sampling | None = None
) -> tuple[float, float] | None:
    """Interval of a statistic over cases, by drawing whole cases.

    Parameters
    ----------
    sums : array of shape (n_cases, columns)
    statistic : Statistic
    sampling : Sampling, optional

    Returns
    -------
    (low, high), or None
        None where no draw gives a value. Without the exact part for rare events; see `estimate_all`.

    Source: bias-corrected and accelerated percentiles, Efron 1987, JASA 82, 171-185; widened for few
    cases after Hesterberg 2015, The American Statistician 69, 371-386, section 3.2 (t for z).
    """
    sampling = sampling or Sampling()
    tally = Tally(sums, statistic, n=len(sums))
    return _interval(_draw([tally], sampling)[0], tally.value, tally.without_one, sampling.level)


def estimate_all(tallies: Sequence[Tally], sampling: Sampling) -> list[Estimate | NotMeasured]:
    """Estimate many tallies over the same cases, with one set of draws.

    Parameters
    ----------
    tallies : sequence of Tally
        All with the same number of cases, in the same order.
    sampling : Sampling

    Returns
    -------
    list of Estimate or NotMeasured
        In the order of the tallies. The interval always holds the value.
    """
    if not tallies:
        return []
    drawn = _draw(tallies, sampling)
    return [_estimate(tally, values, sampling.level) for tally, values in zip(tallies, drawn, strict=True)]


def _estimate(tally: Tally, drawn: Floats, level: float) -> Estimate | NotMeasured:
    value = tally.value
    if not math.isfinite(value):
        return NotMeasured("the cases hold nothing to divide by")
    ends = [value, *(_interval(drawn, value, tally.without_one, level) or ())]
    for rare in tally.rare:
        ends += _exact_ends(rare, level)
    return Estimate(value, n=tally.n, low=min(ends), high=max(ends), level=level)


def _exact_ends(rare: RareEvents, level: float) -> list[float]:
    """Return the exact interval where fewer than `RARE` cases are affected, else nothing.

    Events that come together in one case are not independent. So the affected cases are taken as
    the count, each bringing as many events as they did on average.
    """
    affected = int((rare.per_case > 0).sum())
    if affected >= RARE:
        return []
    each = float(rare.per_case.sum()) / affected if affected else 1.0
    return [rare.value_at(each * bound) for bound in poisson_interval(affected, level)]


def _interval(drawn: Floats, value: float, without_one: Floats, level: float) -> tuple[float, float] | None:
    """Return the corrected percentiles of the drawn values; see `bootstrap_interval`."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return None
    wide = _t_for_few(level, len(without_one))
    bias, bend = _bias(drawn, value), _acceleration(without_one)
    tails = []
    for z in (-wide, wide):
        room = 1.0 - bend * (bias + z)
        tails.append(_NORMAL.cdf(bias + (bias + z) / room) if room > 0.0 else float(z > 0.0))
    low, high = np.quantile(drawn, tails)
    return float(low), float(high)


def _bias(drawn: Floats, value: float) -> float:
    """Return how far the draws lie beside the value, in standard normal units.

    A statistic whose draws nearly all lie on one side (calibration error, which chance can only
    make larger) is not mended by this correction but spoilt, so it is left alone.
    """
    below = float((drawn < value).mean() + (drawn == value).mean() / 2.0)
    return _NORMAL.inv_cdf(below) if 0.1 < below < 0.9 else 0.0


def _acceleration(without_one: Floats) -> float:
    left = without_one[np.isfinite(without_one)]
    apart = left.mean() - left if len(left) else left
    spread = float((apart**2).sum())
    return float((apart**3).sum()) / (6.0 * spread**1.5) if spread > 0.0 else 0.0


def _t_for_few(level: float, n_cases: int) -> float:
    """Return the normal quantile, widened as Student's t is for few cases.

    The expansion of t in z is from Abramowitz and Stegun 1964, 26.7.5; off by under 2 % from 5 cases on.
    """
    z = _NORMAL.inv_cdf((1.0 + level) / 2.0)
    if n_cases < 2:
        return z
    free = n_cases - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return math.sqrt(n_cases / free) * t


def _draw(tallies: Sequence[Tally], sampling: Sampling) -> list[Floats]:
    """Return the drawn values of every tally, shape (resamples,) each."""
    columns = np.hstack([_grouped(tally.sums, sampling) for tally in tallies])
    edges = np.cumsum([0, *(tally.sums.shape[1] for tally in tallies)])
    blocks: list[list[Floats]] = [[] for _ in tallies]
    for weights in _weights(len(columns), sampling):
        sums = weights @ columns
        for index, tally in enumerate(tallies):
            blocks[index].append(tally.statistic(sums[:, edges[index] : edges[index + 1]]))
    return [np.concatenate(block) for block in blocks]


def _grouped(sums: Floats, sampling: Sampling) -> Floats:
    """Add up random groups of cases where there are very many, so that time grows no further.

    Groups are as good as cases for the interval: the variance of a sum of independent cases is the
    same, and thousands of groups are enough to estimate it.
    """
    n_cases = len(sums)
    if n_cases <= _MOST_ROWS:
        return sums
    order = np.random.default_rng([sampling.seed, 2]).permutation(n_cases)
    starts = np.linspace(0, n_cases, _MOST_ROWS // 2, endpoint=False).astype(np.intp)
    grouped: Floats = np.add.reduceat(sums[order], starts, axis=0)
    return grouped


def _weights(n_cases: int, sampling: Sampling, block: int = _BLOCK) -> Iterator[Floats]:
    """Yield how often each case is drawn, in blocks of shape (draws, n_cases) that fit in memory."""
    rng = np.random.default_rng(sampling.seed)
    rows = max(1, block // max(1, n_cases))
    for start in range(0, sampling.resamples, rows):
        draws = min(rows, sampling.resamples - start)
        cases = rng.integers(0, n_cases, size=(draws, n_cases))
        cases += (np.arange(draws) * n_cases)[:, None]
        counts = np.bincount(cases.ravel(), minlength=draws * n_cases)
        yield counts.reshape(draws, n_cases).astype(np.float64)


def paired_difference(
    champion: Tally, challenger: Tally, sampling: Sampling
) -> tuple[Estimate | NotMeasured, float | None]:
    """Challenger minus champion on the same cases.

    Parameters
    ----------
    champion, challenger : Tally
        Over the same cases in the same order.
    sampling : Sampling

    Returns
    -------
    difference : Estimate or NotMeasured
        Interval by drawing cases, both systems with the same draw. Where fewer than `RARE` cases
        tell the two apart, the interval is joined with the one that takes them as unrelated
        (Zou and Donner 2008, Statistics in Medicine 27, 1693-1702), which is wider.
    p_value : float or None
        Two-sided; the labels "champion" and "challenger" are swapped case by case: in every possible
        way where that is no more than there are draws (then exact, at least 1 / 2**n_cases), else at
        random as often as there are draws (then at least 1 / (resamples + 1)). Never 0.
    """
    seen = challenger.value - champion.value
    if not math.isfinite(seen):
        return NotMeasured("one of the two has nothing to divide by"), None
    drawn_a, drawn_b = _draw([champion, challenger], sampling)
    without_one = challenger.without_one - champion.without_one
    ends = [seen, *(_interval(drawn_b - drawn_a, seen, without_one, sampling.level) or ())]
    apart = int((champion.sums != challenger.sums).any(axis=1).sum())
    if apart < RARE:
        a = _estimate(champion, drawn_a, sampling.level)
        b = _estimate(challenger, drawn_b, sampling.level)
        ends += _unrelated(a, b)
    estimate = Estimate(
        seen, n=min(champion.n, challenger.n), low=min(ends), high=max(ends), level=sampling.level
    )
    return estimate, _swap_test(champion, challenger, seen, sampling)


def _unrelated(a: Estimate | NotMeasured, b: Estimate | NotMeasured) -> list[float]:
    """Return the ends for b - a from the two separate intervals."""
    if not isinstance(a, Estimate) or not isinstance(b, Estimate):
        return []
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return []
    seen = b.value - a.value
    return [
        seen - math.hypot(b.value - b.low, a.high - a.value),
        seen + math.hypot(b.high - b.value, a.value - a.low),
    ]


def _swap_test(champion: Tally, challenger: Tally, seen: float, sampling: Sampling) -> float:
    rng = np.random.default_rng([sampling.seed, 1])
    step = _grouped(challenger.sums - champion.sums, sampling)
    n_cases = len(step)
    base_a, base_b = champion.sums.sum(axis=0), challenger.sums.sum(axis=0)

    def as_large(swaps: Floats) -> int:
        moved = swaps @ step
        apart = challenger.statistic(base_b - moved) - champion.statistic(base_a + moved)
        return int((~(np.abs(apart) < abs(seen) - 1e-12)).sum())  # undefined counts as large

    if 2**n_cases <= sampling.resamples:
        every = (np.arange(2**n_cases)[:, None] >> np.arange(n_cases)) & 1
        return as_large(every.astype(np.float64)) / len(every)
    rows = max(1, _BLOCK // max(1, n_cases))
    found = 0
    for start in range(0, sampling.resamples, rows):
        draws = min(rows, sampling.resamples - start)
        found += as_large(rng.integers(0, 2, size=(draws, n_cases)).astype(np.float64))
    return (found + 1) / (sampling.resamples + 1)
