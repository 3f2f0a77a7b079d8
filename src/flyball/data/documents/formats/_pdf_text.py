"""Lines of a PDF page with their words, as PDFium orders them."""

import math
from dataclasses import dataclass
from itertools import chain

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.data.documents.tables import Box

__all__ = ["UNKNOWN", "Line", "Word", "lines_of"]

UNKNOWN = "\ufffd"
"""A letter that is drawn, but of which the font does not say what it is."""

_TAB, _LINE_FEED, _SPACE = 0x09, 0x0A, 0x20
_BROKEN_WORD = 0x02  # what PDFium writes for a hyphen that ends a line, in place of the line break
_NO_CHARACTER = frozenset({0, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF})
_LIGATURES = {0xFB00 + index: text for index, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line: `at`, `end` are offsets in the line, `index` is its first character in PDFium."""

    at: int
    end: int
    left: float
    right: float
    index: int = -1


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, without its line break. `box` is None where its letters have no extent."""

    text: str
    box: Box | None
    words: tuple[Word, ...]
    confidence: float | None = None


def lines_of(page: pdfium.PdfTextPage) -> list[Line]:
    """Return the lines of a page that are not blank.

    Characters are taken one by one, since PDFium's own range call drops what lies beyond 16 bits.
    """
    unicode_of, handle = pdfium_c.FPDFText_GetUnicode, page.raw
    lines: list[Line] = []
    line: list[str] = []
    indexes: list[int] = []
    first = 0
    codes = [unicode_of(handle, index) for index in range(page.count_chars())]
    for index, code in enumerate([*codes, _LINE_FEED]):
        if code in (_LINE_FEED, _BROKEN_WORD):
            if code == _BROKEN_WORD:
                line.append("-")
                indexes.append(index)
            if any(not piece.isspace() for piece in line):
                lines.append(_line(page, line, indexes, _box(page, first, index - first)))
            line, indexes, first = [], [], index + 1
        elif code >= _SPACE or code in (0, _TAB):
            character = chr(code) if code not in _NO_CHARACTER else UNKNOWN
            line.append(_LIGATURES.get(code, character))
            indexes.append(index)
    return lines


def _line(page: pdfium.PdfTextPage, pieces: list[str], indexes: list[int], box: Box | None) -> Line:
    words: list[Word] = []
    at = begin = 0
    first: int | None = None
    for number, piece in enumerate([*pieces, " "]):
        if piece.isspace():
            if first is not None:
                begun = indexes[first]
                extent = _box(page, begun, indexes[number - 1] - begun + 1)
                if extent is not None:
                    words.append(Word(begin, at, extent[0], extent[2], begun))
                first = None
        elif first is None:
            first, begin = number, at
        at += len(piece)
    return Line("".join(pieces), box, tuple(words))


def _box(page: pdfium.PdfTextPage, first: int, length: int) -> Box | None:
    boxes = [page.get_rect(index) for index in range(page.count_rects(first, length))] if length else []
    if not boxes or not all(map(math.isfinite, chain.from_iterable(boxes))):
        return None  # the file scales its letters out of this world
    left, bottom, right, top = zip(*boxes, strict=True)
    return (round(min(left), 1), round(min(bottom), 1), round(max(right), 1), round(max(top), 1))
