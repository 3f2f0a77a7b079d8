"""A table of two rows and three columns; "Fee" reaches over columns 1 and 2 of row 0.

By hand: its text is "Year\\tFee\\t" and "2026\\t1 2\\t3" where the cell "1\\n2" has a line break.
"""

import pytest

from flyball.core.errors import BadInput
from flyball.data.documents.tables import Cell, Table

TABLE = Table(
    "table 1",
    rows=2,
    columns=3,
    cells=(
        Cell(0, 0, "Year", ((0, 4),), header=True),
        Cell(0, 1, "Fee", ((5, 8),), column_span=2, header=True),
        Cell(1, 0, "2026", ((9, 13),)),
        Cell(1, 1, "1\n2", ((14, 15), (16, 17))),
        Cell(1, 2, "3", ((18, 19),)),
    ),
)


def test_a_merged_cell_stands_in_its_upper_left_field_only():
    assert TABLE.grid() == (("Year", "Fee", ""), ("2026", "1\n2", "3"))


def test_its_text_keeps_cells_apart_by_tabs():
    assert TABLE.as_text() == "Year\tFee\t\n2026\t1 2\t3"


def test_in_a_longer_text_every_span_moves_and_nothing_else():
    moved = TABLE.continued("table 0").moved(100, "attachment a.docx")
    assert moved.label == "attachment a.docx, table 1"
    assert moved.continues == "attachment a.docx, table 0"
    assert moved.cells[3].spans == ((114, 115), (116, 117))
    assert moved.grid() == TABLE.grid()


@pytest.mark.parametrize(
    "cell", [Cell(0, 2, "x"), Cell(1, 3, "x"), Cell(2, 0, "x"), Cell(1, 0, "x", row_span=2)]
)
def test_a_cell_over_another_or_outside_is_refused(cell):
    with pytest.raises(BadInput, match=r"table 1: the cell at row \d, column \d overlaps another or leaves"):
        Table("table 1", 2, 3, (Cell(0, 0, ""), Cell(0, 1, "", column_span=2), cell))
