"""By hand: rows 0 to 3 with the keys 1, 2, 1, 3, then the removal of 2 and 3 from rows before number 3:
row 0 is followed by row 2, row 1 is removed, row 3 came after the removal and stays.
"""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.data.datasets.superseded import Operations


def keyed(values, kind):
    return pa.RecordBatch.from_pydict({"k": pa.array(values).cast(kind), "other": pa.nulls(len(values))})


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.string(), pa.decimal128(20, 0)])
def test_a_row_is_superseded_by_a_later_row_or_removal_of_its_key(kind):
    with Operations(["k"], 6) as operations:
        operations.add(keyed([1, 2], kind))
        operations.add(keyed([1, 3], kind))
        operations.remove(keyed([2, 3], kind), np.array([3, 3]))
        assert operations.superseded().tolist() == [0, 1]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 5))), max_size=40),
    st.integers(1, 10),
)
def test_many_buckets_say_what_one_says_and_what_a_dictionary_says(steps, bucket_rows):
    found = []
    for size in (bucket_rows, 1_000):
        last, gone, number = {}, [], 0
        with Operations(["k"], len(steps), bucket_rows=size) as operations:
            for is_row, key in steps:
                if key in last:
                    gone.append(last.pop(key))
                if is_row:
                    operations.add(pa.RecordBatch.from_pydict({"k": pa.array([key], pa.int64())}))
                    last[key] = number
                    number += 1
                else:
                    keys = pa.RecordBatch.from_pydict({"k": pa.array([key], pa.int64())})
                    operations.remove(keys, np.array([number]))
            found.append(operations.superseded().tolist())
        assert found[-1] == sorted(gone)
