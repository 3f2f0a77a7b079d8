"""Find values that are there more than once, in memory that does not grow with the rows.

Each row's values are hashed to 128 bits; the hashes are dealt to files by their first bits, and each
file is looked at alone. Two different values share a hash with a chance below 1e-22 for ten million
rows, and a shared one is then told as doubled: the check errs on the safe side.
"""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.quality.row_hashes import RowHashes

__all__ = ["Duplicates", "duplicates"]

_FILES = 64


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Rows whose values are there more than once.

    Parameters
    ----------
    rows : int
        0: every row is unique.
    examples : tuple of tuple
        Values that are doubled, each once.
    """

    rows: int
    examples: tuple[tuple[Any, ...], ...]


def duplicates(
    whole: Callable[[], Iterable[pa.RecordBatch]], columns: tuple[str, ...], *, examples: int = 5
) -> Duplicates:
    """Return what is doubled in some columns. Rows with a null in one of them are left out, as SQL does.

    Parameters
    ----------
    whole : callable
        Gives the batches, each time it is called; called twice where something is doubled.
    columns : tuple of str
    examples : int
        Values to return, at most.

    Returns
    -------
    Duplicates
    """
    hashing = RowHashes()
    with tempfile.TemporaryDirectory(prefix="flyball-unique-") as folder:
        doubled, rows = _doubled(whole, columns, hashing, Path(folder))
    if not rows:
        return Duplicates(0, ())
    shown: dict[str, tuple[Any, ...]] = {}
    for batch in whole():
        part = _complete(batch, columns)
        hit = np.isin(_hashes(hashing, part), doubled)
        for row in part.take(pa.array(np.flatnonzero(hit)[: examples * 2])).to_pylist():
            shown.setdefault(repr(row), tuple(row[name] for name in columns))
        if len(shown) >= examples:
            break
    return Duplicates(rows, tuple(shown.values())[:examples])


def _doubled(
    whole: Callable[[], Iterable[pa.RecordBatch]], columns: tuple[str, ...], hashing: RowHashes, folder: Path
) -> tuple[npt.NDArray[np.void], int]:
    files = [(folder / f"{number}").open("wb") for number in range(_FILES)]
    try:
        for batch in whole():
            hashes = _hashes(hashing, _complete(batch, columns))
            bucket = hashes.view(np.uint8).reshape(len(hashes), 16)[:, 0] % _FILES
            order = np.argsort(bucket, kind="stable")
            edges = np.searchsorted(bucket[order], np.arange(_FILES + 1))
            for number, file in enumerate(files):
                file.write(hashes[order[edges[number] : edges[number + 1]]].tobytes())
    finally:
        for file in files:
            file.close()
    found, rows = [], 0
    for number in range(_FILES):
        values, times = np.unique(np.fromfile(folder / f"{number}", dtype="V16"), return_counts=True)
        found.append(values[times > 1])
        rows += int(times[times > 1].sum())
    return np.concatenate(found), rows


def _complete(batch: pa.RecordBatch, columns: tuple[str, ...]) -> pa.RecordBatch:
    part = batch.select(list(columns))
    return part.drop_null() if any(column.null_count for column in part.columns) else part


def _hashes(hashing: RowHashes, batch: pa.RecordBatch) -> npt.NDArray[np.void]:
    return np.ascontiguousarray(hashing.of(batch)).view("V16").ravel()
