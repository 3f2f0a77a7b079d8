"""Scanned pages: drawn as a picture, recognised, and brought back to points on the page."""

import ctypes
import math
import statistics
from itertools import groupby

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.data.documents.formats._ocr import Recognised, recognised
from flyball.data.documents.formats._pdf_text import Line, Word
from flyball.data.documents.tables import Box

__all__ = ["read_scan"]

_DOTS_PER_POINT = 300 / 72  # 300 dots per inch, for which Tesseract was trained
_MOST_PIXELS = 30_000_000  # of a page: 300 dots per inch on 50 x 66 cm; larger pages are drawn coarser


def read_scan(page: pdfium.PdfPage, digital: list[Line], languages: str, name: str) -> list[Line]:
    """Return the lines that text recognition finds on a page, without those that are digital text.

    Parameters
    ----------
    page : PdfPage
    digital : list of Line
        What the page has as letters; recognised words on them are left out.
    languages : str
    name : str
        Of document and page, for messages.

    Raises
    ------
    OcrMissing, OcrFailed
    """
    width, height = page.get_size()
    pixels = max(width * height, 1.0) * _DOTS_PER_POINT**2
    scale = _DOTS_PER_POINT * min(1.0, math.sqrt(_MOST_PIXELS / pixels))
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    try:
        rows = memoryview(bitmap.buffer).cast("B")
        grey = b"".join(
            rows[row * bitmap.stride : row * bitmap.stride + bitmap.width] for row in range(bitmap.height)
        )
        size = (bitmap.width, bitmap.height)
        rows.release()
    finally:
        bitmap.close()
    words = recognised(grey, *size, languages=languages, name=name)
    covered = [line.box for line in digital if line.box is not None]
    boxed = [(word, _on_page(page, word, size)) for word in words]
    kept = [(word, box) for word, box in boxed if not _lies_on(box, covered)]
    return [_line(list(group)) for _, group in groupby(kept, key=lambda one: one[0].line)]


def _line(words: list[tuple[Recognised, Box]]) -> Line:
    at, placed = 0, []
    for word, box in words:
        placed.append(Word(at, at + len(word.text), box[0], box[2]))
        at += len(word.text) + 1
    left, bottom, right, top = zip(*(box for _, box in words), strict=True)
    return Line(
        " ".join(word.text for word, _ in words),
        (min(left), min(bottom), max(right), max(top)),
        tuple(placed),
        round(statistics.fmean(word.confidence for word, _ in words), 3),
    )


def _on_page(page: pdfium.PdfPage, word: Recognised, size: tuple[int, int]) -> Box:
    """Return the box of a word in points; PDFium undoes the turning of the page."""
    x, y = ctypes.c_double(), ctypes.c_double()
    corners = []
    for across, down in ((word.left, word.top), (word.right, word.bottom)):
        pdfium_c.FPDF_DeviceToPage(page.raw, 0, 0, *size, 0, across, down, x, y)
        corners.append((x.value, y.value))
    (x0, y0), (x1, y1) = corners
    return (round(min(x0, x1), 1), round(min(y0, y1), 1), round(max(x0, x1), 1), round(max(y0, y1), 1))


def _lies_on(box: Box, others: list[Box]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in others)
