"""Numbers as contracts write them: 90, ninety (90), 1,000,000, 1.5 million, twenty-four."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Number", "numbers"]

_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SHORT_SCALES = {
    **_SCALES,
    "mio": 1_000_000,
    "mn": 1_000_000,
    "m": 1_000_000,
    "bn": 1_000_000_000,
    "k": 1_000,
}

_TOKEN = re.compile(r"(?P<digits>\d+(?:[.,]\d+)*)|(?P<word>[A-Za-z]+)")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_GROUPED_BY_DOTS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?\Z|\d{1,3}(?:\.\d{3})+,\d+\Z")
_PLAIN = re.compile(r"\d+(?:\.\d+)?\Z")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}\Z")
_BETWEEN_WORDS = re.compile(r"(?:\s|-){1,3}\Z")
_BRACKET = re.compile(r"\s{0,3}\(\s{0,3}\Z")
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    Parameters
    ----------
    value : float
    start, end : int
        Place, a repetition in brackets included.
    certain : bool
        False where words and digits contradict each other, or the digits can be read in two ways.
    """

    value: float
    start: int
    end: int
    certain: bool = True


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text in their order; "ninety (90)" is one number."""
    found: list[Number] = []
    for number in _single(text):
        before = found[-1] if found else None
        if before is not None and _BRACKET.match(text, before.end, number.start):
            closing = text[number.end : number.end + 1] in ")%"  # "thirty per cent (30%)" is closed later
            if closing or text[number.end : number.end + 2].startswith(" "):
                same = before.value == number.value
                found[-1] = Number(
                    before.value, before.start, _after_bracket(text, number.end), same and before.certain
                )
                continue
        found.append(number)
    return found


def _after_bracket(text: str, end: int) -> int:
    return end + 1 if text[end : end + 1] == ")" else end


def _single(text: str) -> Iterator[Number]:
    tokens = list(_TOKEN.finditer(text))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.group("digits"):
            value, certain = _of_digits(token.group("digits"))
            end, used = token.end(), 1
            follower = tokens[at + 1] if at + 1 < len(tokens) else None
            if follower is not None and text[end : follower.start()].strip(" \u00a0") == "":
                scale = _SHORT_SCALES.get(follower.group().lower())
                short = follower.group().lower() in ("m", "k")
                if scale and not (short and follower.start() != end):  # "5 m" is five metres
                    value, end, used = value * scale, follower.end(), 2
            yield Number(value, token.start(), end, certain)
            at += used
        elif _is_number_word(token.group()):
            used, value = _of_words(text, tokens, at)
            yield Number(value, token.start(), tokens[at + used - 1].end())
            at += used
        else:
            at += 1


def _of_digits(digits: str) -> tuple[float, bool]:
    if len(digits) > _MOST_DIGITS:
        return 0.0, False
    if _GROUPED.match(digits):
        return float(digits.replace(",", "")), True
    if _GROUPED_BY_DOTS.match(digits):
        return float(digits.replace(".", "").replace(",", ".")), True
    if _PLAIN.match(digits):
        _, dot, decimals = digits.partition(".")
        return float(digits), not (dot and len(decimals) == 3 and not digits.startswith("0"))  # 1.500
    if _DECIMAL_COMMA.match(digits):
        return float(digits.replace(",", ".")), True
    return 0.0, False


def _is_number_word(word: str) -> bool:
    return word.lower() in _UNITS or word.lower() in _TENS


def _of_words(text: str, tokens: list[re.Match[str]], at: int) -> tuple[int, float]:
    """Return how many tokens belong to the number that starts at `at`, and its value."""
    total = part = 0
    used = last = 0
    scale = 10 * _SCALES["billion"]
    while at + used < len(tokens):
        token = tokens[at + used]
        word = token.group().lower()
        if used:
            gap = text[tokens[at + used - 1].end() : token.start()]
            if not _BETWEEN_WORDS.match(gap):
                break
        if word in _UNITS and (last == 0 or last >= 100 or (20 <= last < 100 and 0 < _UNITS[word] < 10)):
            part += _UNITS[word]
            last = max(_UNITS[word], 1)
        elif word in _TENS and (last == 0 or last >= 100):
            part += _TENS[word]
            last = _TENS[word]
        elif word == "hundred" and 0 < part < 100:
            part *= 100
            last = 100
        elif word in _SCALES and word != "hundred" and part and _SCALES[word] < scale:
            last = scale = _SCALES[word]
            total, part = total + part * scale, 0
        elif word == "and" and last >= 100 and _continues(tokens, at + used + 1):
            used += 1
            continue
        else:
            break
        used += 1
    return used, float(total + part)


def _continues(tokens: list[re.Match[str]], at: int) -> bool:
    return at < len(tokens) and _is_number_word(tokens[at].group())
