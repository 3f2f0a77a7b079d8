"""A learned router: three parts that are added up, saved as plain numbers.

How hard a prompt is for its topic, by its numbers; how hard, by its words; and what the strong model gains in
topics like its own. The first two are learned as differences within a topic, so that a router does not take
the topic for the difficulty, and still says something where all prompts are of one new topic.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flyball.core.digests import canonical_json, digest_of_bytes, short
from flyball.core.errors import BadInput
from flyball.models.router.choice import NeedsStrong
from flyball.models.router.learned.numbers import (
    BUCKETS,
    NUMBERS,
    TOPIC_BUCKETS,
    Hashed,
    buckets_of,
    hashed,
    numbers_of,
)

__all__ = ["BadRouter", "LearnedRouter", "Parts"]

Floats = npt.NDArray[np.float64]

FORMAT = 1
_LARGEST_BYTES = 200_000_000
_SHARPNESS = 6.0
_SHAPES = {
    "centre": (len(NUMBERS),),
    "scale": (len(NUMBERS),),
    "number_weights": (len(NUMBERS),),
    "rarity": (BUCKETS,),
    "word_weights": (BUCKETS,),
    "topic_rarity": (TOPIC_BUCKETS,),
}


class BadRouter(BadInput):
    """A saved router is incomplete, altered or of another format."""

    code = "router.bad_artefact"


@dataclass(frozen=True)
class Parts:
    """What a router has learned.

    Parameters
    ----------
    centre, scale, number_weights : ndarray, shape (n_numbers,)
    rarity, word_weights : ndarray, shape (BUCKETS,)
        Rarity is log((1 + n) / (1 + prompts with the bucket)) + 1; 0 for a bucket that was never seen.
    topic_rarity : ndarray, shape (TOPIC_BUCKETS,)
    topics : ndarray, shape (n_topics, TOPIC_BUCKETS)
        Direction of each topic, of length 1.
    topic_gains : ndarray, shape (n_topics,)
        What the strong model gains there, drawn towards the mean of all.
    """

    centre: Floats
    scale: Floats
    number_weights: Floats
    rarity: Floats
    word_weights: Floats
    topic_rarity: Floats
    topics: Floats
    topic_gains: Floats


@dataclass(frozen=True)
class LearnedRouter:
    """Scores prompts: what the strong model is expected to gain over the weak one.

    Parameters
    ----------
    parts : Parts
    intercept, slope : float
        Turn the sum of the parts into quality gained, from topics that were left out when it was learned;
        `slope` is at least 0, so they never change an order.
    threshold : float
        From which expected gain on the strong model is asked first.
    about : dict of str to plain value
        What it learned from and what was measured: the card.
    """

    parts: Parts
    intercept: float
    slope: float
    threshold: float
    about: dict[str, object]

    @cached_property
    def name(self) -> str:
        """Its name with its version, for the record of a choice."""
        return f"learned router {short(self.digest)}"

    @cached_property
    def digest(self) -> str:
        """Digest of everything in it."""
        return digest_of_bytes(self._arrays() + self._card())

    def score(self, prompts: Sequence[str]) -> Floats:
        """Return the expected gain of each prompt; finite, in the unit of the quality it learned from."""
        numbers = np.array([numbers_of(prompt) for prompt in prompts], np.float64)
        words, topics = hashed(prompts)
        raw = raw_scores(self.parts, numbers.reshape(len(prompts), len(NUMBERS)), words, topics)
        return self.intercept + self.slope * raw

    def needs_strong(self, prompt: str) -> NeedsStrong:
        """Return what it says about one prompt; under a millisecond for a prompt of usual length."""
        parts = self.parts
        scaled = (np.array(numbers_of(prompt)) - parts.centre) / parts.scale
        words, topics = buckets_of(prompt)
        raw = float(scaled @ parts.number_weights)
        raw += _word_part(parts, words) + _topic_part(parts, topics)
        return NeedsStrong(self.name, self.intercept + self.slope * raw, self.threshold)

    def save(self, folder: Path) -> None:
        """Write it as `router.json` and `router.npz`: plain numbers, the same bytes for the same router."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "router.npz").write_bytes(self._arrays())
        (folder / "router.json").write_bytes(self._card())

    def _card(self) -> bytes:
        return canonical_json(
            {
                "format": FORMAT,
                "intercept": self.intercept,
                "slope": self.slope,
                "threshold": self.threshold,
                "arrays": digest_of_bytes(self._arrays()),
                "about": self.about,
            }
        )

    def _arrays(self) -> bytes:
        stream = BytesIO()
        named = {name: getattr(self.parts, name).astype("<f4") for name in Parts.__dataclass_fields__}
        np.savez_compressed(stream, **named)
        return stream.getvalue()

    @classmethod
    def load(cls, folder: Path) -> "LearnedRouter":
        """Read a saved router.

        Raises
        ------
        BadRouter
            A file is missing, altered or of another format.
        """
        try:
            card = json.loads((folder / "router.json").read_text(encoding="utf-8"))
            path = folder / "router.npz"
            if path.stat().st_size > _LARGEST_BYTES:
                raise ValueError("router.npz is larger than 200 MB")
            data = path.read_bytes()
            if card["format"] != FORMAT or card["arrays"] != digest_of_bytes(data):
                raise ValueError("router.npz is not the one that router.json names")
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                parts = Parts(
                    **{name: arrays[name].astype(np.float64) for name in Parts.__dataclass_fields__}
                )
            _check(parts)
            intercept, slope, threshold = (float(card[name]) for name in ("intercept", "slope", "threshold"))
            if not np.isfinite([intercept, slope, threshold]).all() or slope < 0.0:
                raise ValueError(f"intercept, slope and threshold are {intercept}, {slope}, {threshold}")
            return cls(parts, intercept, slope, threshold, dict(card["about"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError, EOFError) as err:
            raise BadRouter(
                f"No router can be read from {folder}: {err}.",
                fix="Fit it again: flyball router fit --train FILES --out FOLDER.",
                folder=folder,
            ) from err


def raw_scores(parts: Parts, numbers: Floats, words: Hashed, topics: Hashed) -> Floats:
    """Return the sum of the three parts for many prompts."""
    found = ((numbers - parts.centre) / parts.scale) @ parts.number_weights
    for (buckets, ends), part in ((words, _word_part), (topics, _topic_part)):
        found = found + np.array([part(parts, buckets[start:end]) for start, end in pairwise(ends)])
    return np.asarray(found, np.float64)


def _word_part(parts: Parts, buckets: npt.NDArray[np.int64]) -> float:
    rarity = parts.rarity[buckets]
    length = float(np.sqrt(rarity @ rarity))
    return float(rarity @ parts.word_weights[buckets]) / length if length > 0.0 else 0.0


def _topic_part(parts: Parts, buckets: npt.NDArray[np.int64]) -> float:
    """Return the gain of topics, the nearer ones counting more."""
    rarity = parts.topic_rarity[buckets]
    length = float(np.sqrt(rarity @ rarity)) or 1.0
    near = _SHARPNESS * (parts.topics[:, buckets] @ rarity) / length
    weights = np.exp(near - near.max())
    return float(weights @ parts.topic_gains / weights.sum())


def _check(parts: Parts) -> None:
    for name, shape in _SHAPES.items():
        if getattr(parts, name).shape != shape:
            raise ValueError(f"{name} has the shape {getattr(parts, name).shape}, expected {shape}")
    n_topics = len(parts.topic_gains)
    if parts.topics.shape != (n_topics, TOPIC_BUCKETS) or n_topics < 1:
        raise ValueError(f"topics have the shape {parts.topics.shape}")
    if not all(np.isfinite(getattr(parts, name)).all() for name in Parts.__dataclass_fields__):
        raise ValueError("a number is not finite")
    if not (parts.scale > 0.0).all():
        raise ValueError("a scale is not above 0")
