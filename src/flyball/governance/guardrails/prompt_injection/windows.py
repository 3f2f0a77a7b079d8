"""Cut views into windows: what is looked at in one go. A long text is as many of them as it needs."""

import re

__all__ = ["OVERLAP", "WINDOW", "sentences", "windows"]

WINDOW = 600
"""Characters that are looked at together: about a hundred words."""
OVERLAP = 200
"""Characters that two neighbours share, so that what lies across an edge is seen whole by one of them."""

_SENTENCE = re.compile(r"[^\n.!?]*(?:[.!?](?!\s)[^\n.!?]*)*(?:[.!?]+[\"')\]]*|\n|\Z)")
_SHORT = 25  # a shorter sentence is read with the next one
_LABEL = 12  # a shorter end of a text, as "Answer:", asks for nothing alone


def windows(text: str) -> list[tuple[int, int]]:
    """Return the windows of a text as offsets; a text of no words is one window.

    Cuts fall on blanks where there are any.
    """
    found: list[tuple[int, int]] = []
    start, length = 0, len(text)
    while length - start > WINDOW:
        end = text.rfind(" ", start + WINDOW // 2, start + WINDOW)
        end = start + WINDOW if end < 0 else end
        found.append((start, end))
        again = text.find(" ", end - OVERLAP, end)
        start = end - OVERLAP if again < 0 else again + 1
    found.append((start, length))
    return found


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences and lines of a text as offsets, none longer than `WINDOW`.

    A very short one is read with what follows, the last one with what stands before; so that this hides
    nothing, that other one is read alone, too.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE.finditer(text):
        end = match.end()
        if end - start < _SHORT and end < len(text):
            continue
        if start < match.start() and end - match.start() >= _SHORT:
            found += _pieces(text, match.start(), end)
        found += _pieces(text, start, end)
        start = end
    found += _pieces(text, start, len(text))
    if len(found) > 1 and found[-1][1] - found[-1][0] < _LABEL:
        found[-1] = (found[-2][0], found[-1][1])
    return found or [(0, len(text))]


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return a sentence in pieces of at most `WINDOW` characters; nothing where it is blank."""
    found: list[tuple[int, int]] = []
    while end - start > WINDOW:
        furthest = min(start + WINDOW, end - _SHORT)  # a single word that is left over says nothing
        cut = text.rfind(" ", start + WINDOW // 2, furthest)
        cut = furthest if cut < 0 else cut
        found.append((start, cut))
        start = cut
    if text[start:end].strip():
        found.append((start, end))
    return found
