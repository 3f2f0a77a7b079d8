"""Counting: every case once, into one small table by group; every metric is worked out from that."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.governance.fairness.cases import GroupedCases, Trait

__all__ = ["BINS", "Counts", "count_groups"]

Floats = npt.NDArray[np.float64]

BINS = 10
"""Equal bins of scores, for calibration."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """One trait, counted.

    Parameters
    ----------
    trait : str
    groups : tuple of str
        Those that are large enough.
    rows : ndarray of int64, shape (n_groups, 2, 3)
        Rows by decision (no, yes) and outcome (badly, well, not known).
    weights, squares : ndarray of float64, shape (n_groups, 2, 3)
        Sums of the weights and of their squares; as `rows` where rows do not count by weight.
    scored : ndarray of float64, shape (n_groups, 4) or None
        Sums over rows with a score: weights, squares of weights, scores, squares of scores.
    missed : ndarray of float64, shape (n_groups, 4) or None
        Likewise over rows with a score and an outcome, of outcome minus score.
    bins : ndarray of float64, shape (n_groups, BINS, 4) or None
        Sums by bin of the score over the same rows: weights, their squares, scores, outcomes.
    chances : bool
        Whether every score lies in [0, 1].
    """

    trait: str
    groups: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    weights: Floats
    squares: Floats
    scored: Floats | None
    missed: Floats | None
    bins: Floats | None
    chances: bool

    def at(self, kept: npt.NDArray[np.bool_]) -> "Counts":
        """Return some of the groups."""

        def of(one: Floats | None) -> Floats | None:
            return None if one is None else one[kept]

        names = tuple(name for name, keep in zip(self.groups, kept, strict=True) if keep)
        return Counts(
            self.trait,
            names,
            self.rows[kept],
            self.weights[kept],
            self.squares[kept],
            of(self.scored),
            of(self.missed),
            of(self.bins),
            self.chances,
        )

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """Rows of each group."""
        found: npt.NDArray[np.int64] = self.rows.sum(axis=(1, 2))
        return found


def count_groups(cases: GroupedCases, trait: Trait) -> Counts:
    """Count the cases of every group; the last group holds those whose group is not known.

    Takes a pass over each column and memory for a few of them, however many groups there are.
    """
    many = len(trait.groups) + 1
    group = np.where(trait.codes < 0, many - 1, trait.codes).astype(np.int64)
    outcome = cases.outcome
    cell = group * 6 + cases.decision * 3
    cell += 2 if outcome is None else np.where(outcome < 0, 2, outcome)
    shape = (many, 2, 3)
    rows = np.bincount(cell, minlength=many * 6).reshape(shape)
    weight = cases.weight
    if weight is None:
        weights = squares = rows.astype(np.float64)
    else:
        weights = _sums(cell, weight, many * 6).reshape(shape)
        squares = _sums(cell, weight * weight, many * 6).reshape(shape)
    scored = missed = bins = None
    chances = False
    if cases.score is not None:
        there = np.isfinite(cases.score)
        scored = _moments(group, cases.score, weight, there, many)
        values = cases.score[there]
        chances = bool(len(values)) and bool(values.min() >= 0.0) and bool(values.max() <= 1.0)
        if outcome is not None and chances:
            there &= outcome >= 0
            missed = _moments(group, outcome - cases.score, weight, there, many)
            bins = _binned(group[there], cases.score[there], outcome[there], weight, there, many)
    return Counts(trait.name, (*trait.groups, ""), rows, weights, squares, scored, missed, bins, chances)


def _moments(
    group: npt.NDArray[np.int64],
    values: Floats,
    weight: Floats | None,
    there: npt.NDArray[np.bool_],
    many: int,
) -> Floats:
    whose, what = group[there], values[there]
    if weight is None:
        n = np.bincount(whose, minlength=many).astype(np.float64)
        sums = _sums(whose, what, many), _sums(whose, what * what, many)
        return np.column_stack([n, n, *sums])
    by = weight[there]
    return np.column_stack([_sums(whose, one, many) for one in (by, by * by, by * what, by * what * what)])


def _binned(
    group: npt.NDArray[np.int64],
    score: Floats,
    outcome: npt.NDArray[np.int8],
    weight: Floats | None,
    there: npt.NDArray[np.bool_],
    many: int,
) -> Floats:
    place = group * BINS + np.minimum((score * BINS).astype(np.int64), BINS - 1)
    by = np.ones(len(score)) if weight is None else weight[there]
    sums = [_sums(place, one, many * BINS) for one in (by, by * by, by * score, by * outcome)]
    return np.stack(sums, axis=1).reshape(many, BINS, 4)


def _sums(place: npt.NDArray[np.int64], values: npt.NDArray[np.generic], many: int) -> Floats:
    found: Floats = np.bincount(place, np.asarray(values, dtype=np.float64), many).astype(np.float64)
    return found
