"""Learn a router from prompts whose quality under both models is known.

A ridge regression on the numbers and the words of prompts, with two decisions that were measured on subjects
and data sets left out:

- What the strong model fails at counts for 0.7. Which prompts are hard for a weak model is found again in
  prompts of other kinds; which of these the strong one solves hardly is.
- Weights of four numbers are drawn towards "long prompts are harder", and not towards 0. For prompts unlike
  those that it learned from, that is the better guess.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.router.learned.measure import apgr
from flyball.models.router.learned.model import LearnedRouter, Parts, raw_scores, scaled, word_values
from flyball.models.router.learned.numbers import BUCKETS, NUMBERS, Hashed, hashed, numbers_of
from flyball.models.router.learned.prompts import RoutedPrompts

__all__ = ["FEWEST_PROMPTS", "fit"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_PROMPTS = 100
_FOLDS = 5
_FEWEST_WITH_A_BUCKET = 3
_STRONG_COUNTS = 0.7
_PULL = 15.0
_OF_NUMBERS = 0.08
_LEANING = 0.1
_LEANS = {"characters": 1.0, "sentences": 1.0, "commas": 1.0, "share of different words": -1.0}
_STEPS = 60
_EXACT = 1e-10
_CONSTANT = 1e-6


@dataclass(frozen=True)
class _Seen:
    """Prompts made ready to learn from."""

    numbers: Floats
    words: Hashed
    wanted: Floats

    def part(self, rows: Ints) -> "_Seen":
        return _Seen(self.numbers[rows], _rows(self.words, rows), self.wanted[rows])


def fit(routed: RoutedPrompts, *, strong_share: float = 0.5, seed: int = 0) -> LearnedRouter:
    """Learn a router.

    Parameters
    ----------
    routed : RoutedPrompts
    strong_share : float
        Share of prompts like these that are to go to the strong model, in (0, 1); sets the threshold.
    seed : int

    Returns
    -------
    LearnedRouter
        The same for the same prompts and seed. Its card says what it reached on prompts left out: on whole
        topics where there are at least five, otherwise on prompts by chance.

    Raises
    ------
    BadInput
        Fewer than `FEWEST_PROMPTS`, or a share outside (0, 1).
    """
    if len(routed) < FEWEST_PROMPTS:
        raise BadInput(
            f"{len(routed)} prompts are too few to learn a router from; {FEWEST_PROMPTS} are needed.",
            fix="Add prompts whose quality under both models is known, or use a cascade.",
        )
    if not 0.0 < strong_share < 1.0:
        raise BadInput(
            f"strong_share must lie between 0 and 1, got {strong_share}.", fix="Write .5 for half."
        )
    numbers = np.array([numbers_of(prompt) for prompt in routed.prompts], np.float64)
    seen = _Seen(numbers, hashed(routed.prompts), _STRONG_COUNTS * routed.strong - routed.weak)
    _, topic = np.unique(np.asarray(routed.topics, dtype=np.str_), return_inverse=True)
    n_topics = int(topic.max()) + 1
    by_topic = n_topics >= _FOLDS
    left_out = _left_out(seen, topic if by_topic else np.arange(len(routed)), seed)
    intercept, slope = _line(left_out, routed.strong - routed.weak)
    about: dict[str, object] = {
        "prompts": len(routed),
        "topics": n_topics,
        "strong_quality": float(routed.strong.mean()),
        "weak_quality": float(routed.weak.mean()),
        "strong_share": strong_share,
        "left_out": "topics" if by_topic else "prompts",
        "apgr_left_out": _apgr_or_none(left_out, routed),
    }
    threshold = float(np.quantile(intercept + slope * left_out, 1.0 - strong_share))
    return LearnedRouter(_learn(seen), intercept, slope, threshold, about)


def _learn(seen: _Seen) -> Parts:
    centre, spread = seen.numbers.mean(axis=0), seen.numbers.std(axis=0)
    scale = np.where(spread > _CONSTANT, spread, 1.0)
    rarity = _rarity(seen.words)
    bare = Parts(centre, scale, np.zeros(len(NUMBERS)), rarity, np.zeros(BUCKETS))
    numbers = _OF_NUMBERS * scaled(bare, seen.numbers)
    weights = _ridge(numbers, seen.words, rarity, seen.wanted - seen.wanted.mean())
    n = len(NUMBERS)
    learned = Parts(centre, scale, _OF_NUMBERS * weights[:n], rarity, weights[n:])
    leaning = _LEANING * float(raw_scores(learned, seen.numbers, seen.words).std())
    leans = np.array([_LEANS.get(name, 0.0) for name in NUMBERS])
    return replace(learned, number_weights=learned.number_weights + leaning * leans)


def _rarity(words: Hashed) -> Floats:
    buckets, ends = words
    n = np.bincount(buckets, minlength=BUCKETS)
    rarity = np.log((1.0 + len(ends) - 1) / (1.0 + n)) + 1.0
    return np.where(n >= _FEWEST_WITH_A_BUCKET, rarity, 0.0)


def _ridge(numbers: Floats, words: Hashed, rarity: Floats, wanted: Floats) -> Floats:
    """Return the weights of numbers, then of buckets, by conjugate gradients on the normal equations."""
    buckets, ends = words
    values, row = word_values(words, rarity)
    n = numbers.shape[1]

    def back(of_prompts: Floats) -> Floats:
        of_words = np.bincount(buckets, values * of_prompts[row], minlength=BUCKETS)
        return np.concatenate([numbers.T @ of_prompts, of_words])

    def times(weights: Floats) -> Floats:
        by_words = np.bincount(row, values * weights[n:][buckets], minlength=len(ends) - 1)
        return back(numbers @ weights[:n] + by_words) + _PULL * weights

    weights = np.zeros(n + BUCKETS)
    rest = back(wanted)
    way = rest.copy()
    size = float(rest @ rest)
    enough = _EXACT * size
    for _ in range(_STEPS):
        if size <= enough:
            break
        along = times(way)
        step = size / float(way @ along)
        weights += step * way
        rest = rest - step * along
        new = float(rest @ rest)
        way = rest + new / size * way
        size = new
    return weights


def _left_out(seen: _Seen, unit: Ints, seed: int) -> Floats:
    """Return the score of each prompt from a router that had seen nothing of its unit."""
    fold = np.random.default_rng(seed).permutation(int(unit.max()) + 1)[unit] % _FOLDS
    found = np.zeros(len(fold))
    for number in range(_FOLDS):
        rows = np.flatnonzero(fold == number)
        test = seen.part(rows)
        parts = _learn(seen.part(np.flatnonzero(fold != number)))
        found[rows] = raw_scores(parts, test.numbers, test.words)
    return found


def _line(scores: Floats, gains: Floats) -> tuple[float, float]:
    """Return the line from score to gain by least squares; flat where higher scores gained no more."""
    spread = scores - scores.mean()
    slope = max(float(spread @ gains) / max(float(spread @ spread), 1e-12), 1e-9)
    return float(gains.mean() - slope * scores.mean()), slope


def _apgr_or_none(scores: Floats, routed: RoutedPrompts) -> float | None:
    better = float((routed.strong - routed.weak).sum()) > 0.0
    return apgr(scores, routed.strong, routed.weak) if better else None


def _rows(words: Hashed, rows: Ints) -> Hashed:
    buckets, ends = words
    lengths = np.diff(ends)[rows]
    new_ends = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(new_ends[-1]) - np.repeat(new_ends[:-1], lengths)
    return buckets[np.repeat(ends[:-1][rows], lengths) + inside], new_ends
