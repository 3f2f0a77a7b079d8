"""On a real server: every type keeps its value, and what cannot be kept is named."""
# ruff: noqa: DTZ001, S608 - columns without a zone are tested, and names are this test's own

import datetime as dt
import threading
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest

from flyball.data.sources.errors import (
    BadRecord,
    BadSource,
    CannotConnect,
    NothingThere,
    SchemaDrifted,
    SourceGone,
)
from flyball.data.sources.shelf.database import database

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgresql):
    return postgresql.new_database()


def execute(url, sql, *values):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else None


def rows_of(source, stream, state=""):
    return [row for batch in source.batches(stream, state) for row in batch.rows.to_pylist()]


TYPES = [
    ("smallint", "-32768", pa.int16(), -32768),
    ("bigint", "9223372036854775807", pa.int64(), 9223372036854775807),
    ("numeric(12,2)", "-1234567890.12", pa.decimal128(12, 2), Decimal("-1234567890.12")),
    ("numeric(50,10)", "1.0000000001", pa.decimal256(50, 10), Decimal("1.0000000001")),
    ("numeric(3,-2)", "12300", pa.decimal128(5, 0), Decimal(12300)),
    ("numeric(3,5)", "0.00123", pa.decimal128(5, 5), Decimal("0.00123")),
    ("numeric", "0.1234567890123456789012345678901234567890", pa.string(), None),
    ("money", "12.34", pa.decimal128(19, 2), Decimal("12.34")),
    ("real", "1.5", pa.float32(), 1.5),
    ("double precision", "0.1", pa.float64(), 0.1),
    ("boolean", "true", pa.bool_(), True),
    ("date", "9999-12-31", pa.date32(), dt.date(9999, 12, 31)),
    ("timestamp", "2026-01-02 03:04:05.000006", pa.timestamp("us"), dt.datetime(2026, 1, 2, 3, 4, 5, 6)),
    (
        "timestamptz",
        "2026-01-02 03:04:05+02",
        pa.timestamp("us", "UTC"),
        dt.datetime(2026, 1, 2, 1, 4, 5, tzinfo=dt.UTC),
    ),
    ("time", "23:59:59.999999", pa.time64("us"), dt.time(23, 59, 59, 999999)),
    ("timetz", "23:59:59+02", pa.string(), "23:59:59+02"),
    ("interval", "1 year 2 days 00:00:03", pa.string(), "P1Y2DT3S"),
    ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", pa.string(), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("jsonb", '{"b": 1.10}', pa.string(), '{"b": 1.10}'),
    ("json", '{"b":  1}', pa.string(), '{"b":  1}'),
    ("integer[]", "{1,NULL,3}", pa.list_(pa.int32()), [1, None, 3]),
    ("numeric(5,1)[]", "{1.5}", pa.list_(pa.decimal128(5, 1)), [Decimal("1.5")]),
    ("text[]", '{"a,b",NULL}', pa.list_(pa.string()), ["a,b", None]),
    ("uuid[]", "{}", pa.string(), "{}"),
    ("bytea", "\\x00ff", pa.binary(), b"\x00\xff"),
    ("char(5)", "ab", pa.string(), "ab   "),
    ("varchar(9)", "ä€😀", pa.string(), "ä€😀"),
    ("inet", "10.0.0.1/8", pa.string(), "10.0.0.1/8"),
    ("int4range", "[1,5)", pa.string(), "[1,5)"),
    ("oid", "4294967295", pa.int64(), 4294967295),
    ("bit(3)", "101", pa.string(), "101"),
    ("xml", "<a/>", pa.string(), "<a/>"),
    ("point", "(1,2)", pa.string(), "(1,2)"),
    ("mood", "glad", pa.string(), "glad"),
    ("cents", "5", pa.int32(), 5),
]


def test_every_type_keeps_its_value_and_null(url):
    columns = ", ".join(f"c{number} {one[0]}" for number, one in enumerate(TYPES))
    execute(url, "CREATE TYPE mood AS ENUM ('sad', 'glad')")
    execute(url, "CREATE DOMAIN cents AS int CHECK (VALUE >= 0)")
    execute(url, f"CREATE TABLE t (id int PRIMARY KEY, {columns})")
    places = ", ".join(f"%s::{one[0]}" for one in TYPES)
    execute(url, f"INSERT INTO t VALUES (1, {places})", *(one[1] for one in TYPES))
    execute(url, "INSERT INTO t (id) VALUES (2)")
    source = database("core", {"url": url})

    (stream,) = source.streams()
    first, second = rows_of(source, "public.t")

    assert stream.key == ("id",)
    assert not stream.schema.field("id").nullable
    for number, (declared, written, arrow, value) in enumerate(TYPES):
        assert (declared, stream.schema.field(f"c{number}").type) == (declared, arrow)
        assert (declared, first[f"c{number}"]) == (declared, written if value is None else value)
        assert second[f"c{number}"] is None


