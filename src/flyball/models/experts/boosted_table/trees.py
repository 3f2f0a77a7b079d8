"""Boosted trees without a boosting library: numbers in arrays, all rows and trees at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ARRAYS", "Trees", "flattened", "misshapen"]

Floats = npt.NDArray[np.float64]

_AT_ONCE = 128
_DEEPEST = 1_000
_BY_NODE = ("feature", "threshold", "left", "right", "value", "cover", "missing_left")
_NO_SETS = np.zeros((0, 0), dtype=np.bool_)


@dataclass(frozen=True)
class Trees:
    """A sum of binary decision trees.

    A split by category is a split by a column that follows the given ones: 0 where the category is in
    the set of the split, 1 where it is not. So every split compares a number with a threshold.

    Parameters
    ----------
    feature : ndarray of int16, shape (n_nodes,)
        Column; from `width` on, one of the sets.
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left where its feature is at most this.
    left, right : ndarray of int32, shape (n_nodes,)
        Next node; a leaf points at itself.
    value : ndarray of float64, shape (n_nodes,)
        What a leaf adds; 0 at inner nodes.
    roots : ndarray of int32, shape (n_trees,)
    depth : int
        Steps from a root to the deepest leaf.
    cover : ndarray of float64, shape (n_nodes,)
        Training rows that passed; () where it is not known, and shares of columns cannot be told.
    missing_left : ndarray of bool, shape (n_nodes,)
        Where a missing number (NaN) goes left; () where it never does.
    sets : ndarray of bool, shape (n_sets, n_codes)
        Codes in the set of each split by category.
    set_feature : ndarray of int16, shape (n_sets,)
        Column whose codes they are.
    width : int
        Columns that a row has; 0 where there are no sets and so nothing has to follow them.
    """

    feature: npt.NDArray[np.int16]
    threshold: Floats
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: Floats
    roots: npt.NDArray[np.int32]
    depth: int
    cover: Floats = field(default_factory=lambda: np.zeros(0))
    missing_left: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    sets: npt.NDArray[np.bool_] = field(default_factory=_NO_SETS.copy)
    set_feature: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    width: int = 0

    def sum(self, rows: Floats) -> Floats:
        """Return the sum over trees for rows of shape (n_rows, n_features); NaN is missing."""
        if len(rows) > _AT_ONCE:  # small portions stay in the processor's cache: twice as fast
            starts = range(0, len(rows), _AT_ONCE)
            return np.concatenate([self.sum(rows[start : start + _AT_ONCE]) for start in starts])
        rows = self.with_sets(rows)
        n, width = rows.shape
        flat = np.ascontiguousarray(rows).ravel()
        offset = (np.arange(n) * width)[:, None]
        node = np.broadcast_to(self.roots, (n, len(self.roots)))
        missing = self.missing_left if self.missing_left.any() and np.isnan(flat).any() else None
        for _ in range(self.depth):
            number = flat[offset + self.feature[node]]
            goes_left = number <= self.threshold[node]
            if missing is not None:
                goes_left |= np.isnan(number) & missing[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        total: Floats = self.value[node].sum(axis=1)
        return total

    def with_sets(self, rows: Floats) -> Floats:
        """Return rows followed by one column for each set: 0 inside it, 1 outside or unknown."""
        if not len(self.sets):
            return rows
        codes = rows[:, self.set_feature]
        known = np.isfinite(codes) & (codes >= 0) & (codes < self.sets.shape[1])
        inside = self.sets[np.arange(len(self.sets)), np.where(known, codes, 0.0).astype(np.int64)] & known
        return np.hstack([rows, np.where(inside, 0.0, 1.0)])


ARRAYS = (
    "feature",
    "threshold",
    "left",
    "right",
    "value",
    "roots",
    "cover",
    "missing_left",
    "sets",
    "set_feature",
)
"""Names of the arrays: with `depth` and `width` all that has to be kept of trees."""


def flattened(roots: Sequence[Mapping[str, Any]], *, share: float, width: int = 0) -> Trees:
    """Return trees from LightGBM's `dump_model` form.

    Parameters
    ----------
    roots : sequence of mapping
        `tree_info[i]["tree_structure"]`.
    share : float
        Factor on every leaf; 1 / n averages n models.
    width : int
        Columns of a row; needed only where there are splits by category.

    Returns
    -------
    Trees
        Missing numbers go where LightGBM sends them: by the split's own choice where it has seen some
        in training, otherwise where a 0 goes.
    """
    made = _Flat(share, width)
    starts = [made.add(root, 0) for root in roots]
    codes = max((max(one) + 1 for _, one in made.sets), default=0)
    sets = np.zeros((len(made.sets), codes), dtype=np.bool_)
    for number, (_, inside) in enumerate(made.sets):
        sets[number, sorted(inside)] = True
    return Trees(
        np.array(made.feature, dtype=np.int16),
        np.array(made.threshold, dtype=np.float64),
        np.array(made.left, dtype=np.int32),
        np.array(made.right, dtype=np.int32),
        np.array(made.value, dtype=np.float64),
        np.array(starts, dtype=np.int32),
        made.deepest,
        np.array(made.cover, dtype=np.float64),
        np.array(made.missing_left, dtype=np.bool_),
        sets,
        np.array([column for column, _ in made.sets], dtype=np.int16),
        width,
    )


def misshapen(trees: Trees, columns: int) -> str:
    """Say what is wrong with arrays that should be trees; "" for nothing. Nobody walks in circles in them."""
    nodes = np.arange(len(trees.feature))
    lengths = {len(getattr(trees, name)) for name in _BY_NODE}
    if lengths != {len(nodes)} or not len(nodes) or not len(trees.roots):
        return "their arrays have different lengths, or none"
    leaf = trees.left == nodes
    down = (
        (trees.left > nodes) & (trees.right > nodes) & (trees.left < len(nodes)) & (trees.right < len(nodes))
    )
    if not ((leaf & (trees.right == nodes)) | (~leaf & down)).all():
        return "a node leads back, or out of them"
    if not ((trees.roots >= 0) & (trees.roots < len(nodes))).all():
        return "a tree begins outside of them"
    n_sets = len(trees.set_feature)
    if trees.width != columns or len(trees.sets) != n_sets:
        return f"they are for {trees.width} columns, the card names {columns}"
    if not ((trees.feature >= 0) & (trees.feature < columns + n_sets)).all():
        return "a split is about a column that is not there"
    if n_sets and not ((trees.set_feature >= 0) & (trees.set_feature < columns)).all():
        return "a set is about a column that is not there"
    if not np.isfinite(trees.value).all() or not (trees.cover[~leaf] > 0.0).all():
        return "a leaf has no value, or a split no rows"
    return "" if 0 <= trees.depth <= _DEEPEST else f"they are {trees.depth} steps deep"


class _Flat:
    """Trees while they are laid out, node by node."""

    def __init__(self, share: float, width: int) -> None:
        self.share, self.width = share, width
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.value: list[float] = []
        self.cover: list[float] = []
        self.missing_left: list[bool] = []
        self.sets: dict[tuple[int, frozenset[int]], int] = {}
        self.deepest = 0

    def add(self, node: Mapping[str, Any], depth: int) -> int:
        """Lay out a node and everything below it; return its place."""
        self.deepest = max(self.deepest, depth)
        place = len(self.feature)
        feature, threshold, missing_left = self._split(node)
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.missing_left.append(missing_left)
        self.value.append(float(node["leaf_value"]) * self.share if "leaf_value" in node else 0.0)
        self.cover.append(float(node.get("internal_count", node.get("leaf_count", 0.0))))
        self.left.append(place)
        self.right.append(place)
        if "split_feature" in node:
            self.value[place] = 0.0
            self.left[place] = self.add(node["left_child"], depth + 1)
            self.right[place] = self.add(node["right_child"], depth + 1)
        return place

    def _split(self, node: Mapping[str, Any]) -> tuple[int, float, bool]:
        """Return feature, threshold, and whether a missing number goes left."""
        column = int(node.get("split_feature", 0))
        if node.get("decision_type") == "==":
            inside = frozenset(int(code) for code in str(node["threshold"]).split("||"))
            return self.width + self.sets.setdefault((column, inside), len(self.sets)), 0.5, False
        threshold = float(node.get("threshold", 0.0))
        if node.get("missing_type", "None") == "None":
            return column, threshold, "split_feature" in node and threshold >= 0.0
        return column, threshold, bool(node["default_left"])
