"""Values: columns of Arrow from the JSON of a service, exactly or not at all."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.metadata import EdmType, Property

__all__ = ["literal", "record_batch"]

Entity = Mapping[str, object]

_TICKS = re.compile(r"/Date\((-?\d{1,17})(?:([+-])(\d{1,4}))?\)/")
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.(\d{1,12}))?S)?)?"
)
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,12})?)?")
_FINER = re.compile(r"(\.\d{6})\d+")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FLOATS = {"INF": float("inf"), "-INF": float("-inf"), "NaN": float("nan")}
_DAY_MS = 86_400_000
_DAY_US = _DAY_MS * 1_000
_INTEGERS = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"})


def record_batch(
    entities: Sequence[Entity], columns: Sequence[Property], schema: pa.Schema, *, where: str, first: int = 0
) -> pa.RecordBatch:
    """Turn entities into one batch.

    Parameters
    ----------
    entities : sequence of mapping
        As they stand in the JSON; numbers with a point as `Decimal`.
    columns : sequence of Property
        One per field of `schema`, in its order.
    schema : Schema
    where : str
        What is read, for messages.
    first : int
        Number of the first entity, for messages; from 0.

    Raises
    ------
    BadRecord
        A value is not of its declared type or does not fit it, or one that must be there is missing.
        The value itself is not repeated.
    """
    arrays = []
    for column, field in zip(columns, schema, strict=True):
        cells = [entity.get(column.name) for entity in entities]
        try:
            array = _column(cells, column.type, field.type)
            good = field.nullable or not array.null_count
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            good = False
        if not good:
            raise _bad_cell(cells, column, field, where, first)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _bad_cell(
    cells: Sequence[object], column: Property, field: pa.Field, where: str, first: int
) -> BadRecord:
    """Find the first value that cannot be read."""
    row, why = first, "cannot be read"
    for row, cell in enumerate(cells, first):  # noqa: B007 - used behind the loop
        if cell is None:
            if not field.nullable:
                why = "is missing, and the service declares that it never is"
                break
            continue
        try:
            _column([cell], column.type, field.type)
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            why = f"is no {column.type.name} that fits {field.type} (it is a {type(cell).__name__})"
            break
    fix = "Have the service or its $metadata corrected."
    if column.type.name == "Edm.Decimal":
        fix = "Set decimals = [digits, digits behind the point] so that it fits, or have $metadata corrected."
    elif "missing" in why:
        fix = "Set nulls_anywhere = true to take the service as it is, or have its $metadata corrected."
    return BadRecord(
        f"{where}: {column.name} of row {row} {why}.", fix=fix, where=where, column=column.name, row=row
    )


def _column(cells: Sequence[object], edm: EdmType, arrow: pa.DataType) -> pa.Array:
    if edm.many:
        return _lists(cells, edm, arrow)
    if edm.kind == "complex":
        return _structs(cells, edm, arrow)
    if edm.kind == "enum":
        return pa.array([None if one is None else str(one) for one in cells], arrow)
    return _READERS.get(edm.name, _json)(cells, arrow)


def _lists(cells: Sequence[object], edm: EdmType, arrow: pa.DataType) -> pa.Array:
    found: list[Any] = [one.get("results") if isinstance(one, dict) else one for one in cells]  # as in V2
    if not all(one is None or isinstance(one, list) for one in found):
        raise TypeError("not a list")
    offsets: list[int] = [0]
    flat: list[object] = []
    for one in found:
        flat.extend(one or ())
        offsets.append(len(flat))
    element = EdmType(edm.name, edm.kind, edm.precision, edm.scale, False, edm.calendar, edm.fields)
    values = _column(flat, element, arrow.value_type)
    mask = pa.array([one is None for one in found], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=arrow, mask=mask)


def _structs(cells: Sequence[Any], edm: EdmType, arrow: pa.DataType) -> pa.Array:
    if not all(one is None or isinstance(one, dict) for one in cells):
        raise TypeError("not an object")
    fields = [arrow.field(number) for number in range(arrow.num_fields)]
    children = []
    for inner, field in zip(edm.fields, fields, strict=True):
        found = [None if one is None else one.get(inner.name) for one in cells]
        child = _column(found, inner.type, field.type)
        if not field.nullable and child.null_count > sum(one is None for one in cells):
            raise ValueError("missing")
        children.append(child)
    mask = pa.array([one is None for one in cells], pa.bool_())
    return pa.StructArray.from_arrays(children, fields=fields, mask=mask)


def _each(read: Callable[[str], object]) -> Callable[[Sequence[object], pa.DataType], pa.Array]:
    """Return a reader that reads each text by itself."""

    def read_all(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
        return pa.array([None if one is None else read(one) for one in _texts(cells)], arrow)

    return read_all


def _texts(cells: Sequence[object]) -> Iterable[str | None]:
    for one in cells:
        if one is not None and not isinstance(one, str):
            raise TypeError("not a text")
        yield one


def _strings(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    return pa.array(list(_texts(cells)), arrow)


def _booleans(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    named = {"true": True, "false": False}
    return pa.array(
        [named.get(one, one) if isinstance(one, str) else _exactly(one, bool) for one in cells], arrow
    )


def _exactly(cell: object, kind: type) -> object:
    if cell is not None and type(cell) is not kind:
        raise TypeError(f"not a {kind.__name__}")
    return cell


def _integers(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    if any(isinstance(one, str) and "_" in one for one in cells):
        raise ValueError("not a number")
    return pa.array([int(one) if isinstance(one, str) else _exactly(one, int) for one in cells], arrow)


def _floats(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    def read(cell: object) -> float | None:
        if cell is None or (isinstance(cell, str) and cell in _FLOATS):
            return None if cell is None else _FLOATS[str(cell)]
        if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal | str):
            raise TypeError("not a number")
        return float(Decimal(cell))

    return pa.array([read(one) for one in cells], arrow)


def _decimals(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    def read(cell: object) -> str | None:
        if isinstance(cell, bool) or not (cell is None or isinstance(cell, int | Decimal | str)):
            raise TypeError("not a number")
        return None if cell is None else str(cell)

    return pa.array([read(one) for one in cells], pa.string()).cast(arrow)


def _binaries(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    def read(text: str) -> bytes:
        standard = text.replace("-", "+").replace("_", "/")  # V2 writes base64, V4 base64url
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)

    return _each(read)(cells, arrow)


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise ValueError("not a guid")
    return text.lower()


def _moments(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    texts = list(_texts(cells))
    if arrow == pa.date32():
        return pa.array([None if one is None else _day(one) for one in texts], arrow)
    if any(one is not None and one.startswith("/") for one in texts):
        micros = [None if one is None else _ticks(one) * 1_000 for one in texts]
        return pa.array(micros, pa.int64()).cast(arrow)
    moments = [None if one is None else _FINER.sub(r"\1", one) for one in texts]
    return pa.array(moments, pa.string()).cast(arrow)


def _ticks(text: str) -> int:
    """Return milliseconds since 1970 in UTC; the ticks are local time at the offset, in minutes."""
    match = _TICKS.fullmatch(text)
    if not match:
        raise ValueError("not a date")
    minutes = int(match[3] or 0) * (-1 if match[2] == "-" else 1)
    return int(match[1]) - minutes * 60_000


def _day(text: str) -> date:
    if text.startswith("/"):
        days, rest = divmod(_ticks(text), _DAY_MS)
    else:
        days, rest = date.fromisoformat(text[:10]).toordinal() - date(1970, 1, 1).toordinal(), 0
        if text[10:].strip("T0:.Z"):
            raise ValueError("has a time of day")
    if rest:
        raise ValueError("has a time of day")
    return date(1970, 1, 1) + timedelta(days=days)


def _dates(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    return _strings(cells, pa.string()).cast(arrow)


def _times(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    def read(text: str) -> int:
        micros = _micros(text)
        if not 0 <= micros < _DAY_US:
            raise ValueError("not a time of day")
        return micros

    texts = list(_texts(cells))
    if any(one is not None and one.startswith("P") for one in texts):  # V2: PT13H20M00S
        return pa.array([None if one is None else read(one) for one in texts], pa.int64()).cast(arrow)
    if any(one is not None and not _CLOCK.fullmatch(one) for one in texts):
        raise ValueError("not a time of day")
    moments = [None if one is None else "1970-01-01T" + _FINER.sub(r"\1", one) for one in texts]
    return pa.array(moments, pa.string()).cast(pa.timestamp("us")).cast(arrow)


def _durations(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    return _each(_micros)(cells, pa.int64()).cast(arrow)


def _micros(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if not match or text[-1] in "PT":
        raise ValueError("not a duration")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    micros = whole * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])
    return -micros if sign else micros


def _json(cells: Sequence[object], arrow: pa.DataType) -> pa.Array:
    texts = [None if one is None else msgspec.json.encode(one, order="sorted").decode() for one in cells]
    return pa.array(texts, arrow)


_READERS: dict[str, Callable[[Sequence[object], pa.DataType], pa.Array]] = {
    "Edm.String": _strings,
    "Edm.Boolean": _booleans,
    **dict.fromkeys(_INTEGERS, _integers),
    "Edm.Single": _floats,
    "Edm.Double": _floats,
    "Edm.Decimal": _decimals,
    "Edm.Guid": _each(_guid),
    "Edm.Binary": _binaries,
    "Edm.Date": _dates,
    "Edm.DateTime": _moments,
    "Edm.DateTimeOffset": _moments,
    "Edm.Time": _times,
    "Edm.TimeOfDay": _times,
    "Edm.Duration": _durations,
}

_V2_PREFIX = {"Edm.Guid": "guid", "Edm.Time": "time", "Edm.Binary": "binary"}
_V2_SUFFIX = {"Edm.Int64": "L", "Edm.Decimal": "M", "Edm.Double": "d", "Edm.Single": "f"}


def literal(edm: EdmType, value: object, *, v2: bool) -> str:
    """Write a value of the JSON as a literal of a URL: in a filter or a key, not yet percent-encoded.

    Parameters
    ----------
    edm : EdmType
    value : object
        As it stands in the JSON.
    v2 : bool
        V2 marks most types by a prefix or a suffix, V4 almost none.

    Raises
    ------
    ValueError
        The value is not of the type.
    """
    text = str(value)
    if edm.name == "Edm.String":
        return "'" + text.replace("'", "''") + "'"
    if edm.kind == "enum":
        return f"{edm.name}'" + text.replace("'", "''") + "'"
    if edm.name in ("Edm.DateTime", "Edm.DateTimeOffset"):
        return _moment(edm, text, v2)
    if edm.name == "Edm.Boolean":
        return text.lower()
    if not re.fullmatch(r"[\w.:+-]+", text, re.ASCII):
        raise ValueError("not a literal")
    if not v2:
        return f"duration'{text}'" if edm.name == "Edm.Duration" else text
    if edm.name in _V2_PREFIX:
        return f"{_V2_PREFIX[edm.name]}'{text}'"
    return text + _V2_SUFFIX.get(edm.name, "")


def _moment(edm: EdmType, text: str, v2: bool) -> str:
    if text.startswith("/"):
        days, millis = divmod(_ticks(text), _DAY_MS)
        hours, rest = divmod(millis, 3_600_000)
        minutes, rest = divmod(rest, 60_000)
        day = date(1970, 1, 1) + timedelta(days=days)
        text = f"{day.isoformat()}T{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
        text += "Z" if edm.name == "Edm.DateTimeOffset" else ""
    if not re.fullmatch(r"[\dT:.Z+-]+", text):
        raise ValueError("not a moment")
    if not v2:
        return text
    return f"datetime'{text}'" if edm.name == "Edm.DateTime" else f"datetimeoffset'{text}'"
