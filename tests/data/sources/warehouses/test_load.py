"""What warehouses are asked, and what their answers become; the answers here are a double's, the SQL is ours.

By hand: key k, cursor c. Behind (5, 2) lie c > 5, and c = 5 with k > 2.
"""

import datetime as dt
from contextlib import closing
from decimal import Decimal
from types import SimpleNamespace

import databricks.sql
import pyarrow as pa
import pytest
import sqlalchemy as sa
from snowflake.connector.cursor import ResultMetadata

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadRecord, BadSource, CannotConnect
from flyball.data.sources.shelf.databricks import databricks as open_databricks
from flyball.data.sources.warehouses import snowflake as snowflake_module
from flyball.data.sources.warehouses.session import compiled
from flyball.data.sources.warehouses.settings import read_settings
from flyball.data.sources.warehouses.snowflake import SnowflakeSettings

_PLACE = {"host": "h", "http_path": "/p", "schema": "bank", "batch_rows": 2}


class Warehouse:
    """A double of the SQL connector: one table, whose rows come in parts of Arrow."""

    def __init__(self, *parts):
        self.parts, self.asked = parts, []
        self.types = [("k", "bigint"), ("c", "bigint")]

    def cursor(self):
        return closing(Cursor(self))

    def close(self):
        pass


class Cursor:
    def __init__(self, warehouse):
        self.warehouse = warehouse

    def execute(self, text, parameters=None):
        self.warehouse.asked.append((" ".join(text.split()), parameters))
        self.left = list(self._answer(text))

    def _answer(self, text):
        if text.startswith("SHOW"):
            return [pa.table({"tableName": ["a"], "isTemporary": [False]})]
        if text.startswith("DESCRIBE"):
            names, types = zip(*[*self.warehouse.types, ("# Partitioning", "")], strict=True)
            return [pa.table({"col_name": names, "data_type": types})]
        if "max(" in text:
            return [pa.table({"c": pa.array([9], pa.int64())})]
        return self.warehouse.parts

    def fetchmany_arrow(self, size):
        return self.left.pop(0) if self.left else pa.table({})

    def close(self):
        pass


@pytest.fixture
def warehouse(monkeypatch):
    def opened(*parts):
        made = Warehouse(*parts)
        monkeypatch.setattr(databricks.sql, "connect", lambda **_: made)
        return made

    return opened


def _part(keys, cursors):
    return pa.table({"k": pa.array(keys, pa.int64()), "c": pa.array(cursors, pa.int64())})


STREAMS = {"streams": {"a": {"key": ["k"], "cursor": "c"}}}


def test_a_load_is_one_statement_and_goes_on_behind_a_row_in_another(warehouse):
    asked = warehouse(_part([1, 2], [None, 5]), _part([3], [9]))
    source = open_databricks("lake", {**_PLACE, **STREAMS})
    batches = list(source.batches("a"))
    assert [batch.rows.num_rows for batch in batches] == [2, 1, 0]
    assert asked.asked[-1] == (
        "SELECT `k` AS `k`, `c` AS `c` FROM `bank`.`a` ORDER BY `c` NULLS FIRST, `k` NULLS FIRST",
        None,
    )
    list(source.batches("a", batches[0].state))
    text, values = asked.asked[-1]
    assert text == (
        "SELECT `k` AS `k`, `c` AS `c` FROM `bank`.`a` WHERE `c` > CAST(:p_1 AS bigint) OR"
        " `c` = CAST(:p_2 AS bigint) AND `k` > CAST(:p_3 AS bigint)"
        " ORDER BY `c` NULLS FIRST, `k` NULLS FIRST"
    )
    assert values == {"p_1": "5", "p_2": "5", "p_3": "2"}
    list(source.batches("a", batches[-1].state))
    text, values = asked.asked[-1]
    assert "WHERE `c` IS NULL OR `c` >= CAST(:p_1 AS bigint)" in text
    assert values == {"p_1": "9"}


def test_rows_alike_across_two_batches_are_refused(warehouse):
    warehouse(_part([1, 2, 2], [5, 5, 5]))
    with pytest.raises(BadSource, match="several rows with the same c, k"):
        list(open_databricks("lake", {**_PLACE, **STREAMS}).batches("a"))


