"""Digests: the name of a thing is the hash of its content."""

import hashlib
import json
import math
import re
from typing import TypeVar

import msgspec

from flyball.core.errors import BadInput

__all__ = ["canonical_json", "digest_of", "digest_of_bytes", "from_json", "short"]

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_PACKER = msgspec.msgpack.Encoder(decimal_format="string")
_FLOAT_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")  # a float64 whose exponent is all ones
_FINITE = json.JSONEncoder(allow_nan=False, check_circular=False, ensure_ascii=False)


def canonical_json(value: object) -> bytes:
    """Encode records and plain data so that equal values give equal bytes.

    Keys are sorted, there is no white space, text is UTF-8, decimals are strings and times are
    RFC 3339. NaN and infinity have no JSON form and are refused: a value that was not measured
    has a type of its own.

    Parameters
    ----------
    value : object
        Dataclasses, dicts, lists, str, int, float, bool, None, Decimal, datetime, date.

    Returns
    -------
    bytes

    Raises
    ------
    BadInput
        The value holds something that has no JSON form, or a float that is not finite.
    """
    try:
        encoded = _ENCODER.encode(value)
        if b"null" in encoded:  # msgspec writes NaN as null
            for part in value if isinstance(value, list | tuple) else (value,):
                if _may_not_be_finite(part):
                    _refuse_not_finite(msgspec.to_builtins(part, str_keys=True))
    except (TypeError, ValueError) as err:
        raise BadInput(
            f"{type(value).__name__} cannot be written as JSON: {err}.",
            fix="Use plain data: records, lists, text, numbers.",
            type=type(value).__name__,
        ) from err
    return encoded


def _may_not_be_finite(value: object) -> bool:
    """Say whether a value may hold a float that is not finite: where it has the bytes of one in MessagePack.

    Other things can have those bytes, too; nothing that has none of them is worth the long second look.
    """
    try:
        return _FLOAT_NOT_FINITE.search(_PACKER.encode(value)) is not None
    except (TypeError, ValueError, OverflowError):  # has no form there, such as a large integer
        return True


def _refuse_not_finite(value: object) -> None:
    try:
        _FINITE.encode(value)  # much faster than to walk through it here
    except ValueError as err:
        raise ValueError(f"{_not_finite(value)} is not a number that JSON knows") from err


def _not_finite(value: object) -> float | None:
    """Return the first number in plain data that is not finite."""
    if isinstance(value, float):
        return None if math.isfinite(value) else value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return next((found for item in inner if (found := _not_finite(item)) is not None), None)


def from_json(data: bytes | str, kind: type[T]) -> T:
    """Decode JSON into a record of type `kind`, strictly.

    Parameters
    ----------
    data : bytes or str
    kind : type
        A dataclass, or any type that msgspec can build.

    Returns
    -------
    object of type `kind`

    Raises
    ------
    BadInput
        Not JSON, or not of that shape; the message names the place.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise BadInput(
            f"Not a valid {getattr(kind, '__name__', kind)}: {err}.",
            fix="Check that the file was not cut off or edited.",
            kind=str(kind),
        ) from err


def digest_of_bytes(data: bytes) -> str:
    """Return `sha256:` and 64 hexadecimal digits for raw bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: object) -> str:
    """Return the digest of a record or of plain data, by its canonical JSON."""
    return digest_of_bytes(canonical_json(value))


def short(digest: str) -> str:
    """Return the first twelve digits, for people to read; never used as a key."""
    return digest.removeprefix("sha256:")[:12]
