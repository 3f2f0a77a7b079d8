"""What is doubled is found, whatever the type and however the rows are cut into batches."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.quality.row_hashes import RowHashes
from flyball.data.quality.uniqueness import Duplicates, duplicates


def in_batches(table, size):
    return lambda: table.to_batches(max_chunksize=size)


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=5)), st.integers(-3, 3)), max_size=40),
    st.integers(1, 7),
)
def test_it_finds_what_a_dictionary_finds(rows, size):
    table = pa.table({"a": pa.array([row[0] for row in rows], pa.string()), "b": [row[1] for row in rows]})
    table = table.set_column(1, "b", table.column("b").cast(pa.int64()))
    times = {}
    for row in rows:
        if row[0] is not None:
            times[row] = times.get(row, 0) + 1
    doubled = {row: n for row, n in times.items() if n > 1}
    found = duplicates(in_batches(table, size), ("a", "b"), examples=1_000)
    assert found.rows == sum(doubled.values())
    assert set(found.examples) == set(doubled)


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b", "ab", "ba", "", "a\0", "\0a"],
        [b"a", b"b", b"", b"\0"],
        [0, 1, -1, 2**62],
        [0.0, 1.5, -1.5],
        [True, False],
        [Decimal("1.10"), Decimal("1.11"), Decimal("-1.10")],
        [dt.date(2026, 1, 1), dt.date(2026, 1, 2)],
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)],
        [["a"], ["a", "b"], []],
        [{"x": 1}, {"x": 2}],
    ],
)
def test_every_type_is_told_apart(values):
    column = pa.array(values)
    whole = pa.table({"x": pa.concat_arrays([column, column[:1]])})
    assert duplicates(in_batches(whole, 2), ("x",)).rows == 2
    assert duplicates(in_batches(whole.slice(1), 2), ("x",)) == Duplicates(0, ())


def test_hashes_do_not_depend_on_where_a_row_stands_in_its_batch():
    """Slices share buffers with what they were cut from; longer text later changes nothing before."""
    batch = pa.record_batch(
        {"s": ["x", "", "yy", "z" * 500, "x"], "n": pa.array([1, None, 3, 4, 1], pa.int16())}
    )
    hashing = RowHashes()
    alone = np.concatenate([hashing.of(batch.slice(n, 1)) for n in range(5)])
    assert (alone == hashing.of(batch)).all()
    assert (alone[0] == alone[4]).all()
    assert len(np.unique(alone, axis=0)) == 4


def test_swapped_columns_differ():
    batch = pa.record_batch({"a": [1, 2], "b": [2, 1]})
    first, second = RowHashes().of(batch)
    assert (first != second).all()


def test_examples_are_as_many_as_asked_for():
    table = pa.table({"x": [1, 1, 2, 2, 3, 3, 4]})
    found = duplicates(in_batches(table, 3), ("x",), examples=2)
    assert (found.rows, len(found.examples)) == (6, 2)
