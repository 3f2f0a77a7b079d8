"""Two samples: how far apart they are, and how likely chance alone sets them that far apart.

Every effect is a share of rows, from 0 to 1: at least this part of the rows would have to change to turn one
sample's distribution into the other's (the total variation distance, or a part of it).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = [
    "Test",
    "adjusted",
    "chi_squared_tail",
    "count_test",
    "fisher_exact",
    "hypergeometric_tail",
    "ks_test",
    "normal_tail",
    "poisson_tail",
    "rank_sum_test",
    "unseen_test",
]

Floats = npt.NDArray[np.float64]

_SMALLEST_EXPECTED = 5.0
_EXACT_UP_TO, _FEW, _MANY = 500, 100, 20_000
_FAR = 1.5
"""Standard deviations from which the count of one value is held against its exact law."""

_SURE = 1e-300
_MISSES = math.log(2.0 / 0.025)  # each side's band misses with 2.5 %, both together with 5 %


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of two samples.

    Parameters
    ----------
    name : str
        What was compared: "values", "missing", "new values", "length", "words", "vectors".
    effect : float
        Share of rows, 0 to 1; 0 means that nothing was seen to differ.
    low, high : float
        Ends of a 95 % interval that makes no assumption on the distributions: wide where rows are few.
    p : float
        Chance of a difference at least this large where there is none.
    n_reference, n_current : int
        Rows behind it.
    """

    name: str
    effect: float
    low: float
    high: float
    p: float
    n_reference: int
    n_current: int


def ks_test(
    name: str,
    reference: tuple[Floats, Floats],
    current: tuple[Floats, Floats],
    *,
    slack: float = 0.0,
) -> Test:
    """Compare two samples of numbers by the largest distance between their distribution functions.

    Parameters
    ----------
    name : str
    reference, current : pair of ndarray
        Sorted values, repeated or not, and how many rows each stands for.
    slack : float
        How far the distance may be off because a summary stands for the rows: taken off before p is
        computed, so that p is never too small for it.

    Returns
    -------
    Test
        p is exact for few rows without ties, otherwise from the limit law. With ties, and by the limit law,
        it is too large rather than too small. The interval is that of Dvoretzky, Kiefer and Wolfowitz.

    Source: Massart 1990, Annals of Probability 18(3), for the interval; Hodges 1958, Arkiv for Matematik
    3, for the exact law.
    """
    (ours, our_rows), (theirs, their_rows) = reference, current
    n, m = int(our_rows.sum()), int(their_rows.sum())
    places = np.concatenate([ours, theirs])
    distance = np.abs(_below(ours, our_rows, places) - _below(theirs, their_rows, places))
    d = float(distance.max(initial=0.0))
    surely = max(0.0, d - slack)
    p = _kolmogorov_tail(surely, n, m)
    if n + m <= _EXACT_UP_TO or (min(n, m) <= _FEW and max(n, m) <= _MANY):
        p = _exact_tail(surely, n, m)
    band = math.sqrt(_MISSES / (2 * n)) + math.sqrt(_MISSES / (2 * m)) + slack
    return Test(name, d, max(0.0, d - band), min(1.0, d + band), p, n, m)


def _below(values: Floats, rows: Floats, places: Floats) -> Floats:
    """Return the share of rows at or below each place."""
    sums = np.concatenate([[0.0], np.cumsum(rows)])
    shares: Floats = sums[np.searchsorted(values, places, side="right")] / sums[-1]
    return shares


def _kolmogorov_tail(d: float, n: int, m: int) -> float:
    # Without Stephens's correction of the limit law, which is up to 10 % too sure far out.
    x = math.sqrt(n * m / (n + m)) * d
    if x < 0.3:
        return 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2.0 * k * k * x * x) for k in range(1, 3 + math.ceil(6 / x)))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def _exact_tail(d: float, n: int, m: int) -> float:
    """Return the share of all orders of n and m rows whose distance is at least d, by counting paths.

    An order is a path through the lattice from (0, 0) to (n, m). `paths` counts those to (i, j) that never
    were that far from the diagonal, for one j after the other, as a share of some scale.
    """
    n, m = max(n, m), min(n, m)
    middles = np.arange(m + 1) * (n / m)
    lows = np.maximum(0, np.floor(middles - (d - 1e-9) * n).astype(np.int64) + 1)
    highs = np.minimum(n, np.ceil(middles + (d - 1e-9) * n).astype(np.int64) - 1)
    if highs[0] < 0 or lows[m] > n:
        return 1.0
    paths, low, scale = np.ones(highs[0] + 1), 0, 0.0
    for j in range(1, m + 1):
        if lows[j] > highs[j] or lows[j] > low + len(paths) - 1:
            return 1.0
        kept = paths[lows[j] - low :]
        paths = np.cumsum(np.concatenate([kept, np.zeros(highs[j] - lows[j] + 1 - len(kept))]))
        low = int(lows[j])
        scale += math.log(paths[-1])
        paths /= paths[-1]
    return min(1.0, max(0.0, -math.expm1(scale - _log_choose(n + m, n))))


