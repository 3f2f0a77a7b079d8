"""JSON lines: one JSON object on each line."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from flyball.core.text import count
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.lines import Block, read_blocks
from flyball.data.sources.objects.opened import open_bytes, text_begins
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.tables.table_format import Declared
from flyball.data.sources.tables.types import merged

__all__ = ["JsonLines"]

_EXACT_FLOAT = 2.0**53
_DEEPEST = 100  # Arrow's parser calls itself for each level, until the process dies
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_LEVELS = np.zeros(256, np.int32)
_LEVELS[list(b"[{")], _LEVELS[list(b"]}")] = 1, -1


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Files with one JSON object on each line.

    Text stays text, a date too, unless its column is declared. A number with a point becomes a float64
    unless its column is declared as a decimal.

    Parameters
    ----------
    place : Place
    declared : Declared
    """

    place: Place
    declared: Declared

    def describe(self, one: Found) -> pa.Schema:
        """Return the columns of a file, as all its lines have them.

        Raises
        ------
        BadRecord
            A value has another type than the same column on a line before.
        """
        found: dict[str, pa.DataType] = {}
        for block in self._blocks(one, ()):
            here = self._types(block)
            self._merge(found, here, block)
        known = self.declared.columns
        names = list(dict.fromkeys([*known, *found]))
        return pa.schema([(name, known[name] if name in known else _settled(found[name])) for name in names])

    def names(self, one: Found) -> list[str] | None:
        """Return None: each line has names of its own, and one that is not declared is an error."""
        return None

    def read(
        self, one: Found, start: Position, schema: pa.Schema
    ) -> Iterator[tuple[pa.RecordBatch, Position]]:
        """Yield the rows; a position is (byte, row) behind a line."""
        rows = self.declared.batch_rows
        for block in self._blocks(one, start):
            for first in range(0, len(block.starts), rows):
                last = min(first + rows, len(block.starts))
                table = _parsed(block, first, last, schema)
                behind = int(block.starts[last]) if last < len(block.starts) else len(block.data)
                arrays = [column.combine_chunks() for column in table.select(schema.names).columns]
                yield (
                    pa.RecordBatch.from_arrays(arrays, schema=schema),
                    (block.byte_of(behind), block.first_row + last),
                )

    def _blocks(self, one: Found, start: Position) -> Iterator[Block]:
        encoding, begins = text_begins(self.place, one, self.declared.encoding)
        byte, row = start or (begins, 0)
        with open_bytes(self.place, one, expected="JSON lines") as stream:
            stream.skip_to(byte)
            for block in read_blocks(
                stream, encoding=encoding, max_record_bytes=self.declared.max_record_bytes, first_row=row
            ):
                if block.first_row == 0 and not block.record(0).lstrip().startswith(b"{"):
                    raise FileLies(
                        f"{one.name} is read as JSON lines, but its first line begins no JSON object.",
                        fix="One object on each line, please; an array is turned into lines by jq -c '.[]'.",
                        file=one.name,
                        byte=block.first_byte,
                    )
                _refuse_deep(block)
                yield block

    def _types(self, block: Block) -> dict[str, pa.DataType]:
        explicit = pa.schema(list(self.declared.columns.items()))

        def parse(first: int, last: int) -> pa.Table:
            return _table(block, first, last, explicit, "infer")

        table = _located(block, 0, len(block.starts), parse)
        if table.num_columns > self.declared.max_columns:
            raise block.bad(
                0,
                f"{count(table.num_columns, 'column')} from here on, more than {self.declared.max_columns:,}",
                "Are names used as values? Otherwise raise max_columns.",
            )
        for name, column in zip(table.column_names, table.columns, strict=True):
            if name not in self.declared.columns and pa.types.is_floating(column.type):
                large = pc.index(pc.greater_equal(pc.abs(column), _EXACT_FLOAT), True).as_py()
                if large >= 0:
                    raise block.bad(
                        large,
                        f"column {name}: a number that no int64 and no float64 holds exactly",
                        f'Declare what it is: columns.{name} = "decimal(38,0)" or "float64".',
                    )
        return {field.name: _plain(field.type) for field in table.schema}

    def _merge(self, found: dict[str, pa.DataType], here: dict[str, pa.DataType], block: Block) -> None:
        for name, kind in here.items():
            before = found.get(name, pa.null())
            both = _united(before, kind)
            if both is None:
                _refuse_change(block, pa.schema([(name, _settled(before))]))
                raise block.bad(  # only where the change is nested so that Arrow reads both
                    0,
                    f"column {name} is {kind} from about here on, it was {before} before",
                    "Mend the lines; one column has one type.",
                )
            found[name] = both


