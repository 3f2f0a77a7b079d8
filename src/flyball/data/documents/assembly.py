"""Putting a document together piece by piece, so that text and places cannot drift apart."""

import re

from flyball.core.digests import digest_of_bytes
from flyball.core.text import count
from flyball.data.documents.errors import Empty, TooLong
from flyball.data.documents.records import Document, Limits, Place

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
        self._length = 0
        self._replaced = 0

    def add(
        self,
        text: str,
        *,
        label: str,
        page: int | None = None,
        box: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Append a piece of text and say where it stands. Nothing is added for "".

        Parameters
        ----------
        text : str
            With the white space that separates it from the next piece.
        label, page, box
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
        self._places.append(Place(start, self._length, page, label, box))

    def include(self, inner: Document, label: str) -> None:
        """Append a document that lies inside this one; its labels get `label` in front."""
        for place in inner.places:
            self.add(
                inner.text[place.start : place.end],
                label=f"{label}, {place.label}",
                page=place.page,
                box=place.box,
            )
        for note in inner.notes:
            self.note(f"{label}: {note}")

    def is_prose(self) -> bool:
        """Tell whether at least half of the characters are letters or spaces, and some are spaces."""
        text = "".join(self._pieces)[:100_000]
        spaces = sum(character.isspace() for character in text)
        letters = sum(character.isalpha() for character in text)
        return 2 * (letters + spaces) >= len(text) and 20 * spaces >= len(text)

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
        )
