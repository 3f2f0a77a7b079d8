"""Tables of a PDF page: grids filled with the words that stand in their fields."""

import ctypes
import re
from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.data.documents.formats._pdf_drawn import Drawn
from flyball.data.documents.formats._pdf_grids import Grid, Piece, grid_by_gaps, grids_by_lines
from flyball.data.documents.formats._pdf_text import Line, Word
from flyball.data.documents.tables import Box, Cell, Table

__all__ = ["bold_words", "joined_over_pages", "tables_of"]

_BOLD = re.compile(rb"bold|black|heavy|semibold", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_SAME_EDGE = 3.0  # points by which the columns of a table may move from page to page

Spot = tuple[int, Word]
"""(line number on the page, word)."""


def tables_of(
    lines: Sequence[Line], starts: Sequence[int], drawn: Drawn, number: int, bold: frozenset[int]
) -> list[Table]:
    """Return the tables of one page, from top to bottom.

    Parameters
    ----------
    lines : sequence of Line
    starts : sequence of int
        Offset in the text of the document at which each line begins.
    drawn : Drawn
    number : int
        Of the page, counted from 1.
    bold : frozenset of int
        PDFium's index of the words in bold letters.
    """
    spots = [(index, word) for index, line in enumerate(lines) if line.box for word in line.words]
    filled = [_fill(grid, spots, lines) for grid in grids_by_lines(drawn)]
    ruled = [(grid, fields) for grid, fields in filled if len(fields) > 1]
    taken = {spot for _, fields in ruled for inside in fields.values() for spot in inside}
    rest = [spot for spot in spots if spot not in taken]
    pieces = [_piece(spot, lines) for spot in rest]
    gaps = [_fill(grid, rest, lines) for grid in grid_by_gaps(pieces)]
    found = sorted([*ruled, *gaps], key=lambda one: -one[0].ys[0])
    return [
        _table(grid, fields, lines, starts, f"page {number}, table {count}", number, bold)
        for count, (grid, fields) in enumerate(found, start=1)
    ]


def bold_words(page: pdfium.PdfTextPage, lines: Sequence[Line]) -> frozenset[int]:
    """Return the index of each word whose first letter is in a bold font."""
    found, handle = set(), page.raw
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    for line in lines:
        for word in line.words:
            pdfium_c.FPDFText_GetFontInfo(handle, word.index, name, 128, flags)
            if _BOLD.search(name.value):
                found.add(word.index)
    return frozenset(found)


def joined_over_pages(before: Sequence[Table], after: Sequence[Table]) -> str:
    """Return the label of the table that goes on at the top of the next page, "" where none does.

    Parameters
    ----------
    before, after : sequence of Table
        Of a page and of the page after it.
    """
    if not before or not after:
        return ""
    above, below = before[-1], after[0]
    if above.columns != below.columns or above.found_by != below.found_by:
        return ""
    if above.box is None or below.box is None:
        return ""
    same = all(abs(above.box[side] - below.box[side]) <= _SAME_EDGE for side in (0, 2))
    return above.label if same else ""


def _piece(spot: Spot, lines: Sequence[Line]) -> Piece:
    index, word = spot
    box = lines[index].box or (0.0, 0.0, 0.0, 0.0)
    text = lines[index].text[word.at : word.end]
    return Piece(text, word.left, word.right, (box[1] + box[3]) / 2, max(box[3] - box[1], 1.0))


Fields = dict[tuple[int, int], list[Spot]]


def _fill(grid: Grid, spots: Sequence[Spot], lines: Sequence[Line]) -> tuple[Grid, Fields]:
    """Put each word into the cell where its middle lies, by the cell's upper left field."""
    home = {
        (row + down, column + right): (row, column)
        for row, column, height, width in grid.cells
        for down in range(height)
        for right in range(width)
    }
    fields: Fields = {}
    for spot in spots:
        piece = _piece(spot, lines)
        field = grid.field_of((piece.left + piece.right) / 2, piece.middle)
        if field is not None:
            fields.setdefault(home[field], []).append(spot)
    return grid, fields


def _table(
    grid: Grid,
    fields: Fields,
    lines: Sequence[Line],
    starts: Sequence[int],
    label: str,
    page: int,
    bold: frozenset[int],
) -> Table:
    headers = _header_rows(grid, fields, lines, bold)
    cells = []
    for row, column, height, width in grid.cells:
        inside = fields.get((row, column), [])
        spans: list[tuple[int, int]] = []
        texts: list[str] = []
        last = -1
        for index, word in inside:
            start, end = starts[index] + word.at, starts[index] + word.end
            if index == last:
                spans[-1] = (spans[-1][0], end)
                texts[-1] = lines[index].text[spans[-1][0] - starts[index] : word.end]
            else:
                spans.append((start, end))
                texts.append(lines[index].text[word.at : word.end])
            last = index
        box: Box = (grid.xs[column], grid.ys[row + height], grid.xs[column + width], grid.ys[row])
        cells.append(
            Cell(
                row,
                column,
                "\n".join(texts),
                tuple(spans),
                height,
                width,
                header=row < headers,
                box=_rounded(box),
            )
        )
    return Table(
        label,
        len(grid.ys) - 1,
        len(grid.xs) - 1,
        tuple(cells),
        page,
        _rounded(grid.box),
        found_by=grid.found_by,
    )


def _header_rows(grid: Grid, fields: Fields, lines: Sequence[Line], bold: frozenset[int]) -> int:
    """Return how many rows at the top name the columns, 0 or 1 plus the rows that they reach over."""
    rows = len(grid.ys) - 1
    top = [fields[key] for key in fields if key[0] == 0]
    body = [fields[key] for key in fields if key[0] > 0]
    if not top or not body or rows < 2:
        return 0
    is_bold = all(word.index in bold for cell in top for _, word in cell)
    body_bold = all(word.index in bold for cell in body for _, word in cell)
    numbers = [any(_DIGIT.search(lines[at].text[word.at : word.end]) for at, word in cell) for cell in body]
    plain = not any(_DIGIT.search(lines[at].text[word.at : word.end]) for cell in top for at, word in cell)
    if (is_bold and not body_bold) or (plain and 3 * sum(numbers) >= len(numbers) and any(numbers)):
        return max(height for row, _, height, _ in grid.cells if row == 0)
    return 0


def _rounded(box: Box) -> Box:
    return (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))
