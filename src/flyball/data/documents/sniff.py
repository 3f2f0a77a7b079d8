"""What kind of file some bytes are: by what they say themselves first, by the file's name second."""

import io
import re
import zipfile
from pathlib import PurePath

__all__ = ["kind_of_ending", "sniff"]

_HEAD = 4096
_OTHER_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"%!PS", "a PostScript file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a Parquet file"),
)
_OTHER_ENDINGS = {"htm": "html", "xhtml": "html", "text": "txt"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKED = (
    ("word/", "docx"),
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint file"),
    ("content.xml", "an OpenDocument file"),
)
_HTML_BEGINS = (b"<!doctype html", b"<html", b"<head", b"<body")
_HTML_SOMEWHERE = re.compile(rb"<(html|body)[\s>]", re.IGNORECASE)
_SGML = re.compile(rb"\s*<(DOCUMENT|TYPE|SEC-DOCUMENT)>", re.IGNORECASE)
_MAIL = re.compile(rb"(?:From .*\r?\n)?(?:[!-9;-~]{1,80}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.IGNORECASE)
_MAIL_ONLY = re.compile(
    rb"^(?:mime-version|message-id|received|return-path|dkim-signature):", re.IGNORECASE | re.MULTILINE
)


def sniff(data: bytes, name: str) -> tuple[str, str]:
    """Return the name of the format on its shelf and "", or "" and what else the bytes are.

    Parameters
    ----------
    data : bytes
        All of the file, not only its beginning: a ZIP archive has its list at the end.
    name : str
        File name; its ending decides where the bytes do not.

    Returns
    -------
    format_name, other : str, str
        ("pdf", ""), or ("", "a PNG picture"), or ("encrypted", "a Word document") for Office
        files behind a password. Unknown bytes give the ending of the name, "" where there is none.
    """
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if b"%PDF-" in head[:1024]:
        return "pdf", ""
    if head.startswith(b"PK\x03\x04"):
        return _packed(data)
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "encrypted", "an Office document"
        return "", "an Office document of the kind before 2007"
    for mark, kind in _OTHER_KINDS:
        if head.startswith(mark) and not (mark == b"MZ" and b"\x00" not in head):
            return "", kind
    if _is_html(head) or (_SGML.match(head) and _HTML_SOMEWHERE.search(data[: 16 * _HEAD])):
        return "html", ""
    mail = _MAIL.match(head)
    if mail and (ending == "eml" or _MAIL_ONLY.search(mail[0])):
        return "eml", ""
    return kind_of_ending(ending), ""


def _is_html(head: bytes) -> bool:
    """Look behind white space, comments and an XML declaration."""
    rest = head.lstrip()
    while rest.startswith((b"<!--", b"<?xml")):
        end = b"-->" if rest.startswith(b"<!--") else b"?>"
        rest = rest.partition(end)[2].lstrip()
    return rest[:20].lower().startswith(_HTML_BEGINS)


def kind_of_ending(ending: str) -> str:
    """Return the format that a file ending stands for: "htm" is "html"."""
    return _OTHER_ENDINGS.get(ending, ending)


def _packed(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = packed.namelist()[:10_000]
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "docx", ""  # cut off or damaged; its reader says so
    for part, kind in _PACKED:
        if any(name.startswith(part) for name in names):
            return (kind, "") if kind == "docx" else ("", kind)
    return "", "a ZIP archive"
