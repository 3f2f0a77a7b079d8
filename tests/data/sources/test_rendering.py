"""Every digit that a value has is written, and nothing that JSON does not know."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa

from flyball.data.sources.rendering import json_lines_of, json_of


def line(kind, value, **options):
    return next(json_lines_of(pa.record_batch({"x": pa.array([value], kind)}), **options))


def test_numbers_keep_their_digits():
    assert line(pa.decimal128(20, 8), Decimal(0)) == '{"x":0.00000000}'
    assert line(pa.decimal128(20, 2), Decimal("-30.5")) == '{"x":-30.50}'
    assert line(pa.float32(), 0.1) == '{"x":0.1}'
    assert line(pa.float64(), 0.1) == '{"x":0.1}'
    assert line(pa.int64(), 2**62) == '{"x":4611686018427387904}'
    assert line(pa.float64(), float("nan")) == line(pa.float64(), float("-inf")) == '{"x":null}'


def test_a_single_kept_as_a_double_has_the_digits_of_the_single_where_that_is_asked_for():
    """The single next to 0.1 is 0.09999996423721313 as a double; 1e300 has no single."""
    value = 0.09999996423721313
    assert line(pa.float64(), value) == '{"x":0.09999996423721313}'
    assert line(pa.float64(), value, singles=True) == '{"x":0.099999964}'
    assert line(pa.float64(), 1e300, singles=True) == '{"x":1e+300}'
    assert line(pa.float64(), 0.1, singles=True) == '{"x":0.1}'


def test_other_values_have_their_usual_form():
    assert (
        line(pa.timestamp("us", "UTC"), dt.datetime(2026, 5, 4, tzinfo=dt.UTC))
        == '{"x":"2026-05-04T00:00:00+00:00"}'
    )
    assert line(pa.date32(), dt.date(2026, 5, 4)) == '{"x":"2026-05-04"}'
    assert line(pa.duration("s"), dt.timedelta(seconds=90)) == '{"x":90.0}'
    assert line(pa.binary(), b"ab") == '{"x":"YWI="}'
    assert line(pa.bool_(), True) == '{"x":true}'
    assert line(pa.string(), 'a"\n\u00e9') == '{"x":"a\\"\\n\u00e9"}'
    assert line(pa.map_(pa.string(), pa.int8()), [("a", 1)]) == '{"x":[["a",1]]}'
    assert json_of(None, pa.string()) == "null"


def test_groups_and_lists_are_nested_and_may_be_null():
    kind = pa.struct([("a", pa.list_(pa.decimal128(4, 1))), ("b", pa.struct([("c", pa.string())]))])
    assert line(kind, {"a": [Decimal("1.5"), None], "b": None}) == '{"x":{"a":[1.5,null],"b":null}}'
    assert line(kind, None) == '{"x":null}'
    assert json.loads(line(kind, {"a": None, "b": {"c": "d"}})) == {"x": {"a": None, "b": {"c": "d"}}}
