"""Words of a segment become numbered features: word 1-, 2- and 3-grams, and the shape of the segment.

A feature is a 64-bit key computed from word numbers, looked up in one sorted array: exact, without
collisions, and a whole contract at a time. Digits are folded to zero, so "thirty (30) days" and "thirty
(60) days" share their features with every other notice period.
"""

import re
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from flyball.core.digests import digest_of_bytes

__all__ = [
    "SHAPES_FROM",
    "TRIGRAMS_FROM",
    "Features",
    "Vocabulary",
    "encode",
    "folded_digest",
    "keys_of",
    "words_of",
]

Ints = npt.NDArray[np.int64]

_DIGITS = str.maketrans("123456789", "000000000")
_WORD = re.compile(r"[a-z]+|0(?:[0,.]*0)?|[$%*\[]|_+")
_WORDS = 1 << 20  # room for word numbers; a 3-gram takes three times 20 bits
_BIGRAM = 1 << 40
TRIGRAMS_FROM = 1 << 60
"""Keys from here on are word 3-grams, then shapes; below are words and word pairs."""
SHAPES_FROM = 1 << 62
"""Keys from here on say where a segment stands and what it looks like."""
_POSITIONS = np.array([1, 2, 3, 4, 5, 8, 13, 21, 41])
_LENGTHS = np.array([60, 90, 140, 220, 350, 550])
_CAPITALS = np.array([0.05, 0.12, 0.3, 0.6])


@dataclass(frozen=True)
class Vocabulary:
    """What the detector knows of words.

    Parameters
    ----------
    words : dict of str to int
        Number of each known word, from 1.
    keys : ndarray of int64, shape (n_features,)
        Known feature keys, ascending.
    """

    words: dict[str, int]
    keys: Ints


@dataclass(frozen=True)
class Features:
    """The known features of one text.

    Parameters
    ----------
    rows, columns : ndarray of int64, shape (n_pairs,)
        Segment and feature of each pair, ascending by segment, each pair once.
    n_segments : int
    n_words : int
    known_share : float
        Share of the words that the vocabulary knows, in [0, 1]; 0 for a text without words.
    """

    rows: Ints
    columns: Ints
    n_segments: int
    n_words: int
    known_share: float


def folded(text: str) -> str:
    """Return the text in lower case with digits as zeros, character for character."""
    low = text.lower()
    if len(low) != len(text):  # a few letters grow in lower case; offsets must not move
        low = "".join(low_ if len(low_ := char.lower()) == 1 else char for char in text)
    return low.translate(_DIGITS)


def folded_digest(text: str) -> str:
    """Return the digest of the words of a text, so that layout and digits do not hide a known contract."""
    return digest_of_bytes(" ".join(_WORD.findall(folded(text))).encode())


def words_of(text: str, segments: npt.NDArray[np.int32]) -> tuple[list[str], Ints]:
    """Return all words in order of the text, and the number of words in each segment."""
    low = folded(text)
    find = _WORD.findall
    words: list[str] = []
    counts = np.zeros(len(segments), dtype=np.int64)
    for index, (start, end) in enumerate(segments.tolist()):
        found = find(low, start, end)
        counts[index] = len(found)
        words += found
    return words, counts


def keys_of(
    text: str, segments: npt.NDArray[np.int32], words: dict[str, int]
) -> tuple[Ints, Ints, int, float]:
    """Return every feature key of a text with its segment, and what share of the words is known.

    Parameters
    ----------
    text : str
    segments : ndarray of int32, shape (n_segments, 2)
    words : dict of str to int

    Returns
    -------
    rows, keys : ndarray of int64, shape (n_keys,)
        Not sorted, with repetitions.
    n_words : int
    known_share : float
    """
    tokens, counts = words_of(text, segments)
    numbers = np.fromiter(map(words.get, tokens, repeat(0)), dtype=np.int64, count=len(tokens))
    at = np.repeat(np.arange(len(segments)), counts)
    known = numbers > 0
    pair = known[:-1] & known[1:] & (at[:-1] == at[1:])
    triple = pair[:-1] & pair[1:]
    bigrams = numbers[:-1] * _WORDS + numbers[1:] + _BIGRAM
    trigrams = (numbers[:-2] * _WORDS + numbers[1:-1]) * _WORDS + numbers[2:] + TRIGRAMS_FROM
    shape_rows, shape_keys = _shape(text, segments)
    rows = np.concatenate([at[known], at[:-1][pair], at[:-2][triple], shape_rows])
    keys = np.concatenate([numbers[known], bigrams[pair], trigrams[triple], shape_keys])
    return rows, keys, len(tokens), float(known.mean()) if len(tokens) else 0.0


def encode(text: str, segments: npt.NDArray[np.int32], vocabulary: Vocabulary) -> Features:
    """Return the known features of a text, each once per segment.

    Parameters
    ----------
    text : str
    segments : ndarray of int32, shape (n_segments, 2)
    vocabulary : Vocabulary

    Returns
    -------
    Features
    """
    rows, keys, n_words, known_share = keys_of(text, segments, vocabulary.words)
    width = len(vocabulary.keys)
    if width == 0 or len(keys) == 0:
        none = np.zeros(0, dtype=np.int64)
        return Features(none, none, len(segments), n_words, known_share)
    columns = np.searchsorted(vocabulary.keys, keys)
    columns[columns == width] = 0
    found = vocabulary.keys[columns] == keys
    pairs = np.unique(rows[found] * width + columns[found])
    return Features(pairs // width, pairs % width, len(segments), n_words, known_share)


def _shape(text: str, segments: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return where a segment stands, how long it is and how much of it is in capitals, as keys."""
    n = len(segments)
    if n == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    upper = np.concatenate([[0], np.cumsum((codes >= 65) & (codes <= 90))])
    starts, ends = segments[:, 0], segments[:, 1]
    capitals = (upper[ends] - upper[starts]) / (ends - starts)
    index = np.arange(n)
    kinds = [
        np.searchsorted(_POSITIONS, index, side="right"),
        32 + np.searchsorted(_POSITIONS, index[::-1], side="right"),
        64 + index * 10 // n,
        96 + np.searchsorted(_LENGTHS, ends - starts, side="right"),
        128 + np.searchsorted(_CAPITALS, capitals, side="right"),
    ]
    return np.tile(index, len(kinds)), np.concatenate(kinds) + SHAPES_FROM
