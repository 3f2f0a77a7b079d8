"""From bytes to a document: find the format, let it read."""

from dataclasses import replace
from functools import cache
from pathlib import PurePath

from flyball.core.errors import FlyballError
from flyball.core.text import size
from flyball.data.documents.errors import Corrupt, Empty, Encrypted, TooLarge, Unsupported
from flyball.data.documents.format import FORMATS, Format
from flyball.data.documents.records import Document, Limits
from flyball.data.documents.sniff import kind_of_ending, sniff

__all__ = ["READERS_VERSION", "format_of", "known_formats", "read_bytes", "refuse_size"]


READERS_VERSION = 4
"""Of text and places that the formats give. Raised when one of them gives another text for the same bytes,
so that what was kept from an earlier version is read again."""


def read_bytes(data: bytes, name: str, limits: Limits) -> Document:
    """Read the bytes of one file, whatever its format.

    Parameters
    ----------
    data : bytes
    name : str
        File name, for people and as a second opinion on the format.
    limits : Limits

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        One class for each cause.
    """
    refuse_size(len(data), name, limits)
    if not data:
        raise Empty(f"{name} has 0 bytes.", fix="Ask for the document again.", name=name)
    kind, other = sniff(data, name)
    if kind == "encrypted":
        raise Encrypted(
            f"{name} is {other} locked with a password.",
            fix="Save a copy without the password and give that.",
            name=name,
        )
    known = known_formats()
    if kind not in known:
        what = other or (
            f"a file of the kind .{kind}" if kind else "a file without an ending and of an unknown kind"
        )
        fix = (
            "Run text recognition (OCR) over it and give the searchable PDF."
            if "picture" in what
            else f"Formats that can be read: {', '.join(known)}. Save it as one of them."
        )
        raise Unsupported(f"{name} is {what}, which cannot be read.", fix=fix, name=name, kind=what)
    found = format_of(kind)
    try:
        document = found.read(data, name, limits)
    except FlyballError:
        raise
    except Exception as err:
        raise Corrupt(
            f"{name} broke its reader ({type(err).__name__}: {str(err)[:200]}).",
            fix="Ask for the document again, or save it in another format.",
            name=name,
        ) from err
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending and kind_of_ending(ending) != kind:
        note = f"its name ends in .{ending}, but its content is {found.title}"
        return replace(document, notes=(note, *document.notes))
    return document


@cache
def known_formats() -> tuple[str, ...]:
    """Return the names of all formats; looked up once, since looking through what is installed is slow."""
    return tuple(FORMATS.names())


@cache
def format_of(name: str) -> Format:
    """Return the format of that name, looked up once."""
    found: Format = FORMATS.load(name)
    return found


def refuse_size(n_bytes: int, name: str, limits: Limits) -> None:
    """Refuse a file that is too large, by its size alone.

    Raises
    ------
    TooLarge
    """
    if n_bytes > limits.file_bytes:
        raise TooLarge(
            f"{name} has {size(n_bytes)}; at most {size(limits.file_bytes)} are read.",
            fix="Split the document or take its pictures out, or raise largest_file_mb of the source.",
            name=name,
            bytes=n_bytes,
            limit=limits.file_bytes,
        )
