"""Rendering: rows as lines of JSON, every number with the digits that it has."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

__all__ = ["json_lines_of", "json_of"]

_LARGEST_SINGLE = float(np.finfo(np.float32).max)
Writer = Callable[[object], str]


def json_lines_of(rows: pa.RecordBatch, *, singles: bool = False) -> Iterator[str]:
    """Yield one JSON object for each row, its members in the order of the columns.

    Groups are objects, lists are arrays, null is null. A decimal has all its places ("30.50"), a single
    float the digits that tell it from its neighbours, and a float that is no number is null. Times are
    ISO 8601, durations are seconds, bytes are base64.

    Parameters
    ----------
    rows : RecordBatch
    singles : bool
        Write a double that a single float holds with the digits of the single: a mainframe's hexadecimal
        singles reach further than IEEE's, so they are kept as doubles.
    """
    writers = [
        (json.dumps(field.name, ensure_ascii=False), _writer(field.type, singles)) for field in rows.schema
    ]
    columns = [column.to_pylist() for column in rows.columns]
    for values in zip(*columns, strict=True):
        parts = (f"{name}:{write(value)}" for (name, write), value in zip(writers, values, strict=True))
        yield "{" + ",".join(parts) + "}"


def json_of(value: object, kind: pa.DataType) -> str:
    """Return one value of a column as JSON."""
    return _writer(kind, False)(value)


def _writer(kind: pa.DataType, singles: bool) -> Writer:
    if pa.types.is_struct(kind):
        return _group(
            [(one.name, json.dumps(one.name, ensure_ascii=False), _writer(one.type, singles)) for one in kind]
        )
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
    return json.dumps(value, ensure_ascii=False, default=str)
