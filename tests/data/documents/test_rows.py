"""By hand: {"b": 5.0, "a": null} is the text {"a":null,"b":5}, whose places are [0, 10) and [10, 16)."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.documents.rows import (
    ROW_MEDIA_TYPE,
    BadRow,
    document_of_row,
    places_of_columns,
    row_of,
)


def test_a_row_is_a_text_with_a_place_for_each_column():
    document = document_of_row({"b": 5.0, "a": None}, name="row 1")
    assert document.text == '{"a":null,"b":5}'
    assert document.media_type == ROW_MEDIA_TYPE
    assert [(place.start, place.end, place.label) for place in document.every_place()] == [
        (0, 10, "a"),
        (10, 16, "b"),
    ]


def test_equal_rows_have_one_digest_whichever_door_they_came_through():
    from_json = {"n": 5, "x": 12.5, "day": "2026-11-30"}
    from_database = {"x": Decimal("12.50"), "day": date(2026, 11, 30), "n": Decimal("5.00")}
    first, second = (document_of_row(row, name="r") for row in (from_json, from_database))
    assert first.content_digest == second.content_digest == first.text_digest


def test_what_is_not_a_number_is_missing():
    assert document_of_row({"x": math.nan, "y": Decimal("NaN")}, name="r").text == '{"x":null,"y":null}'


def test_a_moment_is_written_with_its_zone():
    moment = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    assert document_of_row({"at": moment}, name="r").text == '{"at":"2026-11-30T12:00:00+00:00"}'


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "r has 0 columns"),
        ({"x": [1]}, "r, column x, is a value of the type list"),
        ({"x": {"y": 1}}, "r, column x, is a value of the type dict"),
        ({"x": math.inf}, "r, column x, is an infinite number"),
        ({"x": Decimal("-Infinity")}, "r, column x, is an infinite number"),
        ({"x": b"bytes"}, "r, column x, is a value of the type bytes"),
        ({"x": "a" * 1_000_001}, "r has 1,000,009 characters"),
    ],
)
def test_what_a_row_cannot_hold_is_refused_by_name(row, said):
    with pytest.raises(BadRow, match=said):
        document_of_row(row, name="r")


def test_a_text_that_is_no_row_is_none():
    for text in ("", "x", "[1]", "{", '{"a":[1]}', '{"a":{"b":1}}', '{"a":1} and more', "\ud800"):
        assert row_of(text) is None


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(), st.floats(allow_infinity=False)
)


@given(st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=8))
def test_every_column_is_found_where_its_value_stands_whatever_it_is_called(row):
    document = document_of_row(row, name="r")
    read = row_of(document.text)
    assert read is not None
    assert len(read) == len(document.every_place())
    places = places_of_columns(document.text, list(read))
    assert set(places) == set(read)
    for column, (start, end) in places.items():
        assert row_of("{" + document.text[start:end] + "}") == {column: read[column]}
        place = document.place_of(start)
        assert place is not None
        assert place.start <= start < end <= place.end


@given(st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=8))
def test_a_row_read_and_written_again_is_the_same_text(row):
    text = document_of_row(row, name="r").text
    read = row_of(text)
    assert read is not None
    assert document_of_row(read, name="again").text == text
