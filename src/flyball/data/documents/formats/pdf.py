"""PDF: digital text by PDFium, with the page and the line box of every line."""

import statistics
import threading
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.core.text import count
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import Corrupt, Empty, Encrypted, ImageOnly, TooLong, TooManyPages
from flyball.data.documents.format import Format
from flyball.data.documents.records import Document, Limits

__all__ = ["pdf"]

_PDFIUM = threading.Lock()  # PDFium is not thread-safe, not even for two documents

_TAB, _LINE_FEED, _SPACE = 0x09, 0x0A, 0x20
_BROKEN_WORD = 0x02  # what PDFium writes for a hyphen that ends a line, in place of the line break
_NO_CHARACTER = frozenset({*range(0xD800, 0xE000), 0xFFFE, 0xFFFF})
_LIGATURES = {0xFB00 + index: text for index, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
_EVERY = 10  # characters, of which one is asked whether its font knows what it is
_PICTURE_PAGE = 20  # a page with fewer visible characters, and a picture, holds no text of its own
_PARAGRAPH = 1.25  # lines that lie so many times further apart than usual begin a new paragraph

_OCR = "Run text recognition (OCR) over it and give the searchable PDF."

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Page:
    lines: list[tuple[str, Box | None]]
    sampled: int  # characters that were asked whether their font knows what they are
    unmapped: int  # those whose font does not
    is_picture: bool
    is_drawn: bool  # there is something on it, but hardly any text


def _read(data: bytes, name: str, limits: Limits) -> Document:
    with _PDFIUM, closing(_opened(data, name)) as file:
        count_of_pages = len(file)
        if count_of_pages > limits.pages:
            raise TooManyPages(
                f"{name} has {count_of_pages:,} pages; at most {limits.pages:,} are read.",
                fix="Split the document, or raise the limit on pages.",
                name=name,
                pages=count_of_pages,
                limit=limits.pages,
            )
        assembly = Assembly(name, limits)
        pages: list[_Page] = []
        for number in range(1, count_of_pages + 1):
            try:
                page = _read_page(file, number, name, limits)
            except pdfium.PdfiumError as err:
                raise Corrupt(
                    f"{name}: page {number} of {count_of_pages} cannot be read ({err}).",
                    fix="Ask for the document again, or print it to a new PDF.",
                    name=name,
                    page=number,
                ) from err
            _add_page(assembly, number, page.lines)
            pages.append(replace(page, lines=[]))
    _refuse_pictures(assembly, pages)
    try:
        return assembly.document(data, pdf.media_type, count_of_pages)
    except Empty as err:
        if not any(page.is_drawn for page in pages):
            raise
        raise ImageOnly(
            f"{name}: {count(len(pages), 'page')} with drawings but no text.", fix=_OCR, name=name
        ) from err


def _read_page(file: pdfium.PdfDocument, number: int, name: str, limits: Limits) -> _Page:
    with closing(file[number - 1]) as page, closing(page.get_textpage()) as text_page:
        length = text_page.count_chars()
        if length > limits.characters:
            raise TooLong(
                f"{name}: page {number} alone has more than {limits.characters:,} characters.",
                fix="Ask the sender what it is, or raise the limit.",
                name=name,
                page=number,
            )
        lines = _lines(text_page)
        sample = range(0, length, _EVERY)
        bare = sum(len(line) for line, _ in lines) < _PICTURE_PAGE
        return _Page(
            lines,
            sampled=len(sample),
            unmapped=sum(pdfium_c.FPDFText_HasUnicodeMapError(text_page.raw, at) == 1 for at in sample),
            is_picture=bare and _has_picture(page),
            is_drawn=bare and pdfium_c.FPDFPage_CountObjects(page) > 0,
        )


def _refuse_pictures(assembly: Assembly, pages: list[_Page]) -> None:
    """Refuse a document whose words are pictures for the most part; note the pages where they are."""
    pictures = [number for number, page in enumerate(pages, start=1) if page.is_picture]
    if pictures and 2 * len(pictures) >= len(pages):
        raise ImageOnly(
            f"{assembly.name}: {len(pictures)} of {count(len(pages), 'page')} are pictures without text, "
            "as a scanner makes them.",
            fix=_OCR,
            name=assembly.name,
            pages=len(pages),
            pictures=len(pictures),
        )
    if 2 * sum(page.unmapped for page in pages) > sum(page.sampled for page in pages):
        what = "its fonts do not say which letters their shapes stand for"
        if not assembly.is_prose():
            raise ImageOnly(f"{assembly.name}: {what}.", fix=_OCR, name=assembly.name)
        assembly.note(f"{what}; the text is a guess")
    if pictures:
        listed = ", ".join(map(str, pictures[:20])) + (" ..." if len(pictures) > 20 else "")
        assembly.note(f"page {listed}: only a picture, nothing was read from it")


def _opened(data: bytes, name: str) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as err:
        if err.err_code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            raise Encrypted(
                f"{name} is locked with a password.",
                fix="Save a copy without the password and give that.",
                name=name,
            ) from err
        raise Corrupt(
            f"{name} is no sound PDF: {err}",
            fix="Ask for the document again, or print it to a new PDF.",
            name=name,
        ) from err


def _lines(page: pdfium.PdfTextPage) -> list[tuple[str, Box | None]]:
    """Return each line of a page, without its line break, with its box in points.

    Characters are taken one by one, since PDFium's own range call drops what lies beyond 16 bits.
    """
    unicode_of, handle = pdfium_c.FPDFText_GetUnicode, page.raw
    lines: list[tuple[str, Box | None]] = []
    line: list[str] = []
    first = 0
    codes = [unicode_of(handle, index) for index in range(page.count_chars())]
    for index, code in enumerate([*codes, _LINE_FEED]):
        if code in (_LINE_FEED, _BROKEN_WORD):
            text = "".join(line) + ("-" if code == _BROKEN_WORD else "")
            if text.strip():
                lines.append((text.translate(_LIGATURES), _box(page, first, index - first)))
            line, first = [], index + 1
        elif code >= _SPACE or code == _TAB:
            line.append(chr(code) if code not in _NO_CHARACTER else "\ufffd")
    return lines


def _box(page: pdfium.PdfTextPage, first: int, length: int) -> Box | None:
    boxes = [page.get_rect(index) for index in range(page.count_rects(first, length))] if length else []
    if not boxes:
        return None
    left, bottom, right, top = zip(*boxes, strict=True)
    return (round(min(left), 1), round(min(bottom), 1), round(max(right), 1), round(max(top), 1))


def _add_page(assembly: Assembly, number: int, lines: list[tuple[str, Box | None]]) -> None:
    """Add the lines of a page; where they lie further apart than usual, a blank line shows it."""
    drops = [_drop(above, below) for (_, above), (_, below) in pairwise(lines)]
    usual = statistics.median([drop for drop in drops if drop > 0] or [0.0])
    for index, (text, box) in enumerate(lines):
        if index < len(drops):
            end = "\n\n" if usual and drops[index] > _PARAGRAPH * usual else "\n"
        else:  # a sentence may run on over the page
            end = "\n\n" if text.rstrip().endswith((".", ";", ":", "!", "?")) else "\n"
        assembly.add(text + end, label=f"page {number}, line {index + 1}", page=number, box=box)


def _drop(above: Box | None, below: Box | None) -> float:
    """Return how far one line lies below another, in points; 0 where a box is missing."""
    return above[3] - below[3] if above and below else 0.0


def _has_picture(page: pdfium.PdfPage) -> bool:
    return next(iter(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE])), None) is not None


pdf = Format(media_type="application/pdf", title="PDF", read=_read)
