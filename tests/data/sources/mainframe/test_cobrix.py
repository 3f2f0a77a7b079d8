"""Every record that Cobrix expects in its tests 1 to 9, value by value and digit by digit."""

import csv
import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("cobrix_cases", Path(__file__).with_name("cobrix_cases.py"))
cobrix = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cobrix)

pytestmark = pytest.mark.skipif(not cobrix.DATA.is_dir(), reason=cobrix.WHY_NOT)

# Spark writes these two by Java's rules: 6 to 7 and 15 to 17 digits of the same binary number.
FLOATS = {"FLOAT_01", "DOUBLE_01"}


def _digits(value, exact):
    """Return a value in which 30.5 and 30.50 are two things."""
    if isinstance(value, dict):
        return {name: float(one) if name in FLOATS else _digits(one, exact) for name, one in value.items()}
    if isinstance(value, list):
        return [_digits(one, exact) for one in value]
    return ("number", str(value)) if exact and isinstance(value, Decimal) else value


@pytest.mark.parametrize("case", cobrix.CASES, ids=str)
def test_our_records_are_those_that_cobrix_expects(case):
    expected, found = cobrix.expected_of(case), cobrix.found_in(case)
    assert len(expected) > 0
    for number, record in enumerate(expected):
        assert _digits(found[number], case.exact) == _digits(record, case.exact), f"record {number}"


# 9(5)PPP is a decimal without places to Cobrix, a whole number to us.
# Cobrix gives COMP-5 the type of its picture, we give it that of its bytes, as COMP-5 may hold all of them.
OTHER_TYPES = {("NUM_BIN_INT05", "integer", "long")}
GENERATED = {"File_Id", "Record_Id", "Record_Byte_Length", "Seg_Id0", "Seg_Id1"}


def _schema_file(case):
    folder, _, name = case.expected.removesuffix(".txt").partition("/")
    names = [f"{folder}/{name}_schema.json", f"{folder}/{name.split('_')[0].rstrip('a')}_schema.json"]
    return next(one for one in names if (cobrix.DATA / one).exists())


@pytest.mark.parametrize("case", cobrix.CASES, ids=str)
def test_our_columns_are_those_that_cobrix_expects(case):
    expected = [pair for pair in cobrix.expected_schema(_schema_file(case)) if pair[0] not in GENERATED]
    decoder = cobrix.reader_of(case).decoder
    found = [(field.name, cobrix.spark_type(field.type)) for field in decoder.schema]
    assert len(found) == len(expected)
    different = [(*theirs, ours[1]) for theirs, ours in zip(expected, found, strict=True) if theirs != ours]
    scaled = {one for one in different if "PI" in one[0] and one[1].endswith(",0)")}
    assert set(different) - scaled <= OTHER_TYPES


@pytest.mark.parametrize("name", ["test6", "test7", "test7a", "test7b", "test7c", "test7d"])
def test_our_layout_is_the_one_that_cobrix_expects(name):
    """Where bytes are redefined, Cobrix gives every view the length of the longest: only the begin counts."""
    case = next(case for case in cobrix.CASES if f"/{name}.txt" in case.expected)
    layout = cobrix.reader_of(case).layout
    expected = cobrix.expected_layout(f"{name[:5]}_expected/{name}_layout.txt")
    found = [(len(path), offset + 1, path[-1]) for path, offset in layout.walk()]
    assert len(found) == len(expected) > 10
    for (depth, first, node), (their_depth, their_first, _, their_size) in zip(found, expected, strict=True):
        assert (depth, first) == (their_depth, their_first)
        assert node.extent == their_size or node.union


def test_our_records_laid_flat_are_cobrix_table():
    """Its CSV has a column for each of 80 accounts; those that a record does not have are empty."""

    def flat(value, name):
        if isinstance(value, dict):
            for key, one in value.items():
                yield from flat(one, f"{name}_{key}")
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                yield from flat(one, f"{name}_{number}")
        else:
            yield name, "" if value is None else str(value)

    with (cobrix.DATA / "test1_expected" / "test1.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    found = [dict(flat(record, "RECORD")) for record in cobrix.found_in(cobrix.CASES[0])]
    assert [{name: text for name, text in row.items() if text} for row in expected] == [
        {name: text for name, text in row.items() if text} for row in found
    ]
