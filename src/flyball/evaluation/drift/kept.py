"""Sketches as files: made once, read as often as wanted. Parsed and checked, never unpickled."""

import os
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.evaluation.drift.kinds import Kind
from flyball.evaluation.drift.sketches import CategorySketch, ColumnSketch, ListSketch, NumberSketch
from flyball.evaluation.drift.table_sketch import TableSketch

__all__ = ["is_sketch", "load_sketch", "save_sketch"]

_BEGINS = b"flyball drift sketch 1\n"
_LARGEST_BYTES = 1 << 30


class _Number(msgspec.Struct, frozen=True, tag="number"):
    """A `NumberSketch`; arrays as little-endian bytes."""

    n: int
    missing: int
    values: bytes | None
    rows: bytes
    levels: list[bytes]
    off_by: float
    rising: bool
    strictly: bool
    last: bytes


class _Category(msgspec.Struct, frozen=True, tag="category"):
    """A `CategorySketch`."""

    n: int
    missing: int
    keys: list[bytes] | None
    rows: bytes
    buckets: bytes
    lengths: bytes


class _List(msgspec.Struct, frozen=True, tag="list"):
    """A `ListSketch`."""

    n: int
    missing: int
    lengths: _Number


class _Table(msgspec.Struct, frozen=True):
    """A `TableSketch`; the sampled rows as an Arrow stream."""

    name: str
    n_rows: int
    kinds: list[tuple[str, Kind]]
    columns: dict[str, _Number | _Category | _List]
    sample: bytes


def is_sketch(path: Path) -> bool:
    """Say whether a file begins as a saved sketch does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINS) - 2).startswith(_BEGINS[:-2])
    except OSError:
        return False


def save_sketch(path: Path, sketch: TableSketch) -> None:
    """Write a sketch, for its owner only: it holds some rows and the values of columns.

    Raises
    ------
    BadInput
        The file cannot be written.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, sketch.sample.schema) as writer:
        writer.write_table(sketch.sample)
    table = _Table(
        name=sketch.name,
        n_rows=sketch.n_rows,
        kinds=list(sketch.kinds.items()),
        columns={name: _packed(one) for name, one in sketch.columns.items()},
        sample=sink.getvalue().to_pybytes(),
    )
    data = _BEGINS + msgspec.msgpack.encode(table)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as err:
        raise BadInput(
            f"The sketch cannot be written to {path}: {err.strerror}.",
            fix="Name a file in a folder that you may write to.",
            path=path,
        ) from err


def load_sketch(path: Path) -> TableSketch:
    """Read a sketch that `save_sketch` wrote.

    Raises
    ------
    BadInput
        Another form, cut off, or altered into what no sketch can be.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _LARGEST_BYTES else b""
    except OSError as err:
        raise BadInput(
            f"{path} cannot be read: {err.strerror}.", fix="Name a saved sketch.", path=path
        ) from err
    if not data.startswith(_BEGINS):
        raise BadInput(
            f"{path.name} is no sketch of this version.", fix="Make it again from the rows.", path=path
        )
    try:
        table = msgspec.msgpack.decode(data[len(_BEGINS) :], type=_Table)
        with pa.ipc.open_stream(table.sample) as reader:
            sample = reader.read_all()
        sample.validate(full=True)
        kinds = dict(table.kinds)
        columns = {name: _unpacked(one) for name, one in table.columns.items()}
        if not set(sample.column_names) <= set(columns) <= set(kinds):
            raise ValueError("columns")
    except (msgspec.MsgspecError, pa.ArrowException, OSError, ValueError) as err:
        raise BadInput(
            f"{path.name} is damaged: it is no whole sketch ({type(err).__name__}).",
            fix="Make it again from the rows.",
            path=path,
        ) from err
    return TableSketch(table.name, table.n_rows, kinds, columns, sample)


def _packed(one: ColumnSketch) -> _Number | _Category | _List:
    if isinstance(one, NumberSketch):
        return _packed_numbers(one)
    if isinstance(one, ListSketch):
        return _List(one.n, one.missing, _packed_numbers(one.lengths))
    rows = list(one.counts.values()) if one.counts is not None else []
    keys = list(one.counts) if one.counts is not None else None
    return _Category(
        one.n, one.missing, keys, _whole_bytes(rows), _whole_bytes(one.buckets), _whole_bytes(one.lengths)
    )


def _packed_numbers(one: NumberSketch) -> _Number:
    return _Number(
        n=one.n,
        missing=one.missing,
        values=None if one.counts is None else _real_bytes(list(one.counts)),
        rows=_whole_bytes([] if one.counts is None else list(one.counts.values())),
        levels=[_real_bytes(level) for level in one.levels],
        off_by=one.off_by,
        rising=one.rising,
        strictly=one.strictly,
        last=_real_bytes([] if one.last is None else [one.last]),
    )


def _unpacked(one: _Number | _Category | _List) -> ColumnSketch:
    if isinstance(one, _Number):
        return _unpacked_numbers(one)
    if isinstance(one, _List):
        return ListSketch(_positive(one.n), _positive(one.missing), _unpacked_numbers(one.lengths))
    buckets, lengths = _whole(one.buckets), _whole(one.lengths)
    counts = None if one.keys is None else dict(zip(one.keys, _whole(one.rows).tolist(), strict=True))
    counted = int(buckets.sum()) if counts is None else sum(counts.values())
    empty = CategorySketch()
    if counted != one.n or len(buckets) != len(empty.buckets) or int(lengths.sum()) != one.n:
        raise ValueError("counts")
    return CategorySketch(_positive(one.n), _positive(one.missing), counts, buckets, lengths)


def _unpacked_numbers(one: _Number) -> NumberSketch:
    levels = [_real(level) for level in one.levels]
    counts = None
    if one.values is not None:
        counts = dict(zip(_real(one.values).tolist(), _whole(one.rows).tolist(), strict=True))
    weighed = sum(len(level) << place for place, level in enumerate(levels))
    unsorted = any((level[1:] < level[:-1]).any() for level in levels)
    if weighed != one.n or unsorted or (counts is not None and sum(counts.values()) != one.n):
        raise ValueError("points")
    last = _real(one.last).tolist()
    return NumberSketch(
        _positive(one.n),
        _positive(one.missing),
        counts,
        levels,
        max(0.0, one.off_by),
        one.rising,
        one.strictly,
        last[0] if last else None,
    )


def _positive(number: int) -> int:
    if number < 0:
        raise ValueError("negative")
    return number


def _real_bytes(values: list[float] | npt.NDArray[np.float64]) -> bytes:
    return np.asarray(values, "<f8").tobytes()


def _whole_bytes(values: list[int] | npt.NDArray[np.int64]) -> bytes:
    return np.asarray(values, "<i8").tobytes()


def _real(data: bytes) -> npt.NDArray[np.float64]:
    values = np.frombuffer(data, "<f8").astype(np.float64)
    if np.isnan(values).any():
        raise ValueError("not a number")
    return values


def _whole(data: bytes) -> npt.NDArray[np.int64]:
    values = np.frombuffer(data, "<i8").astype(np.int64)
    if (values < 0).any():
        raise ValueError("negative")
    return values
