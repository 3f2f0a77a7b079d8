"""What only SQLite has: one file, and places where it cannot be. (The common promises: tests/contracts.)"""

import sqlite3

import pytest

from flyball.ledger.errors import LedgerUnavailable, NotWritten
from flyball.ledger.opening import open_ledger
from flyball.ledger.stores.sqlite import sqlite

NAME = "example.com/x"


def test_every_connection_waits_for_the_disk(tmp_path):
    store = sqlite(f"sqlite:///{tmp_path}/a.sqlite")
    store.create(NAME)
    with store._pool.taken() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    store.close()


def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_is(tmp_path):
    (tmp_path / "a.sqlite").write_bytes(b"a letter to grandmother" * 100)
    with pytest.raises(LedgerUnavailable, match="file is not a database"):
        open_ledger(f"sqlite:///{tmp_path}/a.sqlite", origin=NAME)
    assert (tmp_path / "a.sqlite").read_bytes() == b"a letter to grandmother" * 100


def test_a_database_with_other_tables_holds_no_ledger_yet(tmp_path):
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    store = sqlite(f"sqlite:///{tmp_path}/a.sqlite")
    assert store.origin() is None
    assert store.create(NAME) == NAME
    store.close()


def test_a_database_that_somebody_locks_is_not_written_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("flyball.ledger.stores.sqlite._BUSY_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path}/a.sqlite"
    with open_ledger(url, origin=NAME) as ledger:
        blocker = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotWritten, match="database is locked") as caught:
            ledger.append(kind="decision", body={}, actor="a")
        assert caught.value.retry
        blocker.execute("ROLLBACK")
        blocker.close()
        assert ledger.append(kind="decision", body={}, actor="a").index == 0
