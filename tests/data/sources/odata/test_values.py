"""By hand: 1970-01-02 is day 1, so /Date(86400000)/; an hour is 3,600,000 ms; base64 of fb ff is +/8=."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.arrow import arrow_field, arrow_type
from flyball.data.sources.odata.metadata import EdmType, Property
from flyball.data.sources.odata.values import literal, record_batch

DIGITS = (38, 18)


def read(edm, *cells, nullable=True):
    column = Property("c", edm, nullable)
    schema = pa.schema([arrow_field(column, decimals=DIGITS)])
    batch = record_batch([{"c": cell} for cell in cells], [column], schema, where="Set")
    return batch.column("c").to_pylist()


def edm(name, **facets):
    return EdmType(f"Edm.{name}", **facets)


@pytest.mark.parametrize(
    ("type_", "cell", "value"),
    [
        (edm("String"), "", ""),
        (edm("Boolean"), True, True),
        (edm("Boolean"), "false", False),
        (edm("Byte"), 255, 255),
        (edm("SByte"), -128, -128),
        (edm("Int64"), "9007199254740993", 9_007_199_254_740_993),
        (edm("Int64"), -9_223_372_036_854_775_808, -9_223_372_036_854_775_808),
        (edm("Double"), "INF", math.inf),
        (edm("Double"), "1.5E-3", 0.0015),
        (edm("Double"), Decimal("0.1"), 0.1),
        (edm("Single"), 2, 2.0),
        (edm("Decimal", precision=5, scale=2), "-123.40", Decimal("-123.40")),
        (edm("Decimal", precision=5, scale=2), Decimal("123.4"), Decimal("123.40")),
        (edm("Decimal", precision=5), 12345, Decimal(12345)),
        (edm("Decimal"), "1E-7", Decimal("1E-7").quantize(Decimal(1).scaleb(-18))),
        (edm("Guid"), "0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        (edm("Binary"), "+/8=", b"\xfb\xff"),
        (edm("Binary"), "-_8", b"\xfb\xff"),
        (edm("Date"), "0001-01-01", date(1, 1, 1)),
        (edm("DateTime"), "/Date(86400000)/", datetime(1970, 1, 2)),  # noqa: DTZ001 - V2 has no zone
        (edm("DateTime"), "/Date(-1)/", datetime(1969, 12, 31, 23, 59, 59, 999_000)),  # noqa: DTZ001
        (edm("DateTime"), "/Date(253402214400000)/", datetime(9999, 12, 31)),  # noqa: DTZ001
        (edm("DateTime", calendar=True), "/Date(86400000)/", date(1970, 1, 2)),
        (edm("DateTime", calendar=True), "1970-01-02T00:00:00", date(1970, 1, 2)),
        (edm("DateTimeOffset"), "/Date(3600000+0060)/", datetime(1970, 1, 1, tzinfo=UTC)),
        (edm("DateTimeOffset"), "/Date(0-0090)/", datetime(1970, 1, 1, 1, 30, tzinfo=UTC)),
        (edm("DateTimeOffset"), "1970-01-01T01:00:00.5+01:00", datetime(1970, 1, 1, 0, 0, 0, 500_000, UTC)),
        (edm("DateTimeOffset"), "1970-01-01T00:00:00.1234567Z", datetime(1970, 1, 1, 0, 0, 0, 123_456, UTC)),
        (edm("Time"), "PT13H20M00S", time(13, 20)),
        (edm("TimeOfDay"), "07:59:59.999", time(7, 59, 59, 999_000)),
        (edm("Duration"), "-P1DT2H3M4.5S", -timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        (EdmType("n.Grade", "enum"), "Good", "Good"),
        (
            edm("GeographyPoint"),
            {"type": "Point", "coordinates": [1, 2]},
            '{"coordinates":[1,2],"type":"Point"}',
        ),
        (edm("String", many=True), ["a", None], ["a", None]),
        (edm("Int32", many=True), {"results": [1, 2]}, [1, 2]),
    ],
)
def test_a_value_is_kept_and_a_missing_one_stays_missing(type_, cell, value):
    assert read(type_, None, cell, None) == [None, value, None]


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        (edm("String"), 5),
        (edm("Boolean"), 1),
        (edm("Boolean"), "yes"),
        (edm("Byte"), 256),
        (edm("Int32"), True),
        (edm("Int32"), "1_000"),
        (edm("Int32"), Decimal("1.5")),
        (edm("Int64"), "9223372036854775808"),
        (edm("Double"), "one"),
        (edm("Decimal", precision=5, scale=2), "1.005"),
        (edm("Decimal", precision=5, scale=2), "1000"),
        (edm("Decimal", precision=5, scale=2), "NaN"),
        (edm("Guid"), "0f8fad5b"),
        (edm("Binary"), "a b"),
        (edm("Date"), "2026-13-01"),
        (edm("Date"), "/Date(0)/"),
        (edm("DateTime"), "/Date(x)/"),
        (edm("DateTime"), "/Date(99999999999999999)/"),
        (edm("DateTime", calendar=True), "/Date(3600000)/"),
        (edm("DateTimeOffset"), "2026-01-01T00:00:00"),
        (edm("Time"), "PT24H"),
        (edm("Time"), "PT"),
        (edm("TimeOfDay"), "25:00:00"),
        (edm("TimeOfDay"), "7:00"),
        (edm("String", many=True), "a"),
        (EdmType("n.Place", "complex"), []),
    ],
)
def test_a_value_of_another_type_is_named_by_column_and_row_and_not_repeated(type_, cell):
    with pytest.raises(BadRecord) as refused:
        read(type_, None, cell)
    assert "Set: c of row 1 is no" in str(refused.value)
    assert not isinstance(cell, str) or f"{cell!r}" not in str(refused.value)


def test_a_missing_value_where_none_may_miss_is_an_error():
    with pytest.raises(BadRecord, match="c of row 1 is missing, and the service declares that it never is"):
        read(edm("String"), "a", None, nullable=False)


def test_a_complex_value_is_a_struct_and_keeps_what_is_missing():
    place = EdmType(
        "n.Place", "complex", fields=(Property("zip", edm("Int32")), Property("c", edm("String")))
    )
    cells = [{"zip": 1, "c": None, "__metadata": {}}, None]
    assert read(place, *cells) == [{"zip": 1, "c": None}, None]


@pytest.mark.parametrize(
    ("facets", "arrow"),
    [
        ({"precision": 15, "scale": 2}, pa.decimal128(15, 2)),
        ({"precision": 38}, pa.decimal128(38, 0)),
        ({"precision": 60, "scale": 10}, pa.decimal256(60, 10)),
        ({"precision": 10, "scale": "variable"}, pa.decimal128(20, 10)),
        ({"precision": 34, "scale": "variable"}, pa.decimal256(68, 34)),
        ({"precision": 34, "scale": "floating"}, pa.decimal128(38, 18)),
        ({"scale": "variable"}, pa.decimal128(38, 18)),
        ({}, pa.decimal128(38, 18)),
        ({"precision": 2, "scale": 5}, pa.decimal128(5, 5)),
        ({"precision": 100, "scale": 2}, pa.decimal128(38, 18)),
    ],
)
def test_a_decimal_is_as_wide_as_its_metadata_says(facets, arrow):
    assert arrow_type(edm("Decimal", **facets), decimals=DIGITS) == arrow


@pytest.mark.parametrize(
    ("type_", "value", "v4", "v2"),
    [
        (edm("String"), "O'Neil", "'O''Neil'", "'O''Neil'"),
        (edm("Int32"), "5", "5", "5"),
        (edm("Int64"), "5", "5", "5L"),
        (edm("Decimal"), "1.50", "1.50", "1.50M"),
        (edm("Guid"), "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001", None),
        (edm("Boolean"), True, "true", "true"),
        (edm("Date"), "2026-01-01", "2026-01-01", "2026-01-01"),
        (edm("DateTimeOffset"), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None),
    ],
)
def test_a_literal_is_written_as_its_version_wants_it(type_, value, v4, v2):
    assert literal(type_, value, v2=False) == v4
    if v2 is not None:
        assert literal(type_, value, v2=True) == v2


def test_the_moments_of_v2_become_literals():
    assert literal(edm("DateTime"), "/Date(86400123)/", v2=True) == "datetime'1970-01-02T00:00:00.123'"
    ahead = literal(edm("DateTimeOffset"), "/Date(3600000+0060)/", v2=True)
    assert ahead == "datetimeoffset'1970-01-01T00:00:00.000Z'"
    assert literal(edm("Guid"), "a-1", v2=True) == "guid'a-1'"


@pytest.mark.parametrize("text", ["1 or 1 eq 1", "5)", "", "x'y"])
def test_a_value_that_is_no_literal_cannot_widen_a_filter(text):
    with pytest.raises(ValueError, match="not a literal"):
        literal(edm("Int32"), text, v2=False)


@given(some.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10))
def test_any_decimal_that_fits_comes_through_unchanged(value):
    assert read(edm("Decimal", precision=20, scale=4), str(value)) == [value]


@given(some.binary(max_size=40))
def test_any_bytes_come_through_both_alphabets(value):
    import base64

    texts = (base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode().rstrip("="))
    assert read(edm("Binary"), *texts) == [value, value]


@given(some.datetimes(timezones=some.just(UTC)))
def test_any_moment_comes_through_iso_text(value):
    assert read(edm("DateTimeOffset"), value.isoformat(timespec="microseconds")) == [value]
