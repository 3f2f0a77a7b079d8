"""A text as numbered features: words, pairs of words, and pieces of four letters, hashed into one table.

Two features may share a place (the table has 262,144); digits are folded to zero, so that "invoice 4711" and
"invoice 4712" are one. Source of hashing: Weinberger et al. 2009, arXiv:0902.2206.
"""

import re
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PLACES", "Features", "features_of"]

PLACES = 1 << 18
_MOST_WORDS = 20_000
_PIECE = 4
_WORD = re.compile(r"\w+")
_DIGITS = str.maketrans("123456789", "000000000")
_PRIMES = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F], dtype=np.uint64)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(33)
_MASK = np.uint64(PLACES - 1)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Features:
    """Every feature of a text, as often as it stands there.

    Parameters
    ----------
    places : ndarray of int64, shape (n_features,)
        In [0, PLACES).
    first, last : ndarray of int64, shape (n_features,)
        The words that each covers.
    spans : ndarray of int64, shape (n_words, 2)
        Where each word stands in the text.
    """

    places: Ints
    first: Ints
    last: Ints
    spans: Ints


def features_of(text: str) -> Features:
    """Return the features of a text; of a longer one, its first 20,000 words count."""
    low = _folded(text)
    spans = [found.span() for found in _WORD.finditer(low)][:_MOST_WORDS]
    if not spans:
        none = np.zeros(0, dtype=np.int64)
        return Features(none, none, none, np.zeros((0, 2), dtype=np.int64))
    words = np.array(
        [zlib.crc32(low[start:end].encode("utf-8", "replace")) for start, end in spans], np.uint64
    )
    places = np.array(spans, dtype=np.int64)
    number = np.arange(len(spans), dtype=np.int64)
    pairs = words[:-1] * _PRIMES[0] + words[1:] * _PRIMES[1] + np.uint64(1)
    pieces, of_word = _pieces(low, places)
    return Features(
        np.concatenate([_hashed(words), _hashed(pairs), _hashed(pieces)]),
        np.concatenate([number, number[:-1], of_word]),
        np.concatenate([number, number[1:], of_word]),
        places,
    )


def _pieces(low: str, spans: Ints) -> tuple[npt.NDArray[np.uint64], Ints]:
    """Return a number for each run of four letters inside a word, and the word that it is in."""
    codes = np.frombuffer(low[: int(spans[-1, 1])].encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    of_letter = np.full(len(codes), -1, dtype=np.int64)
    for number, (start, end) in enumerate(spans.tolist()):
        of_letter[start:end] = number
    if len(codes) < _PIECE:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    n = len(codes) - _PIECE + 1
    whole = (of_letter[:n] >= 0) & (of_letter[:n] == of_letter[_PIECE - 1 :])
    wide = codes.astype(np.uint64)
    summed = sum((wide[at : at + n] * _PRIMES[at] for at in range(_PIECE)), np.zeros(n, dtype=np.uint64))
    return summed[whole] + np.uint64(2), of_letter[:n][whole]


def _hashed(keys: npt.NDArray[np.uint64]) -> Ints:
    mixed = keys * _MIX
    mixed = (mixed ^ (mixed >> _SHIFT)) * _PRIMES[2]
    places: Ints = ((mixed >> np.uint64(16)) & _MASK).astype(np.int64)
    return places


def _folded(text: str) -> str:
    """Return the text in lower case with digits as zeros, character for character."""
    low = text.lower()
    if len(low) != len(text):  # a few letters grow in lower case; offsets must not move
        low = "".join(one if len(one := letter.lower()) == 1 else letter for letter in text)
    return low.translate(_DIGITS)
