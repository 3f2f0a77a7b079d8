"""Tables of a web page: which cells there are and between which marks their words stand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flyball.data.documents.assembly import Assembly
from flyball.data.documents.tables import Cell, Table

__all__ = ["Tables"]

_LONGEST_CELL = 2_000  # characters; a longer one is a column of the page, and the table its layout
_WIDEST = 1_000  # columns, as browsers have it
_MOST_FIELDS = 200_000  # of one grid, merged cells spread out

Mark = Callable[[Callable[[int], None]], None]
"""Takes a function and calls it with an offset in the text once that is known."""


@dataclass(slots=True)
class _Cell:
    row_span: int
    column_span: int
    header: bool
    start: int = 0
    end: int = 0

    def starts(self, at: int) -> None:
        self.start = self.end = at

    def ends(self, at: int) -> None:
        self.end = at


@dataclass(slots=True)
class _Table:
    label: str
    rows: list[list[_Cell]] = field(default_factory=list)
    inside: int = 0  # tables in the current cell
    in_head: bool = False


class Tables:
    """Follows the walk through a page and gathers its tables."""

    def __init__(self) -> None:
        self._open: list[_Table] = []
        self._all: list[_Table] = []
        self._outer = 0

    def begin(self, tag: str, element: Any, mark: Mark) -> None:
        """Take note of an element that begins."""
        if tag == "table":
            if self._open and self._open[-1].rows and self._open[-1].rows[-1]:
                upper = self._open[-1]
                upper.inside += 1
                where = f"row {len(upper.rows)}, cell {len(upper.rows[-1])}, table {upper.inside}"
                label = f"{upper.label}, {where}"
            else:
                self._outer += 1
                label = f"table {self._outer}"
            self._open.append(_Table(label))
            self._all.append(self._open[-1])
        elif self._open:
            table = self._open[-1]
            if tag == "thead":
                table.in_head = True
            elif tag == "tr":
                table.rows.append([])
            elif tag in ("td", "th"):
                if not table.rows:
                    table.rows.append([])
                cell = _Cell(
                    _span(element, "rowspan", 65_534),
                    _span(element, "colspan", _WIDEST),
                    table.in_head or tag == "th",
                )
                table.rows[-1].append(cell)
                table.inside = 0
                mark(cell.starts)

    def end(self, tag: str, mark: Mark) -> None:
        """Take note of an element that ends."""
        if not self._open:
            return
        if tag == "table":
            self._open.pop()
        elif tag == "thead":
            self._open[-1].in_head = False
        elif tag in ("td", "th") and self._open[-1].rows and self._open[-1].rows[-1]:
            mark(self._open[-1].rows[-1][-1].ends)

    def records(self, assembly: Assembly) -> list[Table]:
        """Return the tables in the order in which they begin, without those that only lay out a page."""
        text = assembly.text()
        found = []
        for table in self._all:
            rows = [row for row in table.rows if row]
            longest = max((cell.end - cell.start for row in rows for cell in row), default=0)
            if longest > _LONGEST_CELL or not any(len(row) > 1 for row in rows):
                continue
            record = _record(table.label, rows, text)
            if record is None:
                assembly.note(f"{table.label}: too many fields; it is text only")
            else:
                found.append(record)
        return found


def _record(label: str, rows: list[list[_Cell]], text: str) -> Table | None:
    """Lay the cells out as browsers do: each in the first free field of its row."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    width = 0
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while (number, column) in taken:
                column += 1
            height = min(cell.row_span or len(rows), len(rows) - number)
            span = 1
            while span < cell.column_span and (number, column + span) not in taken:
                span += 1
            if len(taken) + height * span > _MOST_FIELDS or column + span > _WIDEST:
                return None
            # A cell from above may reach into the lower rows only; then this one ends before it.
            fields = {(number + down, column + right) for down in range(height) for right in range(span)}
            if fields & taken:
                height = 1
                fields = {(number, column + right) for right in range(span)}
            taken |= fields
            words = text[cell.start : cell.end].strip()
            start = cell.start + len(text[cell.start : cell.end]) - len(text[cell.start : cell.end].lstrip())
            spans = ((start, start + len(words)),) if words else ()
            cells.append(Cell(number, column, words, spans, height, span, cell.header))
            column += span
            width = max(width, column)
    return Table(label, len(rows), width, tuple(cells)) if len(rows) * width <= _MOST_FIELDS else None


def _span(element: Any, name: str, most: int) -> int:
    """Return a span as browsers read it: 1 where it says nothing sound; 0 rows reach to the end."""
    said = (element.get(name) or "").strip()[:6]
    number = int(said) if said.isascii() and said.isdigit() else 1
    return min(number, most) if name == "rowspan" else max(min(number, most), 1)
