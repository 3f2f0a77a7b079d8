"""Learn a router from prompts whose quality under both models is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.router.learned.measure import apgr
from flyball.models.router.learned.model import LearnedRouter, Parts, raw_scores
from flyball.models.router.learned.numbers import BUCKETS, NUMBERS, TOPIC_BUCKETS, Hashed, hashed, numbers_of
from flyball.models.router.learned.prompts import RoutedPrompts

__all__ = ["FEWEST_PROMPTS", "fit", "topics_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_PROMPTS = 100
_LARGEST_TOPIC, _USUAL_TOPIC = 2_000, 270
_CLUSTERINGS, _TRIES, _DIRECTIONS = 3, 3, 30
_FOLDS = 5
_FEWEST_WITH_A_BUCKET = 3
_NUMBER_PULL, _WORD_PULL, _TOPIC_PULL = 5_000.0, 10.0, 20.0
_STEPS = 15


@dataclass(frozen=True)
class _Seen:
    """Prompts made ready to learn from."""

    numbers: Floats
    words: Hashed
    topic_words: Hashed
    gains: Floats
    topic: Ints

    def part(self, rows: Ints) -> "_Seen":
        return _Seen(
            self.numbers[rows],
            _rows(self.words, rows),
            _rows(self.topic_words, rows),
            self.gains[rows],
            self.topic[rows],
        )


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
        The same for the same prompts and seed. Its card says what it reached on topics left out.

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
    words, topic_words = hashed(routed.prompts)
    numbers = np.array([numbers_of(prompt) for prompt in routed.prompts], np.float64)
    gains = routed.strong - routed.weak
    ways = [topics_of(routed.topics, topic_words, seed=seed + number) for number in range(_CLUSTERINGS)]
    views = [_Seen(numbers, words, topic_words, gains, topic) for topic in ways]
    seen = views[0]
    left_out = _left_out(views, seed)
    intercept, slope = _line(left_out, seen.gains)
    expected = intercept + slope * left_out
    about: dict[str, object] = {
        "prompts": len(routed),
        "topics": int(seen.topic.max()) + 1,
        "strong_quality": float(routed.strong.mean()),
        "weak_quality": float(routed.weak.mean()),
        "strong_share": strong_share,
        "apgr_on_topics_left_out": _apgr_or_none(left_out, routed),
    }
    threshold = float(np.quantile(expected, 1.0 - strong_share))
    return LearnedRouter(_learn_together(views), intercept, slope, threshold, about)


def topics_of(names: Sequence[str], topic_words: Hashed, *, seed: int = 0) -> Ints:
    """Return the number of each prompt's topic: its name, and for a large name the cluster within it.

    Parameters
    ----------
    names : sequence of str
    topic_words : Hashed
        By which a large topic is divided: prompts that share words fall into one cluster.
    seed : int
    """
    _, named = np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)
    topic = np.zeros(len(named), np.int64)
    next_free = 0
    for name in range(int(named.max(initial=-1)) + 1):
        rows = np.flatnonzero(named == name)
        clusters = np.zeros(len(rows), np.int64)
        if len(rows) > _LARGEST_TOPIC:
            clusters = _clusters(_rows(topic_words, rows), len(rows) // _USUAL_TOPIC, seed)
        topic[rows] = next_free + clusters
        next_free += int(clusters.max()) + 1
    return topic


def _learn_together(views: Sequence[_Seen]) -> Parts:
    """Learn from the same prompts under several divisions into topics: weights are their mean."""
    learned = [_learn(view) for view in views]
    return replace(
        learned[0],
        number_weights=np.mean([one.number_weights for one in learned], axis=0),
        word_weights=np.mean([one.word_weights for one in learned], axis=0),
        topics=np.concatenate([one.topics for one in learned]),
        topic_gains=np.concatenate([one.topic_gains for one in learned]),
    )


def _learn(seen: _Seen) -> Parts:
    centre, scale = seen.numbers.mean(axis=0), seen.numbers.std(axis=0) + 1e-9
    gains = _within(seen.gains[:, None], seen.topic)[:, 0]
    inside = _within((seen.numbers - centre) / scale, seen.topic)
    pulled = inside.T @ inside + _NUMBER_PULL * np.eye(len(NUMBERS))
    rarity = _rarity(seen.words, BUCKETS)
    topic_rarity = _rarity(seen.topic_words, TOPIC_BUCKETS)
    topics, topic_gains = _topics(seen, topic_rarity)
    return Parts(
        centre,
        scale,
        np.asarray(np.linalg.solve(pulled, inside.T @ gains), np.float64),
        rarity,
        _word_weights(seen.words, rarity, gains),
        topic_rarity,
        topics,
        topic_gains,
    )


def _within(values: Floats, topic: Ints) -> Floats:
    """Return the values less the mean of their topic."""
    n = np.bincount(topic).astype(np.float64)
    columns = [np.bincount(topic, column) / np.maximum(n, 1.0) for column in values.T]
    return np.asarray(values - np.stack(columns, axis=1)[topic], np.float64)


def _rarity(words: Hashed, buckets: int) -> Floats:
    buckets_seen, ends = words
    n = np.bincount(buckets_seen, minlength=buckets)
    rarity = np.log((1.0 + len(ends) - 1) / (1.0 + n)) + 1.0
    return np.where(n >= _FEWEST_WITH_A_BUCKET, rarity, 0.0)


def _values(words: Hashed, rarity: Floats) -> tuple[Floats, Ints]:
    """Return the weight of each bucket in each prompt (rarity, to length 1), and the prompt it is in."""
    buckets, ends = words
    row = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    length = np.sqrt(np.bincount(row, rarity[buckets] ** 2, minlength=len(ends) - 1))
    return rarity[buckets] / np.maximum(length, 1e-12)[row], row


def _word_weights(words: Hashed, rarity: Floats, gains: Floats) -> Floats:
    """Return ridge weights of words, by conjugate gradients on the normal equations."""
    buckets, ends = words
    values, row = _values(words, rarity)

    def times(weights: Floats) -> Floats:
        inner = np.bincount(row, values * weights[buckets], minlength=len(ends) - 1)
        return np.bincount(buckets, values * inner[row], minlength=BUCKETS) + _WORD_PULL * weights

    weights = np.zeros(BUCKETS)
    rest: Floats = np.bincount(buckets, values * gains[row], minlength=BUCKETS).astype(np.float64)
    way = rest.copy()
    size = float(rest @ rest)
    for _ in range(_STEPS):
        if size < 1e-12:
            break
        along = times(way)
        step = size / float(way @ along)
        weights += step * way
        rest = rest - step * along
        new = float(rest @ rest)
        way = rest + new / size * way
        size = new
    return weights


def _topics(seen: _Seen, rarity: Floats) -> tuple[Floats, Floats]:
    numbers, topic = np.unique(seen.topic, return_inverse=True)
    buckets, _ = seen.topic_words
    values, row = _values(seen.topic_words, rarity)
    flat = np.bincount(
        topic[row] * TOPIC_BUCKETS + buckets, values, minlength=len(numbers) * TOPIC_BUCKETS
    ).reshape(len(numbers), TOPIC_BUCKETS)
    directions = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    n = np.bincount(topic)
    mean = float(seen.gains.mean())
    return directions, (np.bincount(topic, seen.gains) + _TOPIC_PULL * mean) / (n + _TOPIC_PULL)


def _left_out(views: Sequence[_Seen], seed: int) -> Floats:
    """Return the score of each prompt from a router that had not seen its topic, or else its part."""
    topic = views[0].topic
    unit = topic if len(np.unique(topic)) >= _FOLDS else np.arange(len(topic))
    fold = np.random.default_rng(seed).permutation(int(unit.max()) + 1)[unit] % _FOLDS
    found = np.zeros(len(fold))
    for number in range(_FOLDS):
        rows, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        test = views[0].part(rows)
        parts = _learn_together([view.part(others) for view in views])
        found[rows] = raw_scores(parts, test.numbers, test.words, test.topic_words)
    return found


def _line(scores: Floats, gains: Floats) -> tuple[float, float]:
    """Return the line from score to gain by least squares; flat where higher scores gained no more."""
    spread = scores - scores.mean()
    slope = max(float(spread @ gains) / max(float(spread @ spread), 1e-12), 1e-9)
    return float(gains.mean() - slope * scores.mean()), slope


def _apgr_or_none(scores: Floats, routed: RoutedPrompts) -> float | None:
    better = float((routed.strong - routed.weak).sum()) > 0.0
    return apgr(scores, routed.strong, routed.weak) if better else None


def _clusters(topic_words: Hashed, k: int, seed: int) -> Ints:
    """Return the cluster of each prompt: k-means on the main directions of its topic words."""
    random = np.random.default_rng(seed)
    points = _directions(topic_words, random)
    found: tuple[float, Ints] | None = None
    for _ in range(_TRIES):
        centres = points[random.choice(len(points), k, replace=False)]
        near = np.zeros(len(points), np.int64)
        for _ in range(25):
            near = np.argmax(points @ centres.T, axis=1)
            for number in range(k):
                middle = points[near == number].sum(axis=0)
                length = float(np.linalg.norm(middle))
                centres[number] = middle / length if length > 0.0 else centres[number]
        closeness = float((points @ centres.T).max(axis=1).sum())
        if found is None or closeness > found[0]:
            found = closeness, near
    _, named = np.unique(found[1] if found else [], return_inverse=True)
    return named.astype(np.int64)


def _directions(topic_words: Hashed, random: np.random.Generator) -> Floats:
    """Return each prompt in the main directions of its topic words, to length 1.

    Source: randomised subspace iteration, Halko, Martinsson and Tropp 2011, arXiv:0909.4061, section 4.5.
    """
    values, row = _values(topic_words, _rarity(topic_words, TOPIC_BUCKETS))
    buckets, ends = topic_words
    n = len(ends) - 1

    def prompts_of(basis: Floats) -> Floats:
        return np.stack([np.bincount(row, values * one[buckets], minlength=n) for one in basis.T], axis=1)

    def words_of(points: Floats) -> Floats:
        columns = [np.bincount(buckets, values * one[row], minlength=TOPIC_BUCKETS) for one in points.T]
        return np.stack(columns, axis=1)

    basis: Floats = random.standard_normal((TOPIC_BUCKETS, _DIRECTIONS + 8))
    for _ in range(3):
        basis = np.linalg.qr(words_of(prompts_of(basis)))[0]
    turned, lengths, _ = np.linalg.svd(prompts_of(basis), full_matrices=False)
    points = (turned * lengths)[:, :_DIRECTIONS]
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12), np.float64)


def _rows(words: Hashed, rows: Ints) -> Hashed:
    buckets, ends = words
    lengths = np.diff(ends)[rows]
    new_ends = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(new_ends[-1]) - np.repeat(new_ends[:-1], lengths)
    return buckets[np.repeat(ends[:-1][rows], lengths) + inside], new_ends
