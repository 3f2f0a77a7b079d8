"""By hand: 500 comments of 8 bytes fill the 4,096 bytes that are looked at; a search that tried every way
to join them would never end."""

import importlib.util
import time
from pathlib import Path

import pytest

from flyball.data.documents.sniff import sniff

PATH = Path(__file__).parent / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

MEMO = b"To: the board\nFrom: legal\nDate: 1 March\n\nThe fee is due.\n"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"junk\n%PDF-1.7", "a.txt", "pdf"),
        (making.word(), "a.pdf", "docx"),
        (b" \n<!-- x -->\n<?xml version='1.0'?><!-- y --><!DOCTYPE HTML>", "a", "html"),
        (b"\xef\xbb\xbf<HTML>", "a.txt", "html"),
        (b"<p>Only a fragment", "a.htm", "html"),
        (b"a < b", "a.txt", "txt"),
        (MEMO, "memo.txt", "txt"),
        (MEMO, "memo.eml", "eml"),
        (b"Message-ID: <1@x>\n" + MEMO, "a.txt", "eml"),
        (b"Received: from x\n by y\nSubject: z\n\nBody", "a", "eml"),
        (b"MZ is how the contract begins.", "a.txt", "txt"),
        (b"text", "a.TEXT", "txt"),
        (b"text", "a", ""),
        (b"text", "a.rst", "rst"),
    ],
)
def test_bytes_first_and_the_name_second(data, name, kind):
    assert sniff(data, name) == (kind, "")


@pytest.mark.parametrize(
    ("data", "other"),
    [
        (making.PNG, "a PNG picture"),
        (b"{\\rtf1", "an RTF document"),
        (
            making.with_part(making.with_part(b"PK\x05\x06" + b"\x00" * 18, "xl/a.xml", "x"), "b", "x"),
            "an Excel workbook",
        ),
        (making.with_part(b"PK\x05\x06" + b"\x00" * 18, "a.txt", "x"), "a ZIP archive"),
        (b"MZ\x90\x00\x03", "a Windows program"),
    ],
)
def test_what_cannot_be_read_is_named(data, other):
    assert sniff(data, "a.pdf") == ("", other)


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize(
    "data", [b"<!-- -->" * 500, b"<?xml ?>" * 500, b" " * 4000, b"<!--" * 1000, b"a:" * 2000, b"a:\n " * 1000]
)
def test_no_beginning_takes_long(data):
    before = time.process_time()
    sniff(data, "a.txt")
    assert time.process_time() - before < 0.1
