"""Values: rows of Python objects become Arrow columns, and a value that lies about its type is found."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy.exc import SQLAlchemyError

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.sql.types import Column

__all__ = ["batch_of", "cast", "misfit"]

_NONE = type(None)
_Values = TypeVar("_Values", pa.Array, pa.ChunkedArray)


def batch_of(
    rows: Sequence[Sequence[Any]], columns: Sequence[Column], *, table: str, before: int, texts: bool
) -> pa.RecordBatch:
    """Return rows of a driver as one batch.

    Parameters
    ----------
    rows : sequence of sequence
        In the order of `columns`.
    columns : sequence of Column
    table : str
        For messages.
    before : int
        Rows of this load that came before; messages count on from there.
    texts : bool
        Whether dates, times and decimals may come as text or as floating point numbers: in SQLite.

    Raises
    ------
    BadRecord
        A value does not fit the declared type. The message names table, row and column, not the value.
    """
    arrays = []
    for position, column in enumerate(columns):
        values = [row[position] for row in rows]
        arrays.append(_array(values, column, table=table, before=before, texts=texts))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([one.field for one in columns]))


def cast(values: _Values, column: Column, *, table: str, before: int) -> _Values:
    """Return the values of a column in its type; one that does not fit is named by its row.

    Raises
    ------
    BadRecord
    """
    if values.type == column.arrow:
        return values
    try:
        return values.cast(column.arrow)
    except pa.ArrowException:
        for row in range(len(values)):
            try:
                values.slice(row, 1).cast(column.arrow)
            except pa.ArrowException:
                raise misfit(
                    column, table=table, row=before + row + 1, holds="a value that does not fit"
                ) from None
        raise


def misfit(column: Column, *, table: str, row: int, holds: str) -> BadRecord:
    """Return the error for a value that does not fit its column; `row` counts from 1."""
    return BadRecord(
        f"{table}, row {row} of this load, column {column.name}: declared {_declared(column)}, "
        f"holds {holds}.",
        fix="Correct the row, or read a view that casts the column to what it holds.",
        table=table,
        row=row,
        column=column.name,
    )


def _declared(column: Column) -> str:
    try:
        return str(column.declared)
    except SQLAlchemyError:  # a dialect's own type has no text without its dialect
        return type(column.declared).__name__


def _array(values: list[Any], column: Column, *, table: str, before: int, texts: bool) -> pa.Array:
    kinds = set(map(type, values))
    if _NONE in kinds and not column.nullable:
        raise misfit(column, table=table, row=before + values.index(None) + 1, holds="NULL")
    fit = _fit(column.arrow, texts)
    if not kinds <= _DIRECT[_word(column.arrow)]:
        values = [_fitted(fit, value, column, table, before + at) for at, value in enumerate(values)]
    try:
        return pa.array(values, column.arrow)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        for at, value in enumerate(values):
            try:
                pa.array([value], column.arrow)
            except (pa.ArrowException, OverflowError, ValueError, TypeError):
                raise _lies(value, column, table, before + at) from None
        raise  # every value fits alone: not a matter of one row


def _fitted(fit: Callable[[Any], Any], value: Any, column: Column, table: str, at: int) -> Any:
    try:
        return None if value is None else fit(value)
    except (ValueError, TypeError, InvalidOperation):
        raise _lies(value, column, table, at) from None


def _lies(value: Any, column: Column, table: str, at: int) -> BadRecord:
    return misfit(
        column, table=table, row=at + 1, holds=f"a value of type {type(value).__name__} that does not fit"
    )


def _word(arrow: pa.DataType) -> str:
    if pa.types.is_integer(arrow):
        return "integer"
    if pa.types.is_floating(arrow):
        return "float"
    if pa.types.is_decimal(arrow):
        return "decimal"
    if pa.types.is_timestamp(arrow):
        return "timestamp"
    if pa.types.is_time(arrow):
        return "time"
    return str(arrow)


# What a driver hands over that needs no further look.
_DIRECT: dict[str, set[type]] = {
    "integer": {int, _NONE},
    "float": {float, _NONE},
    "decimal": {Decimal, _NONE},
    "timestamp": {_NONE},
    "time": {dt.time, _NONE},
    "string": {str, _NONE},
    "binary": {bytes, _NONE},
    "bool": {bool, _NONE},
    "date32[day]": {dt.date, _NONE},
}


def _fit(arrow: pa.DataType, texts: bool) -> Callable[[Any], Any]:
    word = _word(arrow)
    if word == "timestamp":
        zoned = arrow.tz is not None
        return lambda value: _timestamp(value, zoned=zoned, texts=texts)
    if word == "decimal":
        return lambda value: _decimal(value, arrow.scale, texts=texts)
    if texts and word in ("date32[day]", "time"):
        kind = dt.date if word == "date32[day]" else dt.time
        return lambda value: kind.fromisoformat(_only(value, str))
    return _PLAIN[word]


def _only(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _timestamp(value: Any, *, zoned: bool, texts: bool) -> dt.datetime:
    if texts and type(value) is str and len(value) >= len("2020-01-01"):
        value = dt.datetime.fromisoformat(value)
    moment: dt.datetime = _only(value, dt.datetime)
    if zoned:
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment.tzinfo is not None:  # dropping the zone would change the moment
        raise ValueError
    return moment


def _decimal(value: Any, scale: int, *, texts: bool) -> Decimal:
    if type(value) is int:
        return Decimal(value)
    if texts and type(value) is float:
        # A double means 15 digits; what is behind them is how it was computed, not what was paid.
        value = Decimal(f"{value:.15g}")
    if texts and type(value) is str:
        value = Decimal(value)
    found: Decimal = _only(value, Decimal)
    if not found.is_finite() or found != round(found, scale):
        raise ValueError
    return found


def _boolean(value: Any) -> bool:
    if type(value) is bool or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise ValueError


def _number(value: Any) -> int:
    if isinstance(value, Decimal) and value == int(value):
        return int(value)
    return int(_only(value, int))


def _float(value: Any) -> float:
    if type(value) is int and int(float(value)) == value:
        return float(value)
    return float(_only(value, float))


def _string(value: Any) -> str:
    if type(value) in (int, float, Decimal, uuid.UUID, str):
        return str(value)
    if type(value) is dt.datetime:
        return value.isoformat()
    raise TypeError


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytearray | memoryview | bytes):
        return bytes(value)
    raise TypeError


def _date(value: Any) -> dt.date:
    found: dt.date = _only(value, dt.date)
    return found


def _time(value: Any) -> dt.time:
    found: dt.time = _only(value, dt.time)
    return found


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "integer": _number,
    "float": _float,
    "string": _string,
    "binary": _bytes,
    "bool": _boolean,
    "date32[day]": _date,
    "time": _time,
}