@pytest.mark.parametrize(
    ("declared", "value", "holds"),
    [
        ("date", "infinity", "infinity or a year outside 1 to 9999"),
        ("date", "0001-01-01 BC", "infinity or a year outside 1 to 9999"),
        ("timestamptz", "-infinity", "infinity or a year outside 1 to 9999"),
        ("numeric(5,2)", "NaN", "a value that does not fit"),
        ("integer[]", "{{1,2},{3,4}}", "an array of arrays"),
    ],
)
def test_a_value_that_no_type_holds_is_named_by_row_and_column_and_not_repeated(url, declared, value, holds):
    execute(url, f"CREATE TABLE t (id int PRIMARY KEY, v {declared})")
    execute(
        url,
        f"INSERT INTO t SELECT n, CASE WHEN n = 5 THEN %s::{declared} END FROM generate_series(1, 9) n",
        value,
    )
    source = database("core", {"url": url, "batch_rows": 3})
    kept = []
    with pytest.raises(BadRecord) as bad:
        kept.extend(source.batches("public.t"))
    assert [batch.rows.num_rows for batch in kept] == [3]
    assert "public.t, row 5 of this load, column v: declared" in bad.value.message
    assert bad.value.message.endswith(f"holds {holds}.")


def test_names_that_would_break_sql_are_quoted(url):
    table = 'we"ird; DROP TABLE x; --'
    quoted = '"we""ird; DROP TABLE x; --"'
    execute(url, f'CREATE TABLE {quoted} ("50% :off" int PRIMARY KEY, "select" text, "Größe" text)')
    execute(url, f"INSERT INTO {quoted} SELECT n, '%% :x', 'y' FROM generate_series(1, 5) n")
    source = database("core", {"url": url, "batch_rows": 2})
    found = rows_of(source, f"public.{table}")
    assert [row["50% :off"] for row in found] == [1, 2, 3, 4, 5]
    assert {row["select"] for row in found} == {"%% :x"}


def test_a_key_of_several_columns_and_awkward_values_is_gone_through_without_loss(url):
    execute(
        url,
        'CREATE TABLE t (a text COLLATE "C", b date, c uuid DEFAULT gen_random_uuid(),'
        " PRIMARY KEY (a, b, c))",
    )
    execute(
        url,
        "INSERT INTO t (a, b) SELECT (ARRAY['', '''; DROP', 'ä', '%s', E'a\\\\b'])[1 + n % 5],"
        " date '2020-01-01' + n / 10"
        " FROM generate_series(1, 53) n",
    )
    source = database("core", {"url": url, "batch_rows": 4})
    found = rows_of(source, "public.t")
    assert len({(row["a"], row["b"], row["c"]) for row in found}) == len(found) == 53


def test_a_whole_load_is_one_snapshot(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 9)")
    source = database("core", {"url": url, "batch_rows": 3})
    batches = source.batches("public.t")
    found = next(batches).rows.num_rows
    execute(url, "INSERT INTO t VALUES (100); DELETE FROM t WHERE id = 9")
    assert found + sum(batch.rows.num_rows for batch in batches) == 9


def test_the_connection_may_read_and_nothing_else(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY)")
    execute(url, "CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING id'")
    execute(url, "CREATE VIEW v AS SELECT sly() AS id")
    source = database("core", {"url": url, "streams": {"v": {"key": ["id"]}}})
    with pytest.raises(Exception, match="25006"):  # read_only_sql_transaction
        rows_of(source, "public.v")
    assert execute(url, "SELECT count(*) FROM t") == [(0,)]


