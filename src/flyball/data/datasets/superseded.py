"""Which rows are superseded: a later row has the same key, or a later removal names it.

Keys are compared by 128 bits (an integer by itself, anything else by SHA-256), in buckets that lie on disk
once there are many, so that memory is that of one bucket.
"""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.datasets.multiset import encoded_rows

__all__ = ["Operations"]

_BUCKET_ROWS = 1_000_000
_ENTRY = np.dtype([("high", "<u8"), ("low", "<u8"), ("order", "<i8")])

Positions = npt.NDArray[np.int64]


class Operations:
    """Rows and removals in the order in which they came; use it in a `with` statement.

    Parameters
    ----------
    key : sequence of str
        The columns that name a row.
    expected : int
        About how many rows and removals will come; decides in how many buckets they are kept.
    """

    def __init__(self, key: Sequence[str], expected: int, *, bucket_rows: int = _BUCKET_ROWS) -> None:
        self.key = list(key)
        self.rows = 0
        self._buckets: list[list[npt.NDArray[np.void]]] = [[] for _ in range(1 + expected // bucket_rows)]
        self._folder = tempfile.TemporaryDirectory(prefix="flyball-keys-")

    def __enter__(self) -> "Operations":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def add(self, rows: pa.RecordBatch) -> None:
        """Take in rows, numbered on from those before; the columns of the key are enough."""
        numbers = np.arange(self.rows, self.rows + rows.num_rows, dtype=np.int64)
        self.rows += rows.num_rows
        self._keep(rows, 2 * numbers + 1)

    def remove(self, keys: pa.RecordBatch, before: Positions) -> None:
        """Take in removals: each is about rows whose number is smaller than its entry in `before`."""
        self._keep(keys, 2 * before)

    def superseded(self) -> Positions:
        """Return the numbers of all superseded rows, sorted."""
        found = [_superseded(self._bucket(index)) for index in range(len(self._buckets))]
        return np.sort(np.concatenate(found))

    def _keep(self, rows: pa.RecordBatch, order: Positions) -> None:
        entries = np.empty(rows.num_rows, _ENTRY)
        entries["high"], entries["low"] = _names(rows.select(self.key))
        entries["order"] = order
        if len(self._buckets) == 1:
            self._buckets[0].append(entries)
            return
        mixed = (entries["high"] ^ entries["low"]) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
        which = mixed % np.uint64(len(self._buckets))
        for index in np.unique(which):
            with self._path(int(index)).open("ab") as file:
                file.write(entries[which == index].tobytes())

    def _bucket(self, index: int) -> npt.NDArray[np.void]:
        if len(self._buckets) == 1:
            return np.concatenate(self._buckets[0]) if self._buckets[0] else np.empty(0, _ENTRY)
        path = self._path(index)
        return np.fromfile(path, _ENTRY) if path.exists() else np.empty(0, _ENTRY)

    def _path(self, index: int) -> Path:
        return Path(self._folder.name) / f"{index}.keys"


def _superseded(entries: npt.NDArray[np.void]) -> Positions:
    ordered = entries[np.lexsort((entries["order"], entries["low"], entries["high"]))]
    followed = np.zeros(len(ordered), bool)
    followed[:-1] = (ordered["high"][1:] == ordered["high"][:-1]) & (
        ordered["low"][1:] == ordered["low"][:-1]
    )
    is_row = ordered["order"] % 2 == 1
    numbers: Positions = ordered["order"][followed & is_row] // 2
    return numbers


def _names(keys: pa.RecordBatch) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return 128 bits for each key, in two halves."""
    if keys.num_columns == 1 and pa.types.is_integer(keys.column(0).type):
        values = keys.column(0).cast(pa.int64())
        present = pc.is_valid(values).to_numpy(zero_copy_only=False)
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        return numbers.astype(np.int64).view(np.uint64), present.astype(np.uint64)
    sha256 = hashlib.sha256
    hashed = b"".join([sha256(row).digest()[:16] for row in encoded_rows(keys).to_pylist()])
    halves = np.frombuffer(hashed, "<u8").reshape(-1, 2)
    return halves[:, 0], halves[:, 1]
