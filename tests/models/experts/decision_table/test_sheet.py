"""The same table, as eight spreadsheets save it, is the same table."""

from pathlib import Path

import pytest

from flyball.models.experts.decision_table.records import BadTable
from flyball.models.experts.decision_table.sheet import Line, Sheet, read_sheet

PATH = Path("liability.csv")
PLAIN = 'rule,if law,then message\nL-1,"one of: a, b","Größe ""x"" ; €"\n'
EXPECTED = Sheet(("rule", "if law", "then message"), (Line(2, ("L-1", "one of: a, b", 'Größe "x" ; €')),))
SEMICOLONS = 'rule;if law;then message\nL-1;one of: a, b;"Größe ""x"" ; €"\n'


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("cp1252"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        SEMICOLONS.encode("cp1252"),
        SEMICOLONS.replace(";", "\t").replace('x"" \t', 'x"" ;').encode(),
        PLAIN.replace("\n", ",,\n").encode() + b",,,,\n,,,,\n",
    ],
    ids=["utf-8", "bom", "windows", "utf-16", "crlf", "semicolon", "tab", "trailing"],
)
def test_every_dialect_gives_the_same_sheet(data):
    assert read_sheet(PATH, data) == EXPECTED


def test_a_separator_line_counts_as_a_row_of_the_spreadsheet():
    sheet = read_sheet(PATH, ("sep=;\r\n" + SEMICOLONS).encode())
    assert sheet.header == EXPECTED.header
    assert sheet.lines[0].number == 3


def test_remarks_and_empty_rows_are_left_out_and_row_numbers_stay():
    sheet = read_sheet(PATH, b"rule,note\n# a remark,\n\nA-1,x\n")
    assert sheet.lines == (Line(4, ("A-1", "x")),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "liability.csv is not text in UTF-8 or Windows-1252."),
        (b"", "the first row must name the columns and begin with 'rule'"),
        (b"id,if x\n1,2\n", "the first row must name the columns and begin with 'rule'"),
        (b"rule,note\nA-1,x,stray\n", "row 2: 'stray' stands to the right of the last column"),
        (b'rule,note\nA-1,"x\n' + b"y" * 30_000 + b'"', "has more than 20000 characters"),
        (b'rule,note\nA-1,"x" y\n', "is not CSV"),
        (b"r" * 6_000_000, "has 6000000 bytes, more than 5000000"),
    ],
)
def test_a_file_that_is_no_table_is_refused(data, said):
    with pytest.raises(BadTable) as caught:
        read_sheet(PATH, data)
    assert said in caught.value.message
