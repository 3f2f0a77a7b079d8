"""What each database is asked where no server of it is here: quoting, order, limit, the way back to a key."""
# ruff: noqa: S608 - names are this test's own

import datetime as dt
import sqlite3
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, sqlite
from sqlalchemy.pool import NullPool

from flyball.data.sources.sql.driver import DriverSession
from flyball.data.sources.sql.load import _page
from flyball.data.sources.sql.position import Position, order_of
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import column_of


def table_of(dialect, *columns, key, cursor=None):
    made = tuple(
        column_of({"name": name, "type": kind, "nullable": False}, dialect, table="hr.order")
        for name, kind in columns
    )
    named = {column.name: column for column in made}
    return Table(
        "hr.order", "hr", "order", made, tuple(named[one] for one in key), True, named.get(cursor), 0.0
    )


def statement(kind, table, position, *, row_values=False):
    session = SimpleNamespace(
        row_values=row_values, bind=lambda column, value: DriverSession.bind(None, column, value)
    )
    compiled = _page(session, table, position, order_of(table), 3).compile(
        dialect=kind, compile_kwargs={"render_postcompile": True}
    )
    return " ".join(str(compiled).split()), compiled.params


KEYED = (("A", sa.Integer()), ("b c", sa.String()))


@pytest.mark.parametrize(
    ("name", "kind", "sql"),
    [
        (
            "oracle",
            oracle.dialect(),
            'SELECT "A" AS "A", "b c" AS "b c" FROM hr."order" WHERE "A" >= :param_1 AND'
            ' ("A" > :param_2 OR "A" = :param_3 AND "b c" > :param_4) ORDER BY "A", "b c"'
            " FETCH FIRST 3 ROWS ONLY",
        ),
        (
            "mssql",
            mssql.dialect(),
            "SELECT TOP 3 [A] AS [A], [b c] AS [b c] FROM hr.[order] WHERE [A] >= :param_2 AND"
            " ([A] > :param_3 OR [A] = :param_4 AND [b c] > :param_5) ORDER BY [A], [b c]",
        ),
        (
            "mysql",
            mysql.dialect(),
            "SELECT `A` AS `A`, `b c` AS `b c` FROM hr.`order` WHERE `A` >= %s AND"
            " (`A` > %s OR `A` = %s AND `b c` > %s) ORDER BY `A`, `b c` LIMIT %s",
        ),
    ],
)
def test_the_next_page_begins_behind_the_last_key(name, kind, sql):
    table = table_of(name, *KEYED, key=("A", "b c"))
    asked, values = statement(kind, table, Position(at=(7, "x'; DROP")))
    assert asked == sql
    assert [value for value in values.values() if value != 3] == [7, 7, 7, "x'; DROP"]


def test_sqlite_compares_rows():
    table = table_of("sqlite", *KEYED, key=("A", "b c"))
    asked, _ = statement(sqlite.dialect(), table, Position(at=(7, "x")), row_values=True)
    assert 'WHERE ("A", "b c") > (?, ?) ORDER BY "A", "b c"' in asked


def test_oracle_hands_over_nanoseconds_as_text_and_takes_them_back():
    table = table_of(
        "oracle", ("id", oracle.NUMBER(10, 0)), ("at", oracle.TIMESTAMP()), key=("id",), cursor="at"
    )
    moment = "2026-01-02T03:04:05.123456789"
    asked, values = statement(oracle.dialect(), table, Position(since=moment))
    assert """to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.FF9') AS flyball_1""" in asked
    assert """WHERE at >= to_timestamp(:param_1, 'YYYY-MM-DD"T"HH24:MI:SS.FF9') ORDER BY at, id""" in asked
    assert moment in values.values()


def test_oracle_numbers_without_a_scale_come_as_exact_text():
    table = table_of("oracle", ("n", oracle.NUMBER()), key=("n",))
    asked, _ = statement(oracle.dialect(), table, Position(at=("0.1",)))
    assert "to_char(n, 'TM9') AS flyball_0" in asked
    assert "n > to_number(:param_1) ORDER BY n FETCH" in asked  # by the number, not by its text


def test_sql_server_hands_over_a_tenth_of_a_microsecond_as_text_and_takes_it_back():
    table = table_of("mssql", ("at", mssql.DATETIME2(7)), key=("at",))
    asked, _ = statement(mssql.dialect(), table, Position(at=("2026-01-02 03:04:05.1234567",)))
    assert "CAST(at AS VARCHAR(64)) AS flyball_0" in asked
    assert "at > CAST(:param_2 AS DATETIME2(7))" in asked


def test_a_load_since_a_value_begins_with_it():
    table = table_of("mssql", ("id", sa.Integer()), ("at", mssql.DATETIME2(3)), key=("id",), cursor="at")
    asked, values = statement(mssql.dialect(), table, Position(since=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)))
    assert "WHERE at >= :param_2 ORDER BY at, id" in asked
    assert dt.datetime(2026, 1, 2, tzinfo=dt.UTC) in values.values()


@pytest.mark.parametrize(
    ("module", "name", "end"),
    [
        ("ibm_db_sa", "db2", "LIMIT 3"),
        ("sqlalchemy_hana", "hana", "LIMIT 3"),
    ],
)
def test_the_dialects_from_elsewhere_limit_a_page(module, name, end):
    pytest.importorskip(module, reason=f"{module} is not installed")
    kind = sa.create_engine(f"{name}://u@h/d", poolclass=NullPool).dialect
    asked, _ = statement(kind, table_of(name, *KEYED, key=("A", "b c")), Position(at=(7, "x")))
    assert '("A" >' in asked
    assert 'ORDER BY "A", "b c"' in asked
    assert asked.replace("?", "3").endswith(end)


def test_sqlite_itself_agrees_with_the_spelt_out_condition():
    """Row values and the spelt-out form find the same rows: 5 * 5 pairs, from every one of them."""
    rows = [(a, b) for a in range(5) for b in range(5)]
    with sqlite3.connect(":memory:") as connection:
        connection.execute('CREATE TABLE t ("A" int, "b c" int)')
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        for a, b in rows:
            spelt = '"A" >= ? AND ("A" > ? OR "A" = ? AND "b c" > ?)'
            found = connection.execute(
                f"SELECT * FROM t WHERE {spelt} ORDER BY 1, 2", (a, a, a, b)
            ).fetchall()
            assert found == [row for row in rows if row > (a, b)]
    connection.close()