def test_a_key_without_a_value_is_refused(warehouse):
    warehouse(_part([None, 2], [5, 5]))
    with pytest.raises(BadRecord, match="key column k is NULL"):
        list(open_databricks("lake", {**_PLACE, **STREAMS}).batches("a"))


def test_a_value_that_does_not_fit_names_its_row(warehouse):
    warehouse(pa.table({"k": pa.array([1, 2], pa.int64()), "c": ["5", "five"]}))
    with pytest.raises(BadRecord, match=r"bank\.a, row 2 of this load, column c: declared bigint"):
        list(open_databricks("lake", {**_PLACE, **STREAMS}).batches("a"))


def test_an_address_that_does_not_answer_cannot_be_connected_to(monkeypatch):
    def refused(**_):
        raise OSError("no route")

    monkeypatch.setattr(databricks.sql, "connect", refused)
    with pytest.raises(CannotConnect, match="Source lake could not sign in: Databricks says OSError"):
        open_databricks("lake", _PLACE).check()


@pytest.mark.parametrize("settings", [{}, {**_PLACE, "connect": "sc://h"}])
def test_databricks_is_reached_in_one_way(settings):
    with pytest.raises(BadSource, match="and not both"):
        open_databricks("lake", settings).check()


def _described(code, precision=None, scale=None):
    told = ResultMetadata("X", code, None, None, precision, scale, True)
    return snowflake_module._column(told, cut=False, table="T", source="bank")


@pytest.mark.parametrize(
    ("code", "precision", "scale", "arrow"),
    [
        (0, 18, 0, pa.int64()),
        (0, 38, 0, pa.decimal128(38, 0)),
        (0, 12, 2, pa.decimal128(12, 2)),
        (7, 0, 6, pa.timestamp("us", "UTC")),
        (8, 0, 3, pa.timestamp("us")),
        (8, 0, 9, pa.string()),
        (5, None, None, pa.string()),
    ],
)
def test_types_of_snowflake_keep_every_value(code, precision, scale, arrow):
    assert _described(code, precision, scale).arrow == arrow


def test_a_type_that_nobody_knows_is_refused():
    with pytest.raises(BadSource, match="number 99"):
        _described(99)


def test_a_password_written_down_is_refused_and_not_repeated():
    with pytest.raises(BadSource) as refused:
        read_settings(SnowflakeSettings, "bank", {"account": "a", "database": "b", "password": "hunter2"})
    assert "hunter2" not in str(refused.value.as_record())


def test_one_secret_signs_in_and_not_two():
    two = SnowflakeSettings(account="a", database="b", password=Secret("env", "A"), token=Secret("env", "B"))
    with pytest.raises(BadSource, match="2 are given"):
        snowflake_module._signed(two, "bank")


def test_states_hold_decimals_and_times_as_they_are(warehouse):
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    asked = warehouse(pa.table({"k": [Decimal("1.50")], "c": pa.array([moment], pa.timestamp("us", "UTC"))}))
    asked.types = [("k", "decimal(12,2)"), ("c", "timestamp")]
    source = open_databricks("lake", {**_PLACE, "streams": {"a": {"key": ["k", "c"]}}})
    first = next(source.batches("a"))
    list(source.batches("a", first.state))
    assert asked.asked[-1][1] == {"p_1": "1.50", "p_2": "1.50", "p_3": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("quote", "paramstyle", "written"),
    [
        ("`", "named", 'SELECT `c``; drop table b; --" %s` \nFROM `s`.`t``; drop table b; --" %s`'),
        ('"', "pyformat", 'SELECT "c`; drop table b; --"" %s" \nFROM "s"."t`; drop table b; --"" %s"'),
    ],
)
def test_a_name_is_quoted_whatever_it_holds(quote, paramstyle, written):
    bad = '`; drop table b; --" %s'
    query = sa.select(sa.column(f"c{bad}")).select_from(sa.table(f"t{bad}", schema="s"))
    statement = compiled(query, SimpleNamespace(quote=quote, paramstyle=paramstyle))
    assert (statement.text, statement.values) == (written, {})
    assert compiled(sa.select(sa.column("c")), SimpleNamespace(quote=quote, paramstyle=paramstyle)).text == (
        f"SELECT {quote}c{quote}"
    )
