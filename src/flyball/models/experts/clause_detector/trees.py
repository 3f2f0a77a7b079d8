"""Boosted trees without a boosting library: numbers in arrays, all rows and trees at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Trees", "flattened"]


@dataclass(frozen=True)
class Trees:
    """A sum of binary decision trees.

    Parameters
    ----------
    feature : ndarray of int16, shape (n_nodes,)
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left where its feature is at most this.
    left, right : ndarray of int32, shape (n_nodes,)
        Next node; a leaf points at itself.
    value : ndarray of float64, shape (n_nodes,)
        What a leaf adds; 0 at inner nodes.
    roots : ndarray of int32, shape (n_trees,)
    depth : int
        Steps from a root to the deepest leaf.
    """

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    roots: npt.NDArray[np.int32]
    depth: int

    def sum(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sum over trees for rows of shape (n_rows, n_features)."""
        n, width = rows.shape
        flat = np.ascontiguousarray(rows).ravel()
        offset = (np.arange(n) * width)[:, None]
        node = np.broadcast_to(self.roots, (n, len(self.roots)))
        for _ in range(self.depth):
            goes_left = flat[offset + self.feature[node]] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        total: npt.NDArray[np.float64] = self.value[node].sum(axis=1)
        return total


def flattened(roots: Sequence[Mapping[str, Any]], *, share: float) -> Trees:
    """Return trees from LightGBM's `dump_model` form.

    Parameters
    ----------
    roots : sequence of mapping
        `tree_info[i]["tree_structure"]` of numerical splits without missing values.
    share : float
        Factor on every leaf; 1 / n averages n models.

    Returns
    -------
    Trees
    """
    feature: list[int] = []
    threshold: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []
    deepest = 0

    def add(node: Mapping[str, Any], depth: int) -> int:
        nonlocal deepest
        deepest = max(deepest, depth)
        index = len(feature)
        feature.append(int(node.get("split_feature", 0)))
        threshold.append(float(node.get("threshold", 0.0)))
        value.append(float(node["leaf_value"]) * share if "leaf_value" in node else 0.0)
        left.append(index)
        right.append(index)
        if "split_feature" in node:
            value[index] = 0.0
            left[index] = add(node["left_child"], depth + 1)
            right[index] = add(node["right_child"], depth + 1)
        return index

    starts = [add(root, 0) for root in roots]
    return Trees(
        np.array(feature, dtype=np.int16),
        np.array(threshold, dtype=np.float64),
        np.array(left, dtype=np.int32),
        np.array(right, dtype=np.int32),
        np.array(value, dtype=np.float64),
        np.array(starts, dtype=np.int32),
        deepest,
    )
