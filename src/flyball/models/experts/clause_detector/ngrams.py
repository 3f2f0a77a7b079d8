"""Words of a segment become numbered features: word 1-, 2- and 3-grams, beside its marks.

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
from flyball.models.experts.clause_detector.marks import marks_of

__all__ = [
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
"""Keys from here on are word 3-grams; below are words and word pairs."""


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
        Segment and n-gram of each pair, ascending by segment, each pair once.
    mark_rows, marks : ndarray of int64, shape (n_marks,)
        Segment and number of each mark (`marks.marks_of`).
    n_segments : int
    n_words : int
    known_share : float
        Share of the words that the vocabulary knows, in [0, 1]; 0 for a text without words.
    """

    rows: Ints
    columns: Ints
    mark_rows: Ints
    marks: Ints
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
    """Return all words of a folded text in order, and the number of words in each segment."""
    find = _WORD.findall
    words: list[str] = []
    counts = np.zeros(len(segments), dtype=np.int64)
    for index, (start, end) in enumerate(segments.tolist()):
        found = find(text, start, end)
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
        Folded.
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
    rows = np.concatenate([at[known], at[:-1][pair], at[:-2][triple]])
    keys = np.concatenate([numbers[known], bigrams[pair], trigrams[triple]])
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
    low = folded(text)
    mark_rows, marks = marks_of(text, low, segments)
    rows, keys, n_words, known_share = keys_of(low, segments, vocabulary.words)
    width = len(vocabulary.keys)
    if width == 0 or len(keys) == 0:
        none = np.zeros(0, dtype=np.int64)
        return Features(none, none, mark_rows, marks, len(segments), n_words, known_share)
    columns = np.searchsorted(vocabulary.keys, keys)
    columns[columns == width] = 0
    found = vocabulary.keys[columns] == keys
    pairs = np.unique(rows[found] * width + columns[found])
    return Features(pairs // width, pairs % width, mark_rows, marks, len(segments), n_words, known_share)
