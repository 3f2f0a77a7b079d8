"""Monotone: a proof, tree by tree, that a column counts in one direction only.

A sum is monotone in a column if every tree is. A tree is, if no two of its leaves speak against it: leaves
that the same row could reach with another value of that column alone, of which the one for the higher value
has the worse value. So leaves are compared in pairs; nothing is drawn, and no violation is missed.

Why not trust the library's word: the "advanced" method of LightGBM 4.7 broke every direction of the credit
model, which this proof found. An applicant who is told that more income never hurts is told the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.trees import Trees

__all__ = ["broken_columns"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Leaves:
    """The leaves of one tree: which values of each column lead to each.

    Parameters
    ----------
    low, high : ndarray of float64, shape (n_leaves, n_columns)
        Numbers above `low` and up to `high`.
    missing : ndarray of bool, shape (n_leaves, n_columns)
    codes : ndarray of bool, shape (n_leaves, n_columns, n_codes + 1)
        Categories; the last stands for every unknown one.
    value : ndarray of float64, shape (n_leaves,)
    """

    low: Floats
    high: Floats
    missing: Flags
    codes: Flags
    value: Floats


def broken_columns(trees: Trees, columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns in which some tree goes against the direction that was asked for; () proves all.

    Parameters
    ----------
    trees : Trees
    columns : sequence of Column
    """
    asked = [place for place, column in enumerate(columns) if column.monotone]
    broken: set[int] = set()
    for root in trees.roots if asked else ():
        leaves = _leaves(trees, int(root), len(columns))
        together = _overlap(leaves)
        for place in asked:
            if place not in broken and _breaks(leaves, together, place, columns[place].monotone):
                broken.add(place)
    return tuple(columns[place].name for place in sorted(broken))


def _breaks(leaves: _Leaves, together: Flags, place: int, direction: int) -> bool:
    """Return whether two leaves that differ in this column alone stand the wrong way round."""
    others = np.delete(together, place, axis=2).all(axis=2)
    below = leaves.low[:, None, place] < leaves.high[None, :, place]  # the first has a lower number
    empty = (leaves.low[:, place] >= leaves.high[:, place])[:, None] | (
        leaves.low[:, place] >= leaves.high[:, place]
    )[None, :]
    falls = direction * (leaves.value[None, :] - leaves.value[:, None]) < 0.0
    apart = leaves.high[:, None, place] <= leaves.low[None, :, place]
    return bool((others & below & ~empty & falls & apart).any())


def _overlap(leaves: _Leaves) -> Flags:
    """Return for each pair of leaves and column whether one value leads to both."""
    numbers = np.maximum(leaves.low[:, None], leaves.low[None, :]) < np.minimum(
        leaves.high[:, None], leaves.high[None, :]
    )
    missing = leaves.missing[:, None] & leaves.missing[None, :]
    codes = (leaves.codes[:, None] & leaves.codes[None, :]).any(axis=3)
    found: Flags = (numbers | missing) & codes
    return found


def _leaves(trees: Trees, root: int, width: int) -> _Leaves:
    n_codes = trees.sets.shape[1] + 1
    found: list[tuple[Floats, Floats, Flags, Flags, float]] = []
    start = (
        np.full(width, -np.inf),
        np.full(width, np.inf),
        np.ones(width, dtype=np.bool_),
        np.ones((width, n_codes), dtype=np.bool_),
    )
    waiting = [(root, *start)]
    while waiting:
        node, low, high, missing, codes = waiting.pop()
        if trees.left[node] == node:
            found.append((low, high, missing, codes, float(trees.value[node])))
            continue
        feature = int(trees.feature[node])
        for child, goes_left in ((int(trees.left[node]), True), (int(trees.right[node]), False)):
            box = (low.copy(), high.copy(), missing.copy(), codes.copy())
            if len(trees.sets) and feature >= trees.width:
                inside = np.append(trees.sets[feature - trees.width], False)
                box[3][int(trees.set_feature[feature - trees.width])] &= inside if goes_left else ~inside
            else:
                threshold = float(trees.threshold[node])
                if goes_left:
                    box[1][feature] = min(box[1][feature], threshold)
                else:
                    box[0][feature] = max(box[0][feature], threshold)
                left = len(trees.missing_left) > 0 and bool(trees.missing_left[node])
                box[2][feature] &= left == goes_left
            waiting.append((child, *box))
    lows, highs, gaps, sets, values = zip(*found, strict=True)
    return _Leaves(np.array(lows), np.array(highs), np.array(gaps), np.array(sets), np.array(values))
