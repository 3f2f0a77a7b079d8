"""The types that a data contract can name, and which types of Arrow are one of them."""

import re

import pyarrow as pa

__all__ = ["arrow_type", "is_of_type"]

_PLAIN = {
    "string": pa.string(),
    "binary": pa.binary(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
_DECIMAL = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")


def arrow_type(written: str) -> pa.DataType | None:
    """Return the Arrow type of a contract's word: "string", "decimal(12, 2)"; None for an unknown one."""
    if written in _PLAIN:
        return _PLAIN[written]
    match = _DECIMAL.fullmatch(written)
    if match is None:
        return None
    precision, scale = int(match[1]), int(match[2])
    if not (1 <= precision <= 76 and scale <= precision):
        return None
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def is_of_type(kind: pa.DataType, written: str) -> bool:
    """Return whether every value of a column's type is one of the contract's type.

    Narrower is fine: int16 where int64 is written, decimal(8, 2) where decimal(12, 2) is. Text where a
    number is written is not, whatever stands in it: the source lies about its type.
    """
    wanted = arrow_type(written)
    if wanted is None:
        return False
    if pa.types.is_integer(wanted):
        return bool(pa.types.is_integer(kind) and _widest(kind) <= _widest(wanted))
    if pa.types.is_floating(wanted):
        return bool(pa.types.is_floating(kind) and kind.bit_width <= wanted.bit_width)
    if pa.types.is_decimal(wanted):
        if pa.types.is_integer(kind):
            return bool(_digits(kind) <= wanted.precision - wanted.scale)
        return bool(
            pa.types.is_decimal(kind)
            and kind.scale <= wanted.scale
            and kind.precision - kind.scale <= wanted.precision - wanted.scale
        )
    if pa.types.is_string(wanted):
        return bool(
            pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
        )
    if pa.types.is_binary(wanted):
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
    if pa.types.is_timestamp(wanted):
        return bool(pa.types.is_timestamp(kind) and (kind.tz is None) == (wanted.tz is None))
    if pa.types.is_date(wanted):
        return bool(pa.types.is_date(kind))
    if pa.types.is_time(wanted):
        return bool(pa.types.is_time(kind))
    return bool(kind == wanted)


def _widest(kind: pa.DataType) -> int:
    """Return the bits that a signed integer needs to hold every value."""
    return int(kind.bit_width) + int(pa.types.is_unsigned_integer(kind))


def _digits(kind: pa.DataType) -> int:
    return len(str(2 ** (kind.bit_width - int(pa.types.is_signed_integer(kind))) - 1))
