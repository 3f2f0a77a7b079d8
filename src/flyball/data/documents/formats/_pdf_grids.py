"""Grids on a PDF page: drawn by lines, or by the gaps between columns of words."""

import re
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from flyball.data.documents.formats._pdf_drawn import Drawn
from flyball.data.documents.tables import Box

__all__ = ["Grid", "Piece", "grid_by_gaps", "grids_by_lines"]

_NEAR = 3.0  # points within which two lines are one, or touch
_MOST_PAIRS = 250_000  # lines across times lines down; more are a drawing
_MOST_FIELDS = 20_000
_GAP = 1.3  # heights of a line between two words that stand in different columns
_NARROW_GAP = 0.6  # the same, where other rows have shown that a column begins there
_ROWS = 3  # fewer lines with gaps are chance
_FAR = 3.2  # heights of a line; rows further apart belong to different tables
_ENUMERATOR = re.compile(r"[(]?([0-9]{1,3}([.][0-9]{1,3})*|[A-Za-z]|[ivxlc]{1,6})[.)]?|[^\w\s]{1,2}")
_NUMBER = re.compile(r"[^\w\s]{0,2}\d[\d.,' ]*\s?[%\w€$£]{0,3}")
_PROSE = 6  # words of a cell; where two columns have more, they are columns of a page


@dataclass(frozen=True, slots=True)
class Grid:
    """Lines between fields: `xs` from left to right, `ys` from top to bottom, and the merged fields.

    `cells` are (row, column, row_span, column_span); together they cover the grid.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[tuple[int, int, int, int], ...]
    found_by: str

    @property
    def box(self) -> Box:
        """The outline."""
        return (self.xs[0], self.ys[-1], self.xs[-1], self.ys[0])

    def field_of(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of a point, None outside."""
        column = bisect_right(self.xs, x) - 1
        row = bisect_right(self.ys, -y, key=lambda edge: -edge) - 1
        inside = 0 <= column < len(self.xs) - 1 and 0 <= row < len(self.ys) - 1
        return (row, column) if inside else None


@dataclass(frozen=True, slots=True)
class Piece:
    """One word for the search: its text, extent and the height of its line's middle."""

    text: str
    left: float
    right: float
    middle: float
    height: float


def grids_by_lines(drawn: Drawn) -> list[Grid]:
    """Return the grids of at least two rows and two columns that lines draw, from top to bottom."""
    across, down = _joined(drawn.across), _joined(drawn.down)
    if len(across) * len(down) > _MOST_PAIRS:
        return []
    grids = [_grid(*lines) for lines in _connected(across, down)]
    return sorted((grid for grid in grids if grid is not None), key=lambda grid: -grid.ys[0])


