"""Digests: the name of a thing is the hash of its content."""

import hashlib
import math
from typing import TypeVar

import msgspec

from flyball.core.errors import BadInput

__all__ = ["canonical_json", "digest_of", "digest_of_bytes", "from_json", "short"]

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")


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
        if b"null" in encoded:  # msgspec writes NaN as null; only then is the slow look worth it
            _refuse_not_finite(msgspec.to_builtins(value))
    except (TypeError, ValueError) as err:
        raise BadInput(
            f"{type(value).__name__} cannot be written as JSON: {err}.",
            fix="Use plain data: records, lists, text, numbers.",
            type=type(value).__name__,
        ) from err
    return encoded


def _refuse_not_finite(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number that JSON knows")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_not_finite(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_not_finite(item)


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
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
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
