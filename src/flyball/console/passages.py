"""Passages that a reader shows: those that the machine quoted, and words copied out of the text."""

import re

from flyball.core.errors import BadInput
from flyball.data.documents.records import Document
from flyball.loop.given import Passage

__all__ = ["passage_of", "ticked"]

_TICKED = re.compile(r"(\d{1,12})-(\d{1,12})\Z", re.ASCII)


def ticked(value: str) -> Passage:
    """Return a passage that was ticked, "120-180".

    Raises
    ------
    BadInput
    """
    found = _TICKED.match(value)
    if found is None:
        raise BadInput(f"{value[:40]!r} is no passage.", fix="Load the page again and tick a passage.")
    return Passage(int(found[1]), int(found[2]))


def passage_of(words: str, document: Document | None, title: str) -> Passage:
    """Return where copied words stand; spaces and line ends may differ.

    Raises
    ------
    BadInput
        They do not stand in the text, or at several places.
    """
    if document is None:
        raise BadInput(
            f"{title}: the text was erased, so no words of it can be shown.", fix="Tick no passage."
        )
    parts = [re.escape(part) for part in words.split()]
    found = list(re.finditer(r"\s+".join(parts), document.text)) if parts else []
    if len(found) == 1:
        return Passage(found[0].start(), found[0].end())
    short = " ".join(words.split())[:80]
    if found:
        raise BadInput(
            f"{title}: the words {short!r} stand at {len(found)} places.", fix="Copy more words around them."
        )
    raise BadInput(
        f"{title}: the words {short!r} do not stand in the text.",
        fix="Copy them from the text beside the questions.",
    )
