"""Checks of an explanation: under small noise, by another method, and with columns taken away.

Each gives a number with an interval; what could not be measured says why. None of them looks at what the
explanation should say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import Z95, wilson
from flyball.data.documents.rows import Value
from flyball.governance.explanation.records import Attribution, Check, CheckName

__all__ = [
    "Typical",
    "check_agreement",
    "check_deletion",
    "check_stability",
    "held",
    "noisy_rows",
    "typical_of",
]

Floats = npt.NDArray[np.float64]
Row = Mapping[str, Value]
Outputs = Callable[[Sequence[Row]], Floats]

_TAKEN = 2
"""Columns taken away at once."""
_RANDOM = 100
_WHOLE_FROM = 20
"""Whole numbers that are smaller are counts: a little noise on "3 late payments" is still 3."""


class Typical:
    """What is usual in each column of other cases.

    Parameters
    ----------
    rows : sequence of mapping
        Of other cases.
    columns : sequence of str
    """

    def __init__(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        self.n = len(rows)
        self.middle: dict[str, Value] = {}
        self.spread: dict[str, float] = {}
        for column in columns:
            there = [row.get(column) for row in rows]
            numbers = np.array([one for one in there if _is_number(one)], dtype=np.float64)
            if 2 * len(numbers) >= max(1, len(there)):
                self.middle[column] = float(np.sort(numbers)[len(numbers) // 2])  # one that was really there
                self.spread[column] = float(numbers.std())
                continue
            counted: dict[Value, int] = {}
            for value in there:
                counted[value] = counted.get(value, 0) + 1
            self.middle[column] = max(counted, key=lambda one: (counted[one], repr(one))) if counted else None


def typical_of(rows: Sequence[Row], columns: Sequence[str]) -> Typical:
    """Return what is usual: the middle number, or the most frequent value, and how far numbers spread."""
    return Typical(rows, columns)


def noisy_rows(row: Row, typical: Typical, *, copies: int, noise: float, seed: int) -> list[Row]:
    """Return copies of a case, numbers moved by a little of what two cases usually differ by."""
    draw = np.random.default_rng(seed)
    found: list[Row] = []
    for _ in range(copies):
        copy: dict[str, Value] = dict(row)
        for column, spread in typical.spread.items():
            value = row.get(column)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            moved = value + float(draw.normal(0.0, noise * spread)) if spread > 0.0 else float(value)
            if isinstance(value, int):
                copy[column] = round(moved) if abs(value) >= _WHOLE_FROM else value
            else:
                copy[column] = moved
        found.append(copy)
    return found


def held(name: CheckName, measured: Measurement, at_least: float, words: str) -> Check:
    """Return a check that passes where the value is at least so much."""
    passed = measured.value >= at_least if isinstance(measured, Estimate) else None
    return Check(name, passed, measured, words, at_least)


def check_stability(
    strongest: Sequence[str], copies: Sequence[Sequence[str]], *, noise: float, at_least: float
) -> Check:
    """Hold the strongest reason of a case against those of copies with small noise.

    Parameters
    ----------
    strongest : sequence of str
        Reasons of the case, the strongest first.
    copies : sequence of sequence of str
        The same of each copy.
    """
    words = f"Copies of the case with noise of {noise:.0%} whose strongest reason is the same"
    if not strongest or not copies:
        return held("stable", NotMeasured("nothing speaks for the answer"), at_least, words)
    same = sum(bool(one) and one[0] == strongest[0] for one in copies)
    low, high = wilson(same, len(copies))
    return held("stable", Estimate(same / len(copies), len(copies), low, high), at_least, words)


def check_agreement(one: Attribution, other: Floats, *, by: str, at_least: float) -> Check:
    """Hold the order of shares against that of another method, by Spearman's rank correlation.

    Source of the interval: Fisher 1921, Metron 1:3; on ranks it is an approximation.
    """
    words = f"Rank correlation of the shares with those by {by}"
    mine = np.array([share.share for share in one.shares])
    n = len(mine)
    moved = (np.abs(mine) > 0.0) | (np.abs(other) > 0.0)
    if n < 4 or int(moved.sum()) < 4:
        why = f"{int(moved.sum())} columns moved the output; 4 needed"
        return held("agrees", NotMeasured(why), at_least, words)
    ranks = np.corrcoef(_ranks(mine), _ranks(other))[0, 1]
    if not math.isfinite(ranks):
        return held("agrees", NotMeasured("all shares of one method are equal"), at_least, words)
    value = float(np.clip(ranks, -1.0, 1.0))
    inside = float(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    half = Z95 / math.sqrt(n - 3)
    low, high = math.tanh(math.atanh(inside) - half), math.tanh(math.atanh(inside) + half)
    return held("agrees", Estimate(value, n, min(low, value), max(high, value)), at_least, words)


def check_deletion(
    one: Attribution,
    row: Row,
    typical: Typical,
    outputs: Outputs,
    *,
    sign: float,
    seed: int,
    at_least: float,
) -> Check:
    """Take the two columns away that speak most for the answer, and as often two others, and compare.

    Parameters
    ----------
    one : Attribution
    row : mapping
    typical : Typical
        What stands in place of a column that was taken away.
    outputs : callable
    sign : float
        1 where the answer is "true", -1 where it is "false".
    """
    words = f"Pairs of other columns whose loss moves the answer less than that of the {_TAKEN} strongest"
    order = sorted(one.shares, key=lambda share: -sign * share.share)
    strong = [share.column for share in order[:_TAKEN] if sign * share.share > 0.0]
    others = [share.column for share in one.shares if share.column not in strong]
    if len(strong) < _TAKEN or len(others) < _TAKEN:
        why = (
            f"{len(strong)} columns speak for the answer and {len(others)} others are there; {_TAKEN} needed"
        )
        return held("deletion", NotMeasured(why), at_least, words)
    pairs = list(combinations(others, _TAKEN))
    if len(pairs) > _RANDOM:
        draw = np.random.default_rng(seed)
        pairs = [pairs[place] for place in draw.choice(len(pairs), _RANDOM, replace=False)]
    taken = [tuple(strong), *pairs]
    rows = [{**row, **{column: typical.middle[column] for column in columns}} for columns in taken]
    found = outputs([row, *rows])
    moved = sign * (found[0] - found[1:])
    less = int((moved[1:] < moved[0]).sum())
    low, high = wilson(less, len(pairs))
    return held("deletion", Estimate(less / len(pairs), len(pairs), low, high), at_least, words)


def _ranks(values: Floats) -> Floats:
    """Return ranks; equal values share the mean of theirs."""
    _, place, n = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(n)
    middle: Floats = (ends - (n - 1) / 2.0)[place]
    return middle


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
