"""Tables of web pages, laid out as browsers do.

By hand: "Intro" and its blank line are 7 characters, so the first cell begins at 7.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.documents.extract import extract


def read(page):
    document = extract(b"<html><body>" + page.encode() + b"</body></html>", name="a.html")
    for table in document.tables:
        for cell in table.cells:
            assert cell.text == "".join(document.text[start:end] for start, end in cell.spans)
    return document


def test_cells_know_where_their_words_stand():
    document = read("<p>Intro</p><table><tr><th>Year<th>Fee</tr><tr><td>2026<td> EUR 100 </tr></table>")
    (table,) = document.tables
    assert table.grid() == (("Year", "Fee"), ("2026", "EUR 100"))
    assert [cell.spans for cell in table.cells] == [((7, 11),), ((12, 15),), ((16, 20),), ((21, 28),)]
    assert [cell.header for cell in table.cells] == [True, True, False, False]


def test_spans_push_later_cells_aside():
    """Row 0: A over two rows, B over two columns. Row 1: C and D stand under B. Row 2: E to G."""
    page = "<table><tr><td rowspan=2>A<td colspan=2>B<tr><td>C<td>D<tr><td>E<td>F<td>G</table>"
    (table,) = read(page).tables
    assert table.grid() == (("A", "B", ""), ("", "C", "D"), ("E", "F", "G"))


def test_a_rowspan_of_0_reaches_to_the_end():
    (table,) = read("<table><tr><td rowspan=0>A<td>B<tr><td>C<tr><td>D</table>").tables
    assert [(cell.text, cell.row_span) for cell in table.cells if cell.row_span > 1] == [("A", 3)]


def test_cells_in_the_head_name_the_columns():
    (table,) = read("<table><thead><tr><td>Year<td>Fee</thead><tr><td>2026<td>5</table>").tables
    assert [cell.text for cell in table.cells if cell.header] == ["Year", "Fee"]


def test_a_table_inside_a_cell_is_a_table_of_its_own_and_part_of_the_cell():
    inner = "<table><tr><td>in1<td>in2</table>"
    first, second = read(f"<table><tr><td>x<td>{inner}<td>end</table>").tables
    assert first.grid() == (("x", "in1\tin2", "end"),)
    assert (second.label, second.grid()) == ("table 1, row 1, cell 2, table 1", (("in1", "in2"),))


def test_a_table_that_only_lays_out_the_page_is_no_table():
    assert read("<table><tr><td>one</tr><tr><td>below the other</tr></table>").tables == ()
    assert read(f"<table><tr><td>{'prose ' * 500}<td>menu</table>").tables == ()


def test_hidden_cells_are_no_cells():
    (table,) = read("<table><tr><td>a<td>b<td hidden>c<td style='display:none'>d</table>").tables
    assert table.grid() == (("a", "b"),)


def test_a_table_in_what_was_cut_off_is_kept():
    (table,) = extract(b"<html><table><tr><td>a<td>b<tr><td>c", name="a.html").tables
    assert table.grid() == (("a", "b"), ("c", ""))


@pytest.mark.parametrize("span", ["x", "-1", "9" * 5000, "1e9", "", "²"])
def test_a_span_that_makes_no_sense_breaks_nothing(span):
    document = read(f"<table><tr><td colspan='{span}' rowspan='{span}'>a<td>b</table>")
    assert document.text.startswith("a\tb")


def test_spans_that_would_fill_a_hundred_million_fields_stay_text_in_no_time():
    rows = "<tr><td rowspan=65534 colspan=1000>a<td>b" * 2_000
    before = time.process_time()
    document = read(f"<table>{rows}</table>")
    assert time.process_time() - before < 3
    assert document.tables == ()
    assert document.notes == ("table 1: too many fields; it is text only",)


def test_tables_in_the_body_of_a_mail_keep_their_places():
    mail = (
        b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
        b"<html><table><tr><td>Year<td>Fee<tr><td>2026<td>5</table></html>"
    )
    document = extract(mail, name="a.eml")
    (table,) = document.tables
    assert table.label == "body, table 1"
    assert [document.text[start:end] for cell in table.cells for start, end in cell.spans] == [
        "Year",
        "Fee",
        "2026",
        "5",
    ]


PIECES = st.sampled_from(
    [
        *("<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "<thead>", "</thead>", "<tbody>"),
        *("<td colspan=3>", "<td rowspan=2>", "<td rowspan=0 colspan=2>", "<p>", "</p>", "<br>", "<div>"),
        *("<pre>", "</pre>", "<td hidden>", "<script>", "</script>", "</div>", "a b", " ", "\n", "\t", "x"),
        *("<h1>", "</h1>", "<li>", "&nbsp;", "\N{REPLACEMENT CHARACTER}", "<template>", "long " * 500),
    ]
)


@given(pieces=st.lists(PIECES, max_size=60))
def test_any_heap_of_tags_gives_tables_whose_words_stand_in_the_text(pieces):
    read("<p>Intro</p>" + "".join(pieces))
