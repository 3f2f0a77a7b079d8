"""PDF: digital text by PDFium with the box of every line and word, tables, and what each page is."""

import re
import statistics
import threading
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.core.text import count
from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import (
    ActiveContent,
    Corrupt,
    Empty,
    Encrypted,
    ImageOnly,
    OcrFailed,
    TooLong,
    TooManyPages,
)
from flyball.data.documents.format import Format
from flyball.data.documents.formats._pdf_active import active_parts, files_inside, notes_and_fields
from flyball.data.documents.formats._pdf_drawn import Cover, Drawn, drawn_on
from flyball.data.documents.formats._pdf_scans import read_scan
from flyball.data.documents.formats._pdf_tables import bold_words, joined_over_pages, tables_of
from flyball.data.documents.formats._pdf_text import UNKNOWN, Line, lines_of
from flyball.data.documents.records import Document, Limits, Page, PageKind
from flyball.data.documents.tables import Box, Table

__all__ = ["pdf"]

_PDFIUM = threading.Lock()  # PDFium is not thread-safe, not even for two documents

_EVERY = 10  # characters, of which one is asked whether its font knows what it is
_PICTURE_PAGE = 20  # a page with fewer visible characters, and a picture, holds no text of its own
_LARGE_PICTURE = 0.4  # of a page; it may show words beside those that are digital
_LAID_OVER = 200  # letters on a picture: OCR put them there, or the picture is a background
_LONGEST_STRING = 32_767  # bytes that PDFium draws at once; what a string has beyond them is lost
_SURE = 0.6  # mean confidence of OCR on a page; below, a person looks at it
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")  # Hebrew, Arabic, Syriac, ...
_UNKNOWN_WORD = 3 * UNKNOWN  # one or two may be a bullet; more can hide a word
_PARAGRAPH = 1.25  # lines that lie so many times further apart than usual begin a new paragraph

