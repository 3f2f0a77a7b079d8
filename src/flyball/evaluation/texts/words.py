"""Words, numbers and names of a text, as metrics compare them."""

import re
import unicodedata

__all__ = ["names", "normalised", "numbers", "quoted", "words"]

_WORD = re.compile(r"\w+(?:[.,:/'-]\w+)*", re.UNICODE)
_NUMBER = re.compile(r"(?<![\w.,])[-+]?\d+(?:[.,'\u00a0\u202f]\d+)*(?![.,']?\w)")
_QUOTED = re.compile(r"[\"\u201c\u201e]([^\"\u201c\u201d\u201e]{3,200})[\"\u201d\u201c]")
_CAPITAL = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


_OPENERS = frozenset(
    """after all also although an and any as at because before both but by during each either every
    for from had has have he her his however if in is it its neither no not of on once only or
    other our she since so some such that the their then there these they this those though to
    under unless until upon was we were when where whether which while with within without yes
    you your aber alle als am auch auf aus bei da das dem den der des die diese dieser dieses
    durch ein eine er es gegen ihr im ist ja kein mit nach nein nicht nur ob ohne seit sie sind
    und unter vom von vor war wenn wie wird zu zum zur""".split()  # noqa: SIM905
)
"""Words that often begin a sentence and are no part of the name behind them; English and German."""


def normalised(text: str) -> str:
    """Return a text without capitals, punctuation and articles, with single spaces.

    Source: the normalisation of SQuAD, Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(letter)[0] in "PSZC" else letter for letter in folded)
    return " ".join(word for word in kept.split() if word not in ("a", "an", "the"))


def words(text: str) -> list[str]:
    """Return the normalised words of a text."""
    return normalised(text).split()


def numbers(text: str) -> list[frozenset[float]]:
    """Return the numbers of a text, each with every value that it may be read as: 1.200 is 1200 or 1.2."""
    return [_values(match.group()) for match in _NUMBER.finditer(text)]


def names(text: str) -> list[str]:
    """Return runs of words that begin with a capital, without a word that only begins a sentence."""
    found: list[list[str]] = []
    end = -10
    for match in _CAPITAL.finditer(text):
        word = match.group()
        if not word[:1].isupper():
            continue
        begins = not word.isupper() and _begins(text, match.start())
        if begins and (word.casefold() in _OPENERS or not _goes_on(text, match.end())):
            continue
        if text[end : match.start()] == " " and found:
            found[-1].append(word)
        else:
            found.append([word])
        end = match.end()
    return [" ".join(run) for run in found]


def quoted(text: str) -> list[str]:
    """Return what stands in quotation marks."""
    return [match.group(1) for match in _QUOTED.finditer(text)]


def _begins(text: str, start: int) -> bool:
    """Return whether a sentence begins here."""
    at = start - 1
    while at >= 0 and text[at].isspace():
        if text[at] == "\n":
            return True
        at -= 1
    return at < 0 or text[at] in ".!?:"


def _goes_on(text: str, end: int) -> bool:
    """Return whether another capital follows: "Acme Corp", not "The supplier"."""
    following = _CAPITAL.match(text, end + 1) if text[end : end + 1] == " " else None
    return following is not None and following.group()[:1].isupper()


def _values(written: str) -> frozenset[float]:
    bare = re.sub(r"['\u00a0\u202f]", "", written)
    readings = {bare.replace(",", ""), bare.replace(".", "").replace(",", ".")}
    found = set()
    for one in readings:
        try:
            found.add(abs(float(one)))
        except ValueError:
            continue
    return frozenset(found)
