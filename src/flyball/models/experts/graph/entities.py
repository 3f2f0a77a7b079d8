"""Columns of entities from their neighbours, for graphs that do not change while one looks.

For each relation: how many neighbours; their mean, deviation, and the own value minus their mean; the mean
two and three hops away; the mean weighed towards neighbours that have few others; and how many of those with
a label had it. Training and serving call the same function.

Source: degree, mean and difference to it over relations kept apart follow the idea of Tang et al. 2023,
GADBench, arXiv:2306.12251, section 3 (trees over neighbour aggregates).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.models.experts.graph.relation import Relation

__all__ = ["EntityColumns", "label_columns", "neighbour_columns"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_WALKS = (0.85, 0.5)
_STEPS = 15
_PRIOR = 5.0
_RARE_PRIOR = 0.05


@dataclass(frozen=True)
class EntityColumns:
    """Columns with their names.

    Parameters
    ----------
    names : tuple of str
        "worked_with.mean.approved_rate": relation, what, of which column.
    values : ndarray of float64, shape (n, n_names)
    """

    names: tuple[str, ...]
    values: Floats


def neighbour_columns(relations: Sequence[Relation], values: Floats, names: Sequence[str]) -> EntityColumns:
    """Describe each entity by its own columns and those of its neighbours.

    Parameters
    ----------
    relations : sequence of Relation
    values : ndarray of float64, shape (n, width)
        Own columns.
    names : sequence of str

    Returns
    -------
    EntityColumns
        The own columns, then those of each relation.
    """
    told, found = list(names), [values]
    for relation in relations:
        one = relation.means(values)
        spread = np.sqrt(np.maximum(relation.means(values * values) - one * one, 0.0))
        two = relation.means(one)
        few = 1.0 / np.maximum(relation.degree, 1.0)
        weight = relation.sums(few)
        rare = relation.sums(values * few[:, None]) / np.maximum(weight, 1e-9)[:, None]
        size = np.log1p(relation.degree)
        around = relation.means(size)
        for what, columns in (
            ("mean", one),
            ("deviation", spread),
            ("own_minus_mean", values - one),
            ("two_hops", two),
            ("own_minus_two_hops", values - two),
            ("three_hops", relation.means(two)),
            ("rare_mean", rare),
        ):
            told += [f"{relation.name}.{what}.{name}" for name in names]
            found.append(columns)
        told += [
            f"{relation.name}.{what}"
            for what in ("degree", "degree_around", "degree_two_hops", "degree_minus_around", "rarity")
        ]
        found.append(np.column_stack([size, around, relation.means(around), size - around, np.log1p(weight)]))
    return EntityColumns(tuple(told), np.hstack(found))


def label_columns(
    relations: Sequence[Relation], labels: Flags, known: Flags, *, folds: int, seed: int
) -> EntityColumns:
    """Tell how the labels lie around each entity, without its own.

    An entity whose label is known sees the labels of other folds only; any other sees all that are known. So
    both kinds see labels that are not their own, and a model learns from what it will be shown.

    Parameters
    ----------
    relations : sequence of Relation
    labels : ndarray of bool, shape (n,)
        Not looked at where `known` is false.
    known : ndarray of bool, shape (n,)
        Whose labels are known: those to learn from, by the time of the decision.
    folds : int
        Parts of those with a label, at least 2.
    seed : int

    Returns
    -------
    EntityColumns
    """
    fold = np.random.default_rng(seed).integers(0, folds, len(labels))
    names, found = _around(relations, labels & known, known)
    for number in range(folds):
        seen = known & (fold != number)
        _, columns = _around(relations, labels & seen, seen)
        own = known & (fold == number)
        found[own] = columns[own]
    return EntityColumns(names, found)


def _around(relations: Sequence[Relation], true: Flags, seen: Flags) -> tuple[tuple[str, ...], Floats]:
    yes, there = true.astype(np.float64), seen.astype(np.float64)
    share = float(yes.sum() / max(there.sum(), 1.0))
    names, found = [], []
    for relation in relations:
        few = 1.0 / np.maximum(relation.degree, 1.0)
        near, count = relation.sums(yes), relation.sums(there)
        rare, rare_count = relation.sums(yes * few), relation.sums(there * few)
        far, far_count = relation.means(relation.means(yes)), relation.means(relation.means(there))
        columns = [
            ("label_share", (near + _PRIOR * share) / (count + _PRIOR)),
            ("labels_known", np.log1p(count)),
            ("rare_label_share", (rare + _RARE_PRIOR * share) / (rare_count + _RARE_PRIOR)),
            ("label_share_two_hops", np.where(far_count > 0, far / np.maximum(far_count, 1e-12), share)),
        ]
        for again in _WALKS:
            came, could = _walk(relation, yes - share * there, again), _walk(relation, there, again)
            columns += [
                (f"walk_{again:g}", came),
                (f"walk_{again:g}_share", came / np.maximum(could, 1e-9)),
            ]
        names += [f"{relation.name}.{what}" for what, _ in columns]
        found += [values for _, values in columns]
    return tuple(names), np.column_stack(found)


def _walk(relation: Relation, start: Floats, again: float) -> Floats:
    """Return where walks that set out from `start` are, which go on with the chance `again`.

    Source: Zhou et al. 2003, "Learning with local and global consistency", NeurIPS 16, equation 1.
    """
    half = 1.0 / np.sqrt(np.maximum(relation.degree, 1.0))
    at = start.copy()
    for _ in range(_STEPS):
        at = again * half * relation.sums(at * half) + (1.0 - again) * start
    return at
