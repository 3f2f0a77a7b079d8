"""A learned router: a weight for each number read off a prompt and for each of its words, added up.

It is saved as plain numbers: nothing in it is run when it is read, and each weight can be looked at.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flyball.core.digests import canonical_json, digest_of_bytes, short
from flyball.core.errors import BadInput
from flyball.models.experts.saved import packed
from flyball.models.router.choice import NeedsStrong
from flyball.models.router.learned.numbers import (
    BUCKETS,
    NUMBERS,
    Hashed,
    buckets_of,
    hashed,
    numbers_of,
)

__all__ = ["BadRouter", "LearnedRouter", "Parts", "raw_scores", "scaled", "word_values"]

Floats = npt.NDArray[np.float64]

FORMAT = 2
_LARGEST_BYTES = 200_000_000
_FARTHEST = 3.0
_SHAPES = {
    "centre": (len(NUMBERS),),
    "scale": (len(NUMBERS),),
    "number_weights": (len(NUMBERS),),
    "rarity": (BUCKETS,),
    "word_weights": (BUCKETS,),
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
        Mean and deviation of each number among the prompts learned from, and what it adds.
    rarity, word_weights : ndarray, shape (BUCKETS,)
        Rarity is log((1 + n) / (1 + prompts with the bucket)) + 1; 0 for a bucket that was hardly seen.
    """

    centre: Floats
    scale: Floats
    number_weights: Floats
    rarity: Floats
    word_weights: Floats


@dataclass(frozen=True)
class LearnedRouter:
    """Scores prompts: what the strong model is expected to gain over the weak one.

    Parameters
    ----------
    parts : Parts
    intercept, slope : float
        Turn the sum of the parts into quality gained, from prompts that were left out when it was learned;
        `slope` is above 0, so they never change an order.
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
        raw = raw_scores(self.parts, numbers.reshape(len(prompts), len(NUMBERS)), hashed(prompts))
        return self.intercept + self.slope * raw

    def needs_strong(self, prompt: str) -> NeedsStrong:
        """Return what it says about one prompt; under a millisecond for a prompt of usual length."""
        parts, buckets = self.parts, buckets_of(prompt)
        rarity = parts.rarity[buckets]
        length = float(np.sqrt(rarity @ rarity)) or 1.0
        raw = float(scaled(parts, np.array(numbers_of(prompt))) @ parts.number_weights)
        raw += float(rarity @ parts.word_weights[buckets]) / length
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
        return packed({name: getattr(self.parts, name).astype("<f4") for name in Parts.__dataclass_fields__})

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
            if card["format"] != FORMAT:
                raise ValueError(f"it has format {str(card['format'])[:20]}, and this version reads {FORMAT}")
            path = folder / "router.npz"
            if path.stat().st_size > _LARGEST_BYTES:
                raise ValueError("router.npz is larger than 200 MB")
            data = path.read_bytes()
            if card["arrays"] != digest_of_bytes(data):
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


def raw_scores(parts: Parts, numbers: Floats, words: Hashed) -> Floats:
    """Return the sum of all weights for many prompts."""
    values, row = word_values(words, parts.rarity)
    buckets, ends = words
    by_words = np.bincount(row, values * parts.word_weights[buckets], minlength=len(ends) - 1)
    return np.asarray(scaled(parts, numbers) @ parts.number_weights + by_words, np.float64)


def scaled(parts: Parts, numbers: Floats) -> Floats:
    """Return numbers in deviations from their mean, none beyond `_FARTHEST`: far away a line says nothing."""
    return np.clip((numbers - parts.centre) / parts.scale, -_FARTHEST, _FARTHEST)


def word_values(words: Hashed, rarity: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the value of each bucket in each prompt (rarity, to length 1), and the prompt it is in."""
    buckets, ends = words
    row = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    length = np.sqrt(np.bincount(row, rarity[buckets] ** 2, minlength=len(ends) - 1))
    return rarity[buckets] / np.maximum(length, 1e-12)[row], row


def _check(parts: Parts) -> None:
    for name, shape in _SHAPES.items():
        if getattr(parts, name).shape != shape:
            raise ValueError(f"{name} has the shape {getattr(parts, name).shape}, expected {shape}")
    if not all(np.isfinite(getattr(parts, name)).all() for name in Parts.__dataclass_fields__):
        raise ValueError("a number is not finite")
    if not (parts.scale > 0.0).all():
        raise ValueError("a scale is not above 0")
