"""Comparing groups: the gap of a metric with its interval, every group against the reference, and chance."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import Z95, difference_ends, ratio_ends
from flyball.core.text import count
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, FairnessMetric
from flyball.governance.fairness.records import Finding, MetricFound, Pair

__all__ = ["compare", "holm", "p_of_shares"]

_NORMAL = NormalDist()
_EXACT = 5.0
"""Below this expected number in a cell, the exact test replaces the normal one (Cochran 1954)."""


def compare(
    metric: FairnessMetric,
    counts: Counts,
    reference: int,
    *,
    smallest: int,
    limit: float | None,
    limit_from: str,
) -> MetricFound:
    """Return one metric by the groups of one trait; `p_adjusted` is left for the whole report.

    Parameters
    ----------
    metric : FairnessMetric
    counts : Counts
        Of the groups that are large enough.
    reference : int
        Place of the group that others are compared with.
    smallest : int
        Cases that a figure of a group has to rest on.
    limit, limit_from
        What the gap should not pass, and who says so.
    """
    figures = (
        NotMeasured(_too_few(len(counts.groups), smallest)) if len(counts.groups) < 2 else metric(counts)
    )
    if isinstance(figures, NotMeasured):
        return _found(metric, figures, limit, limit_from)
    figures = tuple(_of_enough(one, smallest) for one in figures)
    gaps = [_gap(metric, one, counts.groups, smallest) for one in figures]
    measured = [one for one in gaps if isinstance(one[0], Estimate)]
    far = min if metric.compared == "ratio" else max
    gap, part, lowest, highest = (
        far(measured, key=lambda one: one[0].value if isinstance(one[0], Estimate) else 0.0)
        if measured
        else gaps[0]
    )
    pairs = [
        _pair(metric, one, counts.groups, place, reference)
        for one in figures
        for place in range(len(counts.groups))
        if place != reference
    ]
    return replace(
        _found(metric, gap, limit, limit_from),
        part=part,
        lowest=lowest,
        highest=highest,
        by_group={
            one.part: {name: one.estimate(place) for place, name in enumerate(counts.groups)}
            for one in figures
        },
        against=tuple(pairs),
        finding=_finding(metric, gap, limit),
    )


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values after Holm's step-down procedure, in their order.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    found, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, values[place] * (len(values) - rank)))
        found[place] = highest
    return found


def p_of_shares(p: float, n: float, q: float, m: float, *, whole: bool) -> float | None:
    """Return the chance that two equal shares lie so far apart, two-sided.

    Parameters
    ----------
    p, n : float
        Share and number of cases behind it.
    q, m : float
        Of the other.
    whole : bool
        Whether both are numbers of rows, so that Fisher's exact test can be had where few are expected.

    Returns
    -------
    float or None
        None where both shares are 0 or both are 1: there is nothing to tell apart.
    """
    pooled = (p * n + q * m) / (n + m)
    if pooled <= 0.0 or pooled >= 1.0:
        return None
    if whole and min(n, m) * min(pooled, 1.0 - pooled) < _EXACT:
        return _fisher(round(p * n), round(n), round(q * m), round(m))
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
    return math.erfc(abs(p - q) / error / math.sqrt(2.0))


def _fisher(hits: int, n: int, others: int, m: int) -> float:
    """Return Fisher's exact two-sided p: all tables that are no likelier than the one seen."""
    total = hits + others
    # Few are expected in a cell, so the table that is counted down has few places: the rarer answer.
    if total > (n + m) / 2:
        hits, others, total = n - hits, m - others, n + m - total
    places = np.arange(max(0, total - m), min(n, total) + 1)
    logs = np.array([_choose(n, int(one)) + _choose(m, total - int(one)) for one in places])
    likely = np.exp(logs - logs.max())
    seen = likely[int(hits - places[0])]
    return min(1.0, float(likely[likely <= seen * (1.0 + 1e-7)].sum() / likely.sum()))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _too_few(groups: int, smallest: int) -> str:
    return f"{count(groups, 'group')} of at least {count(smallest, 'case')}; two are needed"


def _of_enough(figures: ByGroup, smallest: int) -> ByGroup:
    """Leave out figures of groups with too few cases of the kind that is looked at."""
    return replace(figures, values=np.where(figures.rows >= smallest, figures.values, np.nan))


def _gap(
    metric: FairnessMetric, figures: ByGroup, groups: Sequence[str], smallest: int
) -> tuple[Measurement, str, str, str]:
    known = np.flatnonzero(np.isfinite(figures.values))
    if len(known) < 2:
        which = f" ({figures.part})" if figures.part else ""
        return NotMeasured(_too_few(len(known), smallest) + which), figures.part, "", ""
    ranked = known[np.argsort(figures.values[known], kind="stable")]
    low, high = int(ranked[0]), int(ranked[-1])
    # The two that lie furthest apart were looked for, so their interval has to hold for all pairs at once.
    tried = len(known) * (len(known) - 1) / 2
    z = -_NORMAL.inv_cdf(0.025 / tried) if tried > 1 else Z95
    value = _value(metric, figures, low, high, z)
    return value, figures.part, groups[low], groups[high]


def _value(metric: FairnessMetric, figures: ByGroup, one: int, other: int, z: float) -> Measurement:
    """Return a ratio of the first to the second, or how far the second lies above the first."""
    rows = int(figures.rows[one] + figures.rows[other])
    first, second = figures.ends(one, z), figures.ends(other, z)
    if metric.compared == "difference":
        low, high = difference_ends(second, first)
        return Estimate(second[0] - first[0], rows, low, high)
    if second[0] <= 0.0:
        return NotMeasured(
            "the figure of both groups is 0" if first[0] <= 0.0 else "there is nothing to divide by"
        )
    low, high = ratio_ends(first, second)
    return Estimate(first[0] / second[0], rows, low, high)


def _pair(
    metric: FairnessMetric, figures: ByGroup, groups: Sequence[str], place: int, reference: int
) -> Pair:
    names = groups[place], groups[reference], figures.part
    if not np.isfinite(figures.values[[place, reference]]).all():
        return Pair(*names, NotMeasured("too few cases in one of the two groups"))
    if metric.compared == "ratio":
        value = _value(metric, figures, place, reference, Z95)
    else:
        value = _value(metric, figures, reference, place, Z95)
    return Pair(*names, value, _p(figures, place, reference))


def _p(figures: ByGroup, one: int, other: int) -> float | None:
    p, q = float(figures.values[one]), float(figures.values[other])
    if figures.errors is None:
        n, m = float(figures.n[one]), float(figures.n[other])
        whole = n == figures.rows[one] and m == figures.rows[other]
        return p_of_shares(p, n, q, m, whole=whole)
    error = math.hypot(float(figures.errors[one]), float(figures.errors[other]))
    return math.erfc(abs(p - q) / error / math.sqrt(2.0)) if error > 0.0 else None


def _found(metric: FairnessMetric, gap: Measurement, limit: float | None, limit_from: str) -> MetricFound:
    return MetricFound(
        name=metric.name,
        title=metric.title,
        unit=metric.unit,
        source=metric.source,
        version=metric.version,
        compared=metric.compared,
        gap=gap,
        limit=limit,
        limit_from=limit_from if limit is not None else "",
    )


def _finding(metric: FairnessMetric, gap: Measurement, limit: float | None) -> Finding:
    if limit is None or not isinstance(gap, Estimate) or gap.low is None or gap.high is None:
        return "not judged"
    if metric.compared == "ratio":
        return "outside" if gap.high < limit else "unsure" if gap.low < limit else "within"
    return "outside" if gap.low > limit else "unsure" if gap.high > limit else "within"
