"""The contract of a file format: bytes in, a `Document` out."""

from collections.abc import Callable
from dataclasses import dataclass

from flyball.core.shelves import Shelf
from flyball.data.documents.records import Document, Limits

__all__ = ["FORMATS", "Format", "Reader"]

FORMATS = Shelf(kind="document format", package="flyball.data.documents.formats")

Reader = Callable[[bytes, str, Limits], Document]
"""(bytes, name, limits) -> Document. Raises a `DocumentError` of its own cause; never returns empty text."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file; the object that a module of the shelf offers under its own name.

    The name on the shelf is the file extension: `formats/pdf.py` reads what ends in `.pdf`, and
    whatever `sniff.py` recognises as such by its bytes.

    Parameters
    ----------
    media_type : str
        As registered with IANA: "application/pdf".
    title : str
        For people: "PDF".
    read : Reader
    """

    media_type: str
    title: str
    read: Reader