_OCR = "Run text recognition (OCR) over it and give the searchable PDF, or read it with ocr switched on."


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found on one page; its text is in the assembly."""

    page: Page
    tables: tuple[Table, ...]
    sampled: int  # characters that were asked whether their font knows what they are
    unmapped: int  # those whose font does not
    is_picture: bool  # a picture and hardly any text, and OCR did not read it
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
        _name_active_parts(assembly, data, file, limits)
        pages: list[_Seen] = []
        scans = 0
        for number in range(1, count_of_pages + 1):
            try:
                seen, tried = _read_page(assembly, file, number, limits, scans < limits.ocr_pages)
            except pdfium.PdfiumError as err:
                raise Corrupt(
                    f"{name}: page {number} of {count_of_pages} cannot be read ({err}).",
                    fix="Ask for the document again, or print it to a new PDF.",
                    name=name,
                    page=number,
                ) from err
            scans += tried
            _add_tables(assembly, seen, pages[-1].tables if pages else ())
            pages.append(seen)
    _refuse_pictures(assembly, pages)
    try:
        return assembly.document(data, pdf.media_type, count_of_pages)
    except Empty as err:
        if not any(page.is_drawn for page in pages):
            raise
        raise ImageOnly(
            f"{name}: {count(len(pages), 'page')} with drawings but no text.", fix=_OCR, name=name
        ) from err


def _read_page(
    assembly: Assembly, file: pdfium.PdfDocument, number: int, limits: Limits, may_scan: bool
) -> tuple[_Seen, bool]:
    """Add the text of one page; return what was found, and whether OCR was tried."""
    name = assembly.name
    with closing(file[number - 1]) as page, closing(page.get_textpage()) as text_page:
        length = text_page.count_chars()
        if length > limits.characters:
            raise TooLong(
                f"{name}: page {number} alone has more than {limits.characters:,} characters.",
                fix="Ask the sender what it is, or raise the limit.",
                name=name,
                page=number,
            )
        lines = lines_of(text_page)
        drawn = drawn_on(page)
        sample = range(0, length, _EVERY)
        bare = sum(len(line.text.replace(UNKNOWN, "")) for line in lines) < _PICTURE_PAGE
        kind = _kind_of(number, lines, drawn, page.get_bbox(), bare)
        assembly.add_page_kind(kind)
        scanned: list[Line] = []
        tried = limits.ocr and may_scan and kind.kind in ("scanned", "mixed")
        if tried:
            try:
                scanned = read_scan(page, lines, limits.ocr_languages, f"{name}, page {number}")
            except OcrFailed as err:  # the other pages are read all the same
                assembly.note(f"[{err.code}] {err.message}")
        starts = _add_page(assembly, number, lines)
        _add_page(assembly, number, scanned, first=len(lines) + 1)
        _leave_out(assembly, kind, scanned, tried)
        if fields := notes_and_fields(page):
            assembly.leave_out(
                f"page {number}, {count(fields, 'comment or form field', 'comments or form fields')}",
                "their words are not part of the page",
                number,
            )
        if any(len(line.text) >= _LONGEST_STRING for line in lines):
            assembly.leave_out(
                f"page {number}, the rest of a line", "strings of more than 32,767 letters may be cut", number
            )
        if unknown := sum(line.text.count(UNKNOWN) for line in lines):
            assembly.note(f"page {number}: {count(unknown, 'letter')} that no font explains became {UNKNOWN}")
        if any(_UNKNOWN_WORD in line.text for line in lines):
            assembly.leave_out(
                f"page {number}, words in a font that does not name its letters",
                "they can be seen, but not read",
                number,
            )
        if any(_RIGHT_TO_LEFT.search(line.text) for line in lines):
            assembly.leave_out(
                f"page {number}, text that runs from right to left",
                "a PDF keeps its letters as they are drawn, so letters and words may stand in another order",
                number,
            )
        if not drawn.complete:
            assembly.note(f"page {number}: more is drawn on it than was looked through for tables")
        tables = tables_of(lines, starts, drawn, number, bold_words(text_page, lines))
        seen = _Seen(
            kind,
            tuple(tables),
            sampled=len(sample),
            unmapped=sum(_is_unmapped(text_page, at) for at in sample),
            is_picture=bare and bool(drawn.pictures) and not scanned,
            is_drawn=bare and drawn.objects > 0,
        )
        return seen, tried


def _kind_of(number: int, lines: list[Line], drawn: Drawn, box: Box, bare: bool) -> Page:
    """Say what a page is. In doubt it is one that a person must look at."""
    letters = sum(
        not (character.isspace() or character == UNKNOWN) for line in lines for character in line.text
    )
    cover = drawn.under_pictures(box)
    share = round(cover.share, 3)
    said = count(letters, "letter")
    kind: PageKind = "digital"
    if bare and drawn.pictures:
        kind, said = "scanned", f"a picture over {share:.0%} of the page, {said}"
    elif not letters:
        kind = "drawn" if drawn.objects else "empty"
        said = f"{count(drawn.objects, 'drawn object')}, no letters" if drawn.objects else "nothing on it"
    elif share >= _LARGE_PICTURE and (over := _letters_over(cover, lines)) < _LAID_OVER:
        kind, said = (
            "mixed",
            f"a picture over {share:.0%} of the page with {count(over, 'letter')} on it, {said}",
        )
    return Page(number, kind, said, letters, share)


def _is_unmapped(page: pdfium.PdfTextPage, at: int) -> bool:
    known: int = pdfium_c.FPDFText_GetUnicode(page.raw, at)
    wrong: int = pdfium_c.FPDFText_HasUnicodeMapError(page.raw, at)
    return known == 0 or wrong == 1


def _letters_over(cover: Cover, lines: list[Line]) -> int:
    """Count the letters of the lines whose middle lies on a picture."""
    over = 0
    for line in lines:
        if line.box is not None and cover.holds(
            (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
        ):
            over += sum(not character.isspace() for character in line.text)
    return over


def _leave_out(assembly: Assembly, page: Page, scanned: list[Line], tried: bool) -> None:
    """Keep that a page was not read, or not surely; say what OCR made of it."""
    what = f"page {page.number}"
    sure = [line.confidence for line in scanned if line.confidence is not None]
    mean = statistics.fmean(sure) if sure else 0.0
    if sure:
        assembly.note(f"{what}: read by text recognition, mean confidence {mean:.2f}")
    if page.kind == "drawn":
        assembly.leave_out(what, page.reason, page.number)
    elif page.kind in ("scanned", "mixed") and mean < _SURE:
        outcome = ""
        if tried:
            outcome = f"; text recognition was not sure ({mean:.2f})" if sure else "; no words recognised"
        assembly.leave_out(what, page.reason + outcome, page.number)


def _add_tables(assembly: Assembly, seen: _Seen, before: tuple[Table, ...]) -> None:
    continues = joined_over_pages(before, seen.tables)
    for number, table in enumerate(seen.tables):
        assembly.add_table(table.continued(continues) if number == 0 and continues else table)


def _name_active_parts(assembly: Assembly, data: bytes, file: pdfium.PdfDocument, limits: Limits) -> None:
    """Note what a viewer could run, and keep what lies inside unread; refuse both where that is asked."""
    active, files = active_parts(data, file), files_inside(file)
    if limits.refuse_active and (active or files):
        raise ActiveContent(
            f"{assembly.name} holds {', '.join([*active, *(f'the file {one}' for one in files)])}.",
            fix="Print it to a new PDF, or allow active content, which is never run.",
            name=assembly.name,
        )
    if active:
        assembly.note(f"it holds {', '.join(active)}; nothing of it was run")
    for one in files:
        assembly.note(f"a file lies inside, not read: {one}")
        assembly.leave_out(f"file {one} inside", "files inside a PDF are not read")
    if pdfium_c.FPDF_GetFormType(file.raw) in (
        pdfium_c.FORMTYPE_XFA_FULL,
        pdfium_c.FORMTYPE_XFA_FOREGROUND,
    ):
        assembly.leave_out("XFA form", "forms of this kind keep their words outside the pages")


def _refuse_pictures(assembly: Assembly, pages: list[_Seen]) -> None:
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
    handle = pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)
    if not handle:
        code = (
            pdfium_c.FPDF_GetLastError()
        )  # of this call; after one that succeeds it is that of an earlier file
        if code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            raise Encrypted(
                f"{name} is locked with a password.",
                fix="Save a copy without the password and give that.",
                name=name,
            )
        raise Corrupt(
            f"{name} is no sound PDF: it is damaged, cut off, or something else.",
            fix="Ask for the document again, or print it to a new PDF.",
            name=name,
        )
    file = pdfium.PdfDocument(handle)
    if len(file) < 1:
        file.close()
        raise Corrupt(
            f"{name} is no sound PDF: it has no pages.",
            fix="Ask for the document again, or print it to a new PDF.",
            name=name,
        )
    return file


def _add_page(assembly: Assembly, number: int, lines: list[Line], *, first: int = 1) -> list[int]:
    """Add the lines of a page and return where each begins.

    Where lines lie further apart than usual, a blank line shows it.
    """
    drops = [_drop(above.box, below.box) for above, below in pairwise(lines)]
    usual = statistics.median([drop for drop in drops if drop > 0] or [0.0])
    starts = []
    for index, line in enumerate(lines):
        if index < len(drops):
            end = "\n\n" if usual and drops[index] > _PARAGRAPH * usual else "\n"
        else:  # a sentence may run on over the page
            end = "\n\n" if line.text.rstrip().endswith((".", ";", ":", "!", "?")) else "\n"
        starts.append(assembly.length)
        assembly.add(
            line.text + end,
            label=f"page {number}, line {first + index}",
            page=number,
            box=line.box,
            words=tuple((word.at, word.left, word.right) for word in line.words),
            confidence=line.confidence,
        )
    return starts


def _drop(above: Box | None, below: Box | None) -> float:
    """Return how far one line lies below another, in points; 0 where a box is missing."""
    return above[3] - below[3] if above and below else 0.0


pdf = Format(media_type="application/pdf", title="PDF", read=_read)
