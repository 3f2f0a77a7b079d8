"""A row's bytes say which columns it has and what they hold, and a sum of rows knows no order."""

import datetime as dt
import decimal
import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.datasets.multiset import RowSum, encoded_rows


def batch(**columns):
    return pa.RecordBatch.from_pydict(columns)


def test_the_bytes_of_a_row_by_hand():
    header = hashlib.sha256(b'["a\\u0000int","b\\u0000string"]').digest()
    row = batch(b=["hi"], a=pa.array([3], pa.int16()))
    assert encoded_rows(row).to_pylist() == [header + bytes([3] + [0] * 7) + bytes([2] + [0] * 7) + b"hi"]


def test_the_sum_of_one_row_by_hand():
    row = batch(a=[1])
    numbers = np.frombuffer(hashlib.shake_128(encoded_rows(row)[0].as_py()).digest(2048), "<u8")
    assert np.array_equal(RowSum.of([row]).words, numbers)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.one_of(st.none(), st.text(max_size=3))), max_size=12),
    st.randoms(),
)
def test_order_and_batches_do_not_matter_and_rows_can_be_taken_out(rows, random):
    def made(some):
        return batch(
            n=pa.array([one for one, _ in some], pa.int64()), t=pa.array([b for _, b in some], pa.string())
        )

    whole = RowSum.of([made(rows)])
    mixed = random.sample(rows, len(rows))
    assert RowSum.of([made(mixed[:3]), made(mixed[3:])]) == whole
    rest = RowSum.of([made(rows)])
    rest.remove(made(mixed[:3]))
    assert rest == RowSum.of([made(mixed[3:])])
    assert RowSum.from_hex(whole.hex()) == whole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (batch(a=["x", "y"], b=["y", "x"]), batch(a=["x", "y"], b=["x", "y"])),
        (batch(a=["ab"], b=["c"]), batch(a=["a"], b=["bc"])),
        (batch(a=["x", None]), batch(a=["x", ""])),
        (batch(a=[1, 1]), batch(a=[1])),
        (batch(a=pa.array([1], pa.int64())), batch(a=pa.array([1.0]))),
        (batch(a=["1"]), batch(a=[b"1"])),
        (batch(a=[1]), batch(b=[1])),
        (batch(a=[0.0]), batch(a=[-0.0])),
        (batch(a=[decimal.Decimal("1.0")]), batch(a=[decimal.Decimal("1.00")])),
        (batch(a=[None, 1], b=[1, None]), batch(a=[1, None], b=[1, None])),
        (batch(a=[[1, 2], [3]]), batch(a=[[1], [2, 3]])),
    ],
)
def test_different_rows_have_different_sums(one, other):
    assert RowSum.of([one]) != RowSum.of([other])


def test_copies_of_a_row_are_counted_beyond_sixteen_bits():
    """LtHash with lanes of 16 bits forgets 65,536 copies; these lanes do not."""
    one = RowSum.of([batch(a=["x"])])
    assert RowSum(one.words * np.uint64(65_536)) != RowSum()


def test_a_wider_type_or_an_empty_column_changes_no_sum():
    narrow = batch(a=pa.array([1, 2], pa.int32()), f=pa.array([0.5, None], pa.float32()))
    wide = batch(
        f=pa.array([0.5, None], pa.float64()), new=pa.nulls(2, pa.string()), a=pa.array([1, 2], pa.int64())
    )
    assert RowSum.of([narrow]) == RowSum.of([wide])


def test_every_type_that_is_kept_can_be_summed_from_any_slice():
    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    rows = batch(
        b=[True, None, False],
        d=pa.array([decimal.Decimal("1.25"), None, decimal.Decimal(-3)], pa.decimal128(9, 2)),
        day=[dt.date(2026, 3, 1), None, dt.date(1970, 1, 1)],
        t=[dt.time(1, 2, 3), None, dt.time(0)],
        at=[moment, None, moment],
        raw=[b"\0", None, b""],
        fixed=pa.array([b"ab", None, b"cd"], pa.binary(2)),
        many=[["x"], None, []],
        one=[{"x": 1}, None, {"x": None}],
    )
    assert encoded_rows(rows.slice(1)).to_pylist() == encoded_rows(rows).to_pylist()[1:]
    assert len(set(encoded_rows(rows).to_pylist())) == 3


def test_what_has_no_bytes_is_refused_by_name():
    with pytest.raises(BadInput, match="The column a is of type duration"):
        encoded_rows(batch(a=pa.array([1], pa.duration("s"))))
    with pytest.raises(BadInput, match="A sum of rows has 4096 hexadecimal digits, got 2 characters"):
        RowSum.from_hex("ab")
