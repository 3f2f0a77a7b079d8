"""Four accounts; each test breaks one rule and counts by hand which rows do."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from flyball.data.quality.check import ContractCheck
from flyball.data.quality.contract import parse_contract
from flyball.data.quality.errors import BadContract

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        ("account", pa.string()),
        ("customer", pa.int64()),
        ("balance", pa.decimal128(12, 2)),
        ("changed", pa.timestamp("us", tz="UTC")),
    ]
)
NAMED = "[[column]]\nname='customer'\n[[column]]\nname='balance'\n[[column]]\nname='changed'\n"


def batch_of(*rows):
    names = SCHEMA.names
    return pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=SCHEMA)


FOUR = batch_of(
    ("AB1234", 1, Decimal("10.00"), NOW),
    ("AB1235", 2, Decimal("-7.50"), NOW - dt.timedelta(hours=3)),
    ("ab1236", 3, None, NOW - dt.timedelta(hours=30)),
    (None, 2, Decimal("99.99"), NOW - dt.timedelta(hours=31)),
)


def report_of(text, *batches, lookup=None, schema=SCHEMA):
    check = ContractCheck(parse_contract(text), schema)
    kept = [check.look(batch) for batch in batches] if check.schema_fits else []
    return check.finish(lambda: kept, now=NOW, lookup=lookup)


@pytest.mark.parametrize(
    ("rule", "rows", "detail"),
    [
        ("required = true", 1, "account: 1 row without a value"),
        ("pattern = '[A-Z]{2}[0-9]{4}'", 1, "account: 1 row not of the form [A-Z]{2}[0-9]{4}"),
        ("pattern = '[A-Z]'", 3, "account: 3 rows not of the form [A-Z]"),
        ("allowed = ['AB1234', 'ab1236']", 1, "account: 1 row with a value other than AB1234, ab1236"),
        ("length_at_most = 5", 3, "account: 3 rows longer than 5"),
        ("length_at_least = 7", 3, "account: 3 rows shorter than 7"),
        ("null_share_at_most = 0.2", 1, "account: 25.0% of 4 rows are null, at most 20.0% allowed"),
    ],
)
def test_text_that_breaks_a_rule_is_counted(rule, rows, detail):
    report = report_of(f"[[column]]\nname = 'account'\n{rule}\n{NAMED}", FOUR)
    assert not report.kept
    assert [(one.rows, one.detail) for one in report.broken] == [(rows, detail)]


@pytest.mark.parametrize(
    ("column", "rule", "detail"),
    [
        ("customer", "at_most = 2", "customer: 1 row above 2"),
        ("customer", "at_least = 2", "customer: 1 row below 2"),
        ("balance", "at_least = 0", "balance: 1 row below 0"),
        ("balance", "at_most = 99.98", "balance: 1 row above 99.98"),
        (
            "changed",
            "at_least = '2026-05-04T00:00:00+00:00'",
            "changed: 2 rows below 2026-05-04T00:00:00+00:00",
        ),
    ],
)
def test_numbers_and_times_outside_their_range_are_counted(column, rule, detail):
    named = "".join(
        f"[[column]]\nname = '{name}'\n{rule if name == column else ''}\n" for name in SCHEMA.names
    )
    assert [one.detail for one in report_of(named, FOUR).broken] == [detail]


def test_a_contract_that_is_kept_says_so():
    report = report_of(f"[[column]]\nname = 'account'\nlength_at_most = 6\n{NAMED}", FOUR)
    assert (report.kept, report.rows, report.left_out, report.broken) == (True, 4, 0, ())
    assert report.reason == "4 rows keep the contract"


def test_offending_values_are_quoted_as_shapes_only():
    report = report_of(f"[[column]]\nname='account'\nallowed=['AB1234']\nunique=true\n{NAMED}", FOUR)
    assert [(row.number, row.values) for row in report.broken[0].examples] == [
        (2, {"account": "xx9999"}),
        (3, {"account": "xx9999"}),
    ]
    assert "AB1235" not in repr(report)


def test_broken_rows_are_left_out_only_as_far_as_the_contract_allows():
    text = f"broken_rows_at_most = {{}}\n[[column]]\nname='account'\nrequired=true\n{NAMED}"
    assert not report_of(text.format(0), FOUR).kept
    allowed = report_of(text.format(1), FOUR)
    assert (allowed.kept, allowed.left_out, allowed.rows) == (True, 1, 4)


def test_numbers_of_rows_go_on_over_batches():
    check = ContractCheck(parse_contract(f"[[column]]\nname='account'\nrequired=true\n{NAMED}"), SCHEMA)
    check.look(FOUR)
    check.look(FOUR)
    (broken,) = check.finish(lambda: [], now=NOW).broken
    assert [row.number for row in broken.examples] == [4, 8]


def test_a_load_that_broke_off_goes_on_with_what_it_had_seen():
    contract = parse_contract(
        "freshness=[{column='changed', at_most_hours=1}]\nbroken_rows_at_most=1\n"
        f"[[column]]\nname='account'\nrequired=true\nnull_share_at_most=0.9\n{NAMED}"
    )
    first = ContractCheck(contract, SCHEMA)
    first.look(FOUR)
    second = ContractCheck(contract, SCHEMA, first.memory)
    second.look(FOUR)
    whole = ContractCheck(contract, SCHEMA)
    whole.look(FOUR)
    whole.look(FOUR)
    assert second.finish(lambda: [], now=NOW) == whole.finish(lambda: [], now=NOW)
    with pytest.raises(BadContract, match="another contract"):
        ContractCheck(contract, SCHEMA, {"rows": 3})


def test_a_missing_an_extra_and_a_mistyped_column_are_told_before_any_row_is_read():
    text = "[[column]]\nname='account'\ntype='int64'\n[[column]]\nname='iban'\n"
    check = ContractCheck(parse_contract(text), SCHEMA)
    assert not check.schema_fits
    assert [one.detail for one in check.finish(lambda: [], now=NOW).broken] == [
        "account: the column is string, int64 expected",
        "iban: the column is missing",
        "customer: a column that the contract does not name",
        "balance: a column that the contract does not name",
        "changed: a column that the contract does not name",
    ]
    assert ContractCheck(
        parse_contract("extra_columns='allow'\n[[column]]\nname='account'"), SCHEMA
    ).schema_fits


def test_too_few_and_too_many_rows_are_refused():
    text = "{}\n[[column]]\nname='account'\n" + NAMED
    assert report_of(text.format("rows_at_least=5"), FOUR).reason == "4 rows, at least 5 expected"
    assert report_of(text.format("rows_at_most=3"), FOUR).reason == "4 rows, at most 3 expected"


def test_stale_data_is_refused():
    text = "freshness=[{column='changed', at_most_hours=2}]\n[[column]]\nname='account'\n" + NAMED
    assert report_of(text, FOUR).kept
    old = FOUR.slice(1)
    assert report_of(text, old).reason == "changed: the youngest row is 3.0 hours old, at most 2 allowed"
    nothing = FOUR.slice(0, 1).set_column(3, "changed", pa.nulls(1, SCHEMA.field("changed").type))
    assert "no row has a time" in report_of(text, nothing).reason


def test_doubled_values_are_found_over_batches_and_null_is_no_value():
    text = f"unique=[['customer']]\n[[column]]\nname='account'\nunique=true\n{NAMED}"
    report = report_of(text, FOUR.slice(0, 2), FOUR.slice(2), FOUR.slice(3))
    assert [(one.columns, one.rows) for one in report.broken] == [(("customer",), 3)]
    assert [row.values for row in report.broken[0].examples] == [{"customer": "9"}]


def test_a_value_that_another_dataset_does_not_have_is_refused():
    text = (
        "reference=[{columns=['customer'], dataset='customers', there=['id']}]\n"
        f"[[column]]\nname='account'\n{NAMED}"
    )

    def lookup(dataset, columns):
        assert (dataset, columns) == ("customers", ("id",))
        return [pa.record_batch({"id": pa.array([1, 2, 2, 9])})]

    report = report_of(text, FOUR, lookup=lookup)
    assert report.reason == "customer: 1 row of a value that customers does not have"
    assert report_of(text, FOUR.slice(0, 2), lookup=lookup).kept
    assert report_of(text, FOUR).reason == "customers cannot be looked at"


def test_not_a_number_is_in_no_range():
    schema = pa.schema([("x", pa.float64())])
    check = ContractCheck(parse_contract("[[column]]\nname='x'\nat_most=5.0"), schema)
    check.look(pa.record_batch({"x": [1.0, float("nan"), 9.0]}))
    assert check.finish(lambda: [], now=NOW).broken[0].rows == 2


REFERS = (
    "reference=[{columns=['customer'], dataset='customers', there=['id']}]\n"
    f"[[column]]\nname='account'\n{NAMED}"
)


def test_against_an_empty_dataset_every_value_is_unknown():
    """Customers 1, 2, 3 and 2 again."""
    report = report_of(REFERS, FOUR, lookup=lambda dataset, columns: [])
    assert report.reason == "customer: 4 rows of a value that customers does not have"


def test_values_that_cannot_be_compared_with_the_other_dataset_are_told_without_a_value():
    def lookup(dataset, columns):
        return [pa.record_batch({"id": pa.array(["VALUE_k1_secretname"])})]

    with pytest.raises(BadContract, match="customer is int64, and customers holds string") as refused:
        report_of(REFERS, FOUR, lookup=lookup)
    assert "secretname" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_bound_that_cannot_be_asked_of_the_type_is_a_fault_of_the_contract():
    with pytest.raises(BadContract, match="customer: the rule of the column cannot be asked of int64"):
        report_of(
            "[[column]]\nname='account'\n" + NAMED.replace("'customer'", "'customer'\nat_least='x'"), FOUR
        )


def test_one_row_of_the_far_future_does_not_make_old_data_fresh():
    """Three days ahead is no clock that runs fast."""
    text = "freshness=[{column='changed', at_most_hours=2}]\n[[column]]\nname='account'\n" + NAMED
    ahead = batch_of(("AB1", 1, None, NOW + dt.timedelta(hours=72)))
    assert report_of(text, FOUR.slice(2), ahead).reason == (
        "changed: a row lies 72.0 hours in the future, so its time shows nothing"
    )
    assert report_of(text, batch_of(("AB1", 1, None, NOW + dt.timedelta(hours=2)))).kept


def test_nothing_is_not_fresh():
    text = "freshness=[{column='changed', at_most_hours=2}]\n[[column]]\nname='account'\n" + NAMED
    assert "no row has a time" in report_of(text).reason
    check = ContractCheck(parse_contract(text), SCHEMA, youngest={"changed": "2026-05-04T11:00:00+00:00"})
    assert check.still_fresh(now=NOW).kept
    assert not check.still_fresh(now=NOW + dt.timedelta(hours=2)).kept


def test_the_youngest_is_told_by_time_and_not_by_its_text():
    """02:15+01:00 comes an hour after 02:15+02:00, though it is the smaller text."""
    berlin = pa.schema([*list(SCHEMA)[:3], pa.field("changed", pa.timestamp("us", tz="Europe/Berlin"))])
    text = "freshness=[{column='changed', at_most_hours=2}]\n[[column]]\nname='account'\n" + NAMED
    check = ContractCheck(parse_contract(text), berlin)
    for hour in (0.25, 1.25):  # 02:15+02:00 and 02:15+01:00 in UTC
        at = dt.datetime(2026, 10, 25, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
        check.look(pa.RecordBatch.from_pylist([{"account": "a", "changed": at}], schema=berlin))
    assert check.youngest == {"changed": "2026-10-25T01:15:00+00:00"}
