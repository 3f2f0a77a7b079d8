"""Excel: one sheet of a workbook, its first row with cells the names."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pyarrow as pa

from flyball.core.extras import optional_import
from flyball.core.text import count, size
from flyball.data.sources.errors import BadRecord, SourceGone
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.tables.table_format import Declared

__all__ = ["Excel"]

_LARGEST_UNPACKED = 512 << 20
_LARGEST_RATIO = 200  # a sheet of equal numbers packs about 1 : 60
_MOST_CELLS = 20_000_000
_CELL = re.compile(rb"""\br\s*=\s*["']\$?([A-Z]{1,3})\$?(\d{1,7})["']""")
_LONGEST_CELL_NAME = 64
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_EXACT_FLOAT = 2**53
_TYPES: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
    time: pa.time64("us"),
    timedelta: pa.duration("us"),
}


@dataclass(frozen=True, slots=True)
class Excel:
    """Sheets of workbooks (.xlsx, .xlsm, .xls).

    A formula is its value as the program that saved the file computed it; of merged cells the first has
    the value and the others have none; an error such as #N/A is no value. A workbook is held in memory
    as a whole: one that unpacks to more than 512 MB, or to 200 times its size, is refused.

    Parameters
    ----------
    place : Place
    declared : Declared
    """

    place: Place
    declared: Declared

    def describe(self, one: Found) -> pa.Schema:
        """Return the columns of the sheet; a column has one type, or it must be declared."""
        names, rows, header_row = self._sheet(one)
        known = self.declared.columns
        return pa.schema(
            [
                (name, known[name] if name in known else _type_of(one.name, name, position, rows, header_row))
                for position, name in enumerate(names)
            ]
        )

    def names(self, one: Found) -> list[str] | None:
        """Return the names in the sheet's first row."""
        return self._sheet(one)[0]

    def read(
        self, one: Found, start: Position, schema: pa.Schema
    ) -> Iterator[tuple[pa.RecordBatch, Position]]:
        """Yield the rows; a position is (row,), counted behind the header."""
        names, rows, header_row = self._sheet(one)
        positions = {name: position for position, name in enumerate(names)}
        for first in range(start[0] if start else 0, len(rows), self.declared.batch_rows):
            part = rows[first : first + self.declared.batch_rows]
            arrays = [
                _column(one.name, part, positions[field.name], field, header_row + first)
                if field.name in positions
                else pa.nulls(len(part), field.type)
                for field in schema
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema), (first + len(part),)

    def _sheet(self, one: Found) -> tuple[list[str], list[list[object]], int]:
        """Return names, rows of cells, and the number of the header's row in the sheet, from 1."""
        calamine = optional_import("python_calamine", extra="excel")
        content = _content(self.place, one)
        try:
            workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
            sheet = workbook.get_sheet_by_name(self._sheet_name(one, workbook.sheet_names))
            if sheet.width > self.declared.max_columns:
                raise BadRecord(
                    f"{one.name}: {count(sheet.width, 'column')}, more than {self.declared.max_columns:,}.",
                    fix="Raise max_columns.",
                    file=one.name,
                )
            cells = sheet.to_python(skip_empty_area=False)
        except (
            calamine.CalamineError,
            calamine.WorksheetNotFound,
            calamine.ZipError,
            calamine.XmlError,
        ) as err:
            raise BadRecord(
                f"{one.name} is no workbook that can be read ({type(err).__name__}).",
                fix="Open and save it again, or export the sheet as CSV.",
                file=one.name,
                byte=0,
            ) from None
        begins = next((number for number, row in enumerate(cells) if any(cell != "" for cell in row)), 0)
        table = [[None if cell == "" else cell for cell in row] for row in cells[begins:]]
        if not table:
            return list(self.declared.columns), [], 0
        if not self.declared.header:
            names = list(self.declared.columns) or [f"column_{n}" for n in range(1, len(table[0]) + 1)]
            return names, table, begins
        return _names(one.name, table[0], begins + 1), _without_empty_end(table[1:]), begins + 1

    def _sheet_name(self, one: Found, names: Sequence[str]) -> str:
        wanted = self.declared.sheet
        if wanted in names:
            return wanted
        if not wanted and len(names) == 1:
            return names[0]
        raise FileLies(
            f"{one.name} has {count(len(names), 'sheet')}"
            + (f" and none called {wanted!r}." if wanted else ", and none is named in the settings."),
            fix=f"Set sheet to one of: {', '.join(names)}.",
            file=one.name,
        )


