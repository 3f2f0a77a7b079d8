"""What is read off a prompt: numbers that speak of its difficulty, and its words in numbered buckets."""

import math
import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["BUCKETS", "NUMBERS", "Hashed", "buckets_of", "hashed", "numbers_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BUCKETS = 1 << 16
"""For single words and pairs of words."""
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
_OPTION = re.compile(r"^[ \t]{0,8}\(?[A-J][.):][ \t](.*)$", re.MULTILINE)
_MOST_OPTIONS = 10
_QUANTITY = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*\w{0,6}")
_LONGEST_QUANTITY = 40
_ABOVE = ("all of the above", "none of")
_OPERATION = re.compile(r"[=^+*/<>]")
_SYMBOL = re.compile(r"(?<![A-Za-z])[b-zB-HJ-Z](?![A-Za-z.])")
_NAME = re.compile(r"\b[A-Z][a-z]+")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_ROMAN = re.compile(r"\b(?:I|II|III)\b")
_STATEMENT = re.compile(r"\bStatement (?:1|I)\b")
_LONG_WORD = 10

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
    "characters before the options",
    "options",
    "mean length of options",
    "longest option",
    "shortest option",
    "spread of their lengths",
    "share of options that are quantities",
    "likeness of options",
    "words of options in the question",
    "options that speak of others",
    "ends with a question mark",
    "ends with a colon",
    "gap to fill",
    "commas",
    "quotation marks",
    "single letters",
    "share of names",
    "years",
    "share of long words",
    "roman numerals",
    "numbered statements",
    "signs of operations",
)
"""What `numbers_of` returns, in this order; counts as log(1 + count)."""

Hashed = tuple[Ints, Ints]
"""The buckets of many prompts one after another, and where each prompt begins and ends, shape (n + 1,)."""


def numbers_of(prompt: str) -> list[float]:
    """Return the numbers of one prompt."""
    text = prompt[:LONGEST]
    found = [*_OPTION.finditer(text)]
    question = text[: found[0].start()] if found else text
    options = [one[1].strip().lower() for one in found[:_MOST_OPTIONS]]
    return [*_of_all(prompt, text), *_of_options(question, options), *_of_the_question(question, text)]


def _of_all(prompt: str, text: str) -> list[float]:
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


def _of_options(question: str, options: Sequence[str]) -> list[float]:
    lengths = [len(one) for one in options] or [0]
    mean = sum(lengths) / len(lengths)
    spread = math.sqrt(sum((one - mean) ** 2 for one in lengths) / len(lengths)) / (mean + 1.0)
    n = max(len(options), 1)
    words = [set(one.split()) for one in options]
    asked = set(question.lower().split())
    alike = [_share(one, other) for place, one in enumerate(words) for other in words[:place]]
    return [
        _log(len(question)),
        float(len(options)),
        _log(mean),
        _log(max(lengths)),
        _log(min(lengths)),
        spread,
        sum(map(_is_quantity, options)) / n,
        sum(alike) / max(len(alike), 1),
        sum(len(one & asked) / max(len(one), 1) for one in words) / n,
        float(any(said in one for one in options for said in _ABOVE)),
    ]


def _of_the_question(question: str, text: str) -> list[float]:
    words = question.split()
    n_words = max(len(words), 1)
    end = question.rstrip()[-1:]
    return [
        float(end == "?"),
        float(end == ":"),
        float("_" in question),
        _log(question.count(",")),
        _log(question.count('"') + question.count("\u201c")),
        _log(len(_SYMBOL.findall(question))),
        len(_NAME.findall(" ".join(words[1:]))) / n_words,
        _log(len(_YEAR.findall(question))),
        sum(len(one) >= _LONG_WORD for one in words) / n_words,
        float(_ROMAN.search(question) is not None),
        float(_STATEMENT.search(question) is not None),
        _log(len(_OPERATION.findall(text))),
    ]


def _is_quantity(option: str) -> bool:
    return len(option) <= _LONGEST_QUANTITY and _QUANTITY.fullmatch(option) is not None


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _log(count: float) -> float:
    return math.log1p(min(count, 1e15))


def buckets_of(prompt: str) -> Ints:
    """Return the buckets of words and pairs of words; each once, ascending."""
    tokens = _TOKEN.findall(prompt[:LONGEST].lower())
    single = np.fromiter(map(_bucket, tokens), np.int64, len(tokens))
    pairs = (single[:-1] * 1_000_003 + single[1:]) % 0xFFFF_FFFB
    return np.unique(np.concatenate([single, pairs]) & (BUCKETS - 1))


def _bucket(token: str) -> int:
    """Return the number of a word. Nothing is cached: words of prompts are not kept in memory."""
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))


def hashed(prompts: Sequence[str]) -> Hashed:
    """Return the buckets of many prompts."""
    parts = [buckets_of(prompt) for prompt in prompts]
    ends = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    return (np.concatenate(parts) if parts else np.zeros(0, np.int64)), ends
