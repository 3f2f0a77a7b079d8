"""Shares: how much each column added to the sum of trees for a row, exactly.

The shares are the Shapley values of the columns, where an absent column is averaged over by the number of
training rows on either side of a split ("path dependent"). For one leaf they depend on the row only through
which of the columns on its path would let the row pass: with d columns there are 2^d such patterns, and the
shares for each are computed once. A row is then looked up, leaf by leaf, all rows and leaves at once.

Source: Lundberg, Erion and Lee 2018, arXiv:1802.03888, section 3.1 (path-dependent expectation).
"""

from dataclasses import dataclass, field
from math import factorial

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.trees import Trees

__all__ = ["Shares", "shares_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_MOST_COLUMNS = 12
"""Different columns on the way to one leaf; above, the tables would be too large."""
_AT_ONCE = 2**22
"""Entries of the largest array: rows are taken in portions."""


@dataclass(frozen=True)
class _Column:
    """How the values of one column let a row pass.

    Parameters
    ----------
    thresholds : ndarray of float64
        Sorted; a number's place among them is its bin, the bin after the last is "missing".
    leaves : ndarray of int64
        Leaves on whose path it stands.
    bits : ndarray of uint16, shape (n_bins, n_leaves)
        What each bin adds to the pattern of these leaves.
    """

    thresholds: Floats
    leaves: Integers
    bits: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class _Group:
    """Leaves with the same number of columns on their path.

    Parameters
    ----------
    leaves : ndarray of int64
    table : ndarray of float64, shape (d, n_leaves * 2^d)
        Share of the column at each place, by leaf and pattern.
    orders : tuple of ndarray
        For each place the leaves sorted by column, so that one column's stand together.
    starts, columns : tuple of ndarray
        Where each column begins in that order, and which it is.
    """

    leaves: Integers
    table: Floats
    orders: tuple[Integers, ...]
    starts: tuple[Integers, ...]
    columns: tuple[Integers, ...]


@dataclass(frozen=True)
class Shares:
    """Tables from which the shares of any row are read.

    Parameters
    ----------
    trees : Trees
    base : float
        The sum for a row of which nothing is known.
    width : int
        Columns of a row.
    """

    trees: Trees
    base: float
    width: int
    _columns: dict[int, _Column] = field(repr=False)
    _groups: tuple[_Group, ...] = field(repr=False)
    _n_leaves: int = 0

    def of(self, rows: Floats) -> Floats:
        """Return the share of each column in the sum for each row.

        Parameters
        ----------
        rows : ndarray of float64, shape (n_rows, width)
            NaN is missing.

        Returns
        -------
        ndarray of float64, shape (n_rows, width)
            With `base` they add up to `Trees.sum`. 0 means that the column changes nothing.
        """
        found = np.zeros((len(rows), self.width))
        step = max(1, _AT_ONCE // max(self._n_leaves, 1))
        for start in range(0, len(rows), step):
            found[start : start + step] = self._portion(rows[start : start + step])
        return found

    def _portion(self, rows: Floats) -> Floats:
        pattern = np.zeros((len(rows), self._n_leaves), dtype=np.uint16)
        for column, one in self._columns.items():
            values = rows[:, column]
            place = np.searchsorted(one.thresholds, values, side="left")
            place = np.where(np.isnan(values), len(one.thresholds) + 1, place)
            pattern[:, one.leaves] |= one.bits[place]
        found = np.zeros((len(rows), self.width))
        for group in self._groups:
            d = len(group.orders)
            at = (np.arange(len(group.leaves)) << d) + pattern[:, group.leaves]
            for number in range(d):
                order = group.orders[number]
                each = group.table[number][at[:, order]]
                found[:, group.columns[number]] += np.add.reduceat(each, group.starts[number], axis=1)
        return found


def shares_of(trees: Trees, width: int) -> Shares:
    """Make the tables for trees.

    Parameters
    ----------
    trees : Trees
        With `cover`.
    width : int
        Columns of a row.

    Returns
    -------
    Shares

    Raises
    ------
    BadInput
        The trees do not say how many rows passed, or more than 12 columns stand on the way to a leaf.
    """
    if len(trees.cover) != len(trees.feature):
        raise BadInput(
            "These trees do not say how many training rows passed each node, so shares cannot be told.",
            fix="Fit them again with this version.",
        )
    paths = [path for root in trees.roots for path in _paths(trees, int(root))]
    base = float(sum(path.value * path.reached for path in paths))
    paths = [path for path in paths if path.columns]
    most = max((len(path.columns) for path in paths), default=0)
    if most > _MOST_COLUMNS:
        raise BadInput(
            f"A leaf depends on {most} columns; shares are told for at most {_MOST_COLUMNS}.",
            fix="Fit with a smaller max_depth.",
            columns=most,
        )
    return Shares(trees, base, width, _columns(trees, paths), _groups(paths), len(paths))


@dataclass(frozen=True)
class _Path:
    """The way to one leaf.

    Parameters
    ----------
    value : float
    reached : float
        Share of training rows that came here.
    columns : tuple of int
        Source columns in the order in which they come first.
    passing : tuple of float
        For each: the product of the shares of rows that took its splits this way.
    steps : tuple of (node, whether the way goes left, place of its source column)
    """

    value: float
    reached: float
    columns: tuple[int, ...]
    passing: tuple[float, ...]
    steps: tuple[tuple[int, bool, int], ...]


def _source(trees: Trees, feature: int) -> int:
    """Return the column that a split is about: that of the set where it is one by category."""
    in_set = len(trees.sets) > 0 and feature >= trees.width
    return int(trees.set_feature[feature - trees.width]) if in_set else feature


def _paths(trees: Trees, root: int) -> list[_Path]:
    found = []
    waiting: list[tuple[int, float, dict[int, float], tuple[tuple[int, bool, int], ...]]] = [
        (root, 1.0, {}, ())
    ]
    while waiting:
        node, reached, passing, steps = waiting.pop()
        if trees.left[node] == node:
            columns = tuple(passing)
            found.append(_Path(float(trees.value[node]), reached, columns, tuple(passing.values()), steps))
            continue
        source = _source(trees, int(trees.feature[node]))
        for child, goes_left in ((int(trees.right[node]), False), (int(trees.left[node]), True)):
            share = float(trees.cover[child] / trees.cover[node])
            further = {**passing, source: passing.get(source, 1.0) * share}
            place = list(further).index(source)
            waiting.append((child, reached * share, further, (*steps, (node, goes_left, place))))
    return found


def _columns(trees: Trees, paths: list[_Path]) -> dict[int, _Column]:
    """Return, for each source column with numbers and for each set, what its bins let pass.

    A source column may stand on a path with several conditions: a bit is set only where all hold. So
    bins are built from the conditions together, over every threshold or code of that column.
    """
    by_source: dict[int, list[tuple[int, int]]] = {}
    for number, path in enumerate(paths):
        for place, source in enumerate(path.columns):
            by_source.setdefault(source, []).append((number, place))
    found = {}
    for source, members in by_source.items():
        nodes = {node for number, place in members for node, _, at in paths[number].steps if at == place}
        by_set = {int(trees.feature[node]) for node in nodes} if len(trees.sets) else set()
        if any(feature >= trees.width for feature in by_set):
            codes = trees.sets.shape[1]
            thresholds = (
                np.arange(codes, dtype=np.float64) + 0.5
            )  # a code c falls into bin c; whatever is unknown, above
            inside = {
                node: np.concatenate([trees.sets[int(trees.feature[node]) - trees.width], [False, False]])
                for node in nodes
            }
        else:
            thresholds = np.unique([float(trees.threshold[node]) for node in nodes])
            bins = np.arange(len(thresholds) + 1)
            inside = {
                node: np.append(
                    bins <= np.searchsorted(thresholds, trees.threshold[node]),
                    len(trees.missing_left) > 0 and bool(trees.missing_left[node]),
                )
                for node in nodes
            }
        bits = np.zeros((len(thresholds) + 2, len(members)), dtype=np.uint16)
        for column, (number, place) in enumerate(members):
            passes = np.ones(len(thresholds) + 2, dtype=np.bool_)
            for node, goes_left, at in paths[number].steps:
                if at == place:
                    passes &= inside[node] if goes_left else ~inside[node]
            bits[:, column] = passes.astype(np.uint16) << place
        leaves = np.array([number for number, _ in members], dtype=np.int64)
        found[source] = _Column(thresholds, leaves, bits)
    return found


def _groups(paths: list[_Path]) -> tuple[_Group, ...]:
    sizes: dict[int, list[int]] = {}
    for number, path in enumerate(paths):
        sizes.setdefault(len(path.columns), []).append(number)
    return tuple(_group(paths, np.array(leaves), d) for d, leaves in sorted(sizes.items()))


def _group(paths: list[_Path], leaves: Integers, d: int) -> _Group:
    passing = np.array([paths[leaf].passing for leaf in leaves])
    values = np.array([paths[leaf].value for leaf in leaves])
    sources = np.array([paths[leaf].columns for leaf in leaves])
    bits = (np.arange(2**d)[:, None] >> np.arange(d)) & 1  # (patterns, places)
    weights = np.array([factorial(k) * factorial(d - k - 1) / factorial(d) for k in range(d)])
    table = np.empty((d, len(leaves) * 2**d))
    for place in range(d):
        # Of the other columns: how much weight all choices of k present ones carry together.
        terms = np.zeros((d, len(leaves), 2**d))
        terms[0] = 1.0
        for other in range(d):
            if other != place:
                kept = terms * passing[:, other][None, :, None]
                kept[1:] += terms[:-1] * bits[:, other][None, None, :]
                terms = kept
        carried = np.tensordot(weights, terms, axes=1)
        share = values[:, None] * (bits[:, place][None, :] - passing[:, place][:, None]) * carried
        table[place] = share.ravel()
    orders, starts, columns = [], [], []
    for place in range(d):
        order = np.argsort(sources[:, place], kind="stable")
        kinds, first = np.unique(sources[order, place], return_index=True)
        orders.append(order)
        starts.append(first)
        columns.append(kinds)
    return _Group(leaves, table, tuple(orders), tuple(starts), tuple(columns))
