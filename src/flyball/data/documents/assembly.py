"""Putting a document together piece by piece, so that text and places cannot drift apart."""

import re

from flyball.core.digests import digest_of_bytes
from flyball.core.text import count
from flyball.data.documents.errors import Empty, TooLong
from flyball.data.documents.records import Document, Limits, Page, Place, Unread
from flyball.data.documents.tables import Box, Table

__all__ = ["Assembly"]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # neither UTF-8 nor PostgreSQL can hold them


class Assembly:
    """Collects text with its places and makes a `Document` of it.

    Parameters
    ----------
    name : str
    limits : Limits
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self._limits = limits
        self._pieces: list[str] = []
        self._places: list[Place] = []
        self._notes: list[str] = []
        self._tables: list[Table] = []
        self._cells = 0
        self._page_kinds: list[Page] = []
        self._unread: list[Unread] = []
        self._length = 0
        self._replaced = 0

    @property
    def length(self) -> int:
        """Characters so far: the offset at which the next piece begins."""
        return self._length

    def text(self) -> str:
        """Return what was collected so far."""
        return "".join(self._pieces)

    def add(
        self,
        text: str,
        *,
        label: str,
        page: int | None = None,
        box: Box | None = None,
        words: tuple[tuple[int, float, float], ...] = (),
        confidence: float | None = None,
    ) -> None:
        """Append a piece of text and say where it stands. Nothing is added for "".

        Parameters
        ----------
        text : str
            With the white space that separates it from the next piece.
        label, page, box, words, confidence
            As in `Place`.

        Raises
        ------
        TooLong
            The text grew beyond `limits.characters`, or has more than `limits.places` places.
        """
        if not text:
            return
        text, replaced = _UNSTORABLE.subn("\ufffd", text)
        self._replaced += replaced
        start, self._length = self._length, self._length + len(text)
        for number, limit, what in (
            (self._length, self._limits.characters, "characters of text"),
            (len(self._places) + 1, self._limits.places, "places such as lines or cells"),
        ):
            if number > limit:
                raise TooLong(
                    f"{self.name} has more than {limit:,} {what}.",
                    fix="Split the document, or raise the limit.",
                    name=self.name,
                    limit=limit,
                )
        self._pieces.append(text)
        self._places.append(Place(start, self._length, page, label, box, words, confidence))

    def include(self, inner: Document, label: str) -> None:
        """Append a document that lies inside this one; its labels get `label` in front."""
        by = self._length
        for place in inner.places:
            self.add(
                inner.text[place.start : place.end],
                label=f"{label}, {place.label}",
                page=place.page,
                box=place.box,
                words=place.words,
                confidence=place.confidence,
            )
        for note in inner.notes:
            self.note(f"{label}: {note}")
        for table in inner.tables:
            self.add_table(table.moved(by, label))
        for part in inner.unread:
            self.leave_out(f"{label}, {part.what}", part.reason, part.page)

    def is_prose(self) -> bool:
        """Tell whether at least half of the characters are letters or spaces, and some are spaces."""
        text = "".join(self._pieces)[:100_000]
        spaces = sum(character.isspace() for character in text)
        letters = sum(character.isalpha() for character in text)
        return 2 * (letters + spaces) >= len(text) and 20 * spaces >= len(text)

    def add_table(self, table: Table) -> None:
        """Keep a table whose words were added before; one too many stays text only, which is noted."""
        if self._cells + len(table.cells) > self._limits.table_cells:
            if self._cells <= self._limits.table_cells:
                self.note(f"more than {self._limits.table_cells:,} cells: further tables are text only")
            self._cells = self._limits.table_cells + 1
            return
        self._cells += len(table.cells)
        self._tables.append(table)

    def add_page_kind(self, page: Page) -> None:
        """Keep what a page is."""
        self._page_kinds.append(page)

    def leave_out(self, what: str, reason: str, page: int | None = None) -> None:
        """Keep that a part was not read, so that a person looks at it."""
        self._unread.append(Unread(what, reason, page))

    def note(self, note: str) -> None:
        """Keep something that people should know."""
        self._notes.append(note)

    def document(self, data: bytes, media_type: str, pages: int | None = None) -> Document:
        """Return what was collected.

        Parameters
        ----------
        data : bytes
            The bytes that were read, for the digest.
        media_type : str
        pages : int or None

        Returns
        -------
        Document

        Raises
        ------
        Empty
            There is no text but white space.
        """
        text = "".join(self._pieces)
        if not text.strip("\ufeff\ufffd \t\r\n\f\v\xa0"):
            raise Empty(
                f"{self.name} is a sound file without any text.",
                fix="Check that it is the right file; leave it out if it is meant to be empty.",
                name=self.name,
            )
        if self._replaced:
            self.note(
                f"{count(self._replaced, 'character')} that no text can hold became \N{REPLACEMENT CHARACTER}"
            )
        return Document(
            name=self.name,
            media_type=media_type,
            content_digest=digest_of_bytes(data),
            text_digest=digest_of_bytes(text.encode()),
            text=text,
            places=tuple(self._places),
            pages=pages,
            notes=tuple(self._notes),
            tables=tuple(self._tables),
            page_kinds=tuple(self._page_kinds),
            unread=tuple(self._unread),
        )
