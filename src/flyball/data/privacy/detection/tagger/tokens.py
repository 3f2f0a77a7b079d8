"""Tokens of a text, as columns: found, hashed and shaped without a loop over words."""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["BASE", "Tokens", "hash_word", "split_tokens"]

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

BASE = 0x9E3779B97F4A7C15 | 1
"""Base of the rolling hash; odd, so that it has an inverse modulo 2**64."""

_SPACE, _PUNCTUATION, _LOWER, _UPPER, _DIGIT = range(5)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words, numbers and single signs of a text.

    Parameters
    ----------
    start, end : int64 of shape (n,)
        Byte offsets.
    first : uint8 of shape (n,)
        Class of the first character: 1 sign, 2 lower case, 3 capital, 4 digit.
    word : uint64 of shape (n,)
        Hash of the lower-case bytes; equal words have equal hashes wherever they stand.
    shape : uint8 of shape (n,)
        Which classes occur, the length up to 3 for digits, and whether the rest is capital.
    lines : uint8 of shape (n,)
        Line ends before the token, at most 2; 3 at the beginning of a text.
    prefixes, suffixes : uint64 of shape (3, n)
        Hashes of the first and last 2, 3, 4 bytes; 0 where the word is shorter.
    """

    start: Places
    end: Places
    first: Bytes
    word: Hashes
    shape: Bytes
    lines: Bytes
    prefixes: Hashes
    suffixes: Hashes


@cache
def _tables() -> tuple[Bytes, Bytes]:
    classes = np.full(256, _PUNCTUATION, np.uint8)
    classes[[0, 9, 10, 11, 12, 13, 32]] = _SPACE
    classes[ord("0") : ord("9") + 1] = _DIGIT
    classes[ord("a") : ord("z") + 1] = _LOWER
    classes[ord("A") : ord("Z") + 1] = _UPPER
    classes[128:] = _LOWER
    lower = np.arange(256, dtype=np.uint8)
    lower[ord("A") : ord("Z") + 1] += 32
    return classes, lower


def _powers(size: int) -> tuple[Hashes, Hashes]:
    return _power_tables(1 << max(size - 1, 1).bit_length())


@lru_cache(maxsize=4)
def _power_tables(size: int) -> tuple[Hashes, Hashes]:
    """Return BASE**k and BASE**-k modulo 2**64 for k below size."""
    up = np.full(size, BASE, np.uint64)
    down = np.full(size, pow(BASE, -1, 1 << 64), np.uint64)
    up[0] = down[0] = 1
    return np.multiply.accumulate(up), np.multiply.accumulate(down)


def hash_word(word: str) -> int:
    """Return the hash that `split_tokens` gives to a word."""
    total, power = 0, 1
    for byte in _fold(np.frombuffer(word.encode(), np.uint8)).tolist():
        total = (total + (byte + 1) * power) % (1 << 64)
        power = power * BASE % (1 << 64)
    return total


def _fold(data: Bytes) -> Bytes:
    """Lower the case of ASCII and of Latin-1 capitals (C3 80 to C3 9E), and of every second of C4 and C5."""
    folded = _tables()[1][data]
    if data.size and int(data.max()) >= 0x80:
        lead = np.concatenate((np.zeros(1, np.uint8), data[:-1]))
        folded[(lead == 0xC3) & (data >= 0x80) & (data <= 0x9E)] += 0x20
        extended = ((lead == 0xC4) | (lead == 0xC5)) & (data >= 0x80)
        folded[extended] |= 1  # coarse: some pairs of these blocks are shifted by one
    return folded


def _classes(data: Bytes) -> Bytes:
    classes = _tables()[0][data]
    if data.size and int(data.max()) >= 0x80:
        three = np.flatnonzero(data == 0xE2)  # quotes, dashes and other signs of U+2000 to U+2FFF
        for step in range(3):
            classes[np.minimum(three + step, data.size - 1)] = _PUNCTUATION
        two = np.flatnonzero(data == 0xC2)  # no-break space and signs of U+0080 to U+00BF
        classes[two] = _SPACE
        after = np.minimum(two + 1, data.size - 1)
        classes[after] = np.where(data[after] == 0xA0, _SPACE, _PUNCTUATION)
        lead = np.concatenate((np.zeros(1, np.uint8), data[:-1]))
        capital = (lead == 0xC3) & (data >= 0x80) & (data <= 0x9E)
        capital |= ((lead == 0xC4) | (lead == 0xC5)) & (data >= 0x80) & (data % 2 == 0)
        capital |= (lead == 0xD0) & (data >= 0x80) & (data <= 0xAF)  # Cyrillic
        capital |= (lead == 0xCE) & (data >= 0x86) & (data <= 0xAB)  # Greek
        at = np.flatnonzero(capital)
        classes[at] = _UPPER
        classes[at - 1] = _UPPER
    return classes


def split_tokens(data: Bytes) -> Tokens:
    """Return the tokens of UTF-8 text.

    Parameters
    ----------
    data : uint8 of shape (n_bytes,)
        A zero byte parts two texts.

    Returns
    -------
    Tokens
        Time and memory are linear in the bytes.
    """
    classes = _classes(data)
    kind = np.where(classes >= _LOWER, np.uint8(2), classes)
    changed = np.empty(data.size, bool)
    changed[:1] = True
    np.not_equal(kind[1:], kind[:-1], out=changed[1:])
    changed |= (kind == _PUNCTUATION) & (data < 0x80)  # each sign of ASCII is a token of its own
    changed |= data == 0xE2
    edges = np.flatnonzero(changed)
    ends = np.append(edges[1:], data.size)
    there = kind[edges] != _SPACE
    start, end = edges[there], ends[there]
    if not start.size:
        none = np.zeros(0, np.uint64)
        small = np.zeros(0, np.uint8)
        return Tokens(
            start, end, small, none, small, small, np.zeros((3, 0), np.uint64), np.zeros((3, 0), np.uint64)
        )
    folded = _fold(data)
    sums = _running_sums(folded)
    length = end - start
    word = _hashes(sums, start, end)
    prefixes = np.stack(
        [
            np.where(length > size, _hashes(sums, start, np.minimum(start + size, end)), 0)
            for size in (2, 3, 4)
        ]
    )
    suffixes = np.stack(
        [np.where(length > size, _hashes(sums, np.maximum(end - size, start), end), 0) for size in (2, 3, 4)]
    )
    bits = np.left_shift(np.uint8(1), classes)
    occurring = np.bitwise_or.reduceat(bits, start) if start.size else bits[:0]
    # reduceat reads on to the next start: that takes in the spaces between, whose bit is dropped
    occurring &= np.uint8(0b11110)
    first = classes[start]
    second = classes[np.minimum(start + 1 + (data[start] >= 0x80), end - 1)]
    size = np.minimum(length, 6).astype(np.uint8)
    digits = first == _DIGIT
    shape = (occurring >> 1) | (np.where(digits, size, np.minimum(size, 3)) << 4)
    shape |= np.where((first == _UPPER) & (second == _LOWER), np.uint8(128), np.uint8(0))
    return Tokens(start, end, first, word, shape, _lines(data, start), prefixes, suffixes)


def _lines(data: Bytes, start: Places) -> Bytes:
    ends = np.cumsum(data == 10, dtype=np.int32)
    at = ends[start]
    lines = np.minimum(np.diff(at, prepend=0), 2).astype(np.uint8)
    breaks = np.flatnonzero(data == 0)
    if breaks.size:
        after = np.searchsorted(start, breaks)
        lines[after[after < start.size]] = 3
    lines[:1] = 3
    return lines


def _running_sums(folded: Bytes) -> Hashes:
    """Return the sums of byte * BASE**position before each place, with one more for the end."""
    sums = np.zeros(folded.size + 1, np.uint64)
    np.cumsum((folded + np.uint64(1)) * _powers(folded.size)[0][: folded.size], out=sums[1:])
    return sums


def _hashes(sums: Hashes, start: Places, end: Places) -> Hashes:
    """Return the hashes of stretches: the sum within, moved to position 0."""
    return np.asarray((sums[end] - sums[start]) * _powers(sums.size)[1][start])
