"""Features of plain texts: hashed word and character n-grams, all texts of a batch at once.

Everything is a 64-bit hash that is computed for the whole batch with a handful of numpy calls: the hash of a
run of bytes is a difference of two running sums of powers, so no word is ever a Python object.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["BITS", "encode"]

BITS = 18
"""Features are folded onto 2 ** BITS columns."""

_Longs = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_LONGEST_BATCH = 1 << 18  # bytes that are hashed together
_CHARACTERS = (4, 5)
_WORDS = (1, 2, 3)
_EDGE = 0x1E  # parts texts, and is no character of any


def _kinds() -> npt.NDArray[np.uint8]:
    """Return the class of each byte: 0 blank, 1 letter, 2 digit, 3 end of sentence, 4 other sign, 5 edge."""
    kinds = np.full(256, 4, np.uint8)
    kinds[[9, 11, 12, 13, 32]] = 0
    kinds[ord("a") : ord("z") + 1] = 1
    kinds[128:] = 1
    kinds[ord("0") : ord("9") + 1] = 2
    kinds[[ord("."), ord("!"), ord("?"), 10]] = 3
    kinds[_EDGE] = 5
    return kinds


_KINDS = _kinds()
_FOLDED = np.arange(256, dtype=np.uint8)
_FOLDED[ord("0") : ord("9") + 1] = ord("0")


def _powers(base: np.uint64, n: int) -> _Longs:
    with np.errstate(over="ignore"):
        return np.concatenate(([np.uint64(1)], np.cumprod(np.full(n - 1, base, np.uint64), dtype=np.uint64)))


_POWERS = _powers(_BASE, _LONGEST_BATCH + 4096)
_INVERSE = _powers(np.uint64(pow(int(_BASE), -1, 1 << 64)), _LONGEST_BATCH + 4096)


def encode(texts: Sequence[str]) -> tuple[_Ints, _Ints]:
    """Return which features each text has.

    Parameters
    ----------
    texts : sequence of str
        Plain, as `normalise` returns them; each of at most a few thousand characters.

    Returns
    -------
    rows, columns : ndarray of int64, shape (n_pairs,)
        Number of the text and of the feature, ascending, each pair once.
    """
    rows: list[_Ints] = []
    columns: list[_Ints] = []
    group: list[bytes] = []
    first, size = 0, 0
    for number, text in enumerate(texts):
        data = text.encode("utf-8", "replace").replace(b"\x1e", b" ")
        if size + len(data) > _LONGEST_BATCH and group:
            _encode_group(group, first, rows, columns)
            first, size, group = number, 0, []
        group.append(data[:_LONGEST_BATCH])
        size += len(data) + 1
    if group:
        _encode_group(group, first, rows, columns)
    if not rows:
        none = np.zeros(0, np.int64)
        return none, none
    return np.concatenate(rows), np.concatenate(columns)


def _encode_group(group: list[bytes], first: int, rows: list[_Ints], columns: list[_Ints]) -> None:
    edge = bytes([_EDGE])
    data = np.frombuffer(edge + edge.join(group) + edge, np.uint8)
    starts = np.cumsum([1, *(len(one) + 1 for one in group)])[:-1]
    owners = np.cumsum(data == _EDGE) - 1  # the edge before a text counts as its own
    with np.errstate(over="ignore"):
        words, owner = _word_hashes(data, owners)
        parts = [_mixed(words, 1)]
        owned = [owner]
        for n in _WORDS[1:]:
            if len(words) < n:
                continue
            run = np.zeros(len(words) - n + 1, np.uint64)
            for at in range(n):
                run = run * _BASE + words[at : len(words) - n + 1 + at]
            same = owner[: len(run)] == owner[n - 1 :]
            parts.append(_mixed(run[same], n))
            owned.append(owner[: len(run)][same])
        squeezed, squeezed_owner = _squeezed(data, owners)
        for n in _CHARACTERS:
            if len(squeezed) < n:
                continue
            grams = np.zeros(len(squeezed) - n + 1, np.uint64)
            for at in range(n):
                grams = (grams << np.uint64(8)) | squeezed[at : len(squeezed) - n + 1 + at].astype(np.uint64)
            same = squeezed_owner[: len(grams)] == squeezed_owner[n - 1 :]
            parts.append(_mixed(grams[same], 10 + n))
            owned.append(squeezed_owner[: len(grams)][same])
    keys = np.concatenate(owned).astype(np.int64) << BITS | np.concatenate(parts)
    keys = np.sort(keys[np.concatenate(owned) < len(starts)])  # np.unique is many times slower
    new = np.ones(len(keys), bool)
    new[1:] = keys[1:] != keys[:-1]
    keys = keys[new]
    rows.append((keys >> BITS) + first)
    columns.append(keys & ((1 << BITS) - 1))


def _mixed(hashes: _Longs, salt: int) -> _Ints:
    mixed = (hashes + np.uint64(salt)) * _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _BASE
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def _word_hashes(data: npt.NDArray[np.uint8], owners: _Ints) -> tuple[_Longs, _Ints]:
    """Return the hash of every word, number, sign and edge, in order, and the text that each is of."""
    kinds = _KINDS[data]
    # A word goes on while its class does; ends of sentences, signs and edges stand alone.
    begins = np.ones(len(data), bool)
    begins[1:] = (kinds[1:] != kinds[:-1]) | (kinds[1:] >= 4)
    begins &= kinds != 0
    ends = np.ones(len(data), bool)
    ends[:-1] = (kinds[1:] != kinds[:-1]) | (kinds[:-1] >= 4)
    ends &= kinds != 0
    start = np.flatnonzero(begins)
    stop = np.flatnonzero(ends) + 1
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum((_FOLDED[data].astype(np.uint64) + np.uint64(1)) * _POWERS[: len(data)], out=sums[1:])
    return (sums[stop] - sums[start]) * _INVERSE[start], owners[start]


def _squeezed(data: npt.NDArray[np.uint8], owners: _Ints) -> tuple[npt.NDArray[np.uint8], _Ints]:
    """Return the letters and digits with one blank for whatever parts them."""
    kinds = _KINDS[data]
    word = (kinds == 1) | (kinds == 2)
    keep = word.copy()
    keep[1:] |= word[:-1]
    keep |= kinds == 5
    folded = np.where(word, _FOLDED[data], 32).astype(np.uint8)
    return folded[keep], owners[keep]