def test_late_commits_come_with_a_lookback_and_only_with_it(url):
    """By hand: 10:00 and 10:10 are read, then a row of 10:06 commits; 5 minutes back is 10:05."""
    execute(url, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL)")
    execute(url, "INSERT INTO t VALUES (1, '2026-01-01 10:00Z'), (2, '2026-01-01 10:10Z')")
    found = {}
    states = {}
    sources = {
        lookback: database("core", {"url": url, "streams": {"t": {"cursor": "at", "lookback": lookback}}})
        for lookback in (0, 300)
    }
    for lookback, source in sources.items():
        states[lookback] = list(source.batches("public.t"))[-1].state
    execute(url, "INSERT INTO t VALUES (3, '2026-01-01 10:06Z')")
    for lookback, source in sources.items():
        found[lookback] = [row["id"] for row in rows_of(source, "public.t", states[lookback])]
    assert found == {0: [2], 300: [3, 2]}


def test_rows_committed_while_a_broken_load_waited_are_not_lost(url):
    """The next load begins where the cursor stood when the broken one began, not where it ended."""
    execute(url, "CREATE TABLE t (id int PRIMARY KEY, at int NOT NULL)")
    execute(url, "INSERT INTO t SELECT n, n FROM generate_series(1, 9) n")
    source = database("core", {"url": url, "batch_rows": 3, "streams": {"t": {"cursor": "at"}}})
    broken = source.batches("public.t")
    next(broken)
    state = next(broken).state  # behind 6
    broken.close()
    execute(url, "INSERT INTO t SELECT n, n FROM generate_series(10, 20) n")
    rest = list(source.batches("public.t", state))
    assert [row["id"] for batch in rest for row in batch.rows.to_pylist()] == list(range(7, 21))
    assert [row["id"] for row in rows_of(source, "public.t", rest[-1].state)] == list(range(9, 21))


def test_a_cursor_in_the_year_9998_does_not_hide_what_comes_later(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY, at timestamp NOT NULL)")
    execute(url, "INSERT INTO t VALUES (1, '2026-01-01'), (2, '9998-12-31')")
    source = database("core", {"url": url, "streams": {"t": {"cursor": "at"}}})
    state = list(source.batches("public.t"))[-1].state
    execute(url, "INSERT INTO t VALUES (3, '2026-01-02')")
    assert [row["id"] for row in rows_of(source, "public.t", state)] == [1, 3, 2]


def test_rows_without_a_cursor_value_come_with_every_load(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY, at int)")
    execute(url, "INSERT INTO t SELECT n, CASE WHEN n > 4 THEN n END FROM generate_series(1, 9) n")
    source = database("core", {"url": url, "batch_rows": 2, "streams": {"t": {"cursor": "at"}}})
    first = list(source.batches("public.t"))
    assert [row["id"] for batch in first for row in batch.rows.to_pylist()] == list(range(1, 10))
    assert [row["id"] for row in rows_of(source, "public.t", first[-1].state)] == [1, 2, 3, 4, 9]
    rest = [row["id"] for row in rows_of(source, "public.t", first[0].state)]
    assert rest == list(range(3, 10))


def test_a_table_without_a_key_comes_whole_and_says_that_it_begins_again(url):
    execute(url, "CREATE TABLE t (v int); INSERT INTO t SELECT generate_series(1, 10)")
    source = database("core", {"url": url, "batch_rows": 4})
    batches = list(source.batches("public.t"))
    assert [batch.rows.num_rows for batch in batches] == [4, 4, 2, 0]
    assert [bool(batch.state) for batch in batches] == [False, False, False, True]
    assert len(rows_of(source, "public.t", batches[-1].state)) == 10


@pytest.mark.parametrize(("rows", "error"), [("(1), (1), (2)", BadSource), ("(1), (NULL)", BadRecord)])
def test_a_key_from_the_settings_that_does_not_name_rows_is_refused(url, rows, error):
    execute(url, f"CREATE TABLE t (v int); INSERT INTO t VALUES {rows}")
    source = database("core", {"url": url, "batch_rows": 1, "streams": {"t": {"key": ["v"]}}})
    with pytest.raises(error, match=r"public\.t has"):
        rows_of(source, "public.t")


def test_a_unique_constraint_stands_in_for_a_primary_key(url):
    execute(url, "CREATE TABLE t (a int NOT NULL, b int UNIQUE, c int NOT NULL, UNIQUE (a, c))")
    (stream,) = database("core", {"url": url}).streams()
    assert stream.key == ("a", "c")


