"""Ink: elements of SVG as text. Nothing but this writes markup, so nothing else has to escape."""

import re
import unicodedata
from xml.sax.saxutils import escape, quoteattr

__all__ = ["FONT", "attribute", "dot", "fitted", "group", "label", "path", "rect", "rule", "text_width"]

FONT = 12
"""Size of all text, in CSS pixels."""
_PER_CHARACTER = 0.54
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HIDES = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\U000e0000-\U000e007f]")


def rule(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    """Return a straight line."""
    return f'<line class="{look}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def rect(x: float, y: float, width: float, height: float, look: str, *, said: str = "") -> str:
    """Return a rectangle; `said` is shown to a mouse that rests on it."""
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.0))}" height="{_n(max(height, 0.0))}"'
    return _with_title(f'<rect class="{look}" {place}', "rect", said)


def dot(x: float, y: float, look: str, *, radius: float = 4.0, said: str = "") -> str:
    """Return a filled circle."""
    return _with_title(f'<circle class="{look}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"', "circle", said)


def path(points: list[tuple[float, float]], look: str, *, closed: bool = False) -> str:
    """Return a line through points, or the area inside them."""
    drawn = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points) + ("Z" if closed else "")
    return f'<path class="{look}" d="{drawn}"/>'


def label(x: float, y: float, words: str, look: str = "ch-text", *, anchor: str = "start") -> str:
    """Return a line of text; `anchor` is "start", "middle" or "end"."""
    place = f'x="{_n(x)}" y="{_n(y)}"' + ("" if anchor == "start" else f' text-anchor="{anchor}"')
    return f'<text class="{look}" {place}>{_safe(words)}</text>'


def group(parts: list[str], *, said: str = "") -> str:
    """Return parts as one; `said` is shown to a mouse that rests on any of them."""
    title = f"<title>{_safe(said)}</title>" if said else ""
    return f"<g>{title}{''.join(parts)}</g>"


def text_width(words: str) -> float:
    """Return about how wide a text is, in CSS pixels; rather too wide than too narrow."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in words)
    return FONT * (wide + _PER_CHARACTER * (len(words) - wide))


def fitted(words: str, width: float) -> str:
    """Return the text, cut with an ellipsis where it is wider than `width`."""
    if text_width(words) <= width:
        return words
    while words and text_width(words + "…") > width:
        words = words[:-1]
    return words.rstrip() + "…"


def attribute(words: str) -> str:
    """Return a text as a quoted attribute."""
    return quoteattr(_clean(words))


def _with_title(start: str, name: str, said: str) -> str:
    return f"{start}><title>{_safe(said)}</title></{name}>" if said else f"{start}/>"


def _safe(words: str) -> str:
    return escape(_clean(words))


def _clean(words: str) -> str:
    return _HIDES.sub(" ", _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", words))


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"