def _joined(lines: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Bring lines within `_NEAR` to one height and join those that touch."""
    levels: list[list[tuple[float, float, float]]] = []
    for line in sorted(lines):
        if levels and line[0] - levels[-1][0][0] <= _NEAR:
            levels[-1].append(line)
        else:
            levels.append([line])
    joined: list[tuple[float, float, float]] = []
    for level in levels:
        at = statistics.fmean(line[0] for line in level)
        reach = sorted((low, high) for _, low, high in level)
        low, high = reach[0]
        for next_low, next_high in reach[1:]:
            if next_low - high > _NEAR:
                joined.append((at, low, high))
                low = next_low
                high = next_high
            high = max(high, next_high)
        joined.append((at, low, high))
    return joined


Lines = list[tuple[float, float, float]]


def _connected(across: Lines, down: Lines) -> list[tuple[Lines, Lines]]:
    """Part the lines into sets that touch each other."""
    group = list(range(len(across) + len(down)))

    def root(item: int) -> int:
        while group[item] != item:
            group[item] = group[group[item]]
            item = group[item]
        return item

    for first, (y, left, right) in enumerate(across):
        for second, (x, bottom, top) in enumerate(down, start=len(across)):
            if left - _NEAR <= x <= right + _NEAR and bottom - _NEAR <= y <= top + _NEAR:
                group[root(first)] = root(second)
    sets: dict[int, tuple[Lines, Lines]] = {}
    for number, line in enumerate([*across, *down]):
        sets.setdefault(root(number), ([], []))[number >= len(across)].append(line)
    return [lines for lines in sets.values() if len(lines[0]) > 1 and len(lines[1]) > 1]


def _grid(across: Lines, down: Lines) -> Grid | None:
    """Return the grid of lines that touch; fields without a line between them are one cell."""
    xs = sorted({line[0] for line in down})
    ys = sorted({line[0] for line in across}, reverse=True)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 2 or columns < 2 or rows * columns > _MOST_FIELDS:
        return None
    owner = {(row, column): (row, column) for row in range(rows) for column in range(columns)}

    def root(field: tuple[int, int]) -> tuple[int, int]:
        while owner[field] != field:
            field = owner[field]
        return field

    across_at, down_at = _by_level(across), _by_level(down)

    def between(lines: dict[float, Lines], at: float, along: float) -> bool:
        return any(low - 1 <= along <= high + 1 for _, low, high in lines[at])

    for row, column in list(owner):
        y, x = (ys[row] + ys[row + 1]) / 2, (xs[column] + xs[column + 1]) / 2
        for next_to, parted in (
            ((row, column + 1), column + 1 == columns or between(down_at, xs[column + 1], y)),
            ((row + 1, column), row + 1 == rows or between(across_at, ys[row + 1], x)),
        ):
            if not parted:
                one, other = sorted((root((row, column)), root(next_to)))
                owner[other] = one
    merged: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for field in owner:
        merged.setdefault(root(field), []).append(field)
    cells: list[tuple[int, int, int, int]] = []
    for fields in merged.values():
        top, left = min(row for row, _ in fields), min(column for _, column in fields)
        height = max(row for row, _ in fields) - top + 1
        width = max(column for _, column in fields) - left + 1
        if height * width == len(fields):
            cells.append((top, left, height, width))
        else:  # an L or a ring is no cell
            cells.extend((row, column, 1, 1) for row, column in fields)
    return Grid(tuple(xs), tuple(ys), tuple(sorted(cells)), "lines") if len(cells) > 1 else None


def _by_level(lines: Lines) -> dict[float, Lines]:
    levels: dict[float, Lines] = {}
    for line in lines:
        levels.setdefault(line[0], []).append(line)
    return levels


def grid_by_gaps(pieces: Sequence[Piece]) -> list[Grid]:
    """Return the grids that columns of words draw by the gaps between them, from top to bottom.

    Three lines or more, one below the other, each with a gap, whose gaps lie above each other. Numbered
    paragraphs and columns of prose look like that too; both are left out.
    """
    grids = []
    block: list[list[list[Piece]]] = []
    for row in _rows(pieces):
        parts = _parts(row)
        if block and (len(parts) < 2 or block[-1][0][0].middle - row[0].middle > _FAR * _height(block[-1])):
            grids.append(_grid_of(block))
            block = []
        if len(parts) > 1:
            block.append(parts)
    grids.append(_grid_of(block))
    return [grid for grid in grids if grid is not None]


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.middle, piece.left)):
        if rows and rows[-1][0].middle - piece.middle <= 0.4 * max(piece.height, rows[-1][0].height):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def _columns_under(part: list[Piece], columns: list[tuple[float, float]]) -> list[int]:
    return [
        column
        for column, (left, right) in enumerate(columns)
        if part[0].left < right and part[-1].right > left
    ]


def _narrow_parts(part: list[Piece], columns: list[tuple[float, float]]) -> list[list[Piece]]:
    """Part what reaches over several columns, if its words keep clear of each other."""
    if len(_columns_under(part, columns)) < 2:
        return [part]
    parts = _parts(part, _NARROW_GAP)
    return parts if all(len(_columns_under(one, columns)) == 1 for one in parts) else [part]


def _parts(row: list[Piece], gap: float = _GAP) -> list[list[Piece]]:
    """Part a row where the gap is too wide to be a space."""
    parts = [[row[0]]]
    for piece in row[1:]:
        if piece.left - parts[-1][-1].right > gap * piece.height:
            parts.append([piece])
        else:
            parts[-1].append(piece)
    return parts


def _height(parts: list[list[Piece]]) -> float:
    return max(piece.height for part in parts for piece in part)


def _grid_of(block: list[list[list[Piece]]]) -> Grid | None:
    if len(block) < _ROWS:
        return None
    extents = [(part[0].left, part[-1].right) for row in block for part in row]
    columns = _columns(extents, allowed=len(block) // 7)
    if len(columns) < 2 or len(columns) * len(block) > _MOST_FIELDS:
        return None
    texts: list[list[str]] = [[] for _ in columns]
    reach = list(columns)  # with the few cells that are wider than the others
    cells: list[tuple[int, int, int, int]] = []
    for number, row in enumerate(block):
        free = 0
        for part in chain.from_iterable(_narrow_parts(part, columns) for part in row):
            hit = [column for column in _columns_under(part, columns) if column >= free]
            if not hit:
                return None  # two parts in one column: no grid after all
            cells.extend((number, column, 1, 1) for column in range(free, hit[0]))
            cells.append((number, hit[0], 1, len(hit)))
            free = hit[-1] + 1
            if len(hit) == 1:
                texts[hit[0]].append(" ".join(piece.text for piece in part))
                left, right = reach[hit[0]]
                reach[hit[0]] = (min(left, part[0].left), max(right, part[-1].right))
        cells.extend((number, column, 1, 1) for column in range(free, len(columns)))
    if not _is_table(texts, len(block)):
        return None
    xs = [reach[0][0] - 1]
    xs += [(left[1] + right[0]) / 2 for left, right in pairwise(reach)]
    if any(left >= right for left, right in pairwise(xs)):
        return None
    middles = [row[0][0].middle for row in block]
    heights = [_height(row) for row in block]
    ys = [middles[0] + heights[0]]
    ys += [(upper + lower) / 2 for upper, lower in pairwise(middles)]
    return Grid((*xs, reach[-1][1] + 1), (*ys, middles[-1] - heights[-1]), tuple(cells), "gaps")


def _columns(extents: list[tuple[float, float]], *, allowed: int) -> list[tuple[float, float]]:
    """Return the stretches that words cover in more than `allowed` rows."""
    events = sorted([(left, 1) for left, _ in extents] + [(right, -1) for _, right in extents])
    columns: list[tuple[float, float]] = []
    depth, begin = 0, None
    for x, step in events:
        depth += step
        if depth > allowed and begin is None:
            begin = x
        elif depth <= allowed and begin is not None:
            columns.append((begin, x))
            begin = None
    return columns


def _is_table(texts: list[list[str]], rows: int) -> bool:
    """Tell a table from numbered paragraphs, lists with marks, and columns of prose."""
    if any(3 * len(column) < rows for column in texts):
        return False
    words = [statistics.fmean(len(text.split()) for text in column) for column in texts]
    if sum(mean > _PROSE for mean in words) > 1:
        return False
    marks = sum(_ENUMERATOR.fullmatch(text) is not None for text in texts[0])
    return not (len(texts) == 2 and 2 * marks >= len(texts[0]) and not _numbers(texts[1]))


def _numbers(column: list[str]) -> bool:
    return 2 * sum(_NUMBER.fullmatch(text) is not None for text in column) >= len(column)
