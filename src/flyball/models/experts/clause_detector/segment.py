"""A segment is one sentence or list item, as offsets into the text as it came.

Contracts from filings are hard to cut: page breaks in the middle of a sentence, headings glued to the
sentence after them, enumerations without full stops. One regular expression finds every place where a cut
is possible; a short look at the characters before and after decides. Nothing is normalised, so offsets
stay exact.
"""

import re
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["LONGEST", "SHORTEST", "segment"]

SHORTEST = 45
"""Characters; a shorter piece (a heading, a page number) is joined to the piece after it."""
LONGEST = 1100
"""Characters; a longer piece is cut at its last semicolon, full stop, comma or blank before this."""

_ITEM = (
    r"(?:\d{1,2}\.\d{1,2}(?:\.\d{1,2})*\.?|\([a-z]{1,4}\)|\([A-Z0-9]{1,2}\)"
    r"|Section \d+\.\d+|ARTICLE [IVX\d]+)\s+[A-Z\"“]"
)
_CUT = re.compile(
    r"(?P<gap>\n[ \t\r\f\v\xa0]*+\n\s*+)"  # a blank line
    rf"|(?P<item>(?<!\s)\s++(?={_ITEM}))"  # before the number of a list item
    r"|(?P<stop>[.?!][\"”’)\]]*+\s++(?=[\"“(\[]*[A-Z0-9_*§]))"  # end of a sentence
    r"|(?P<semi>[;:][\"”’)\]]*+\s++(?=\(|(?:and|or|provided)\s|[A-Z\"“]|\d{1,2}\.))"  # end of a list item
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“])(?:Inc|Ltd|Co|Corp|No|Nos|Sec|Art|Mr|Mrs|Ms|Dr|St|vs|v|U\.S|U\.S\.A|U\.K|L\.P|N\.A|S\.A"
    r"|B\.V|i\.e|e\.g|et al|Ave|Blvd|Rd|Attn|Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec"
    r"|[A-Z]|(?:Section|Article)\s+\d+"
    r"|\d{1,2}(?:\.\d{1,2})*|[IVX]{1,4}|[a-z])$"
)


def segment(text: str) -> npt.NDArray[np.int32]:
    """Cut a text into sentences and list items.

    Parameters
    ----------
    text : str
        The text as it was read; never stripped or normalised.

    Returns
    -------
    ndarray of int32, shape (n_segments, 2)
        Start (inclusive) and end (exclusive) of each segment in characters, ascending, without overlap and
        without white space at either end. Shape (0, 2) when the text holds nothing but white space.
    """
    cuts = [0]
    for found in _CUT.finditer(text):
        start, end = found.span()
        if found.lastgroup == "gap" and _inside_sentence(text, start, end):
            continue
        if found.group("stop") and _ABBREVIATION.search(text[max(0, start - 14) : start]):
            continue
        cuts.append(end)
    cuts.append(len(text))
    return np.array(_tidy(text, cuts), dtype=np.int32).reshape(-1, 2)


def _inside_sentence(text: str, start: int, end: int) -> bool:
    """Say whether a gap is a page break in the middle of a sentence."""
    return end < len(text) and text[end].islower() and start > 0 and text[start - 1] not in ".:;"


def _tidy(text: str, cuts: list[int]) -> list[tuple[int, int]]:
    """Strip white space, join fragments to the segment after them, cut what is too long."""
    kept: list[tuple[int, int]] = []
    opened = last = -1
    for left, right in pairwise(cuts):
        piece = text[left:right]
        bare = piece.strip()
        if not bare:
            continue
        start = left + piece.index(bare[0])
        end = start + len(bare)
        if opened >= 0 and end - opened <= LONGEST:
            start = opened
        elif opened >= 0:
            kept.append((opened, last))
        opened, last = -1, end
        if end - start < SHORTEST:
            opened = start
            continue
        if end - start > LONGEST:
            kept.extend(_shorter(text, start, end))
        else:
            kept.append((start, end))
    if opened >= 0:
        kept.append((opened, last))
    return kept


def _shorter(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut one long segment at the last comma, semicolon or blank before the limit."""
    pieces: list[tuple[int, int]] = []
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        at = max(window.rfind("; "), window.rfind(". "), window.rfind(", "), window.rfind("\n"))
        if at < LONGEST // 3:
            at = window.rfind(" ")
        if at < LONGEST // 3:
            at = LONGEST - 1
        cut = start + at + 1
        piece = text[start:cut]
        if piece.strip():
            pieces.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        pieces.append((start, end))
    return pieces
