"""Oracle's own HR sample goes through the type map: its declared types, its rows as the driver gives them.

There is no Oracle server here; what is tested is everything behind the driver.
By hand, from the script: 107 employees, the first is King with 24000 and no commission; 35 have a commission.
"""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sqlalchemy.dialects import oracle

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.sql.types import column_of
from flyball.data.sources.sql.values import batch_of

HR = Path(__file__).parents[5] / "shared" / "data" / "legacy" / "oracle_sample_schemas" / "human_resources"

pytestmark = pytest.mark.skipif(not HR.is_dir(), reason="Oracle's sample schemas are not on this machine")

_COLUMN = re.compile(
    r"^\s*[(,]\s*(?!CONSTRAINT)(\w+)\s+(NUMBER|VARCHAR2|CHAR|DATE)(?:\((\d+)(?:,(\d+))?\))?"
    r"((?:\s*\n\s*CONSTRAINT\s+\w+\s+NOT NULL)?)",
    re.MULTILINE,
)


def columns_of(table):
    script = (HR / "hr_create.sql").read_text()
    body = re.search(rf"CREATE TABLE {table}\s*\n(.*?);", script, re.DOTALL)[1]
    return [
        column_of(
            {"name": name, "type": _declared(kind, size, scale), "nullable": not filled},
            "oracle",
            table=f"hr.{table}",
        )
        for name, kind, size, scale, filled in _COLUMN.findall(body)
    ]


def _declared(kind, size, scale):
    if kind == "NUMBER":
        return oracle.NUMBER(int(size) if size else None, int(scale or 0) if size else None)
    return oracle.DATE() if kind == "DATE" else getattr(oracle, kind)(int(size))


def rows_of(table):
    """Return the rows as python-oracledb hands them over: int, Decimal, str, datetime and None."""
    script = (HR / "hr_populate.sql").read_text()
    return [
        [_value(*one) for one in _VALUE.findall(values)]
        for values in re.findall(rf"INSERT INTO {table}\s+VALUES\s*\((.*?)\n\s*\);", script, re.DOTALL)
    ]


_VALUE = re.compile(r"TO_DATE\('(\d\d)-(\d\d)-(\d{4})'[^)]*\)|'((?:[^']|'')*)'|(\d*\.\d+)|(\d+)|(NULL)")


def _value(day, month, year, text, fraction, whole, null):
    if day:
        return dt.datetime(int(year), int(month), int(day))  # noqa: DTZ001 - a DATE of Oracle has no zone
    if fraction:
        return Decimal(fraction)
    if whole:
        return int(whole)
    return None if null else text.replace("''", "'")


def test_the_types_of_employees_keep_every_digit():
    assert {column.name: column.arrow for column in columns_of("employees")} == {
        "employee_id": pa.decimal128(6, 0),
        "first_name": pa.string(),
        "last_name": pa.string(),
        "email": pa.string(),
        "phone_number": pa.string(),
        "hire_date": pa.timestamp("us"),
        "job_id": pa.string(),
        "salary": pa.decimal128(8, 2),
        "commission_pct": pa.decimal128(2, 2),
        "manager_id": pa.decimal128(6, 0),
        "department_id": pa.decimal128(4, 0),
    }


def test_the_rows_of_employees_come_through():
    columns = columns_of("employees")
    batch = batch_of(rows_of("employees"), columns, table="hr.employees", before=0, texts=False)
    assert batch.num_rows == 107
    first = batch.slice(0, 1).to_pylist()[0]
    assert (first["last_name"], first["salary"], first["commission_pct"]) == (
        "King",
        Decimal("24000.00"),
        None,
    )
    assert first["hire_date"] == dt.datetime(2013, 6, 17)  # noqa: DTZ001 - a DATE of Oracle has no zone
    assert pc.count(batch["commission_pct"]).as_py() == 35
    assert not batch.schema.field("last_name").nullable


def test_a_number_without_precision_keeps_its_text():
    (region, _) = columns_of("regions")
    assert (region.arrow, region.nullable) == (pa.string(), False)


def test_a_row_that_does_not_fit_its_declaration_is_named():
    rows = rows_of("employees")
    rows[3][7] = Decimal("1234567.00")  # NUMBER(8,2) has six digits before the point
    with pytest.raises(BadRecord, match=r"hr\.employees, row 4 of this load, column salary: declared"):
        batch_of(rows, columns_of("employees"), table="hr.employees", before=0, texts=False)
