"""Whether a model can tell the rows of two samples apart: learned on one half, tried on the other, twice."""

import numpy as np
import numpy.typing as npt

from flyball.evaluation.drift.two_samples import Test, rank_sum_test

__all__ = ["told_apart"]

Matrix = npt.NDArray[np.float32]

_PENALTY = 0.1


def told_apart(name: str, reference: Matrix, current: Matrix, *, seed: int = 0) -> Test:
    """Compare two samples of feature vectors.

    A ridge regression learns which side a row is from. Its scores of rows that it has not seen are compared;
    they owe nothing to the learning, so the rank sum keeps its law. Both halves take their turn, and the
    smaller p is doubled: their dependence plays no part.

    Parameters
    ----------
    name : str
        For the result.
    reference, current : ndarray of shape (n_rows, n_features)
    seed : int

    Returns
    -------
    Test
        The effect is the distance between the scores of both sides, less what chance adds; a lower bound
        of how far the rows differ.

    Source: Lopez-Paz and Oquab 2017, ICLR, "Revisiting classifier two-sample tests", section 3.
    """
    random = np.random.default_rng([seed, 3])
    halves = [_halves(len(side), random) for side in (reference, current)]
    found = []
    for learn, hold in ((0, 1), (1, 0)):
        weights = _learned(reference[halves[0][learn]], current[halves[1][learn]])
        scores = [side[half[hold]] @ weights for side, half in zip((reference, current), halves, strict=True)]
        found.append(rank_sum_test(name, *(one.astype(np.float64) for one in scores)))
    one, other = found
    return Test(
        name,
        (one.effect + other.effect) / 2,
        (one.low + other.low) / 2,
        (one.high + other.high) / 2,
        min(1.0, 2 * min(one.p, other.p)),
        len(reference),
        len(current),
    )


def _halves(n: int, random: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    order = random.permutation(n)
    return [np.sort(order[: n // 2]), np.sort(order[n // 2 :])]


def _learned(reference: Matrix, current: Matrix) -> Matrix:
    rows = np.concatenate([reference, current])
    middle = (reference.mean(axis=0) + current.mean(axis=0)) / 2
    rows = rows - middle
    # Each side counts the same, however many rows it has.
    sides = np.concatenate(
        [
            np.full(len(reference), -1 / len(reference), np.float32),
            np.full(len(current), 1 / len(current), np.float32),
        ]
    )
    gram = rows.T @ rows / np.float32(len(rows))
    gram[np.diag_indices_from(gram)] += _PENALTY * float(np.trace(gram)) / max(1, len(gram)) + 1e-6
    weights: Matrix = np.linalg.solve(gram, rows.T @ sides).astype(np.float32)
    return weights
