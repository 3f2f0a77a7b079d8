"""On a real MariaDB server: every type keeps its value, in one snapshot, whatever breaks."""
# ruff: noqa: DTZ001, S608 - columns without a zone are tested, and names are this test's own

import datetime as dt
import uuid
from decimal import Decimal

import pyarrow as pa
import pytest

from flyball.core.secrets import Secret
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    BadSource,
    NothingThere,
    SchemaDrifted,
    SourceGone,
)
from flyball.data.sources.shelf.database import database


@pytest.fixture
def server(mariadb):
    mariadb.run("CREATE USER IF NOT EXISTS reader@localhost IDENTIFIED BY 'correct-horse'")
    mariadb.run("GRANT SELECT ON *.* TO reader@localhost")
    return mariadb


@pytest.fixture
def name(server):
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return name


@pytest.fixture
def settings(server, name, monkeypatch):
    monkeypatch.setenv("FLYBALL_TEST_MARIADB", "correct-horse")
    return {"url": server.url(name), "password": Secret("env", "FLYBALL_TEST_MARIADB")}


def rows_of(source, stream, state=""):
    return [row for batch in source.batches(stream, state) for row in batch.rows.to_pylist()]


TYPES = [
    ("tinyint", "-128", pa.int8(), -128),
    ("tinyint unsigned", "255", pa.uint8(), 255),
    ("smallint unsigned", "65535", pa.uint16(), 65535),
    ("mediumint", "-8388608", pa.int32(), -8388608),
    ("int unsigned", "4294967295", pa.uint32(), 4294967295),
    ("bigint unsigned", "18446744073709551615", pa.uint64(), 18446744073709551615),
    ("decimal(65,30)", "1.000000000000000000000000000001", pa.decimal256(65, 30), None),
    ("decimal(12,2)", "-12.30", pa.decimal128(12, 2), Decimal("-12.30")),
    ("float", "16777215", pa.float32(), 16777215.0),
    ("double", "0.1", pa.float64(), 0.1),
    ("date", "'2026-01-02'", pa.date32(), dt.date(2026, 1, 2)),
    ("datetime(6)", "'2026-01-02 03:04:05.000006'", pa.timestamp("us"), dt.datetime(2026, 1, 2, 3, 4, 5, 6)),
    ("time(3)", "'-838:59:58.125'", pa.string(), "-838:59:58.125"),
    ("year", "2026", pa.int16(), 2026),
    ("bit(9)", "b'100000001'", pa.binary(), b"\x01\x01"),
    ("varchar(9)", "'ä€😀'", pa.string(), "ä€😀"),
    ("enum('sad','glad')", "'glad'", pa.string(), "glad"),
    ("set('a','b')", "'a,b'", pa.string(), "a,b"),
    ("varbinary(4)", "x'00ff'", pa.binary(), b"\x00\xff"),
    ("longblob", "x'00ff'", pa.binary(), b"\x00\xff"),
    ("json", "'{\"b\":  1.10}'", pa.string(), '{"b":  1.10}'),
    (
        "uuid",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        pa.string(),
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("inet6", "'::1'", pa.string(), "::1"),
]


def test_every_type_keeps_its_value_and_null(server, name, settings):
    columns = ", ".join(f"c{number} {one[0]} NULL" for number, one in enumerate(TYPES))
    server.run(f"CREATE TABLE t (id int PRIMARY KEY, {columns})", name)
    server.run(f"INSERT INTO t VALUES (1, {', '.join(one[1] for one in TYPES)})", name)
    server.run("INSERT INTO t (id) VALUES (2)", name)
    source = database("core", settings)
    (stream,) = source.streams()
    first, second = rows_of(source, stream.name)
    assert stream.name == f"{name}.t"
    for number, (declared, written, arrow, value) in enumerate(TYPES):
        assert (declared, stream.schema.field(f"c{number}").type) == (declared, arrow)
        assert (declared, first[f"c{number}"]) == (declared, Decimal(written) if value is None else value)
        assert second[f"c{number}"] is None


def test_a_timestamp_is_a_moment_whatever_the_servers_zone(server, name, settings):
    server.run(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamp NULL);"
        "SET time_zone = '+02:00'; INSERT INTO t VALUES (1, '2026-01-02 03:04:05')",
        name,
    )
    (row,) = rows_of(database("core", settings), "t")
    assert row["at"] == dt.datetime(2026, 1, 2, 1, 4, 5, tzinfo=dt.UTC)


def test_a_date_of_zeros_is_named_by_row_and_column(server, name, settings):
    server.run(
        "CREATE TABLE t (id int PRIMARY KEY, d date); SET sql_mode = '';"
        "INSERT INTO t VALUES (1, '2026-01-01'), (2, '0000-00-00')",
        name,
    )
    with pytest.raises(BadRecord, match="row 2 of this load, column d: declared DATE"):
        rows_of(database("core", settings), "t")


