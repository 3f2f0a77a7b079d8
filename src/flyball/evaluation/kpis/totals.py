"""Totals by group of cases, from which a formula, its interval and its gaps are computed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.text import count
from flyball.evaluation.bootstrap import RareEvents, Sampling, Tally, estimate_all, poisson_interval
from flyball.evaluation.kpis.columns import Bools, Floats, Whole
from flyball.evaluation.kpis.formula import Aggregate, Arithmetic, Node, Number, parts_of
from flyball.evaluation.kpis.working import Contribution
from flyball.evaluation.metric import SMALLEST_CASES

__all__ = ["Measured", "Totals", "estimate_of", "totals_of"]

_BINS = 512
_NEWEST = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with what a reader must know about it.

    Parameters
    ----------
    estimate : Estimate or NotMeasured
        In bases.
    notes : tuple of str
    """

    estimate: Estimate | NotMeasured
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Totals:
    """What a formula needs, summed up by group of cases; filled window by window.

    Parameters
    ----------
    formula : Node
    groups : int
        A case is always in the same group, so that drawing groups is drawing cases.
    """

    formula: Node
    groups: int
    totals: tuple[Aggregate, ...] = ()
    sums: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    pooled: dict[int, list[tuple[Floats, NDArray[np.int16]]]] = field(default_factory=dict)
    counted: int = 0
    seen: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    newest: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.totals = totals_of(self.formula)
        self.sums = np.zeros((self.groups, 1 + 3 * len(self.totals)))

    def add(
        self, contributions: Sequence[Contribution], groups: Whole, entries: Whole, chosen: Bools
    ) -> None:
        """Add the chosen decisions of a window.

        Columns: how many decisions there are; then for each total its sum, how many decisions count in it,
        and in how many of those it is not 0.
        """
        at = groups[chosen]
        self.seen += len(at)
        self.sums[:, 0] += np.bincount(at, minlength=self.groups)
        union = np.zeros(len(at), dtype=np.bool_)
        for number, one in enumerate(contributions):
            values, counts = one.values[chosen], one.counts[chosen]
            union |= counts
            column = 1 + 3 * number
            for shift, weights in enumerate((values, counts, values != 0.0)):
                self.sums[:, column + shift] += np.bincount(
                    at, weights=weights.astype(np.float64), minlength=self.groups
                )
            if self.totals[number].how in _RANKED:
                self.pooled.setdefault(number, []).append((values[counts], at[counts].astype(np.int16)))
            self.unknown[self.totals[number].said] += int(one.undecided[chosen].sum())
        if contributions:
            first = contributions[0]
            active = entries[chosen & first.counts & (first.values != 0.0)]
            self.newest = [*self.newest, *active[-_NEWEST:].tolist()][-_NEWEST:]
        self.counted += int(union.sum())

    def brought(self) -> tuple[tuple[str, int], ...]:
        """Return each total as it is written, and how many decisions bring something to it."""
        return tuple((one.said, int(self.sums[:, 3 + 3 * at].sum())) for at, one in enumerate(self.totals))


_HEAVY = 0.1
_TIMES_THE_MEAN = 5.0
"""From which share of a sum on, and how many times its part, a single case is told."""

_RANKED = ("median", "percentile")
_TOO_LARGE = "the numbers are too large to be put together"


def totals_of(formula: Node) -> tuple[Aggregate, ...]:
    """Return every total of a formula once, in the order in which they are written."""
    found = [one for one in parts_of(formula) if isinstance(one, Aggregate)]
    return tuple(dict.fromkeys(reversed(found)))


def estimate_of(found: Totals, sampling: Sampling) -> Measured:
    """Return the value of a formula with its interval.

    Parameters
    ----------
    found : Totals
    sampling : Sampling

    Returns
    -------
    Measured
        `NotMeasured` without decisions, for fewer than five cases, and where something is divided by 0:
        never 0, never infinite.
    """
    if not found.seen:
        return Measured(NotMeasured("no decision was made"))
    with np.errstate(all="ignore"):  # what is not finite is told as a gap
        return _estimate_of(found, sampling)


