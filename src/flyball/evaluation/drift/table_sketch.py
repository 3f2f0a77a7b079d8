"""A table summed up once: a sketch of every column and a random sample of rows."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.evaluation.drift.kinds import Kind, kind_of, plain
from flyball.evaluation.drift.reading import Columnwise, Rows, Rowwise
from flyball.evaluation.drift.sketches import CategorySketch, ColumnSketch, ListSketch, NumberSketch

__all__ = ["SAMPLE_ROWS", "TableSketch", "sketch_rows"]

SAMPLE_ROWS = 16_384
"""Rows drawn at random, for what looks at several columns, at words or at vectors together."""

_BLOCK = 65_536
_LONGEST_TEXT = 2_000
_LONGEST_VECTOR = 4_096
_MAKERS: dict[Kind, Callable[[], ColumnSketch]] = {
    "number": NumberSketch,
    "time": NumberSketch,
    "category": CategorySketch,
    "vector": ListSketch,
    "list": ListSketch,
}


@dataclass(frozen=True, slots=True)
class TableSketch:
    """What drift needs to know of a table.

    Parameters
    ----------
    name : str
        Of the file or dataset.
    n_rows : int
    kinds : dict of str to Kind
        Of every column, in order.
    columns : dict of str to ColumnSketch
        Of every column that can be summed up.
    sample : Table
        Rows drawn at random without repetition, in order; texts are cut at 2,000 characters.
    """

    name: str
    n_rows: int
    kinds: dict[str, Kind]
    columns: dict[str, ColumnSketch]
    sample: pa.Table


def sketch_rows(
    rows: Rows,
    *,
    leave_out: Collection[str] = (),
    sample_rows: int = SAMPLE_ROWS,
    seed: int = 0,
    threads: int = 2,
) -> TableSketch:
    """Sum up a table in bounded memory, reading it once.

    Parameters
    ----------
    rows : Rows
    leave_out : collection of str
        Columns that are not looked at.
    sample_rows : int
    seed : int
        The same seed gives the same sketch.
    threads : int
        Columns of a Parquet file that are read at the same time.
    """
    kinds = {one.name: kind_of(one.type) for one in rows.schema if one.name not in leave_out}
    sketch = {name: _MAKERS[kind]() for name, kind in kinds.items() if kind in _MAKERS}
    if isinstance(rows, Columnwise):
        n_rows, sample = _by_column(rows, sketch, sample_rows, seed, threads)
    else:
        n_rows, sample = _by_row(rows, sketch, sample_rows, seed)
    return TableSketch(rows.name, n_rows, kinds, sketch, sample)


def _by_column(
    rows: Columnwise, sketch: dict[str, ColumnSketch], sample_rows: int, seed: int, threads: int
) -> tuple[int, pa.Table]:
    chosen = _chosen(rows.n_rows, sample_rows, seed)

    def one(column: str) -> dict[str, list[pa.Array]]:
        random = np.random.default_rng([seed, 1])
        taken: dict[str, list[pa.Array]] = {}
        first = 0
        for piece in rows.pieces(column):
            low, high = np.searchsorted(chosen, [first, first + piece.num_rows])
            places = pa.array(chosen[low:high] - first)
            for field, values in zip(piece.schema, piece.columns, strict=True):
                if field.name in sketch:
                    sketch[field.name].add(values, random)
                    taken.setdefault(field.name, []).append(_shortened(values.take(places)))
            first += piece.num_rows
        return taken

    wanted = set(sketch)
    of_file = [
        name for name in rows.columns() if name in wanted or any(w.startswith(f"{name}.") for w in wanted)
    ]
    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = list(pool.map(one, of_file))
    samples = {name: pa.chunked_array(parts) for taken in found for name, parts in taken.items()}
    ordered = [name for name in sketch if name in samples]
    return rows.n_rows, pa.table({name: _joined(samples[name]) for name in ordered})


def _by_row(
    rows: Rowwise, sketch: dict[str, ColumnSketch], sample_rows: int, seed: int
) -> tuple[int, pa.Table]:
    random = np.random.default_rng([seed, 1])
    held: list[pa.RecordBatch] = []
    keys = np.empty(0)
    limit, first = 1.0, 0
    for batch in rows.batches():
        here = batch.select([name for name in batch.schema.names if name in sketch])
        for field, values in zip(here.schema, here.columns, strict=True):
            sketch[field.name].add(values, random)
        drawn = _keys(first, first + batch.num_rows, seed)
        kept = np.flatnonzero(drawn < limit)
        if len(kept):
            arrays = [_shortened(values.take(pa.array(kept))) for values in here.columns]
            held.append(pa.RecordBatch.from_arrays(arrays, names=here.schema.names))
            keys = np.concatenate([keys, drawn[kept]])
        first += batch.num_rows
        if len(keys) > 4 * sample_rows:
            held, keys = _pruned(held, keys, sample_rows)
            limit = float(keys.max())
    held, keys = _pruned(held, keys, sample_rows)
    return first, pa.Table.from_batches(held) if held else pa.table({})


def _pruned(
    held: list[pa.RecordBatch], keys: npt.NDArray[np.float64], sample_rows: int
) -> tuple[list[pa.RecordBatch], npt.NDArray[np.float64]]:
    if not held:
        return held, keys
    places = np.sort(np.argsort(keys, kind="stable")[:sample_rows])
    table = pa.concat_tables([pa.Table.from_batches([one]) for one in held], promote_options="permissive")
    table = table.take(pa.array(places)).combine_chunks()
    return table.to_batches(), keys[places]


def _keys(first: int, behind: int, seed: int) -> npt.NDArray[np.float64]:
    """Return the random number of each row: the same however the rows come in."""
    blocks = range(first // _BLOCK, (max(first, behind - 1)) // _BLOCK + 1)
    drawn = np.concatenate([np.random.default_rng([seed, 2, block]).random(_BLOCK) for block in blocks])
    start = blocks[0] * _BLOCK
    return drawn[first - start : behind - start]


def _chosen(n_rows: int, sample_rows: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the numbers of the rows that are drawn, in order."""
    numbers, keys = np.empty(0, np.int64), np.empty(0)
    for first in range(0, n_rows, _BLOCK):
        drawn = _keys(first, min(first + _BLOCK, n_rows), seed)
        numbers = np.concatenate([numbers, np.arange(first, first + len(drawn))])
        keys = np.concatenate([keys, drawn])
        if len(keys) > sample_rows:
            kept = np.argsort(keys, kind="stable")[:sample_rows]
            numbers, keys = numbers[kept], keys[kept]
    return np.sort(numbers)


def _shortened(array: pa.Array) -> pa.Array:
    """Return values as they are kept in the sample: dictionaries resolved, long ones cut."""
    array = plain(array)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.string())
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return pc.utf8_slice_codeunits(array, 0, _LONGEST_TEXT).cast(pa.large_string())
    kind = kind_of(array.type)
    if kind == "category" and not pa.types.is_boolean(array.type):
        return pc.binary_slice(array.cast(pa.large_binary()), 0, _LONGEST_TEXT)
    if kind == "list":
        return pa.nulls(len(array), pa.bool_())
    if kind == "vector":
        lengths = pc.list_value_length(array)
        longest = pc.max(lengths).as_py() or 0
        if longest > _LONGEST_VECTOR:
            return pa.nulls(len(array), pa.list_(pa.float64()))
        return array.cast(pa.list_(pa.float64()))
    return array


def _joined(values: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
