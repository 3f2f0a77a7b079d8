"""A multiset of rows as one number that rows can be added to and taken from.

Every row is written as bytes, hashed to 256 numbers of 64 bits (SHAKE128), and the numbers are summed lane
by lane modulo 2^64: LtHash with wider lanes. Why so wide: docs/decisions/0008-content-digests.md.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput

__all__ = ["RowSum", "encoded_rows"]

LANES = 256
_BYTES = LANES * 8
_AT_ONCE = 4_096  # rows that are written as bytes at a time
_IN_CACHE = 256  # rows whose numbers are summed at a time: 512 KiB, which stay in the processor's cache

Words = npt.NDArray[np.uint64]


class RowSum:
    """The sum of the hashes of some rows.

    Parameters
    ----------
    words : array of shape (256,), uint64, optional
        None is the sum of no rows: all zero.
    """

    def __init__(self, words: Words | None = None) -> None:
        self.words: Words = np.zeros(LANES, np.uint64) if words is None else words

    def add(self, rows: pa.RecordBatch) -> None:
        """Take the rows in."""
        self.words += _summed(rows)

    def remove(self, rows: pa.RecordBatch) -> None:
        """Take the rows out again; that they were in it is for the caller to know."""
        self.words -= _summed(rows)

    def __add__(self, other: "RowSum") -> "RowSum":
        return RowSum(self.words + other.words)

    def __sub__(self, other: "RowSum") -> "RowSum":
        return RowSum(self.words - other.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowSum) and bool(np.array_equal(self.words, other.words))

    __hash__ = None  # type: ignore[assignment]  # it changes as rows are added

    def hex(self) -> str:
        """Return the 2,048 bytes, each lane with its lowest byte first, as hexadecimal digits."""
        return self.words.astype("<u8").tobytes().hex()

    @classmethod
    def from_hex(cls, text: str) -> "RowSum":
        """Return the sum that `hex` wrote.

        Raises
        ------
        BadInput
            Not 4,096 hexadecimal digits.
        """
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raw = b""
        if len(raw) != _BYTES:
            raise BadInput(
                f"A sum of rows has {2 * _BYTES} hexadecimal digits, got {len(text)} characters.",
                fix="Write the snapshot again from its source.",
            )
        return cls(np.frombuffer(raw, "<u8").astype(np.uint64))

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch]) -> "RowSum":
        """Return the sum of the rows of all batches."""
        total = cls()
        for batch in batches:
            total.add(batch)
        return total


def _summed(rows: pa.RecordBatch) -> Words:
    total = np.zeros(LANES, np.uint64)
    shake = hashlib.shake_128
    for start in range(0, rows.num_rows, _AT_ONCE):
        encoded = encoded_rows(rows.slice(start, _AT_ONCE)).to_pylist()
        for first in range(0, len(encoded), _IN_CACHE):
            hashed = b"".join([shake(row).digest(_BYTES) for row in encoded[first : first + _IN_CACHE]])
            total += np.frombuffer(hashed, "<u8").reshape(-1, LANES).sum(axis=0, dtype=np.uint64)
    return total


def encoded_rows(rows: pa.RecordBatch) -> pa.Array:
    """Write each row as bytes, so that equal rows give equal bytes and different rows different ones.

    A row begins with the hash of the names and kinds of its columns that are not null; then come their
    values, in the order of the names. So neither the order of columns, nor a wider type of the same kind
    (int32 and int64), nor a new column that is null in this row changes the bytes.

    Parameters
    ----------
    rows : RecordBatch
        Column names differ.

    Returns
    -------
    Array of large_binary, shape (n_rows,)

    Raises
    ------
    BadInput
        A column of a type that has no bytes here, or a nested value without a JSON form.
    """
    names = sorted(rows.schema.names)
    parts, kinds = [], []
    for name in names:
        kind, values = _column(name, rows.column(name))
        kinds.append(f"{name}\0{kind}")
        parts.append(values)
    headers = _headers(kinds, parts, rows.num_rows)
    empty = pa.scalar(b"", pa.large_binary())
    return pc.binary_join_element_wise(headers, *parts, empty, null_handling="replace", null_replacement="")


def _headers(kinds: list[str], parts: list[pa.Array], rows: int) -> pa.Array:
    present = np.ones((rows, len(parts)), bool)
    for index, part in enumerate(parts):
        if part.null_count:
            present[:, index] = pc.is_valid(part).to_numpy(zero_copy_only=False)
    if present.all():
        one = _header(kinds)
        return pa.repeat(pa.scalar(one, pa.large_binary()), rows)
    packed = np.ascontiguousarray(np.packbits(present, axis=1))
    patterns, which = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_inverse=True)
    found = []
    for pattern in patterns:
        bits = np.unpackbits(np.frombuffer(pattern.tobytes(), np.uint8), count=len(kinds))
        found.append(_header([kind for kind, bit in zip(kinds, bits, strict=True) if bit]))
    return pa.array(found, pa.large_binary()).take(pa.array(which.ravel()))


def _header(kinds: list[str]) -> bytes:
    return hashlib.sha256(canonical_json(kinds)).digest()


def _column(name: str, values: pa.Array) -> tuple[str, pa.Array]:
    """Return the kind of a column, and its values as bytes; null stays null."""
    kind = values.type
    if pa.types.is_boolean(kind):
        return "bool", _fixed(values.cast(pa.int8()), 1)
    if pa.types.is_integer(kind):
        return "int", _fixed(values.cast(pa.int64()), 8)
    if pa.types.is_floating(kind):
        return "float", _fixed(_one_nan(values.cast(pa.float64())), 8)
    if pa.types.is_decimal(kind):
        return f"decimal {kind.scale}", _fixed(values.cast(pa.decimal128(38, kind.scale)), 16)
    if pa.types.is_date(kind):
        return "date", _fixed(values.cast(pa.date32()), 4)
    if pa.types.is_time(kind):
        return "time", _fixed(values.cast(pa.time64("us")), 8)
    if pa.types.is_timestamp(kind):
        zoned = "UTC" if kind.tz else "local"
        return f"timestamp {zoned}", _fixed(values.cast(pa.timestamp("us", kind.tz)), 8)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "string", _sized(values.cast(pa.large_string()).cast(pa.large_binary()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "binary", _sized(values.cast(pa.large_binary()))
    if pa.types.is_nested(kind):
        texts = [None if value is None else canonical_json(value) for value in values.to_pylist()]
        return "json", _sized(pa.array(texts, pa.large_binary()))
    raise BadInput(
        f"The column {name} is of type {kind}, which no snapshot keeps.",
        fix="Turn it into text, a number, a date or a time before it is loaded.",
        column=name,
        type=str(kind),
    )


def _fixed(values: pa.Array, width: int) -> pa.Array:
    """Return the values as their own bytes, lowest first (Arrow's layout on every machine we run on)."""
    data = values.buffers()[1]
    if len(values) == 0 or data is None:
        return pa.nulls(len(values), pa.large_binary())
    data = data.slice(values.offset * width, len(values) * width)
    ends = pa.py_buffer(np.arange(0, (len(values) + 1) * width, width, dtype=np.int64))
    valid = None
    if values.null_count:
        valid = pc.is_valid(values).buffers()[1]
    return pa.Array.from_buffers(pa.large_binary(), len(values), [valid, ends, data])


def _sized(values: pa.Array) -> pa.Array:
    """Return each value behind its length, so that values cannot flow into each other."""
    size = _fixed(pc.binary_length(values).cast(pa.int64()), 8)
    return pc.binary_join_element_wise(size, values, pa.scalar(b"", pa.large_binary()))


def _one_nan(values: pa.Array) -> pa.Array:
    if not pc.any(pc.is_nan(values)).as_py():
        return values
    return pc.if_else(pc.is_nan(values), pa.scalar(float("nan"), pa.float64()), values)