def _estimate_of(found: Totals, sampling: Sampling) -> Measured:
    kept = found.sums[:, 0] > 0
    sums, layout = found.sums[kept], _Layout(found, kept)
    table = np.hstack([sums, *layout.bins])
    whole = table.sum(axis=0)[None, :]
    why = layout.why_not(found.formula, whole)
    if why:
        return Measured(NotMeasured(why))
    few = layout.too_few(found.formula, table)
    if few:
        return Measured(NotMeasured(few))
    rare, none_seen = layout.rare(found.formula, table, whole)
    tally = Tally(table, lambda drawn: layout.value(found.formula, drawn), n=max(1, found.counted), rare=rare)
    estimate = estimate_all([tally], sampling)[0]
    if not isinstance(estimate, Estimate):
        return Measured(estimate)
    exact = layout.exactly(found.formula, whole)
    ends = [exact] if estimate.low is None or estimate.high is None else [exact, estimate.low, estimate.high]
    if max(ends) - min(ends) <= 1e-12 * max(1.0, abs(exact)):
        at_most = poisson_interval(0, sampling.level)[1]
        note = (
            f"None was seen, so no interval can be drawn: up to {at_most:.1f} among "
            f"{count(found.counted, 'decision')} would be no surprise."
            if none_seen
            else "However cases are drawn, they give this very value, so no interval can be told."
        )
        return Measured(Estimate(exact, n=tally.n, level=sampling.level), (note,))
    heavy = layout.one_case_of_many(table)
    return Measured(Estimate(exact, tally.n, min(ends), max(ends), sampling.level), heavy)


class _Layout:
    """Where each total stands among the columns."""

    def __init__(self, found: Totals, kept: Bools) -> None:
        self._totals = found.totals
        self.bins: list[Floats] = []
        self._middles: dict[int, tuple[int, Floats]] = {}
        self._pooled: dict[int, Floats] = {}
        start = found.sums.shape[1]
        for number, parts in found.pooled.items():
            values = np.concatenate([one for one, _ in parts])
            groups = np.concatenate([one for _, one in parts]).astype(np.int64)
            matrix, middles = _binned(values, groups, found.groups)
            self._middles[number] = (start, middles)
            self._pooled[number] = values
            self.bins.append(matrix[kept])
            start += matrix.shape[1]

    def value(self, node: Node, sums: Floats) -> Floats:
        """Return the value of a formula for each row of sums; NaN where something is divided by 0."""
        return self._value(node, sums, exact=False)

    def exactly(self, node: Node, sums: Floats) -> float:
        """Return the value over all cases, ranks from the values themselves."""
        return float(self._value(node, sums, exact=True)[0])

    def why_not(self, node: Node, sums: Floats) -> str:
        """Return why a formula has no value; "" where it has one."""
        if isinstance(node, Aggregate):
            if np.isfinite(self._value(node, sums, exact=True)[0]):
                return ""
            counts = node.how == "sum" or sums[0, 2 + 3 * self._totals.index(node)] > 0
            return _TOO_LARGE if counts else f"no decision counts in {node.said}"
        if not isinstance(node, Arithmetic):
            return ""
        why = self.why_not(node.left, sums) or self.why_not(node.right, sums)
        if not why and node.how == "/" and self._value(node.right, sums, exact=True)[0] == 0.0:
            why = f"there is nothing to divide by: {_written(node.right)} is 0"
        if not why and not np.isfinite(self._value(node, sums, exact=True)[0]):
            why = _TOO_LARGE
        return why

    def too_few(self, node: Node, table: Floats) -> str:
        """Return why there are too few cases: in all, or of those that it divides by; "" for enough."""
        if len(table) < SMALLEST_CASES:
            return f"{count(len(table), 'case')}; at least {SMALLEST_CASES} are needed"
        below = _below_the_line(node)
        for number, total in enumerate(self._totals):
            if total in below or total.how in ("mean", "share", *_RANKED):
                cases = int((table[:, 2 + 3 * number] > 0).sum())
                if cases < SMALLEST_CASES:
                    return f"{count(cases, 'case')} in {total.said}; at least {SMALLEST_CASES} are needed"
        return ""

    def one_case_of_many(self, table: Floats) -> tuple[str, ...]:
        """Say of which sums or means a single case makes up so much that others like it may be missing."""
        found = []
        for number, total in enumerate(self._totals):
            values = table[:, 1 + 3 * number]
            if total.how in ("sum", "mean") and values.min() >= 0.0 and values.sum() > 0.0:
                share = float(values.max() / values.sum())
                if share > max(_HEAVY, _TIMES_THE_MEAN / len(table)):
                    found.append(
                        f"One case makes up {100 * share:.0f} % of {total.said}: "
                        "the interval is likely too short."
                    )
        return tuple(found)

    def rare(self, node: Node, table: Floats, whole: Floats) -> tuple[tuple[RareEvents, ...], bool]:
        """Return events above the line that may be too few to draw from, and whether none was seen."""
        found: list[RareEvents] = []
        none_seen = False
        above = _above_the_line(node)
        for number, total in enumerate(self._totals):
            if total not in above or total.how in _RANKED or (total.how == "count" and total.where is None):
                continue
            column = 1 + 3 * number
            summed, counted, events = (float(one) for one in whole[0, column : column + 3])
            none_seen |= not events
            if total.how == "share":
                found.append(self._event(node, table[:, column], whole, column, 1.0, counted))
                others = table[:, column + 1] - table[:, column]
                found.append(self._event(node, others, whole, column, -1.0, counted))
            elif events or total.how == "count":
                each = summed / events if events else 1.0
                found.append(self._event(node, table[:, column + 2], whole, column, each, None))
        return tuple(found), none_seen

    def _event(
        self, node: Node, per_case: Floats, whole: Floats, column: int, each: float, of: float | None
    ) -> RareEvents:
        """Return events of which each adds `each` to a column; of a share, or of its rest."""
        seen = self.exactly(node, whole)

        def value_at(events: float) -> float:
            changed = whole.copy()
            if of is None:
                changed[0, column] = each * events
            else:
                changed[0, column] = min(events, of) if each > 0 else max(0.0, of - events)
            value = float(self._value(node, changed, exact=True)[0])
            return value if np.isfinite(value) else seen

        return RareEvents(per_case, value_at)

    def _value(self, node: Node, sums: Floats, *, exact: bool) -> Floats:
        if isinstance(node, Number):
            return np.full(len(sums), node.value)
        if isinstance(node, Aggregate):
            return self._total(node, sums, exact=exact)
        assert isinstance(node, Arithmetic)  # noqa: S101 - `checking` lets nothing else in here
        left, right = self._value(node.left, sums, exact=exact), self._value(node.right, sums, exact=exact)
        with np.errstate(all="ignore"):
            if node.how == "/":
                return _ratio(left, right)
            result: Floats = {"+": np.add, "-": np.subtract, "*": np.multiply}[node.how](left, right)
        return result

    def _total(self, total: Aggregate, sums: Floats, *, exact: bool) -> Floats:
        number = self._totals.index(total)
        column = 1 + 3 * number
        if total.how in ("count", "sum"):
            return sums[:, column]
        if total.how in ("mean", "share"):
            return _ratio(sums[:, column], sums[:, column + 1])
        values = self._pooled.get(number, np.zeros(0))
        if not len(values):
            return np.full(len(sums), np.nan)
        if exact:
            return np.full(len(sums), float(np.percentile(values, total.rank, method="inverted_cdf")))
        start, middles = self._middles[number]
        heaped = np.cumsum(sums[:, start : start + len(middles)], axis=1)
        wanted = np.maximum(heaped[:, -1:] * (total.rank / 100.0), 1e-9)
        place = np.minimum((heaped < wanted - 1e-9).sum(axis=1), len(middles) - 1)
        return np.where(heaped[:, -1] > 0, middles[place], np.nan)