def test_a_dropped_column_and_another_key_are_told(url):
    execute(
        url,
        "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT n, n FROM generate_series(1, 9) n",
    )
    source = database("core", {"url": url, "batch_rows": 3, "isolation": "none"})
    batches = source.batches("public.t")
    state = next(batches).state
    execute(url, "ALTER TABLE t DROP COLUMN v")
    with pytest.raises(SchemaDrifted, match="42703"):
        next(batches)
    execute(url, "ALTER TABLE t RENAME COLUMN id TO number")
    with pytest.raises(SchemaDrifted, match="kept by id; it is read by number now"):
        rows_of(source, "public.t", state)


def test_a_connection_that_is_ended_from_outside_leaves_a_state_to_go_on_from(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 9)")
    source = database("core", {"url": url, "batch_rows": 3})
    batches = source.batches("public.t")
    state = next(batches).state
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()",
    )
    with pytest.raises(SourceGone):
        next(batches)
    assert [row["id"] for row in rows_of(source, "public.t", state)] == [4, 5, 6, 7, 8, 9]


def test_a_statement_that_takes_too_long_is_ended_by_the_server(url):
    execute(url, "CREATE VIEW slow AS SELECT n AS id, pg_sleep(0.3)::text AS s FROM generate_series(1, 9) n")
    settings = {"url": url, "statement_timeout_seconds": 1, "streams": {"slow": {"key": ["id"]}}}
    with pytest.raises(SourceGone, match="57014"):
        rows_of(database("core", settings), "public.slow")


def test_a_server_that_is_not_there_a_database_that_is_not_there(url, postgresql):
    with pytest.raises(CannotConnect):
        database("core", {"url": "postgresql://someone@127.0.0.1:1/x"}).check()
    with pytest.raises(NothingThere):
        database("core", {"url": postgresql.url("no_such_database")}).check()


def test_patterns_choose_tables_and_views(url):
    execute(url, "CREATE TABLE loan_a (id int); CREATE TABLE loan_b (id int); CREATE TABLE other (id int)")
    execute(url, "CREATE MATERIALIZED VIEW loan_m AS SELECT 1 AS id")
    source = database("core", {"url": url, "tables": ["loan_*"]})
    assert [one.name for one in source.streams()] == ["public.loan_a", "public.loan_b", "public.loan_m"]
    facts = source.check()
    assert facts["streams"] == "3"
    assert facts["version"].startswith("PostgreSQL")


def test_two_loads_at_once_do_not_meet(url):
    execute(url, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500)")
    source = database("core", {"url": url, "batch_rows": 20})
    counts = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(rows_of(source, "public.t")))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [500, 500]


KEYS = [
    ("smallint", "n"),
    ("numeric", "n / 7.0"),
    ("numeric(6,2)", "n / 4.0"),
    ("real", "n / 3.0"),
    ("double precision", "n / 3.0"),
    ("text", "chr(190 + n::int) || E'\\\\'"),
    ("char(4)", "chr(65 + n::int)"),
    ("bytea", "decode(lpad(to_hex(n * 9), 4, '0'), 'hex')"),
    ("date", "date '2026-01-01' + n::int"),
    ("timestamp", "timestamp '2026-01-01' + n * interval '1.5 microseconds'"),
    ("timestamptz", "timestamptz '2026-03-29 00:00Z' + n * interval '10 minutes'"),
    ("time", "time '10:00' + n * interval '1.5 seconds'"),
    ("interval", "n * interval '36 hours'"),
    ("uuid", "md5(n::text)::uuid"),
    ("mood", "(ARRAY['sad','so','glad'])[1 + n % 3]::mood"),
    ("cents", "n"),
    ("boolean", "n % 2 = 0"),
    ("inet", "'10.0.0.0'::inet + n"),
]


@pytest.mark.parametrize(("kind", "made"), KEYS)
def test_a_key_of_any_type_resumes_behind_any_batch(url, kind, made):
    execute(url, "CREATE TYPE mood AS ENUM ('sad', 'so', 'glad')")
    execute(url, "CREATE DOMAIN cents AS int")
    execute(url, f"CREATE TABLE t (k {kind}, n bigint, PRIMARY KEY (k, n))")
    execute(url, f"INSERT INTO t SELECT {made}, n FROM generate_series(1, 9) n")
    source = database("core", {"url": url, "batch_rows": 2})
    wanted = [number for (number,) in execute(url, "SELECT n FROM t ORDER BY k, n")]
    batches = list(source.batches("public.t"))
    assert [row["n"] for batch in batches for row in batch.rows.to_pylist()] == wanted
    assert [row["n"] for row in rows_of(source, "public.t", batches[1].state)] == wanted[4:]
