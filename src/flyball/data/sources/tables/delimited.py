"""CSV: records of fields between delimiters, as RFC 4180 writes them down.

Every record is checked: the number of its fields, its quotes, its encoding, and each value against
its column's type. Arrow parses; the checks before it know the byte of every record.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as arrow_csv

from flyball.core.text import count
from flyball.data.quality.masking import shape_of
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.lines import Block, read_blocks
from flyball.data.sources.objects.opened import ByteStream, open_bytes, text_begins
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.tables.table_format import Declared
from flyball.data.sources.tables.types import Guess, first_misfit, from_text

__all__ = ["Delimited"]

_DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 100  # records, to find the delimiter; all others are then held against it
_GUESS_ROWS = 65_536
_READ_BYTES, _LAYOUT_BYTES = 4 << 20, 1 << 16
_LONE_RETURN = (
    "a carriage return alone, which ends no line here",
    "Save the file with line breaks as Windows or Unix have them.",
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """What was found at the beginning of a file."""

    encoding: str
    begins: int
    delimiter: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delimited:
    """CSV files.

    Parameters
    ----------
    place : Place
    declared : Declared
    """

    place: Place
    declared: Declared

    def describe(self, one: Found) -> pa.Schema:
        """Return the columns of a file; types that are not declared are inferred from every row."""
        layout = self._layout(one)
        known = self.declared.columns
        guesses = {number: Guess() for number, name in enumerate(layout.names) if name not in known}
        if guesses:
            for _, _, columns in self._slices(one, layout, (), _GUESS_ROWS):
                for number, guess in guesses.items():
                    guess.look(columns.column(number))
        return pa.schema(
            [
                (name, guesses[number].type if number in guesses else known[name])
                for number, name in enumerate(layout.names)
            ]
        )

    def names(self, one: Found) -> list[str] | None:
        """Return the names in the header."""
        return list(self._layout(one).names)

    def read(
        self, one: Found, start: Position, schema: pa.Schema
    ) -> Iterator[tuple[pa.RecordBatch, Position]]:
        """Yield the rows; a position is (byte, row) behind a record."""
        layout = self._layout(one)
        places = {name: number for number, name in enumerate(layout.names)}
        for block, (first, last), columns in self._slices(one, layout, start, self.declared.batch_rows):
            arrays = [
                self._typed(block, first, columns.column(places[field.name]), field)
                if field.name in places
                else pa.nulls(last - first, field.type)
                for field in schema
            ]
            behind = int(block.starts[last]) if last < len(block.starts) else len(block.data)
            position = (block.byte_of(behind), block.first_row + last)
            yield pa.RecordBatch.from_arrays(arrays, schema=schema), position

    def _layout(self, one: Found) -> _Layout:
        encoding, begins = text_begins(self.place, one, self.declared.encoding)
        with open_bytes(self.place, one, expected="CSV") as stream:
            stream.skip_to(begins)
            _refuse_markup(one.name, stream.read(256).decode(encoding, "ignore"), begins)
        delimiter = self.declared.delimiter or "".join(_DELIMITERS)
        with open_bytes(self.place, one, expected="CSV") as stream:
            stream.skip_to(begins)
            block = next(
                self._blocks(stream, encoding, delimiter, -self.declared.header, _LAYOUT_BYTES), None
            )
        if block is None:
            return _Layout(encoding, begins, self.declared.delimiter or ",", tuple(self.declared.columns))
        if b"\r" in block.record(0):
            raise block.bad(0, *_LONE_RETURN)
        records = [block.record(index).decode() for index in range(min(len(block.starts), _LOOKED_AT))]
        delimiter = self.declared.delimiter or _delimiter_of(records, self.declared.quote, one.name)
        first = _fields(records[0], delimiter, self.declared.quote)
        if len(first) > self.declared.max_columns:
            raise BadRecord(
                f"{one.name}, row 0 (byte {begins}): {count(len(first), 'column')}, more than "
                f"{self.declared.max_columns:,}.",
                fix="Is the delimiter right? Otherwise raise max_columns.",
                file=one.name,
                row=0,
                byte=begins,
            )
        names = tuple(first) if self.declared.header else self._names_without_header(one, len(first))
        _refuse_bad_names(names, one.name)
        return _Layout(encoding, begins, delimiter, names)

    def _names_without_header(self, one: Found, n_fields: int) -> tuple[str, ...]:
        names = tuple(self.declared.columns)
        if not names:
            return tuple(f"column_{number}" for number in range(1, n_fields + 1))
        if len(names) != n_fields:
            raise FileLies(
                f"{one.name} has {count(n_fields, 'field')} in its first row, {len(names)} are declared.",
                fix="Declare every column in order, or none of them; or is the delimiter another one?",
                file=one.name,
            )
        return names

    def _blocks(
        self, stream: ByteStream, encoding: str, delimiter: str, first_row: int, read_bytes: int = _READ_BYTES
    ) -> Iterator[Block]:
        return read_blocks(
            stream,
            encoding=encoding,
            quote=self.declared.quote,
            delimiter=delimiter,
            max_record_bytes=self.declared.max_record_bytes,
            first_row=first_row,
            read_bytes=read_bytes,
        )

    def _slices(
        self, one: Found, layout: _Layout, start: Position, rows: int
    ) -> Iterator[tuple[Block, tuple[int, int], pa.Table]]:
        """Yield (block, (first record, behind the last one), columns of text)."""
        byte, row = start or (layout.begins, 0)
        header = self.declared.header and not start
        with open_bytes(self.place, one, expected="CSV") as stream:
            stream.skip_to(byte)
            # the header is record -1, so that rows count from 0 with or without one
            for block in self._blocks(stream, layout.encoding, layout.delimiter, row - header):
                begin = 1 if header else 0
                header = False
                for first in range(begin, len(block.starts), rows):
                    last = min(first + rows, len(block.starts))
                    yield block, (first, last), self._parsed(block, first, last, layout)

    def _parsed(self, block: Block, first: int, last: int, layout: _Layout) -> pa.Table:
        data = pa.py_buffer(block.data).slice(
            int(block.starts[first]), int(block.ends[last - 1] - block.starts[first])
        )
        quote = self.declared.quote
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(data),
                read_options=arrow_csv.ReadOptions(
                    column_names=layout.names, use_threads=False, block_size=data.size + 1
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=layout.delimiter,
                    quote_char=quote or False,
                    double_quote=bool(quote),
                    newlines_in_values=bool(quote),
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(layout.names, pa.string()),
                    null_values=["", *self.declared.null_values],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            raise _ragged(block, first, last, layout, quote) from None  # the error of Arrow holds the row
        if table.num_rows != last - first:
            raise _ragged(block, first, last, layout, quote)
        return table.combine_chunks()

    def _typed(self, block: Block, first: int, column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
        values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        how = {
            "date_format": self.declared.date_formats.get(field.name, ""),
            "comma": self.declared.decimal_comma,
        }
        try:
            return from_text(values, field.type, **how)  # type: ignore[arg-type]
        except pa.ArrowInvalid:
            index = first_misfit(values, field.type, **how)  # type: ignore[arg-type]
            raise block.bad(
                first + index,
                f"column {field.name}: {shape_of(values[index].as_py())!r} (digits shown as 9, letters as x) "
                f"is no {field.type}",
                f'Mend the row, or declare the column: columns.{field.name} = "string".',
            ) from None  # the error of Arrow holds the value


def _fields(record: str, delimiter: str, quote: str) -> list[str]:
    """Return the fields of one record whose quotes have been checked."""
    if not quote or quote not in record:
        return record.split(delimiter)
    fields: list[str] = []
    held: list[str] = []
    n_quotes = 0
    for piece in record.split(delimiter):
        held.append(piece)
        n_quotes += piece.count(quote)
        if n_quotes % 2 == 0:
            whole = delimiter.join(held)
            quoted = whole.startswith(quote) and len(whole) > 1
            fields.append(whole[1:-1].replace(quote * 2, quote) if quoted else whole)
            held = []
    return fields


def _delimiter_of(records: list[str], quote: str, file: str) -> str:
    """Return the delimiter by which all of the first records have the same number of fields, two at least."""
    fitting = {}
    for delimiter in _DELIMITERS:
        widths = {len(_fields(record, delimiter, quote)) for record in records}
        if len(widths) == 1 and min(widths) > 1:
            fitting[delimiter] = min(widths)
    if len(fitting) > 1:
        raise FileLies(
            f"{file} can be read with more than one delimiter: "
            f"{', '.join(f'{one!r} gives {n} columns' for one, n in fitting.items())}.",
            fix='Say which: delimiter = ";".',
            file=file,
        )
    if fitting:
        return next(iter(fitting))
    if any(delimiter in records[0] for delimiter in _DELIMITERS):
        by_header = {one: len(_fields(records[0], one, quote)) for one in _DELIMITERS}
        return max(by_header, key=lambda one: by_header[one])  # the ragged row is told when it is read
    return ","


def _refuse_bad_names(names: tuple[str, ...], file: str) -> None:
    if "" in names or len(set(names)) < len(names):
        wrong = next(name for name in names if not name or names.count(name) > 1)
        raise FileLies(
            f"{file}: "
            + (f"two columns are called {wrong!r}" if wrong else f"column {names.index('') + 1} has no name")
            + " in its first row.",
            fix="Mend the header; or set header = false and declare the columns.",
            file=file,
            byte=0,
        )


def _refuse_markup(file: str, begins: str, byte: int) -> None:
    for sign, what in (("<", "HTML or XML"), ("{", "JSON"), ("[{", "JSON")):
        if begins.lstrip().startswith(sign):
            raise FileLies(
                f"{file} is read as CSV, but it begins as {what} does.",
                fix="Name the file after what it is, or set format to what it is.",
                file=file,
                byte=byte,
            )


def _ragged(block: Block, first: int, last: int, layout: _Layout, quote: str) -> BadRecord:
    """Return the error for the first record that has not as many fields as there are columns."""
    wanted = len(layout.names)
    for index in range(first, last):
        record = block.record(index)
        if b"\r" in record and (not quote or quote.encode() not in record):
            return block.bad(index, *_LONE_RETURN)
        n_fields = len(_fields(record.decode(), layout.delimiter, quote))
        if n_fields != wanted:
            what = f"{count(n_fields, 'field')}, there are {count(wanted, 'column')}"
            return block.bad(
                index, what, "Mend the row: quote a field that holds the delimiter or a line break."
            )
    return block.bad(first, "the rows behind it cannot be parsed", "Mend the file.")
