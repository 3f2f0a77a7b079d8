"""Tables are drawn by reportlab: rows 18 points high, so three rows are 54; columns as wide as given.

By hand: in every table the words at the spans of a cell are the words of the cell.
"""

import importlib.util
from pathlib import Path

import pytest

from flyball.data.documents.extract import extract

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

FEES = [["Year", "Fee", "Paid"], ["2026", "100.00", "yes"], ["2027", "120.00", "no"]]


def read(data):
    document = extract(data, name="a.pdf")
    for table in document.tables:
        for cell in table.cells:
            assert cell.text == "\n".join(document.text[start:end] for start, end in cell.spans)
    return document


def test_lines_around_cells_are_a_table():
    (table,) = read(making.flowing_pdf(making.ruled(FEES, [60, 80, 100]))).tables
    assert table.grid() == tuple(map(tuple, FEES))
    assert (table.label, table.found_by, table.page) == ("page 1, table 1", "lines", 1)
    left, bottom, right, top = table.box
    assert right - left == pytest.approx(240, abs=1)
    assert top - bottom == pytest.approx(54, abs=1)


def test_every_cell_has_its_box():
    (table,) = read(making.flowing_pdf(making.ruled(FEES, [60, 80, 100]))).tables
    fee = next(cell for cell in table.cells if cell.text == "100.00")
    left, bottom, right, top = fee.box
    assert left - table.box[0] == pytest.approx(60, abs=1)
    assert right - left == pytest.approx(80, abs=1)
    assert (table.box[3] - top, top - bottom) == (pytest.approx(18, abs=1), pytest.approx(18, abs=1))


def test_fields_without_a_line_between_them_are_one_cell():
    rows = [["Fees", "", ""], ["2026", "100.00", "x"], ["", "120.00", "y"]]
    data = making.flowing_pdf(making.ruled(rows, [60, 80, 100], spans=[((0, 0), (2, 0)), ((0, 1), (0, 2))]))
    (table,) = read(data).tables
    cells = {cell.text: (cell.row, cell.column, cell.row_span, cell.column_span) for cell in table.cells}
    assert cells == {
        "Fees": (0, 0, 1, 3),
        "2026": (1, 0, 2, 1),
        "100.00": (1, 1, 1, 1),
        "x": (1, 2, 1, 1),
        "120.00": (2, 1, 1, 1),
        "y": (2, 2, 1, 1),
    }


def test_a_first_row_in_bold_names_the_columns():
    words = [["Place", "Person"], ["Rome", "Ada"], ["Oslo", "Bo"]]
    (bold,) = read(making.flowing_pdf(making.ruled(words, [80, 80], bold=1))).tables
    (plain,) = read(making.flowing_pdf(making.ruled(words, [80, 80]))).tables
    assert [cell.text for cell in bold.cells if cell.header] == ["Place", "Person"]
    assert [cell.text for cell in plain.cells if cell.header] == []


def test_a_first_row_without_numbers_above_numbers_names_the_columns():
    (table,) = read(making.flowing_pdf(making.ruled(FEES, [60, 80, 100]))).tables
    assert [cell.text for cell in table.cells if cell.header] == ["Year", "Fee", "Paid"]


def test_an_empty_cell_is_kept():
    rows = [["Year", "Fee"], ["2026", ""], ["", "5"]]
    (table,) = read(making.flowing_pdf(making.ruled(rows, [60, 80]))).tables
    assert table.grid() == (("Year", "Fee"), ("2026", ""), ("", "5"))


