"""Tables of a document: cells with their words, where they stand in the text and on the page."""

from dataclasses import dataclass, replace

from flyball.core.errors import BadInput

__all__ = ["Box", "Cell", "Table"]

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points (1/72 inch) from the lower left corner of the page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, which may reach over several rows and columns.

    Parameters
    ----------
    row, column : int
        Of its upper left corner, counted from 0.
    text : str
        Its words, lines parted by line feeds; "" for an empty cell.
    spans : tuple of (start, end)
        Where these words stand in `Document.text`, in order; () for an empty cell. More than one
        where the text of the document goes through a row line by line.
    row_span, column_span : int
        Rows and columns that it covers, at least 1.
    header : bool
        Whether it names a column or row. DOCX and HTML say so; in a PDF it is a guess: a first row in
        bold letters, or without numbers above columns of numbers.
    box : tuple of float or None
        Where it is on the page of its table; None where the format has no pages.
    """

    row: int
    column: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells.

    Parameters
    ----------
    label : str
        For people: "table 2", "page 3, table 1", "table 1, row 2, cell 1, table 1" for one inside a cell.
    rows, columns : int
        Size of the grid, at least 1.
    cells : tuple of Cell
        By row, then column. No two cover the same field of the grid.
    page : int or None
        Counted from 1; None where the format has no pages.
    box : tuple of float or None
    continues : str
        Label of the table that goes on here after a page break; "" for a table of its own.
    found_by : str
        "markup", "lines" drawn around the cells, or "gaps" between columns of words, which is a guess.
    """

    label: str
    rows: int
    columns: int
    cells: tuple[Cell, ...]
    page: int | None = None
    box: Box | None = None
    continues: str = ""
    found_by: str = "markup"

    def __post_init__(self) -> None:
        taken: set[tuple[int, int]] = set()
        for cell in self.cells:
            fields = {
                (cell.row + down, cell.column + right)
                for down in range(cell.row_span)
                for right in range(cell.column_span)
            }
            if (
                fields & taken
                or cell.row + cell.row_span > self.rows
                or (cell.column + cell.column_span > self.columns)
            ):
                raise BadInput(
                    f"{self.label}: the cell at row {cell.row}, column {cell.column} overlaps another "
                    f"or leaves the grid of {self.rows} by {self.columns}.",
                    fix="The format that read it is at fault; report it.",
                    row=cell.row,
                    column=cell.column,
                )
            taken |= fields

    def grid(self) -> tuple[tuple[str, ...], ...]:
        """Return the words of each field, row by row; a merged cell stands in its upper left field only.

        Returns
        -------
        tuple of `rows` tuples of `columns` str
            "" for empty fields and for those that a merged cell covers.
        """
        fields = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            fields[cell.row][cell.column] = cell.text
        return tuple(map(tuple, fields))

    def as_text(self) -> str:
        """Return the table as lines of fields parted by tabs; white space in a field is one space."""
        return "\n".join("\t".join(" ".join(field.split()) for field in row) for row in self.grid())

    def moved(self, by: int, label: str) -> "Table":
        """Return the table as part of a longer text: offsets `by` characters on, `label` in front."""
        cells = tuple(
            replace(cell, spans=tuple((start + by, end + by) for start, end in cell.spans))
            for cell in self.cells
        )
        continues = f"{label}, {self.continues}" if self.continues else ""
        return replace(self, label=f"{label}, {self.label}", cells=cells, continues=continues)

    def continued(self, label: str) -> "Table":
        """Return the table as the continuation of the one with that label."""
        return replace(self, continues=label)
