"""Other views of a text: what a reader sees, or can decode, where a pattern sees nothing.

Invisible characters between letters, letters of other scripts or styles drawn like Latin ones, letters hidden
in tags, text that is shown from right to left, base64 and hexadecimal. What is found in a view is told at its
place in the text.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.prompt_injection.normalise import LATIN

__all__ = ["found_through", "identifies", "visible_length"]

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e001f\U000e007f-\U000e01ef"
)
_HIDDEN = re.compile(f"[{_INVISIBLE}]")
_UNLIKE = re.compile(
    f"[{_INVISIBLE}\U000e0020-\U000e007e\u2460-\u24ff\uff01-\uff5e\U0001d400-\U0001d7ff]"
    "|(?<=[A-Za-z0-9_@.])[\u0370-\u04ff]|[\u0370-\u04ff](?=[A-Za-z0-9_@.])"
)
_TURNED = re.compile("[\u202e\u2067\u2068][^\u202c\u2069\n]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){12,}")
_READABLE = re.compile(rb"[\x20-\x7e\n\r\t]{10,}")
_DIGITS = re.compile(r"[0-9a-fA-F]")


@dataclass(frozen=True, slots=True)
class View:
    """A view, and for each of its characters where in the text it begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def found(self, one: Found) -> Found:
        """Return what was found here at its place in the text."""
        start, end = min(self.starts[one.start : one.end]), max(self.ends[one.start : one.end])
        return Found(start, end, one.kind, one.score, one.recogniser)


def found_through(
    texts: Sequence[str], look: Callable[[list[str]], Sequence[Sequence[Found]]], keep: Callable[[str], bool]
) -> list[list[Found]]:
    """Return what is found in texts and in their other views, all looked at together.

    Parameters
    ----------
    texts : sequence of str
    look : callable
        Finds in several texts.
    keep : callable (str) -> bool
        Whether words that were found in a view, and not in the text itself, count.
    """
    views = [views_of(text) for text in texts]
    flat = [view for group in views for view in group]
    seen = look([*texts, *(view.text for view in flat)])
    hidden = iter(seen[len(texts) :])
    results = []
    for group, plain in zip(views, seen[: len(texts)], strict=True):
        found = list(plain)
        for view in group:
            more = [
                one for one in next(hidden) if one.end > one.start and keep(view.text[one.start : one.end])
            ]
            told = [view.found(one) for one in more]
            found += [one for one in told if not any(_within(one, other) for other in found)]
        results.append(sorted(found, key=lambda one: (one.start, one.end, one.kind)))
    return results


def identifies(words: str) -> bool:
    """Return whether words that were hidden are a number or an address; names are not looked for there."""
    return "@" in words or any(one.isdigit() for one in words)


def _within(one: Found, other: Found) -> bool:
    return other.start <= one.start and one.end <= other.end and other.kind == one.kind


def visible_length(text: str, wanted: int) -> int | None:
    """Return how much of a text holds so many visible characters; None where it does not."""
    if len(text) < wanted:
        return None
    if text.isascii():
        return wanted
    length, seen = wanted, wanted - len(_HIDDEN.findall(text, 0, wanted))
    while seen < wanted:
        if length >= len(text):
            return None
        more = text[length : length + wanted - seen]
        length += len(more)
        seen += len(more) - len(_HIDDEN.findall(more))
    return length


def views_of(text: str) -> list[View]:
    """Return the other views of a text; none where it has none."""
    found = _decoded(text)
    if not text.isascii() and _UNLIKE.search(text):
        found.append(_plain(text, range(len(text))))
        if _TURNED.search(text):
            places = list(range(len(text)))
            for match in _TURNED.finditer(text):
                places[match.start() : match.end()] = reversed(places[match.start() : match.end()])
            found.append(_plain("".join(text[at] for at in places), places))
    return found


def _plain(text: str, places: Sequence[int]) -> View:
    """Return what a reader sees: without invisible characters, in plain letters and digits."""
    seen: list[str] = []
    starts: list[int] = []
    for one, at in zip(text, places, strict=True):
        if _HIDDEN.match(one):
            continue
        code = ord(one)
        if 0xE0020 <= code <= 0xE007E:
            one = chr(code - 0xE0000)
        elif code > 127:
            one = unicodedata.normalize("NFKC", one)
            one = one.translate(LATIN) if len(one) == 1 else one
        seen.append(one)
        starts += [at] * len(one)
    return View("".join(seen), starts, [at + 1 for at in starts])


def _decoded(text: str) -> list[View]:
    """Return what is readable when base64 and hexadecimal digits are decoded, wherever they begin."""
    found: list[View] = []
    for match in _BASE64.finditer(text):
        word = match.group().replace("-", "+").replace("_", "/")
        for shift in range(4):
            whole = word[shift : shift + (len(word) - shift) // 4 * 4]
            rest = word[shift + len(whole) :]
            try:
                told = base64.b64decode(whole + (rest + "=" * (-len(rest) % 4) if len(rest) > 1 else ""))
            except (binascii.Error, ValueError):
                continue
            found += _readable(told, match.start() + shift, match.end(), 4 / 3)
    for match in _HEX.finditer(text):
        places = [match.start() + one.start() for one in _DIGITS.finditer(match.group())]
        told = bytes.fromhex("".join(text[at] for at in places[: len(places) // 2 * 2]))
        for one in _READABLE.finditer(told):
            starts = places[2 * one.start() : 2 * one.end() : 2]
            ends = [at + 1 for at in places[2 * one.start() + 1 : 2 * one.end() : 2]]
            found.append(View(one.group().decode("ascii"), starts, ends))
    return found


def _readable(told: bytes, first: int, last: int, wide: float) -> list[View]:
    views = []
    for one in _READABLE.finditer(told):
        starts = [first + int(at * wide) for at in range(*one.span())]
        ends = [min(last, first + int((at + 1) * wide) + 1) for at in range(*one.span())]
        views.append(View(one.group().decode("ascii"), starts, ends))
    return views
