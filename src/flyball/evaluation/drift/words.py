"""Texts and vectors of a sample as features: words by checksum, and the vectors themselves."""

import re
import zlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["TEXTS", "vectors_of", "words_of"]

TEXTS = 4_096
"""Texts of each side that are read."""

_FEATURES = 1_024
_MOST_WORDS = 300
_WORD = re.compile(r"\w+")


def words_of(texts: pa.Array) -> npt.NDArray[np.float32]:
    """Return which words each text has: one feature for each of 1,024 checksums, of length 1."""
    known = texts.drop_null()[:TEXTS].to_pylist()
    features = np.zeros((len(known), _FEATURES), np.float32)
    seen: dict[str, int] = {}
    for row, text in enumerate(known):
        for word in _WORD.findall(text.lower())[:_MOST_WORDS]:
            place = seen.get(word)
            if place is None:
                place = seen[word] = zlib.crc32(word.encode("utf-8", "replace")) % _FEATURES
            features[row, place] = 1.0
    scaled: npt.NDArray[np.float32] = features / np.maximum(np.sqrt(features.sum(axis=1, keepdims=True)), 1.0)
    return scaled


def vectors_of(sides: list[pa.Array]) -> list[npt.NDArray[np.float32]]:
    """Return the vectors of both sides, scaled alike; [] where they are not all of one length."""
    known = [side.drop_null()[:TEXTS] for side in sides]
    lengths = {len(one) for side in known for one in side}
    if len(lengths) != 1 or not next(iter(lengths)):
        return []
    size = lengths.pop()
    found = [
        np.asarray(side.flatten().cast(pa.float64()).fill_null(0.0), np.float64).reshape(-1, size)
        for side in known
    ]
    both = np.nan_to_num(np.concatenate(found), posinf=0.0, neginf=0.0)
    spread = both.std(axis=0)
    both = np.clip((both - both.mean(axis=0)) / np.where(spread > 0, spread, 1.0), -5, 5)
    return [half.astype(np.float32) for half in np.split(both, [len(found[0])])]
