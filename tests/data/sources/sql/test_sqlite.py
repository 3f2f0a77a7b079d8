"""SQLite declares types and does not hold to them: a value that lies about its type is named."""
# ruff: noqa: DTZ001 - columns without a zone are tested

import datetime as dt
import sqlite3
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlalchemy.exc import OperationalError

from flyball.data.sources.errors import BadRecord, NothingThere, SchemaDrifted
from flyball.data.sources.shelf.database import database
from flyball.data.sources.sql.driver import connect
from flyball.data.sources.sql.settings import read_settings


@pytest.fixture
def path(tmp_path):
    return tmp_path / "core.db"


def execute(path, sql, values=()):
    with sqlite3.connect(path) as connection:
        connection.execute(sql, values)
    connection.close()


def rows_of(source, stream="t", state=""):
    return [row for batch in source.batches(stream, state) for row in batch.rows.to_pylist()]


@pytest.mark.parametrize(
    "name",
    [
        'a"; drop table victim; --',
        "a'); drop table victim; --",
        "%s %(x)s :p ?",
        "[a]",
        "a\nb",
        "select",
        "*",
    ],
)
def test_a_name_is_read_as_a_name_whatever_it_holds(path, name):
    quoted = '"' + name.replace('"', '""') + '"'
    execute(path, "CREATE TABLE victim (id INTEGER PRIMARY KEY)")
    execute(path, f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} TEXT NOT NULL)")
    execute(path, f"INSERT INTO {quoted} VALUES (1, ?), (2, ?)", (name, name))  # noqa: S608 - the name is quoted
    source = database("core", {"path": str(path), "batch_rows": 1, "streams": {name: {"cursor": name}}})
    assert rows_of(source, name) == [{"id": 1, name: name}, {"id": 2, name: name}]
    assert [one.name for one in database("core", {"path": str(path)}).streams()] == sorted([name, "victim"])


def test_no_session_can_write(path):
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    with (
        connect(read_settings("core", {"path": str(path)})) as connection,
        pytest.raises(OperationalError, match="readonly"),
    ):
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")


TYPES = [
    ("INTEGER", 2**63 - 1, pa.int64(), 2**63 - 1),
    ("TINYINT", 300, pa.int64(), 300),
    ("REAL", 0.1, pa.float64(), 0.1),
    ("DECIMAL(12,2)", 12.3, pa.decimal128(12, 2), Decimal("12.30")),
    ("DECIMAL(12,2)", 0.1 + 0.2, pa.decimal128(12, 2), Decimal("0.30")),
    ("NUMERIC", 12.5, pa.string(), "12.5"),
    ("BOOLEAN", 1, pa.bool_(), True),
    ("DATE", "2026-01-02", pa.date32(), dt.date(2026, 1, 2)),
    ("DATETIME", "2026-01-02 03:04:05.000006", pa.timestamp("us"), dt.datetime(2026, 1, 2, 3, 4, 5, 6)),
    ("DATETIME", "2026-01-02T03:04:05", pa.timestamp("us"), dt.datetime(2026, 1, 2, 3, 4, 5)),
    ("TIME", "03:04:05", pa.time64("us"), dt.time(3, 4, 5)),
    ("VARCHAR(3)", "longer", pa.string(), "longer"),
    ("BLOB", b"\x00\xff", pa.binary(), b"\x00\xff"),
    ("JSON", '{"a":  1}', pa.string(), '{"a":  1}'),
]


