"""Sketches: what is kept of a column, in bounded memory, however many rows there are."""

import hashlib
import zlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.evaluation.drift.kinds import Numbers, lengths_of, numbers_of, plain

__all__ = ["CategorySketch", "ColumnSketch", "ListSketch", "NumberSketch"]

_POINTS = 16_384
"""Points kept on each level of a summary: a share of rows is known to about one in this many."""

_FEW = 256
"""Numbers with at most so many different values are counted one by one."""

_MOST_VALUES = 5_000
_BUCKETS = 1_024
"""Beyond so many different texts, they are counted in so many buckets."""

_LONGEST_KEY = 200
_LONGEST_LENGTH = 65_535


@dataclass(slots=True)
class NumberSketch:
    """A column of numbers or times: exact where rows or values are few, otherwise sorted points.

    Full levels are merged and every second point goes up one level with twice the weight, as in the sketch
    of Manku, Rajagopalan and Lindsay; the first point is drawn, so that errors cancel.

    Parameters
    ----------
    n, missing : int
        Rows with a value, and without.
    counts : dict of float to int, or None
        Every value with its rows; None where there are more than 256 values.
    levels : list of ndarray
        Sorted; each point of level i stands for 2**i rows.
    off_by : float
        Rows by which the rank of a value may be wrong.
    rising, strictly : bool
        Whether no value, so far, was below the one before it; whether each was above it.
    last : float or None

    Source: Manku, Rajagopalan and Lindsay 1998, SIGMOD, section 3; Karnin, Lang and Liberty 2016, FOCS.
    """

    n: int = 0
    missing: int = 0
    counts: dict[float, int] | None = field(default_factory=dict)
    levels: list[Numbers] = field(default_factory=list)
    off_by: float = 0.0
    rising: bool = True
    strictly: bool = True
    last: float | None = None

    def add(self, array: pa.Array, random: np.random.Generator) -> None:
        """Take more rows, in their order."""
        values, missing = numbers_of(array)
        self.add_values(values, missing, random)

    def add_values(self, values: Numbers, missing: int, random: np.random.Generator) -> None:
        """Take more values, none of them NaN."""
        self.missing += missing
        if not len(values):
            return
        self.n += len(values)
        self._watch_order(values)
        values = np.sort(values)
        if self.counts is not None:
            self._count(values)
        self._put(0, values, random)

    @property
    def points(self) -> tuple[Numbers, Numbers]:
        """Sorted points, and how many rows each stands for."""
        if self.counts is not None:
            values = np.array(sorted(self.counts), dtype=np.float64)
            return values, np.array([self.counts[value] for value in values.tolist()], dtype=np.float64)
        values = np.concatenate([*self.levels, np.empty(0)])
        rows = np.concatenate(
            [*(np.full(len(one), 2.0**i) for i, one in enumerate(self.levels)), np.empty(0)]
        )
        order = np.argsort(values, kind="stable")
        rows = rows[order]
        return values[order], rows * (self.n / rows.sum()) if len(rows) else rows

    @property
    def slack(self) -> float:
        """How far a share of rows may be wrong."""
        return 0.0 if self.counts is not None or not self.n else self.off_by / self.n

    def _watch_order(self, values: Numbers) -> None:
        if self.rising:
            ahead = np.concatenate([[-np.inf if self.last is None else self.last], values[:-1]])
            self.strictly = self.strictly and bool((values > ahead).all())
            self.rising = bool((values >= ahead).all())
        self.strictly = self.strictly and self.rising
        self.last = float(values[-1])

    def _count(self, ordered: Numbers) -> None:
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        if len(starts) > _FEW:
            self.counts = None
            return
        counts = self.counts if self.counts is not None else {}
        for value, rows in zip(
            ordered[starts].tolist(), np.diff(starts, append=len(ordered)).tolist(), strict=True
        ):
            counts[value] = counts.get(value, 0) + rows
        self.counts = counts if len(counts) <= _FEW else None

    def _put(self, level: int, ordered: Numbers, random: np.random.Generator) -> None:
        while len(self.levels) <= level:
            self.levels.append(np.empty(0))
        held = self.levels[level]
        merged = np.sort(np.concatenate([held, ordered])) if len(held) else ordered
        if len(merged) <= _POINTS:
            self.levels[level] = merged
            return
        odd = len(merged) % 2  # a point without a partner stays
        self.levels[level] = merged[len(merged) - odd :].copy()
        self.off_by += 2.0**level
        upper = merged[int(random.integers(2)) : len(merged) - odd : 2]
        self._put(level + 1, upper, random)


