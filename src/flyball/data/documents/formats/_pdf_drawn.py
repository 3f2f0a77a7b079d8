"""What is drawn on a PDF page beside letters: its pictures, and the straight lines that make tables."""

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from flyball.data.documents.tables import Box

__all__ = ["Cover", "Drawn", "drawn_on"]

_MOST_OBJECTS = 20_000  # of one page; a map or a plan has more, and no table that could be told from it
_MOST_SEGMENTS = 500  # of one path; more make a curve or a drawing
_DEEPEST = 5  # forms inside forms
_THIN = 3.0  # points; a shape that is thinner is a line
_SHORT = 5.0  # points; a line that is shorter parts no cells
_PARTS = 40  # of a page, across and down
_STRAIGHT = 1.0  # points that a line may lean

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Drawn:
    """`across` are lines (y, left, right), `down` are lines (x, bottom, top), in points.

    `objects` counts everything on the page, letters too. `complete` is False where there was too
    much to look at.
    """

    pictures: list[Box] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)
    down: list[tuple[float, float, float]] = field(default_factory=list)
    objects: int = 0
    complete: bool = True

    def under_pictures(self, page: Box) -> "Cover":
        """Return which parts of the page lie under pictures."""
        return Cover(page, self.pictures)


class Cover:
    """Which of 40 by 40 parts of a page have their middle under a picture.

    Parts, and not boxes: a page may hold thousands of pictures, and scanners do cut a page into strips.

    Parameters
    ----------
    page : Box
    pictures : sequence of Box
    """

    def __init__(self, page: Box, pictures: Sequence[Box]) -> None:
        self._page = page
        self._parts = [bytearray(_PARTS) for _ in range(_PARTS)]
        left, bottom, right, top = page
        if not (right > left and top > bottom):
            return
        for box in pictures:
            columns = _middles(box[0], box[2], left, right)
            for row in _middles(box[1], box[3], bottom, top):
                self._parts[row][columns.start : columns.stop] = b"\1" * len(columns)

    @property
    def share(self) -> float:
        """The part of the page under pictures, 0 to 1."""
        return sum(map(sum, self._parts)) / _PARTS**2

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a point lies in a part under a picture; False outside the page."""
        left, bottom, right, top = self._page
        if not (left <= x < right and bottom <= y < top):
            return False
        column, row = (x - left) / (right - left), (y - bottom) / (top - bottom)
        return self._parts[int(row * _PARTS)][int(column * _PARTS)] == 1


def _middles(low: float, high: float, first: float, last: float) -> range:
    """Return the parts between `first` and `last` whose middle lies in [low, high]."""
    step = (last - first) / _PARTS
    begin = min(max(math.ceil((low - first) / step - 0.5), 0), _PARTS)
    end = min(max(math.floor((high - first) / step - 0.5) + 1, begin), _PARTS)
    return range(begin, end)


def drawn_on(page: pdfium.PdfPage) -> Drawn:
    """Return what is drawn on a page."""
    drawn = Drawn()
    handle = page.raw
    count = pdfium_c.FPDFPage_CountObjects(handle)
    objects = (pdfium_c.FPDFPage_GetObject(handle, index) for index in range(count))
    _look(objects, _SAME, drawn, 0)
    return drawn


def _look(objects: Iterator[object], matrix: Matrix, drawn: Drawn, depth: int) -> None:
    kind_of = pdfium_c.FPDFPageObj_GetType
    for one in objects:
        drawn.objects += 1
        if drawn.objects > _MOST_OBJECTS:
            drawn.complete = False
            return
        kind = kind_of(one)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            if (box := _bounds(one, matrix)) is not None:
                drawn.pictures.append(box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            _add_path(one, matrix, drawn)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            if depth == _DEEPEST:
                drawn.complete = False
                continue
            inner = (
                pdfium_c.FPDFFormObj_GetObject(one, index)
                for index in range(pdfium_c.FPDFFormObj_CountObjects(one))
            )
            _look(inner, _times(_matrix(one), matrix), drawn, depth + 1)


def _add_path(path: object, matrix: Matrix, drawn: Drawn) -> None:
    box = _bounds(path, matrix)
    if box is None:
        return
    left, bottom, right, top = box
    if top - bottom <= _THIN or right - left <= _THIN:
        _add_line(left, bottom, right, top, drawn)
        return
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(path, mode, stroke)
    count = pdfium_c.FPDFPath_CountSegments(path)
    if not stroke.value or not 2 <= count <= _MOST_SEGMENTS:
        return
    matrix = _times(_matrix(path), matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    here = begin = (0.0, 0.0)
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, index)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        point = _at(matrix, x.value, y.value)
        if not all(map(math.isfinite, point)):
            return
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            begin = point
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
            _add_line(*here, *point, drawn)
        here = point
        if pdfium_c.FPDFPathSegment_GetClose(segment):
            _add_line(*here, *begin, drawn)
            here = begin


def _add_line(x0: float, y0: float, x1: float, y1: float, drawn: Drawn) -> None:
    width, height = abs(x1 - x0), abs(y1 - y0)
    if height <= _THIN and width >= _SHORT and (height <= _STRAIGHT or width > 4 * height):
        drawn.across.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
    elif width <= _THIN and height >= _SHORT and (width <= _STRAIGHT or height > 4 * width):
        drawn.down.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))


def _bounds(one: object, matrix: Matrix) -> Box | None:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(one, left, bottom, right, top):
        return None
    corners = [_at(matrix, x.value, y.value) for x in (left, right) for y in (bottom, top)]
    if not all(map(math.isfinite, chain.from_iterable(corners))):
        return None
    return (
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )


def _matrix(one: object) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(one, matrix):
        return _SAME
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        e * then[0] + f * then[2] + then[4],
        e * then[1] + f * then[3] + then[5],
    )


def _at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e, b * x + d * y + f)
