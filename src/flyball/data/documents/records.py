"""What reading a document yields: its text with a map back to pages and places, or why there is none."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from flyball.core.errors import BadInput, FlyballError
from flyball.data.documents.columns import ROW_MEDIA_TYPE, columns_of
from flyball.data.documents.tables import Box, Table

__all__ = ["Document", "Limits", "Page", "PageKind", "Place", "Unread", "Unreadable"]

PageKind = Literal["digital", "scanned", "mixed", "drawn", "empty"]
"""What a page of a PDF is: letters; a picture; both, the picture large; lines and shapes only; nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document may cost; beyond a limit it is refused with an error of its own.

    Parameters
    ----------
    file_bytes : int
        Size of the file on disk, looked at before it is read.
    unpacked_bytes : int
        Size of the parts of a packed file (DOCX) when unpacked.
    pages : int
        Pages of a PDF.
    markup_bytes : int
        Size of an HTML file, and of all XML in a DOCX file: a tree of it takes twenty times as much
        memory.
    characters, places : int
        Length of the extracted text, and number of places in it.
    parts : int
        Parts of a mail, by the lines that part them.
    nesting : int
        How deep files may lie inside files, such as mails attached to mails. 0 means none inside.
    attachments : int
        Files attached to one mail.
    cpu_seconds, memory_bytes : int
        Computing time and working memory for one document, held only where reading runs in
        processes of its own.
    table_cells : int
        Cells of all tables together; further tables stay in the text, but not as tables.
    ocr : bool
        Whether pages that are pictures are read by Tesseract, about two seconds a page. Off by default:
        they are referred instead, see `Document.unread`.
    ocr_languages : str
        As Tesseract names them: "eng", "deu+eng". Each must be installed.
    ocr_pages : int
        Pages of one document that are read by OCR; further ones are referred.
    refuse_active : bool
        Whether a document with active content (JavaScript, macros, programs to start, files inside) is
        refused. Otherwise it is read, nothing in it is run, and a note names it.
    """

    file_bytes: int = 100_000_000
    unpacked_bytes: int = 500_000_000
    pages: int = 5_000
    markup_bytes: int = 50_000_000
    characters: int = 20_000_000
    places: int = 1_000_000
    parts: int = 5_000
    nesting: int = 10
    attachments: int = 200
    cpu_seconds: int = 120
    memory_bytes: int = 2_000_000_000
    table_cells: int = 200_000
    ocr: bool = False
    ocr_languages: str = "eng"
    ocr_pages: int = 200
    refuse_active: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stretch of the extracted text stands in the document.

    Parameters
    ----------
    start, end : int
        Offsets in Unicode code points of `Document.text`, `0 <= start < end`.
    page : int or None
        Page number, counted from 1; None where the format has no pages.
    label : str
        For people: "page 3, line 12", "table 2, row 3, cell 1", "attachment offer.pdf, page 1, line 2".
    box : tuple of float or None
        Left, bottom, right, top in points (1/72 inch) from the lower left corner of the page, as it
        is before the viewer turns it.
    words : tuple of (int, float, float)
        For each word: its offset from `start`, and its left and right in points. () where not known.
    confidence : float or None
        How sure OCR was of the words on average, 0 (not at all) to 1; None for text that needed none.
    """

    start: int
    end: int
    page: int | None
    label: str
    box: Box | None = None
    words: tuple[tuple[int, float, float], ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one page of a document is, and why we think so.

    Parameters
    ----------
    number : int
        Counted from 1.
    kind : str
        One of `PageKind`.
    reason : str
        For people, with the figures: "1,832 letters", "a picture over 96 % of the page, no letters".
    characters : int
        Visible characters of digital text.
    picture_share : float
        Part of the page under pictures, 0 to 1.
    """

    number: int
    kind: PageKind
    reason: str
    characters: int
    picture_share: float


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a document that was not read, so that a person must look at it.

    Parameters
    ----------
    what : str
        "page 3", "attachment plan.png".
    reason : str
        For people.
    page : int or None
    """

    what: str
    reason: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a document and the map from every character back to its place.

    Parameters
    ----------
    name : str
        For people: the path below the source, or the file name.
    media_type : str
        By the bytes, not by the name: "application/pdf".
    content_digest : str
        sha256 of the bytes.
    text_digest : str
        sha256 of the text in UTF-8; the name under which its offsets are meaningful.
    text : str
        Line ends as they came. No NUL and no lone surrogates: those became U+FFFD.
    places : tuple of Place
        In order, each beginning where the one before ends: together they cover the text. () for a row:
        its columns are found in its text when somebody asks, see `every_place`.
    pages : int or None
        None where the format has no pages.
    notes : tuple of str
        What people should know: a page that is only a picture, a guessed encoding.
    tables : tuple of Table
        In order; their words are also in the text, at the spans of their cells.
    page_kinds : tuple of Page
        One for each page of a PDF; () for other formats.
    unread : tuple of Unread
        Parts that were not read: scanned pages, attachments of unknown kinds. () means that all was
        read; otherwise no conclusion can rest on the *absence* of words from the text.
    """

    name: str
    media_type: str
    content_digest: str
    text_digest: str
    text: str
    places: tuple[Place, ...]
    pages: int | None = None
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    page_kinds: tuple[Page, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __post_init__(self) -> None:
        if self.media_type == ROW_MEDIA_TYPE and not self.places:
            return
        at = 0
        for place in self.places:
            if place.start != at or place.end <= at:
                raise BadInput(
                    f"The places of {self.name} leave a gap or overlap at character {at}.",
                    fix="The format that read it is at fault; report it.",
                    name=self.name,
                    offset=at,
                )
            at = place.end
        if at != len(self.text):
            raise BadInput(
                f"The places of {self.name} end at character {at} of {len(self.text)}.",
                fix="The format that read it is at fault; report it.",
                name=self.name,
                offset=at,
            )

    def every_place(self) -> tuple[Place, ...]:
        """Return the places; of a row, one for each column."""
        if self.places or self.media_type != ROW_MEDIA_TYPE:
            return self.places
        return tuple(Place(start, end, None, label) for start, end, label in columns_of(self.text))

    def place_of(self, offset: int) -> Place | None:
        """Return the place of one character, None outside the text.

        Parameters
        ----------
        offset : int
            In code points of `text`.

        Returns
        -------
        Place or None
        """
        if not 0 <= offset < len(self.text):
            return None
        places = self.every_place()
        return places[bisect_right(places, offset, key=lambda place: place.start) - 1]

    def places_of(self, start: int, end: int) -> tuple[Place, ...]:
        """Return the places that the passage [start, end) touches, in order; () outside the text."""
        if end <= start or end <= 0 or start >= len(self.text):
            return ()
        places = self.every_place()
        first = bisect_right(places, max(start, 0), key=lambda place: place.start) - 1
        last = bisect_right(places, min(end, len(self.text)) - 1, key=lambda place: place.start)
        return places[first:last]

    def boxes_of(self, start: int, end: int) -> tuple[tuple[int, Box], ...]:
        """Return where the passage [start, end) stands on the pages: one box for each line that it touches.

        Parameters
        ----------
        start, end : int
            In code points of `text`.

        Returns
        -------
        tuple of (page, box)
            The box reaches from the first to the last word that the passage touches: words are never cut.
            Where the place of words is not known, it is the box of the line. () where the format has no
            pages, and outside the text.
        """
        found: list[tuple[int, Box]] = []
        for place in self.places_of(start, end):
            if place.page is None or place.box is None:
                continue
            first, last = max(start, place.start), min(end, place.end)
            passage = self.text[first:last]
            first, last = last - len(passage.lstrip()), first + len(passage.rstrip())
            if first >= last:
                continue
            begins = [place.start + word[0] for word in place.words]
            hit = place.words[max(bisect_right(begins, first) - 1, 0) : bisect_right(begins, last - 1)]
            left, bottom, right, top = place.box
            if hit:
                left, right = min(word[1] for word in hit), max(word[2] for word in hit)
            found.append((place.page, (left, bottom, right, top)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that could not be read, and why, as a record beside those that could.

    Parameters
    ----------
    name : str
        As it would have been in `Document.name`.
    code : str
        Dotted code of the error: "documents.encrypted".
    message : str
        What happened, with the values.
    fix : str
        What to do next.
    retry : bool
        Whether the same call may succeed later.
    """

    name: str
    code: str
    message: str
    fix: str
    retry: bool = False

    @classmethod
    def from_error(cls, name: str, error: FlyballError) -> "Unreadable":
        """Return the record of an error."""
        return cls(name, error.code, error.message, error.fix, error.retry)
