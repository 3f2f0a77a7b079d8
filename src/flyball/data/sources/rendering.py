"""Rendering: rows as lines of JSON, every number with the digits that it has."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_lines_of", "json_of"]

_ROWS = 2048
_PLAIN_PLACES = 6
"""Arrow writes decimals with more places behind the point, where they are small, as 1E-7."""
_ESCAPED = r'["\\\x00-\x1f\x{85}\x{2028}\x{2029}]'
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What some readers take for the end of a line, beside the controls that JSON escapes anyway."""
_LARGEST_SINGLE = float(np.finfo(np.float32).max)
Writer = Callable[[object], str]


def json_lines_of(rows: pa.RecordBatch, *, singles: bool = False) -> Iterator[str]:
    """Yield one JSON object for each row, its members in the order of the columns.

    Groups are objects, lists are arrays, null is null. A decimal has all its places ("30.50"), a single
    float the digits that tell it from its neighbours, and a float that is no number is null. Times are
    ISO 8601, durations are seconds, bytes are base64. U+0085, U+2028 and U+2029 are escaped, as some
    readers take them for the end of a line.

    Parameters
    ----------
    rows : RecordBatch
    singles : bool
        Write a double that a single float holds with the digits of the single: a mainframe's hexadecimal
        singles reach further than IEEE's, so they are kept as doubles.
    """
    for begin in range(0, rows.num_rows, _ROWS):
        part = rows.slice(begin, _ROWS)
        if not part.num_columns:
            yield from ["{}"] * part.num_rows
            continue
        yield from _object(part.schema, part.columns, singles).to_pylist()


def json_of(value: object, kind: pa.DataType) -> str:
    """Return one value of a column as JSON."""
    return _writer(kind, False)(value)


def _object(fields: Iterable[pa.Field], columns: Sequence[pa.Array], singles: bool) -> pa.Array:
    """Return an object for each row, of the JSON of its columns."""
    parts: list[pa.Array | pa.Scalar] = []
    for field, column in zip(fields, columns, strict=True):
        parts += [pa.scalar(f"{',' if parts else '{'}{_quoted(field.name)}:"), _column(column, singles)]
    return pc.binary_join_element_wise(*parts, pa.scalar("}"), "")


def _column(column: pa.Array, singles: bool) -> pa.Array:
    """Return the JSON of each value of a column, at once where Arrow can, else value by value."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = pc.cast(column, pa.string())
        found = pc.binary_join_element_wise('"', texts, '"', "")
        odd = pc.fill_null(pc.match_substring_regex(texts, _ESCAPED), False)
        if pc.any(odd).as_py():
            escaped = [_quoted(text) for text in texts.filter(odd).to_pylist()]
            found = pc.replace_with_mask(found, odd, pa.array(escaped, pa.string()))
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind) or _is_plain_decimal(kind):
        found = pc.cast(column, pa.string())
    elif pa.types.is_struct(kind) and kind.num_fields:
        found = _object(kind, column.flatten(), singles)
        found = pc.if_else(column.is_valid(), found, pa.scalar(None, pa.string()))
    elif pa.types.is_list(kind):
        ends = np.zeros(len(column) + 1, np.int32)
        np.cumsum(pc.fill_null(pc.list_value_length(column), 0), out=ends[1:])
        inside = pa.ListArray.from_arrays(pa.array(ends), _column(column.flatten(), singles))
        found = pc.binary_join_element_wise("[", pc.binary_join(inside, ","), "]", "")
        found = pc.if_else(column.is_valid(), found, pa.scalar(None, pa.string()))
    else:
        write = _writer(kind, singles)
        found = pa.array([write(value) for value in column.to_pylist()], pa.string())
    return pc.fill_null(found, "null")


def _is_plain_decimal(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind)) and 0 <= kind.scale <= _PLAIN_PLACES


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_LINE_ENDS)


def _writer(kind: pa.DataType, singles: bool) -> Writer:
    if pa.types.is_struct(kind):
        return _group([(one.name, _quoted(one.name), _writer(one.type, singles)) for one in kind])
    if pa.types.is_map(kind):
        return _pairs(_writer(kind.key_type, singles), _writer(kind.item_type, singles))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        one = _writer(kind.value_type, singles)
        return lambda value: "[" + ",".join(map(one, value)) + "]" if isinstance(value, list) else "null"
    if pa.types.is_float16(kind) or pa.types.is_float32(kind):
        return lambda value: _float(value, np.float32)
    if pa.types.is_floating(kind):
        return lambda value: _float(value, _single_or_double if singles else float)
    return _plain


def _group(inside: list[tuple[str, str, Writer]]) -> Writer:
    def group(value: object) -> str:
        if not isinstance(value, dict):
            return "null"
        return "{" + ",".join(f"{shown}:{write(value[name])}" for name, shown, write in inside) + "}"

    return group


def _pairs(key: Writer, item: Writer) -> Writer:
    def pairs(value: object) -> str:
        if not isinstance(value, list):
            return "null"
        return "[" + ",".join(f"[{key(one)},{item(other)}]" for one, other in value) + "]"

    return pairs


def _float(value: object, kind: Callable[[float], object]) -> str:
    if not isinstance(value, float | int) or not np.isfinite(value):
        return "null"  # JSON has neither infinity nor "not a number"
    return str(kind(value))


def _single_or_double(value: float) -> object:
    single = np.float32(value) if abs(value) < _LARGEST_SINGLE else value
    return single if float(single) == value else value


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else "null"
    if isinstance(value, datetime | date | time):
        return f'"{value.isoformat()}"'
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode()}"'
    return json.dumps(value, ensure_ascii=False, default=str).translate(_LINE_ENDS)
