"""Cut views into windows: what is looked at in one go. A long text is as many of them as it needs."""

import re

__all__ = ["OVERLAP", "WINDOW", "sentences", "windows"]

WINDOW = 600
"""Characters that are looked at together: about a hundred words."""
OVERLAP = 200
"""Characters that two neighbours share, so that what lies across an edge is seen whole by one of them."""

_SENTENCE = re.compile(r"[^\n.!?]*(?:[.!?](?!\s)[^\n.!?]*)*(?:[.!?]+[\"')\]]*|\n|\Z)")
_SHORT = 25  # a shorter sentence is read with the next one


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
    """Return the sentences and lines of a text as offsets; very short ones go with what follows.

    No sentence is longer than `WINDOW`.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE.finditer(text):
        end = match.end()
        if end - start < _SHORT and end < len(text):
            continue
        while end - start > WINDOW:
            cut = text.rfind(" ", start + WINDOW // 2, start + WINDOW)
            cut = start + WINDOW if cut < 0 else cut
            found.append((start, cut))
            start = cut
        if text[start:end].strip():
            found.append((start, end))
        start = end
    if start < len(text) and text[start:].strip():
        found.append((start, len(text)))
    return found or [(0, len(text))]
