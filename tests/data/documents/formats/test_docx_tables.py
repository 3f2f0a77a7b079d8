"""Tables of Word files, built by python-docx and by hand.

By hand: in the text, "Fees" is followed by a blank line, so the table begins at character 6; the cells
of a row are parted by tabs, rows by line feeds.
"""

import importlib.util
import io
import time
from pathlib import Path

import docx
import pytest

from flyball.data.documents.errors import ActiveContent, ImageOnly
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits, Unread

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)


def read(data):
    document = extract(data, name="a.docx")
    for table in document.tables:
        for cell in table.cells:
            assert cell.text == "\n".join(document.text[start:end] for start, end in cell.spans)
    return document


def body(inner):
    return making.word_with_body(f"<w:document {making.W}><w:body>{inner}</w:body></w:document>")


def cell(text, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"


def test_cells_know_where_their_words_stand():
    document = read(making.word(("Fees",), (("Year", "Fee"), ("2026", "EUR 100"))))
    (table,) = document.tables
    assert table.grid() == (("Year", "Fee"), ("2026", "EUR 100"))
    assert [one.spans for one in table.cells] == [((6, 10),), ((11, 14),), ((15, 19),), ((20, 27),)]


def test_cells_merged_over_columns_and_rows_are_one_cell():
    document = docx.Document()
    grid = document.add_table(3, 3)
    for row in range(3):
        for column in range(3):
            grid.cell(row, column).text = f"r{row}c{column}"
    grid.cell(0, 0).merge(grid.cell(0, 1))
    grid.cell(1, 2).merge(grid.cell(2, 2))
    (table,) = read(making.saved(document)).tables
    assert table.grid() == (("r0c0\nr0c1", "", "r0c2"), ("r1c0", "r1c1", "r1c2\nr2c2"), ("r2c0", "r2c1", ""))
    merged = {one.text: (one.row_span, one.column_span) for one in table.cells if one.text.count("\n")}
    assert merged == {"r0c0\nr0c1": (1, 2), "r1c2\nr2c2": (2, 1)}


def test_a_row_that_word_repeats_on_each_page_names_the_columns():
    header = f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{cell('Year')}{cell('Fee')}</w:tr>"
    data = body(f"<w:tbl>{header}<w:tr>{cell('2026')}{cell('5')}</w:tr></w:tbl>")
    (table,) = read(data).tables
    assert [one.text for one in table.cells if one.header] == ["Year", "Fee"]


def test_a_table_inside_a_cell_is_a_table_of_its_own_and_part_of_the_cell():
    inner = f"<w:tbl><w:tr>{cell('n1')}{cell('n2')}</w:tr></w:tbl>"
    outer = f"<w:tc><w:p><w:r><w:t>before</w:t></w:r></w:p>{inner}<w:p/></w:tc>"
    first, second = read(body(f"<w:tbl><w:tr>{cell('a')}{outer}</w:tr></w:tbl>")).tables
    assert first.grid() == (("a", "before\nn1\nn2"),)
    assert (second.label, second.grid()) == ("table 1, row 1, cell 2, table 1", (("n1", "n2"),))


def test_a_row_that_begins_further_right_leaves_a_gap():
    second = f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{cell('c')}</w:tr>"
    rows = f"<w:tr>{cell('a')}{cell('b')}</w:tr>{second}"
    (table,) = read(body(f"<w:tbl>{rows}</w:tbl>")).tables
    assert table.grid() == (("a", "b"), ("", "c"))


@pytest.mark.parametrize("span", ["0", "-3", "x", "9" * 5000, "99999999", "²"])
def test_a_span_that_makes_no_sense_breaks_nothing(span):
    wide = cell("wide", f'<w:gridSpan w:val="{span}"/>')
    document = read(body(f"<w:tbl><w:tr>{wide}{cell('b')}</w:tr></w:tbl>"))
    assert "wide\tb" in document.text


def test_a_grid_without_end_stays_text():
    """By hand: 300 rows of 1,000 columns are 300,000 fields; 200,000 are kept."""
    row = "<w:tr>" + cell("x", "<w:gridSpan w:val='1000'/>") + "</w:tr>"
    document = read(body(f"<w:tbl>{row * 300}</w:tbl>"))
    assert document.tables == ()
    assert document.notes == ("table 1: too many fields; it is text only",)


def test_more_cells_than_allowed_stay_text():
    data = making.word(("Fees",), (("Year", "Fee"), ("2026", "EUR 100")))
    document = extract(data, name="a.docx", limits=Limits(table_cells=3))
    assert (document.tables, document.notes) == ((), ("more than 3 cells: further tables are text only",))
    assert "2026\tEUR 100" in document.text


def test_comments_are_counted_and_not_read():
    document = docx.Document()
    paragraph = document.add_paragraph("The Supplier shall deliver.")
    document.add_comment(paragraph.runs, text="Do we want this?", author="A", initials="A")
    read_back = read(making.saved(document))
    assert "Do we want" not in read_back.text
    assert read_back.notes == ("1 comment beside the text, not read",)


def test_macros_are_named_and_never_run():
    data = making.with_part(making.word(), "word/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    assert extract(data, name="a.docx").notes == ("it holds macros; nothing of them was run",)
    with pytest.raises(ActiveContent, match=r"a\.docx holds macros\."):
        extract(data, name="a.docx", limits=Limits(refuse_active=True))


def test_a_file_inside_is_left_for_a_person():
    data = making.with_part(making.word(), "word/embeddings/prices.xlsx", b"PK")
    document = extract(data, name="a.docx")
    assert document.unread == (
        Unread("file word/embeddings/prices.xlsx inside", "files inside a Word document are not read"),
    )


def test_pictures_without_text_are_not_called_empty():
    document = docx.Document()
    document.add_picture(io.BytesIO(making.PNG))
    with pytest.raises(ImageOnly, match=r"a\.docx: 1 picture but no text\."):
        extract(making.saved(document), name="a.docx")


def test_a_cell_over_five_thousand_rows_is_read_in_no_time():
    row = "<w:tr>" + cell("x", "<w:vMerge/>") * 2 + "</w:tr>"
    first = row.replace("<w:vMerge/>", '<w:vMerge w:val="restart"/>')
    before = time.process_time()
    (table,) = read(body(f"<w:tbl>{first}{row * 5_000}</w:tbl>")).tables
    assert time.process_time() - before < 3
    assert [(one.row_span, len(one.spans)) for one in table.cells] == [(5_001, 5_001)] * 2
