"""How well a score routes: the share of the strong model's gain that is recovered, at every share of calls.

Send the prompts with the highest scores to the strong model. The performance gap recovered at a share of
strong calls is (quality - weak) / (strong - weak). APGR is its mean over all shares from 0 to 1: .5 for a
random order. CPT(x) is the least share of strong calls that recovers x. Source: Ong et al. 2024, RouteLLM,
arXiv:2406.18665; the mean is taken here over every share, and not over ten of them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured

__all__ = ["Recovered", "apgr", "recovered"]

Floats = npt.NDArray[np.float64]

_DRAWS = 1_000
_AT_ONCE = 4_000_000
_RECOVERED = (0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Figures of one score on one set of prompts.

    Parameters
    ----------
    apgr : Estimate or NotMeasured
        0.5 is what a random order reaches; above 1 is possible, where the weak model is sometimes better.
    cpt50, cpt80 : Estimate or NotMeasured
        Share of strong calls, in (0, 1], that recovers 50 and 80 %; lower is better.
    """

    apgr: Estimate | NotMeasured
    cpt50: Estimate | NotMeasured
    cpt80: Estimate | NotMeasured


def apgr(scores: Floats, strong: Floats, weak: Floats) -> float:
    """Return the average performance gap recovered; prompts of one score count as in random order.

    Parameters
    ----------
    scores, strong, weak : ndarray, shape (n,)
        `strong` must be better than `weak` in the mean.
    """
    order, gains = _by_score(scores, strong - weak)
    return float(_areas(gains[None, :], np.ones((1, len(order))))[0])


def recovered(scores: Floats, strong: Floats, weak: Floats, *, seed: int = 0) -> Recovered:
    """Measure a score, with 95 % intervals over the draw of prompts (percentile bootstrap, 1,000 draws).

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Higher means: to the strong model. Finite.
    strong, weak : ndarray, shape (n,)
        Quality of both models.

    Raises
    ------
    BadInput
        Columns of different length, or a score that is not finite.
    """
    if not len(scores) == len(strong) == len(weak):
        raise BadInput(
            f"Columns of length {len(scores)}, {len(strong)} and {len(weak)}.", fix="Give one row per prompt."
        )
    if not bool(np.isfinite(scores).all()):
        raise BadInput("A score is not finite.", fix="Score every prompt.")
    n = len(scores)
    total = float((strong - weak).sum())
    if n < 2 or total <= 0.0:
        missing = NotMeasured(
            f"the strong model is not better than the weak one on these {n} prompts, so there is no gap"
        )
        return Recovered(missing, missing, missing)
    _, gains = _by_score(scores, strong - weak)
    area, *shares = (float(found[0]) for found in _figures(gains, np.ones((1, n))))
    drawn: list[tuple[Floats, ...]] = []
    random = np.random.default_rng(seed)
    # A draw needs the gains themselves: means over equal scores would make the intervals too narrow.
    gains = (strong - weak)[np.lexsort((random.random(n), -scores))]
    size = max(1, _AT_ONCE // n)
    for start in range(0, _DRAWS, size):
        weights = random.multinomial(n, np.full(n, 1.0 / n), size=min(size, _DRAWS - start))
        drawn.append(_figures(gains, weights.astype(np.float64)))
    draws = [np.concatenate(parts) for parts in zip(*drawn, strict=True)]
    return Recovered(
        *(_estimate(value, found, n) for value, found in zip((area, *shares), draws, strict=True))
    )


def _by_score(scores: Floats, gains: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the gains from the highest score down, each block of equal scores at its mean."""
    order = np.argsort(-scores, kind="stable")
    falling = -scores[order]
    starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
    lengths = np.diff(np.r_[starts, len(order)])
    means = np.add.reduceat(gains[order], starts) / lengths
    return order, np.repeat(means, lengths)


def _areas(gains: Floats, weights: Floats) -> Floats:
    """Return the area under the share recovered for each row of weights."""
    shares = np.cumsum(weights * gains, axis=1)
    total = shares[:, -1:]
    before = np.concatenate([np.zeros((len(weights), 1)), shares[:, :-1]], axis=1)
    middle = (shares + before) / 2.0 * weights
    with np.errstate(divide="ignore", invalid="ignore"):
        found = middle.sum(axis=1) / weights.sum(axis=1) / total[:, 0]
    return np.where(total[:, 0] > 0.0, found, np.nan)


def _figures(gains: Floats, weights: Floats) -> tuple[Floats, ...]:
    """Return the area, then the share of strong calls for each of `_RECOVERED`."""
    shares = np.cumsum(weights * gains, axis=1)
    total = shares[:, -1]
    calls = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    found = [_areas(gains, weights)]
    for part in _RECOVERED:
        first = np.argmax(shares >= part * total[:, None] - 1e-12, axis=1)
        found.append(np.where(total > 0.0, calls[np.arange(len(calls)), first], np.nan))
    return tuple(found)


def _estimate(value: float, draws: Floats, n: int) -> Estimate:
    known = draws[np.isfinite(draws)]
    if len(known) < len(draws) * 0.95:  # the gap itself is in doubt
        return Estimate(value, n)
    low, high = np.quantile(known, (0.025, 0.975))
    return Estimate(value, n, min(float(low), value), max(float(high), value))
