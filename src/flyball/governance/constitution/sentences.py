"""Sentences of a text: taken apart, and put together without some of them."""

import re
from collections.abc import Iterable

__all__ = ["sentences_of", "without_passages"]

_END = re.compile(r"(?<=[.!?])(?=\s)|(?<=\n\n)")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text with the white space before them; joined they are the text.

    A line break ends none: whoever writes could hide what is looked for by breaking the line.
    """
    return _END.split(text)


def without_passages(text: str, passages: Iterable[tuple[int, int]]) -> str:
    """Return a text without the sentences that any passage touches, given as start and end."""
    places = list(passages)
    kept, at = [], 0
    for one in sentences_of(text):
        end = at + len(one)
        if not any(start < end and at < stop for start, stop in places):
            kept.append(one)
        at = end
    return "".join(kept).strip()