def _refuse_change(block: Block, was: pa.Schema) -> None:
    """Name the first line whose value is not of the type that its column had before."""
    _located(block, 0, len(block.starts), lambda first, last: _table(block, first, last, was, "ignore"))


def _refuse_deep(block: Block) -> None:
    """Refuse a line whose lists and objects lie in each other deeper than any real one."""
    steps = _LEVELS[np.frombuffer(block.data, np.uint8)]
    places = np.flatnonzero(steps)
    if not len(places):
        return
    depth = np.cumsum(steps[places])
    line = np.searchsorted(block.starts, places, side="right") - 1
    first = np.searchsorted(places, block.starts)  # brackets in texts make a line look deeper than it is
    before = np.where(first[line] > 0, depth[np.maximum(first[line] - 1, 0)], 0)
    for index in np.unique(line[depth - before > _DEEPEST]):
        bare = _STRING.sub(b"", block.record(int(index)))
        if np.cumsum(_LEVELS[np.frombuffer(bare, np.uint8)]).max(initial=0) > _DEEPEST:
            raise block.bad(
                int(index), f"lists or objects more than {_DEEPEST} deep", "Is it the file that you mean?"
            )


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type with the timestamps that Arrow sees in text as the text that they are."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind


def _settled(kind: pa.DataType) -> pa.DataType:
    """Return the type with string for what was null everywhere."""
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_settled(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _settled(field.type)) for field in kind])
    return kind


def _united(first: pa.DataType, second: pa.DataType) -> pa.DataType | None:
    if pa.types.is_list(first) and pa.types.is_list(second):
        inner = _united(first.value_type, second.value_type)
        return None if inner is None else pa.list_(inner)
    if pa.types.is_struct(first) and pa.types.is_struct(second):
        fields = {field.name: field.type for field in first}
        for field in second:
            both = _united(fields.get(field.name, pa.null()), field.type)
            if both is None:
                return None
            fields[field.name] = both
        return pa.struct(list(fields.items()))
    return merged(first, second)


def _parsed(block: Block, first: int, last: int, schema: pa.Schema) -> pa.Table:
    return _located(block, first, last, lambda begin, end: _table(block, begin, end, schema, "error"))


def _table(block: Block, first: int, last: int, schema: pa.Schema, unexpected: str) -> pa.Table:
    begin, end = int(block.starts[first]), int(block.ends[last - 1])
    table = arrow_json.read_json(
        pa.BufferReader(pa.py_buffer(block.data).slice(begin, end - begin)),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=end - begin + 1),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=schema, newlines_in_values=False, unexpected_field_behavior=unexpected
        ),
    )
    if table.num_rows != last - first:
        raise pa.ArrowInvalid("more or fewer objects than lines")
    return table


def _located(block: Block, first: int, last: int, parse: Callable[[int, int], pa.Table]) -> pa.Table:
    """Parse lines; where that fails, find the first line that makes it fail by halving."""
    try:
        return parse(first, last)
    except pa.ArrowInvalid as err:
        good, bad, reason = first, last, str(err)
        while bad - good > 1:
            middle = (good + bad) // 2
            try:
                parse(first, middle)
                good = middle
            except pa.ArrowInvalid as closer:
                bad, reason = middle, str(closer)
        raise _bad_line(block, bad - 1, reason) from None  # the error of Arrow may hold values


def _bad_line(block: Block, index: int, reason: str) -> BadRecord:
    if "changed from" in reason:
        column = reason.partition("Column(/")[2].partition(")")[0]
        change = reason.partition("changed from ")[2].partition(" in row")[0]
        what = f"column {column} changes from {change}"
    elif "specified twice" in reason:
        what = f"column {reason.partition('Column(/')[2].partition(')')[0]} stands there twice"
    elif "unexpected field" in reason:
        what = "a column that is not declared"
    elif "more or fewer" in reason:
        what = "not exactly one JSON object"
    else:
        what = "no JSON object, or a value that does not fit its column"
    return block.bad(index, what, "Mend the line, or declare the column's type in columns.")