def test_a_key_of_several_columns_resumes_behind_any_batch(server, name, settings):
    server.run("CREATE TABLE t (a int, b varchar(5), `or der` int, PRIMARY KEY (a, b))", name)
    values = ", ".join(f"({n // 10}, 'k{n % 10}', {n})" for n in range(35))
    server.run(f"INSERT INTO t VALUES {values}", name)
    source = database("core", {**settings, "batch_rows": 4})
    whole = list(source.batches("t"))
    assert [row["or der"] for batch in whole for row in batch.rows.to_pylist()] == list(range(35))
    for done, batch in enumerate(whole[:-1], 1):
        assert [row["or der"] for row in rows_of(source, "t", batch.state)] == list(range(4 * done, 35))


def test_a_whole_load_is_one_snapshot_and_a_cursor_finds_what_is_new(server, name, settings):
    server.run("CREATE TABLE t (id int PRIMARY KEY, at datetime(6) NOT NULL)", name)
    values = ", ".join(f"({n}, '2026-01-01 00:00:{n:02}.5')" for n in range(9))
    server.run(f"INSERT INTO t VALUES {values}", name)
    source = database("core", {**settings, "batch_rows": 4, "streams": {"t": {"cursor": "at"}}})
    batches = source.batches("t")
    kept = [next(batches)]
    server.run("INSERT INTO t VALUES (100, '2026-01-01 00:00:08.5')", name)
    kept.extend(batches)
    assert sum(batch.rows.num_rows for batch in kept) == 9
    assert [row["id"] for row in rows_of(source, "t", kept[-1].state)] == [8, 100]


def test_a_table_without_a_key_is_streamed(server, name, settings):
    server.run("CREATE TABLE t (v int); INSERT INTO t VALUES (1), (2), (3), (4), (5)", name)
    batches = list(database("core", {**settings, "batch_rows": 2}).batches("t"))
    assert [batch.rows.num_rows for batch in batches] == [2, 2, 1, 0]


def test_a_key_that_is_sorted_one_way_and_compared_another_is_not_trusted(server, name, settings):
    """An ENUM is sorted by number (b, a, c) and compared by name (a, b, c): paging would lose rows."""
    server.run("CREATE TABLE t (k enum('b','a','c') PRIMARY KEY, at enum('b','a','c') NOT NULL)", name)
    server.run("INSERT INTO t VALUES ('a', 'a'), ('b', 'b'), ('c', 'c')", name)
    source = database("core", {**settings, "batch_rows": 1})
    assert source.streams()[0].key == ()
    assert sorted(row["k"] for row in rows_of(source, "t")) == ["a", "b", "c"]
    with pytest.raises(BadSource, match="cannot be read in the order of 'at'"):
        database("core", {**settings, "streams": {"t": {"key": ["at"]}}}).streams()


def test_a_connection_that_is_ended_from_outside_leaves_a_state_to_go_on_from(server, name, settings):
    server.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3), (4), (5)", name)
    source = database("core", {**settings, "batch_rows": 2})
    batches = source.batches("t")
    state = next(batches).state
    for (number,) in server.run(
        f"SELECT id FROM information_schema.processlist WHERE db = '{name}' AND user = 'reader'"
    ):
        server.run(f"KILL {number}")
    with pytest.raises(SourceGone):
        next(batches)
    assert [row["id"] for row in rows_of(source, "t", state)] == [3, 4, 5]


def test_it_reads_only_and_ends_what_takes_too_long(server, name, settings):
    server.run(f"GRANT ALL ON {name}.* TO reader@localhost", name)
    server.run(
        "CREATE TABLE t (id int PRIMARY KEY); CREATE FUNCTION sly() RETURNS int MODIFIES SQL DATA"
        " BEGIN INSERT INTO t VALUES (1); RETURN 1; END;",
        name,
    )
    server.run("CREATE VIEW v AS SELECT sly() AS id; CREATE VIEW slow AS SELECT sleep(5) AS id", name)
    keys = {"v": {"key": ["id"]}, "slow": {"key": ["id"]}}
    source = database("core", {**settings, "streams": keys, "statement_timeout_seconds": 1})
    with pytest.raises(Exception, match="1792"):  # cannot execute in a READ ONLY transaction
        rows_of(source, "v")
    assert server.run("SELECT count(*) FROM t", name) == ((0,),)
    with pytest.raises(SourceGone, match="1969"):
        rows_of(source, "slow")


def test_a_dropped_column_is_told(server, name, settings):
    server.run(
        "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)", name
    )
    source = database("core", {**settings, "batch_rows": 1, "isolation": "none"})
    batches = source.batches("t")
    next(batches)
    server.run("ALTER TABLE t DROP COLUMN v", name)
    with pytest.raises(SchemaDrifted, match="1054"):
        next(batches)


def test_a_wrong_password_and_a_missing_database_are_told_apart(server, settings, monkeypatch):
    with pytest.raises(NothingThere, match="1049"):
        database("core", {**settings, "url": server.url("no_such_database")}).check()
    monkeypatch.setenv("FLYBALL_TEST_MARIADB", "wrong-horse")
    with pytest.raises(BadCredentials, match="1045") as refused:
        database("core", settings).check()
    assert "wrong-horse" not in str(refused.value)
