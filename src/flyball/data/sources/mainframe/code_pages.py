"""Code pages: a character for each of the 256 bytes."""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import ebcdic  # type: ignore[import-untyped]  # Python finds its codecs once it is imported
import numpy as np
import numpy.typing as npt

from flyball.data.sources.errors import BadSource

__all__ = ["CodePage", "Controls", "code_page"]

Controls = Literal["space", "keep", "drop"]

_NAME = re.compile(r"(?:ibm|cp|ccsid|ebcdic)?[-_]?0*(\d{2,5})$", re.IGNORECASE)
_ASCII_NAMES = frozenset(
    {"ascii", "us-ascii", "latin-1", "iso-8859-1", "iso-8859-15", "windows-1252", "cp1252"}
)
_NOTHING = "�"
_COBRIX = "cobrix:"
_COBRIX_BARE = frozenset({"common", "cp037", "cp838", "cp870", "cp875", "cp1025", "cp1047"})
"""Pages of Cobrix whose control characters are blanks; the others have those of ASCII."""
_COBRIX_LINE_ENDS = {0x0D: "\n", 0x25: "\r"}
_COBRIX_SUBSTITUTED = (0x04, 0x06, 0x08, 0x09, 0x0A, 0x14, 0x15, 0x17, 0x1A, 0x1B)


@dataclass(frozen=True)
class CodePage:
    """A single-byte code page, or UTF-8.

    Parameters
    ----------
    name : str
    table : str
        256 characters; U+FFFD where a byte means nothing.
    """

    name: str
    table: str

    @property
    def is_ebcdic(self) -> bool:
        """Whether its digits are F0 to F9."""
        return self.table[0xF0:0xFA] == "0123456789"

    @cached_property
    def ascii(self) -> bytes:
        """For `bytes.translate`: the ASCII character of each byte, FF where it has none."""
        return bytes(ord(sign) if ord(sign) < 0x80 else 0xFF for sign in self.table)

    @cached_property
    def widths(self) -> npt.NDArray[np.uint8]:
        """Bytes that each character takes in UTF-8, of shape (256,)."""
        return np.array([len(sign.encode()) for sign in self.table], dtype=np.uint8)

    @cached_property
    def strange(self) -> npt.NDArray[np.bool_]:
        """Whether each byte is a control character or means nothing, of shape (256,)."""
        return np.array([_is_control(sign) or sign == _NOTHING for sign in self.table])

    @cached_property
    def plain(self) -> npt.NDArray[np.bool_]:
        """Whether each byte is a letter or digit of ASCII, or a blank, of shape (256,)."""
        return np.array([sign == " " or (sign.isascii() and sign.isalnum()) for sign in self.table])

    def without_controls(self, controls: Controls) -> "CodePage":
        """Return the page with controls made spaces; with "drop" they become U+0000, to be taken out."""
        if controls == "keep":
            return self
        instead = " " if controls == "space" else "\0"
        return CodePage(self.name, "".join(instead if _is_control(sign) else sign for sign in self.table))

    @property
    def is_utf8(self) -> bool:
        """Whether a character may take several bytes; then only ASCII can be read by the table."""
        return self.name == "utf-8"

    def text_of(self, raw: bytes) -> str:
        """Return the characters of some bytes."""
        return codecs.charmap_decode(raw, "strict", self.table)[0]


def code_page(name: str) -> CodePage:
    """Find a code page: of Python, of the package `ebcdic`, "common", or 256 characters.

    "cobrix:cp037" is a page with what Cobrix makes of control characters.

    Raises
    ------
    BadSource
        There is none of that name, or it takes more than one byte for a character.
    """
    if len(name) == 256:
        return CodePage("of one's own", name)
    lowered = name.lower().replace("_", "-")
    if lowered.startswith(_COBRIX):
        return _of_cobrix(lowered.removeprefix(_COBRIX))
    if lowered.endswith("-extended"):
        return code_page(lowered.removesuffix("-extended"))
    if lowered == "common":
        return CodePage("common", _common())
    if lowered in ("utf-8", "utf8"):
        return CodePage("utf-8", bytes(range(256)).decode("ascii", "replace"))
    if lowered in _ASCII_NAMES:
        return CodePage(lowered, bytes(range(256)).decode(lowered, "replace"))
    number = _NAME.match(lowered)
    codec = _codec(f"cp{int(number[1]):03d}" if number else lowered)
    if codec is not None:
        table = "".join(codec.decode(bytes([byte]), "replace")[0] for byte in range(256))
        if len(table) == 256 and len(set(table)) > 180:
            return CodePage(codec.name, table)
    raise BadSource(
        f"There is no single-byte code page {name!r} here.",
        fix="For instance: cp037, cp273, cp277, cp278, cp280, cp284, cp285, cp297, cp500, cp870, cp871, "
        "cp875, cp1025, cp1026, cp1047, cp1140 to cp1149, common, ascii, latin-1, or 256 characters.",
        code_page=name,
    )


def _codec(name: str) -> codecs.CodecInfo | None:
    if name == "cp273":  # Python has an overline for BC, IBM a macron
        return cast("codecs.CodecInfo", ebcdic.lookup(name))
    try:
        return codecs.lookup(name)
    except LookupError:
        return None


def _common() -> str:
    """Return the characters that the EBCDIC pages have in common; blanks for all others."""
    table = [sign if sign.isascii() and sign.isprintable() else " " for sign in code_page("cp037").table]
    table[0xCA], table[0x6A] = "-", "¦"
    return "".join(table)


def _of_cobrix(name: str) -> CodePage:
    """Return a page as Cobrix has it: control characters are blanks, or those of ASCII and the rest blanks.

    Source: AbsaOSS/cobrix 898330b, `cobol-parser/.../encoding/codepage`, compared character by character;
    a few signs of cp870 and cp875 differ.
    """
    plain = name.removesuffix("-extended")
    page = code_page(plain)
    if not page.is_ebcdic:
        return page
    bare = name in _COBRIX_BARE
    table = list(page.table)
    controls = code_page("cp037").table
    for byte in (*range(0x40), 0xFF):
        sign = controls[byte]
        kept = sign.isascii() and not bare
        table[byte] = _COBRIX_LINE_ENDS.get(byte, sign if kept else " ")
    if plain == "common":
        if not bare:
            table[0x07] = table[0x3F] = " "
            for byte in _COBRIX_SUBSTITUTED:
                table[byte] = "\x1a"
    elif not bare or name == "cp037":
        table[0x15] = "\x85"
    else:  # no-break space and soft hyphen
        table = [" " if sign in "\xa0\xad" else sign for sign in table]
    return CodePage(f"{_COBRIX}{name}", "".join(table))


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) == "Cc"