@dataclass(slots=True)
class CategorySketch:
    """A column of texts, flags or bytes: rows by value, or by bucket where there are too many values.

    Parameters
    ----------
    n, missing : int
    counts : dict of bytes to int, or None
        None beyond 5,000 values. Long values stand there as their beginning and their digest.
    buckets : ndarray of shape (1024,)
        Rows by the checksum of their value; filled only where `counts` is None.
    lengths : ndarray
        Rows by number of characters.
    """

    n: int = 0
    missing: int = 0
    counts: dict[bytes, int] | None = field(default_factory=dict)
    buckets: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BUCKETS, np.int64))
    lengths: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, array: pa.Array, random: np.random.Generator) -> None:
        """Take more rows."""
        del random
        array = plain(array)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.string())
        coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        codes = coded.indices.drop_null().to_numpy(zero_copy_only=False)
        values = coded.dictionary
        rows = np.bincount(codes, minlength=len(values))
        empty = np.flatnonzero(np.asarray(values.is_null()))
        absent = int(rows[empty].sum())  # a dictionary may hold null as one of its values
        rows[empty] = 0
        used = np.flatnonzero(rows)
        values, rows = values.take(pa.array(used)), rows[used]
        self.n += int(rows.sum())
        self.missing += len(array) - len(codes) + absent
        self._measure(values, rows)
        keys = [_key(one) for one in values.cast(pa.large_binary()).to_pylist()]
        if self.counts is not None:
            counts = self.counts
            for key, number in zip(keys, rows.tolist(), strict=True):
                counts[key] = counts.get(key, 0) + number
            if len(counts) <= _MOST_VALUES:
                return
            keys, rows = list(counts), np.array(list(counts.values()))
            self.counts = None
        self.buckets += _bucketed(keys, rows)

    @property
    def as_buckets(self) -> Numbers:
        """Rows by bucket, whether values are counted or not."""
        if self.counts is None:
            return self.buckets.astype(np.float64)
        return _bucketed(list(self.counts), np.array(list(self.counts.values()))).astype(np.float64)

    @property
    def mean_length(self) -> float:
        """Characters on average; 0 without rows."""
        return float(self.lengths @ np.arange(len(self.lengths))) / self.n if self.n else 0.0

    def _measure(self, values: pa.Array, rows: npt.NDArray[np.int64]) -> None:
        of_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
        lengths = (pc.utf8_length if of_text else pc.binary_length)(
            values if not pa.types.is_string_view(values.type) else values.cast(pa.string())
        )
        places = np.minimum(lengths.to_numpy(zero_copy_only=False), _LONGEST_LENGTH)
        found = np.bincount(places, weights=rows).astype(np.int64) if len(rows) else np.zeros(0, np.int64)
        size = max(len(found), len(self.lengths))
        self.lengths = _padded(self.lengths, size) + _padded(found, size)


@dataclass(slots=True)
class ListSketch:
    """A column of lists: how many elements they have.

    Parameters
    ----------
    n, missing : int
    lengths : NumberSketch
    """

    n: int = 0
    missing: int = 0
    lengths: NumberSketch = field(default_factory=NumberSketch)

    def add(self, array: pa.Array, random: np.random.Generator) -> None:
        """Take more rows."""
        lengths = lengths_of(array)
        self.n += len(lengths)
        self.missing += len(array) - len(lengths)
        self.lengths.add_values(lengths, 0, random)


ColumnSketch = NumberSketch | CategorySketch | ListSketch


def _bucketed(keys: list[bytes], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    places = np.fromiter((zlib.crc32(key) % _BUCKETS for key in keys), np.int64, len(keys))
    return np.bincount(places, weights=rows, minlength=_BUCKETS).astype(np.int64)


def _key(value: bytes) -> bytes:
    if len(value) <= _LONGEST_KEY:
        return value
    return value[:40] + b"\x00" + hashlib.blake2b(value, digest_size=16).digest()


def _padded(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    return np.pad(counts, (0, size - len(counts)))
