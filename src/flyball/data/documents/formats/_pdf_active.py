"""What a PDF would do, hide or carry beside its pages: found and named, never run."""

import ctypes
import re
import zlib
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

__all__ = ["active_parts", "files_inside", "notes_and_fields"]

_MOST_UNPACKED = 20_000_000  # bytes of object streams that are looked through
_PIECE = 65_536  # bytes of a stream that are unpacked at once
_OBJECT_STREAM = re.compile(rb"/ObjStm\b")
_LONGEST_HEAD = 400  # bytes from that name to where the stream begins
_BEGIN = re.compile(rb"stream\r?\n")
_MOST_FILES = 50  # inside, named one by one


def _name(word: str) -> bytes:
    """Return a pattern for a PDF name, of which any letter may be written as #4A."""
    letters = "".join(f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in word)
    return f"/{letters}(?![A-Za-z0-9])".encode()


_ACTIVE = {
    "JavaScript": re.compile(_name("JavaScript")),
    "an action that starts a program": re.compile(_name("Launch")),
    "an action that imports data": re.compile(_name("ImportData")),
    "an action that sends a form": re.compile(_name("SubmitForm")),
    "rich media": re.compile(_name("RichMedia")),
}


def active_parts(data: bytes, file: pdfium.PdfDocument) -> list[str]:
    """Return what the file would run or send if a viewer let it.

    Names are looked for in the bytes and in object streams; a locked file hides the latter.
    """
    unpacked = _object_streams(data)
    found = [what for what, name in _ACTIVE.items() if name.search(data) or name.search(unpacked)]
    if pdfium_c.FPDFDoc_GetJavaScriptActionCount(file.raw) > 0 and "JavaScript" not in found:
        found.insert(0, "JavaScript")
    return found


def files_inside(file: pdfium.PdfDocument) -> list[str]:
    """Return the names of the files that the PDF carries; they are not read."""
    count = max(pdfium_c.FPDFDoc_GetAttachmentCount(file.raw), 0)
    names = []
    for index in range(min(count, _MOST_FILES)):
        attachment = pdfium_c.FPDFDoc_GetAttachment(file.raw, index)
        length = pdfium_c.FPDFAttachment_GetName(attachment, None, 0)
        buffer = ctypes.create_string_buffer(max(min(length, 2_000), 2))
        pdfium_c.FPDFAttachment_GetName(
            attachment, ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR)), len(buffer)
        )
        text = buffer.raw.decode("utf-16-le", "replace").partition("\0")[0]
        names.append(" ".join(text.split())[:200] or f"file {index + 1}")
    if count > _MOST_FILES:
        names.append(f"{count - _MOST_FILES:,} more")
    return names


def notes_and_fields(page: pdfium.PdfPage) -> int:
    """Return how many comments and filled form fields lie on a page; their words are not read."""
    count = 0
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page.raw), 10_000)):
        note = pdfium_c.FPDFPage_GetAnnot(page.raw, index)
        if not note:
            continue
        kind = pdfium_c.FPDFAnnot_GetSubtype(note)
        key = b"V" if kind == pdfium_c.FPDF_ANNOT_WIDGET else b"Contents"
        if kind not in (pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP):
            count += pdfium_c.FPDFAnnot_GetStringValue(note, key, None, 0) > 2
        pdfium_c.FPDFPage_CloseAnnot(note)
    return count


def _object_streams(data: bytes) -> bytes:
    pieces: list[bytes] = []
    left = _MOST_UNPACKED
    for name in _OBJECT_STREAM.finditer(data):
        begin = _BEGIN.search(data, name.end(), name.end() + _LONGEST_HEAD)
        if begin is None:
            continue
        for piece in _unpacked(data, begin.end(), left):
            pieces.append(piece)
            left -= len(piece)
        pieces.append(b"\n")
        if left <= 0:
            break
    return b"".join(pieces)


def _unpacked(data: bytes, at: int, most: int) -> Iterator[bytes]:
    """Yield what a stream unpacks to, `most` bytes of it; nothing more where it is damaged or locked.

    In small pieces: the file behind the stream is copied with each call.
    """
    stream = zlib.decompressobj()
    while most > 0 and not stream.eof and at < len(data):
        try:
            piece = stream.decompress(data[at : at + _PIECE], most)
        except zlib.error:
            return
        at += _PIECE
        most -= len(piece)
        yield piece
