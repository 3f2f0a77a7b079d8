"""How well a ranking finds what is rare: average precision, and recall within a budget of alerts."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["average_precision", "by_groups", "recall_at"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_FEWEST = 10


def average_precision(scores: Floats, truth: Flags) -> float:
    """Return the area under precision over recall, as a sum over steps; ties share one step.

    A ranking at random reaches the share of true ones. At least one must be true.
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(truth[order])
    last = np.append(np.diff(scores[order]) != 0.0, True)  # behind the last of equal scores
    hits, looked = found[last], np.flatnonzero(last) + 1
    steps = np.diff(hits, prepend=0)
    return float((steps * hits / looked).sum() / found[-1])


def recall_at(scores: Floats, truth: Flags, *, alerts: int) -> float:
    """Return the share of true ones among the `alerts` highest scores; ties by their order."""
    order = np.argsort(-scores, kind="stable")[:alerts]
    return float(truth[order].sum() / truth.sum())


def by_groups(
    statistic: Callable[[Floats, Flags], float],
    scores: Floats,
    truth: Flags,
    groups: Sequence[str],
    *,
    draws: int = 400,
    seed: int = 0,
) -> Measurement:
    """Return a statistic with a 95 % interval from drawing whole groups again.

    Parameters
    ----------
    statistic : callable (scores, truth) -> float
    scores, truth : ndarray of shape (n,)
    groups : sequence of str
        Transfers of one account hang together, so accounts are drawn, not transfers.
    draws, seed : int

    Source: Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x, cluster bootstrap.
    """
    if min(int(truth.sum()), int((~truth).sum())) < _FEWEST:
        return NotMeasured(f"{int(truth.sum())} true of {len(truth)}, {_FEWEST} of each kind needed")
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(number.max() + 2))
    draw, found = np.random.default_rng(seed), []
    for _ in range(draws):
        chosen = draw.integers(0, number.max() + 1, number.max() + 1)
        rows = np.concatenate([order[starts[one] : starts[one + 1]] for one in chosen])
        if truth[rows].any():
            found.append(statistic(scores[rows], truth[rows]))
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(float(statistic(scores, truth)), n=len(truth), low=float(low), high=float(high))
