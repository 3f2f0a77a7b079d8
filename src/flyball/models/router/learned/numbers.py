"""What is read off a prompt: numbers that speak of its difficulty, and its words in numbered buckets."""

import math
import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["BUCKETS", "NUMBERS", "TOPIC_BUCKETS", "Hashed", "buckets_of", "hashed", "numbers_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BUCKETS = 1 << 16
"""For single words and pairs of words."""
TOPIC_BUCKETS = 1 << 11
"""For the single words by which topics are told apart."""
LONGEST = 20_000
"""Characters that are read; what comes behind them is counted and not read."""

_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
_NUMBER = re.compile(r"\d[\d,]{0,20}(?:\.\d{1,20})?")
_SENTENCE = re.compile(r"[.!?](?:\s|$)")
_TIMES = ("twice", "half", "third", "quarter", "times", "double", "triple", "dozen")
_COMPARES = (" more ", " less ", " than ", " fewer ")
_JOINS = (" if ", " then ", " each ", " every ", " per ")
_DENIES = ("not ", "except", "never")
_PERIODS = ("week", "day", "hour", "minute", "month", "year")

NUMBERS = (
    "characters",
    "words",
    "sentences",
    "words per sentence",
    "numbers",
    "share of numbers",
    "largest number",
    "decimals",
    "per cents",
    "dollars",
    "fractions",
    "commands of formulas",
    "length of words",
    "share of capitals",
    "lines",
    "questions",
    "share of different words",
    "words of multiples",
    "words that compare",
    "words that join",
    "words that deny",
    "periods of time",
    "equations",
    "other scripts",
)
"""What `numbers_of` returns, in this order; counts as log(1 + count)."""

Hashed = tuple[Ints, Ints]
"""The buckets of many prompts one after another, and where each prompt begins and ends, shape (n + 1,)."""


def numbers_of(prompt: str) -> list[float]:
    """Return the numbers of one prompt."""
    text = prompt[:LONGEST]
    low = text.lower()
    words = text.split()
    n_words = max(len(words), 1)
    n_characters = max(len(text), 1)
    n_sentences = len(_SENTENCE.findall(text)) + 1
    found = _NUMBER.findall(text)
    values = [float(one.replace(",", "")) for one in found]
    return [
        _log(len(prompt)),
        _log(n_words),
        _log(n_sentences),
        n_words / n_sentences,
        _log(len(found)),
        len(found) / n_words,
        _log(max(values, default=0.0)),
        _log(sum("." in one for one in found)),
        _log(text.count("%") + low.count("percent")),
        _log(text.count("$")),
        _log(text.count("/")),
        _log(text.count("\\")),
        sum(map(len, words)) / n_words,
        sum(map(str.isupper, text)) / n_characters,
        _log(text.count("\n")),
        _log(text.count("?")),
        len(set(low.split())) / n_words,
        _log(sum(word in low for word in _TIMES)),
        _log(sum(low.count(word) for word in _COMPARES)),
        _log(sum(low.count(word) for word in _JOINS)),
        _log(sum(word in low for word in _DENIES)),
        _log(sum(word in low for word in _PERIODS)),
        _log(text.count("=") + text.count("^")),
        _log(n_characters - len(text.encode("ascii", "ignore"))),
    ]


def _log(count: float) -> float:
    return math.log1p(min(count, 1e15))


def buckets_of(prompt: str) -> tuple[Ints, Ints]:
    """Return the buckets of words and pairs, and those of single words for topics; each once, ascending."""
    tokens = _TOKEN.findall(prompt[:LONGEST].lower())
    single = np.fromiter(map(_bucket, tokens), np.int64, len(tokens))
    pairs = (single[:-1] * 1_000_003 + single[1:]) % 0xFFFF_FFFB
    joined = np.concatenate([single, pairs]) & (BUCKETS - 1)
    return np.unique(joined), np.unique(single >> 8 & (TOPIC_BUCKETS - 1))


def _bucket(token: str) -> int:
    """Return the number of a word. Nothing is cached: words of prompts are not kept in memory."""
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))


def hashed(prompts: Sequence[str]) -> tuple[Hashed, Hashed]:
    """Return the buckets of many prompts: words and pairs, and topics."""
    both = [buckets_of(prompt) for prompt in prompts]
    return _together([one for one, _ in both]), _together([one for _, one in both])


def _together(parts: Sequence[Ints]) -> Hashed:
    ends = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    return (np.concatenate(parts) if parts else np.zeros(0, np.int64)), ends
