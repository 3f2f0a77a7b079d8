"""A type is kept when every value of the column's type is one of the contract's."""

import pyarrow as pa
import pytest

from flyball.data.quality.types import arrow_type, is_of_type


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (pa.int16(), "int64"),
        (pa.uint32(), "int64"),
        (pa.int32(), "decimal(12, 2)"),
        (pa.decimal128(8, 2), "decimal(12, 2)"),
        (pa.decimal128(12, 2), "decimal(12, 2)"),
        (pa.float32(), "double"),
        (pa.large_string(), "string"),
        (pa.dictionary(pa.int32(), pa.string()), "string"),
        (pa.timestamp("ns", tz="Europe/Berlin"), "timestamptz"),
        (pa.timestamp("s"), "timestamp"),
        (pa.date32(), "date"),
        (pa.bool_(), "bool"),
    ],
)
def test_a_narrower_type_is_kept(kind, written):
    assert is_of_type(kind, written)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (pa.string(), "int64"),
        (pa.uint64(), "int64"),
        (pa.int64(), "int32"),
        (pa.int64(), "decimal(12, 2)"),
        (pa.decimal128(12, 4), "decimal(12, 2)"),
        (pa.decimal128(13, 2), "decimal(12, 2)"),
        (pa.float64(), "float"),
        (pa.float64(), "decimal(12, 2)"),
        (pa.timestamp("us"), "timestamptz"),
        (pa.timestamp("us", tz="UTC"), "timestamp"),
        (pa.timestamp("us"), "date"),
        (pa.string(), "no such type"),
    ],
)
def test_a_type_that_could_hold_another_value_is_not_kept(kind, written):
    assert not is_of_type(kind, written)


def test_a_wide_decimal_is_a_wide_one():
    assert arrow_type("decimal(40, 2)") == pa.decimal256(40, 2)
    assert arrow_type("decimal(77, 2)") is None