def count_test(name: str, reference: Floats, current: Floats) -> Test:
    """Compare two tables of counts over the same values with the chi-squared test.

    Values that are expected fewer than five times on either side are pooled into one. A value that is far
    from its expectation counts with the distance at which a normal value is as rare as this count truly is:
    the law of small counts has longer tails than the normal, and chi squared alone would be too sure.

    Parameters
    ----------
    name : str
    reference, current : ndarray of shape (n_values,)

    Returns
    -------
    Test
        The effect is the total variation distance, less what chance alone would show; the interval holds
        for any distribution (McDiarmid's inequality; the lower end allows for the part that chance adds).

    Source: Pearson 1900; McDiarmid 1989, Surveys in Combinatorics, lemma 1.2.
    """
    n, m = float(reference.sum()), float(current.sum())
    both = np.array([reference, current], dtype=np.float64)
    expected = both.sum(axis=0) * (min(n, m) / (n + m))
    rare = expected < _SMALLEST_EXPECTED
    pooled = both[:, rare].sum(axis=1, keepdims=True)
    cells = both[:, ~rare]
    if pooled.sum() * (min(n, m) / (n + m)) >= _SMALLEST_EXPECTED or not cells.shape[1]:
        cells = np.hstack([cells, pooled])
    elif pooled.sum():  # too few even together: with the rarest of the others
        least = int(cells.sum(axis=0).argmin())
        cells[:, least] += pooled[:, 0]
    shares = cells.sum(axis=0) / (n + m)
    wanted = np.outer([n, m], shares)
    p = chi_squared_tail(_statistic(cells, wanted), cells.shape[1] - 1)
    apart = float(np.abs(cells[0] / n - cells[1] / m).sum() / 2)
    spread = np.sqrt(shares * (1 - shares) * (1 / n + 1 / m))
    by_chance = float(spread.sum() * math.sqrt(2 / math.pi) / 2)
    band = math.sqrt(math.log(2 / 0.05) / 2 * (1 / n + 1 / m))
    effect = math.sqrt(max(0.0, apart**2 - by_chance**2))
    low = max(0.0, apart - float(spread.sum()) / 2 - band)
    return Test(name, effect, min(low, effect), min(1.0, max(apart + band, effect)), p, int(n), int(m))


def _statistic(cells: Floats, wanted: Floats) -> float:
    """Return Pearson's statistic, with the counts that are far out held against their exact law."""
    n, m = (int(one) for one in cells.sum(axis=1))
    together = cells.sum(axis=0)
    parts = ((cells - wanted) ** 2 / np.where(wanted > 0, wanted, 1.0)).sum(axis=0)
    weights = 1 - together / (n + m)  # a part is this weight times the square of a standard normal value
    far = np.flatnonzero(parts > _FAR**2 * np.maximum(weights, 1e-9))
    for cell in far.tolist():
        p = 2 * hypergeometric_tail(int(cells[0, cell]), n, int(cells[1, cell]), m)
        distance = -NormalDist().inv_cdf(p / 2) if _SURE < p < 1 else 0.0 if p >= 1 else math.inf
        parts[cell] = min(parts[cell], weights[cell] * distance**2)
    return float(parts.sum())


def fisher_exact(a: int, n: int, b: int, m: int) -> float:
    """Return the two-sided p of a of n against b of m: Fisher's test, twice the smaller tail."""
    return min(1.0, 2 * hypergeometric_tail(a, n, b, m))


def hypergeometric_tail(a: int, n: int, b: int, m: int) -> float:
    """Return the chance that a of a + b rows, or more, fall among n of n + m; or fewer, if a is few.

    The tail is the one on whose side of the expectation a lies.
    """
    k, total = a + b, n + m
    mean = k * n / total
    if a < mean:
        a, b, n, m, mean = b, a, m, n, k - mean
    deviation = math.sqrt(max(mean * (1 - k / total) * m / total, 1.0))
    x = np.arange(a, min(k, n, a + int(12 * deviation) + 60), dtype=np.float64)  # beyond is nothing
    steps = np.log(k - x) + np.log(n - x) - np.log(x + 1) - np.log(m - k + x + 1)
    first = _log_choose(n, a) + _log_choose(m, b) - _log_choose(total, k)
    return min(1.0, math.exp(first) * (1.0 + float(np.exp(np.cumsum(steps)).sum())))


