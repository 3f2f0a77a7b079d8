"""Sentences of a text: taken apart, and put together without some of them."""

import re
from collections.abc import Callable

__all__ = ["sentences_of", "without_sentences"]

_END = re.compile(r"(?<=[.!?])(?=\s)|(?<=\n)")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text with the white space before them; joined they are the text."""
    return _END.split(text)


def without_sentences(text: str, wrong: Callable[[str], bool]) -> str:
    """Return a text without the sentences that are wrong; "" where none is left."""
    return "".join(one for one in sentences_of(text) if not wrong(one)).strip()