def _content(place: Place, one: Found) -> bytes:
    if one.size > _LARGEST_UNPACKED:
        raise _bomb(one, f"it is {size(one.size)} large")
    try:
        with place.open(one) as raw:
            content: bytes = raw.read()
    except OSError as err:
        raise SourceGone(
            f"{one.name} broke off: {type(err).__name__}.", fix="Run the same again.", file=one.name
        ) from err
    if content.startswith(_OLD_WORKBOOK):
        return content
    if not content.startswith(b"PK"):
        raise FileLies(
            f"{one.name} is read as Excel, but its first bytes are not those of a workbook.",
            fix="Name the file after what it is, or set format to what it is.",
            file=one.name,
            byte=0,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > _LARGEST_UNPACKED or unpacked > _LARGEST_RATIO * max(len(content), 1 << 16):
                raise _bomb(one, f"{size(len(content))} unpack to {size(unpacked)}")
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise FileLies(
                    f"{one.name} is a zip archive, but no workbook of Excel.",
                    fix="Save it as .xlsx, or export the sheet as CSV.",
                    file=one.name,
                )
            for entry in entries:
                _unpack(one, packed, entry)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise BadRecord(
            f"{one.name} is cut off, broken or encrypted: the workbook cannot be unpacked "
            f"({len(content):,} bytes).",
            fix="Fetch the file again.",
            file=one.name,
            byte=len(content),
        ) from None
    return content


def _unpack(one: Found, packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack an entry to nowhere: its size must be as stated, and its cells not too far apart.

    calamine holds every cell between the first and the last one, the empty ones too.
    """
    last_row = last_column = 0
    tail = b""
    with packed.open(entry) as file:
        while chunk := file.read(1 << 20):
            if not entry.filename.startswith("xl/worksheets/"):
                continue
            for found in _CELL.finditer(tail + chunk):
                last_row = max(last_row, int(found[2]))
                last_column = max(last_column, _column_number(found[1]))
            tail = chunk[-_LONGEST_CELL_NAME:]
    if last_row * last_column > _MOST_CELLS:
        raise _bomb(one, f"its cells reach to row {last_row:,} and column {last_column:,}")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _bomb(one: Found, what: str) -> BadRecord:
    return BadRecord(
        f"{one.name} is too large to be held in memory as a workbook: {what}.",
        fix="Export the sheet as CSV.",
        file=one.name,
    )


def _names(file: str, cells: list[object], row: int) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for position, name in enumerate(names, 1):
        if not name or names.count(name) > 1:
            raise FileLies(
                f"{file}, row {row}: "
                + (f"two columns are called {name!r}." if name else f"column {position} has no name."),
                fix="Mend the header; or set header = false and declare the columns.",
                file=file,
                row=row,
            )
    return names


def _without_empty_end(rows: list[list[object]]) -> list[list[object]]:
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return rows


def _type_of(file: str, name: str, position: int, rows: list[list[object]], header_row: int) -> pa.DataType:
    kind: type | None = None
    for number, row in enumerate(rows, header_row + 1):
        cell = row[position]
        if cell is None:
            continue
        here = _kind_of(cell)
        if kind in (None, here) or {kind, here} == {int, float}:
            kind = float if float in (kind, here) else here
        elif kind is not None and {kind, here} == {date, datetime}:
            kind = datetime
        else:
            raise BadRecord(
                f"{file}, row {number:,}: column {name} holds {here.__name__}, it held "
                f"{kind.__name__ if kind else 'nothing'} before.",
                fix=f'Mend the cell, or declare the column: columns.{name} = "string".',
                file=file,
                row=number,
            )
    return _TYPES[kind] if kind else pa.string()


def _kind_of(cell: object) -> type:
    """Return the type of a cell; Excel knows no whole numbers, so a float without a fraction is one."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_FLOAT:
        return int
    return type(cell)


def _column(file: str, rows: list[list[object]], position: int, field: pa.Field, header_row: int) -> pa.Array:
    values = [_as(row[position], field.type) for row in rows]
    try:
        return pa.array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError):
        for number, value in enumerate(values, header_row + 1):
            try:
                pa.array([value], field.type)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError):
                raise BadRecord(
                    f"{file}, row {number:,}: column {field.name} holds {type(value).__name__}, "
                    f"which is no {field.type}.",
                    fix=f'Mend the cell, or declare the column: columns.{field.name} = "string".',
                    file=file,
                    row=number,
                ) from None
        raise


def _as(cell: object, kind: pa.DataType) -> object:
    if cell is None:
        return None
    if pa.types.is_string(kind):
        return str(int(cell)) if isinstance(cell, float) and _kind_of(cell) is int else str(cell)
    if pa.types.is_integer(kind) and _kind_of(cell) is int:
        return int(cell)  # type: ignore[call-overload]
    if pa.types.is_decimal(kind) and isinstance(cell, float):
        return pa.scalar(repr(cell) if _kind_of(cell) is float else str(int(cell))).cast(kind).as_py()
    if pa.types.is_timestamp(kind) and type(cell) is date:
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a sheet knows no zone
    return cell
