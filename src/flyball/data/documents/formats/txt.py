"""Plain text: every character stays where it was, line ends included."""

import codecs
import re

from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import Undecodable
from flyball.data.documents.format import Format
from flyball.data.documents.records import Document, Limits

__all__ = ["decoded", "txt"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b\x1a\x00")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as editors count; not at form feeds
_TOLERATED = 1000  # one control character in so many; more and it is no text


def decoded(data: bytes, name: str) -> tuple[str, str, bool]:
    """Return the text of some bytes, its encoding, and whether that was a guess.

    A byte order mark decides; it is not part of the text. Without one: UTF-16 where every other
    byte is 0, then UTF-8, then Windows-1252, which is a guess.

    Parameters
    ----------
    data : bytes
    name : str
        For the message.

    Returns
    -------
    text, encoding, guessed : str, str, bool

    Raises
    ------
    Undecodable
        None of them fits.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding, name), encoding, False
    sample = data[:4096]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if len(sample) >= 4 and zeros.count(0) > 0.7 * len(zeros):
            return _strictly(data, encoding, name), encoding, True
    controls = sum(1 for byte in sample if byte in _CONTROLS) + data.count(0)
    if controls * _TOLERATED > len(data) + _TOLERATED:
        raise Undecodable(
            f"{name} is no text: {controls} of {len(data):,} bytes are control characters.",
            fix="Check that it is a text file; save it again as UTF-8.",
            name=name,
        )
    try:
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        return _strictly(data, "cp1252", name), "cp1252", True


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as err:
        raise Undecodable(
            f"{name} is neither UTF-8 nor {encoding}: byte {err.start} is 0x{data[err.start]:02x}.",
            fix="Save it again as UTF-8.",
            name=name,
            offset=err.start,
        ) from err


def _read(data: bytes, name: str, limits: Limits) -> Document:
    text, encoding, guessed = decoded(data, name)
    assembly = Assembly(name, limits)
    if guessed:
        assembly.note(f"the character encoding was guessed: {encoding}")
    for number, line in enumerate(_LINE.finditer(text), start=1):
        assembly.add(line[0], label=f"line {number}")
    return assembly.document(data, txt.media_type)


txt = Format(media_type="text/plain", title="plain text", read=_read)