@pytest.mark.parametrize(("declared", "stored", "arrow", "value"), TYPES)
def test_every_type_keeps_its_value(path, declared, stored, arrow, value):
    execute(path, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    execute(path, "INSERT INTO t VALUES (1, ?), (2, NULL)", (stored,))
    source = database("core", {"path": str(path)})
    (stream,) = source.streams()
    assert stream.schema.field("v").type == arrow
    assert [row["v"] for row in rows_of(source)] == [value, None]


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ("INTEGER", "twelve"),
        ("INTEGER", 1.5),
        ("REAL", "much"),
        ("DECIMAL(5,2)", "abc"),
        ("DECIMAL(5,2)", 1.255),
        ("DECIMAL(5,2)", 100000),
        ("BOOLEAN", 2),
        ("DATE", 1767312000),
        ("DATE", "02.01.2026"),
        ("DATETIME", "2026-01-02T03:04:05+02:00"),
        ("DATETIME", 1767312000),
        ("TEXT", b"\xff"),
        ("BLOB", "text"),
        ("INTEGER NOT NULL DEFAULT 0", b"x"),
    ],
)
def test_a_value_that_lies_about_its_type_is_named_and_not_repeated(path, declared, stored):
    execute(path, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    execute(path, "INSERT INTO t (id) VALUES (1), (2), (3)")
    execute(path, "INSERT INTO t VALUES (4, ?)", (stored,))
    kept = []
    with pytest.raises(BadRecord) as bad:
        kept.extend(database("core", {"path": str(path), "batch_rows": 2}).batches("t"))
    assert len(kept) == 1
    assert bad.value.message.startswith("t, row 4 of this load, column v: declared ")
    assert repr(stored) not in bad.value.message


def test_text_that_is_not_utf_8_is_named(path):
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    execute(path, "INSERT INTO t VALUES (1, 'a'), (2, CAST(x'41ff' AS TEXT))")
    with pytest.raises(BadRecord, match="t, row 2 of this load, column v: declared TEXT"):
        rows_of(database("core", {"path": str(path)}))


def test_a_cursor_of_text_times_goes_on_behind_any_batch_and_looks_back(path):
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME NOT NULL)")
    for number in range(9):
        execute(path, "INSERT INTO t VALUES (?, ?)", (number, f"2026-01-01 00:0{number // 2}:00"))
    execute(path, "INSERT INTO t VALUES (100, '9999-12-31 00:00:00')")
    settings = {"path": str(path), "batch_rows": 4, "streams": {"t": {"cursor": "at"}}}
    source = database("core", settings)
    first = list(source.batches("t"))
    assert [row["id"] for batch in first for row in batch.rows.to_pylist()] == [*range(9), 100]
    assert [row["id"] for row in rows_of(source, state=first[0].state)] == [*range(4, 9), 100]
    assert [row["id"] for row in rows_of(source, state=first[-1].state)] == [8, 100]
    back = database("core", {**settings, "lookback": 60})
    assert [row["id"] for row in rows_of(back, state=first[-1].state)] == [6, 7, 8, 100]


def test_a_key_that_may_be_null_is_not_trusted(path):
    """SQLite lets NULL into a primary key that is not an INTEGER."""
    execute(path, "CREATE TABLE t (k TEXT PRIMARY KEY)")
    execute(path, "INSERT INTO t VALUES (NULL), (NULL), ('a')")
    (stream,) = database("core", {"path": str(path)}).streams()
    assert stream.key == ()
    assert len(rows_of(database("core", {"path": str(path)}))) == 3


def test_the_file_is_opened_to_read(path):
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    before = path.stat().st_mtime_ns
    path.chmod(0o444)
    source = database("core", {"path": str(path)})
    assert rows_of(source) == []
    assert source.check()["database"] == str(path)
    assert path.stat().st_mtime_ns == before


def test_a_state_of_something_else_is_refused(path):
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    longer = '{"by":["id"],"at":[1,2],"since":null,"horizon":null,"without":false,"done":false}'
    for state in ("nonsense", "[]", '{"by":["other"],"at":[]}', longer):
        with pytest.raises(SchemaDrifted):
            rows_of(database("core", {"path": str(path)}), state=state)


def test_a_file_that_is_not_there_or_not_a_database_is_told(path):
    with pytest.raises(NothingThere):
        database("core", {"path": str(path)}).check()
    assert not path.exists()
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BadRecord):
        database("core", {"path": str(path)}).check()