def unseen_test(reference: Floats, current: Floats) -> tuple[float, float]:
    """Say whether more values are new in the current sample than chance would make so.

    Under no drift every row might as well have fallen on the other side. So each value has a chance to lie
    in the current sample alone, and the number of such values is compared with the sum of these chances.

    Parameters
    ----------
    reference, current : ndarray of shape (n_values,)

    Returns
    -------
    share : float
        Share of current rows with a value that the reference lacks, beyond what chance explains.
    p : float
        One-sided.
    """
    n, m = float(reference.sum()), float(current.sum())
    together = reference + current
    size = int(min(together.max(initial=0.0), 200))
    ahead = np.cumprod(np.maximum(0.0, m - np.arange(size)) / np.maximum(1.0, n + m - np.arange(size)))
    chances = np.concatenate([[0.0], ahead])[np.minimum(together, size).astype(np.int64)]
    is_new = (reference == 0) & (current > 0)
    share = float((current[is_new]).sum() / m - (together * chances).sum() / m)
    return max(0.0, share), poisson_tail(int(is_new.sum()), float(chances.sum()))


def rank_sum_test(name: str, reference: Floats, current: Floats) -> Test:
    """Compare two samples of scores: p from the rank sum with ties, effect from the distance of both.

    Source: Mann and Whitney 1947, Annals of Mathematical Statistics 18(1).
    """
    n, m = len(reference), len(current)
    both = np.concatenate([reference, current])
    values, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    statistic = float(ranks[place[n:]].sum()) - m * (m + 1) / 2 - n * m / 2
    ties = float((counts.astype(np.float64) ** 3 - counts).sum()) / ((n + m) * (n + m - 1))
    variance = n * m / 12 * ((n + m + 1) - ties)
    # One-sided: scores were learned to be higher in the current sample.
    p = normal_tail(statistic / math.sqrt(variance)) if variance > 0 else 1.0
    ours = np.bincount(place[:n], minlength=len(values)).cumsum() / n
    theirs = np.bincount(place[n:], minlength=len(values)).cumsum() / m
    d = float(np.max(ours - theirs, initial=0.0))
    noise = 0.63 * math.sqrt(1 / n + 1 / m)  # the mean of the one-sided distance where nothing differs
    band = math.sqrt(_MISSES / (2 * n)) + math.sqrt(_MISSES / (2 * m))
    effect = math.sqrt(max(0.0, d * d - noise * noise))
    return Test(name, effect, min(effect, max(0.0, d - band)), min(1.0, d + band), p, n, m)


def adjusted(chances: Floats) -> Floats:
    """Return q for each p: the false discovery rate at which it would still be found.

    Source: Benjamini and Hochberg 1995, JRSS B 57(1).
    """
    order = np.argsort(chances)
    scaled = chances[order] * len(chances) / np.arange(1, len(chances) + 1)
    found = np.empty_like(scaled)
    found[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return found


def normal_tail(z: float) -> float:
    """Return the chance that a normal value exceeds z."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def chi_squared_tail(x: float, degrees: int) -> float:
    """Return the chance that a chi-squared value with that many degrees of freedom exceeds x."""
    if degrees < 1 or x <= 0:
        return 1.0
    return _upper_gamma(degrees / 2, x / 2)


def poisson_tail(n: int, mean: float) -> float:
    """Return the chance of n or more where `mean` are expected."""
    if n == 0:
        return 1.0
    return 1.0 - _upper_gamma(float(n), mean) if mean > n else _lower_gamma(float(n), mean)


def _upper_gamma(a: float, x: float) -> float:
    if x < a + 1:
        return max(0.0, 1.0 - _lower_gamma(a, x))
    # Lentz's continued fraction (Abramowitz and Stegun 6.5.31)
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 100_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b or 1e-300)
        c = b + an / c or 1e-300
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return min(1.0, h * math.exp(a * math.log(x) - x - math.lgamma(a)))


def _lower_gamma(a: float, x: float) -> float:
    if x <= 0:
        return 0.0
    if x >= a + 1:
        return 1.0 - _upper_gamma(a, x)
    term = total = 1 / a
    for i in range(1, 100_000):
        term *= x / (a + i)
        total += term
        if term < total * 1e-16:
            break
    return min(1.0, total * math.exp(a * math.log(x) - x - math.lgamma(a)))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
