"""Every digit that a value has is written, and nothing that JSON does not know."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_line_is_one_line_to_every_reader():
    text = "a\x85b\u2028c\u2029d\x1ee\x0bf"
    row = (
        line(pa.string(), text),
        line(pa.list_(pa.string()), [text]),
        line(pa.struct([(text, pa.int8())]), {text: 1}),
    )
    assert [one.splitlines() for one in row] == [[one] for one in row]
    assert json.loads(row[0]) == {"x": text}
    assert json.loads(row[2]) == {"x": {text: 1}}


def test_no_columns_and_no_rows():
    assert list(json_lines_of(pa.record_batch({"x": [1, 2]}).select([]))) == ["{}", "{}"]
    assert list(json_lines_of(pa.record_batch({"x": pa.array([], pa.int8())}))) == []


KIND = pa.struct(
    [
        ("text", pa.string()),
        ("large", pa.large_string()),
        ("whole", pa.int64()),
        ("plain", pa.decimal128(12, 6)),
        ("small", pa.decimal128(12, 9)),
        ("true", pa.bool_()),
        ("float", pa.float64()),
        ("group", pa.struct([("of", pa.list_(pa.struct([("one", pa.string())])))])),
        ("fixed", pa.list_(pa.int8(), 2)),
    ]
)
TEXTS = st.none() | st.text(alphabet='ab"\\\n\x85\u2028\U0001f600', max_size=4)
PLACES = st.none() | st.integers(-(10**12) + 1, 10**12 - 1)
ROWS = st.none() | st.fixed_dictionaries(
    {
        "text": TEXTS,
        "large": TEXTS,
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "plain": PLACES.map(lambda one: one and Decimal(one).scaleb(-6)),
        "small": PLACES.map(lambda one: one and Decimal(one).scaleb(-9)),
        "true": st.none() | st.booleans(),
        "float": st.none() | st.floats(),
        "group": st.none()
        | st.fixed_dictionaries(
            {"of": st.none() | st.lists(st.none() | st.fixed_dictionaries({"one": TEXTS}), max_size=3)}
        ),
        "fixed": st.none() | st.lists(st.integers(-128, 127), min_size=2, max_size=2),
    }
)


@given(st.lists(ROWS, max_size=6), st.integers(0, 2))
def test_columns_at_once_give_what_each_value_gives(values, begin):
    rows = pa.record_batch({"x": pa.array(values, KIND)})
    found = list(json_lines_of(rows.slice(begin)))
    assert found == [f'{{"x":{json_of(one, KIND)}}}' for one in rows.column("x").to_pylist()[begin:]]
    assert all(one.splitlines() == [one] and json.loads(one) for one in found)