def _ratio(above: Floats, below: Floats) -> Floats:
    result: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def _above_the_line(node: Node) -> set[Aggregate]:
    """Return the totals that a formula does not only divide by."""
    if isinstance(node, Aggregate):
        return {node}
    if not isinstance(node, Arithmetic):
        return set()
    right = set() if node.how == "/" else _above_the_line(node.right)
    return _above_the_line(node.left) | right


def _below_the_line(node: Node) -> set[Aggregate]:
    """Return the totals that something is divided by."""
    if not isinstance(node, Arithmetic):
        return set()
    found = _below_the_line(node.left) | _below_the_line(node.right)
    if node.how == "/":
        found |= {one for one in parts_of(node.right) if isinstance(one, Aggregate)}
    return found


def _binned(values: Floats, groups: Whole, n_groups: int) -> tuple[Floats, Floats]:
    """Return how many values of each group lie in each bin, and the value that a bin stands for.

    Few different values have a bin each; many are put into bins of equal numbers, so that a rank is off by
    at most one in 512 in the draws. The value itself is never taken from a bin.
    """
    different = np.unique(values)
    if len(different) > _BINS:
        edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, _BINS + 1)[1:], method="inverted_cdf"))
    else:
        edges = different
    place = np.minimum(np.searchsorted(edges, values), len(edges) - 1)
    flat = np.bincount(groups * len(edges) + place, minlength=n_groups * len(edges))
    return flat.reshape(n_groups, len(edges)).astype(np.float64), edges


def _written(node: Node) -> str:
    if isinstance(node, Aggregate):
        return node.said
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, Arithmetic):
        return f"{_written(node.left)} {node.how} {_written(node.right)}"
    return type(node).__name__.lower()
