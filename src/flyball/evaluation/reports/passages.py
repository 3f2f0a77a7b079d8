"""A contract's text cut where highlighted passages begin and end, however they overlap."""

import bisect
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flyball.data.documents.records import Place

__all__ = ["Places", "Segment", "kept_ranges", "leaf_breaks", "segments", "softened"]

_LIST_ITEM = re.compile(
    r"[ \t]*(?:\(?[A-Za-z0-9]{1,4}[.)]|\d+(?:\.\d+)+|[•·*▪\-–—]|ARTICLE|SECTION|Section|Article|§)[ \t]"
)
_PAGE = re.compile(r", line \d+$")
_LEAF = 3000


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text under the same set of passages.

    Parameters
    ----------
    start, end : int
    passages : tuple of int
        Numbers of the passages that cover it, ascending; empty for plain text.
    starts : tuple of int
        Numbers of the passages that begin here.
    """

    start: int
    end: int
    passages: tuple[int, ...]
    starts: tuple[int, ...]


def segments(
    spans: Sequence[tuple[int, int]], breaks: Iterable[int], *, start: int, end: int
) -> list[Segment]:
    """Cut `[start, end)` at both ends of every span and at every break.

    Parameters
    ----------
    spans : sequence of (int, int)
        Half-open and non-empty; the position in the sequence is the passage's number. They may nest,
        overlap or be equal.
    breaks : iterable of int
        Further places to cut, for instance where a page begins.
    start, end : int
        The stretch to cut; spans reaching beyond it are shown up to its ends.

    Returns
    -------
    list of Segment
        Without gaps or overlap, in order; their lengths add up to `end - start`.
    """
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    cuts = {start, end}
    for place, (first, last) in enumerate(spans):
        first, last = max(first, start), min(last, end)
        if first < last:
            opening.setdefault(first, []).append(place)
            closing.setdefault(last, []).append(place)
            cuts.update((first, last))
    cuts.update(cut for cut in breaks if start < cut < end)
    active: set[int] = set()
    found = []
    ordered = sorted(cuts)
    for left, right in itertools.pairwise(ordered):
        active.difference_update(closing.get(left, ()))
        starting = opening.get(left, ())
        active.update(starting)
        found.append(Segment(left, right, tuple(sorted(active)), tuple(starting)))
    return found


def leaf_breaks(text: str, start: int, end: int) -> list[int]:
    """Return offsets after blank lines, about every 3,000 characters: parts that a browser lays out alone."""
    breaks = []
    at = start + _LEAF
    while at < end:
        found = text.find("\n\n", at, end)
        if found < 0:
            break
        breaks.append(found + 2)
        at = found + 2 + _LEAF
    return breaks


def kept_ranges(text: str, spans: Iterable[tuple[int, int]], around: int) -> list[tuple[int, int]]:
    """Return the stretches of text within `around` characters of a passage, merged, whole words only."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        left = text.rfind("\n", 0, max(0, first - around)) + 1 if first > around else 0
        left = max(left, first - 2 * around)
        right = text.find("\n", min(len(text), last + around))
        right = min(len(text) if right < 0 else right, last + 2 * around)
        if kept and left <= kept[-1][1] + around // 2:
            kept[-1] = (kept[-1][0], max(kept[-1][1], right))
        else:
            kept.append((left, right))
    return kept


def softened(text: str) -> str:
    """Return the text with line breaks inside a paragraph as spaces; same length, so offsets hold.

    Text out of a PDF or a plain file is cut at a fixed width and would break twice on a narrow screen.
    A break stays where a line is clearly shorter than the page is wide, beside an empty line, and
    before a list item or a heading number.
    """
    lines = text.split("\n")
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    if len(lengths) < 8:
        return text
    width = lengths[int(0.9 * (len(lengths) - 1))]
    if not 40 <= width <= 140:
        return text
    parts = []
    for line, following in itertools.pairwise(lines):
        runs_on = len(line.rstrip()) >= 0.7 * width and following.strip() and not _LIST_ITEM.match(following)
        parts.append(line + (" " if runs_on else "\n"))
    return "".join(parts) + lines[-1]


class Places:
    """Tells where an offset lies, in the words of the source document.

    Parameters
    ----------
    text : str
    places : sequence of Place
        In order, without gaps, as a `Document` has them; empty where nothing is known.
    """

    def __init__(self, text: str, places: Sequence[Place]) -> None:
        self._places = places
        self._starts = [place.start for place in places]
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def of(self, offset: int) -> str:
        """Return "page 3, line 12", "paragraph 7", or the line in the text where no place is known."""
        at = bisect.bisect_right(self._starts, offset) - 1
        if at < 0:
            return f"line {bisect.bisect_right(self._line_starts, offset):,}"
        return self._places[at].label

    def pages(self) -> dict[int, str]:
        """Return where each page begins, with its name; empty for a document without pages."""
        begins: dict[int, str] = {}
        before = ""
        for place in self._places:
            name = _PAGE.sub("", place.label) if place.page is not None else ""
            if name and name != before:
                begins[place.start] = name
            before = name
        return begins