def test_lines_of_a_cell_stay_in_it():
    rows = [["Item", "Note"], ["1", "first line\nsecond line"], ["2", "-"]]
    grid = making.Table(rows, colWidths=[60, 120], style=[("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0))])
    (table,) = read(making.flowing_pdf(grid)).tables
    assert table.grid()[1] == ("1", "first line\nsecond line")


def test_a_table_goes_on_over_the_page():
    """A4 leaves room for about 38 rows; 60 rows and a header on each page are two tables, none lost."""
    rows = [["Item", "Price"], *([f"Item {n}", f"{n}.50"] for n in range(60))]
    document = read(making.flowing_pdf(making.ruled(rows, [100, 80], repeat=1)))
    first, second = document.tables
    assert (first.page, second.page) == (1, 2)
    assert (first.continues, second.continues) == ("", "page 1, table 1")
    found = [row for table in (first, second) for row in table.grid()[1:]]
    assert found == [tuple(row) for row in rows[1:]]


def test_another_table_on_the_next_page_continues_nothing():
    data = making.flowing_pdf(
        making.ruled(FEES, [60, 80, 100]), None, making.ruled([["a", "b"], ["c", "d"]], [60, 60])
    )
    assert [table.continues for table in read(data).tables] == ["", ""]


def test_columns_of_words_without_lines_are_a_table():
    rows = [["Region", "Sales", "Cost"], *([f"Region {n}", f"{n * 111}.00", str(17 * n)] for n in range(5))]
    (table,) = read(making.flowing_pdf(making.spaced(rows, [100, 80, 80]))).tables
    assert table.found_by == "gaps"
    assert table.grid() == tuple(map(tuple, rows))


def test_a_line_over_all_columns_ends_a_table_without_lines():
    rows = [["a", "1"], ["b", "2"], ["c", "3"]]
    wide = making.spaced(
        [["A sentence that stands between the two tables and reaches over both columns."]], None
    )
    data = making.flowing_pdf(making.spaced(rows, [100, 80]), wide, making.spaced(rows, [100, 80]))
    assert [table.rows for table in read(data).tables] == [3, 3]


def columns_pdf(*columns):
    """Columns of lines at the given x; line n at 800 - 14 n."""
    buffer = making.io.BytesIO()
    drawing = making.canvas.Canvas(buffer, invariant=1)
    for x, lines in columns:
        for number, line in enumerate(lines):
            drawing.drawString(x, 800 - 14 * number, line)
    drawing.save()
    return buffer.getvalue()


def test_two_columns_of_prose_are_no_table():
    prose = [f"line {n} of a text that runs on and on" for n in range(10)]
    assert read(columns_pdf((40, prose), (320, prose))).tables == ()


def test_numbered_paragraphs_are_no_table():
    numbers = [f"{n}.1" for n in range(1, 8)]
    texts = [f"The Supplier shall deliver item {n}." for n in range(1, 8)]
    assert read(columns_pdf((40, numbers), (100, texts))).tables == ()


def test_lists_with_marks_are_no_table():
    assert read(columns_pdf((40, ["-"] * 5), (80, ["milk", "eggs", "bread", "salt", "tea"]))).tables == ()


def test_two_rows_are_chance():
    assert read(columns_pdf((40, ["Name", "Date"]), (200, ["Bo", "2026"]))).tables == ()


def test_a_frame_around_a_page_is_no_table():
    buffer = making.io.BytesIO()
    drawing = making.canvas.Canvas(buffer, invariant=1)
    drawing.rect(30, 30, 500, 780)
    drawing.drawString(50, 700, "The Supplier shall deliver the goods.")
    drawing.save()
    assert read(buffer.getvalue()).tables == ()


def test_a_drawing_of_many_lines_is_looked_at_within_bounds():
    buffer = making.io.BytesIO()
    drawing = making.canvas.Canvas(buffer, invariant=1)
    for number in range(21_000):
        drawing.line(10, number / 30, 11, number / 30 + 1)
    drawing.drawString(50, 750, "The Supplier shall deliver the goods.")
    drawing.save()
    document = read(buffer.getvalue())
    assert "shall deliver" in document.text
    assert document.notes == ("page 1: more is drawn on it than was looked through for tables",)


def test_a_header_that_almost_touches_the_next_is_parted_as_the_rows_below_are():
    """The header begins at 140 and has some 92 points, the next column begins at 238: 6 points are less than
    the height of a line, and more than a space.
    """
    rows = [("Item", "Turnover of year", "Paid"), *((f"item {n}", f"{n}.00", "yes") for n in range(1, 9))]
    document = read(columns_pdf(*zip((40, 140, 238), zip(*rows, strict=True), strict=True)))
    (table,) = document.tables
    assert table.grid() == tuple(rows)
