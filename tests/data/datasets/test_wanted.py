"""What is about a person is found, what is about somebody else with a similar name is not."""

import io
import sqlite3
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flyball.data.datasets.wanted import Wanted

ADA = Wanted(("Ada Lovelace",), {"customer": frozenset({"17"})})


def rows(wanted=ADA, **columns):
    return wanted.rows(pa.RecordBatch.from_pydict(columns)).to_pylist()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ada Lovelace", True),
        ("by ADA\n  lovelace.", True),
        ("(Ada Lovelace)", True),
        ("Ada Lovelaces", False),
        ("Nada Lovelace", False),
        ("éAda Lovelace", False),
        ("Ada King Lovelace", False),
        (None, False),
    ],
)
def test_a_name_is_found_as_whole_words(text, found):
    assert rows(note=[text, "x"]) == [found, False]


def test_a_key_is_found_in_its_own_column_only_and_exactly():
    assert rows(customer=[17, 170, None], age=[1, 17, 17]) == [True, False, False]
    assert rows(customer=["17", " 17", "17"], note=["", "", "Ada Lovelace"]) == [True, False, True]


def test_lists_structs_bytes_and_dictionaries_are_looked_through():
    assert rows(tags=[["x", "Ada Lovelace"], []]) == [True, False]
    assert rows(who=[{"name": "Ada Lovelace"}, {"name": "Alan"}]) == [True, False]
    assert rows(raw=[b"\xff Ada Lovelace", b"x"]) == [True, False]
    assert rows(kind=pa.array(["Ada Lovelace", "x"]).dictionary_encode()) == [True, False]


def test_a_name_is_found_in_both_ways_to_write_an_accent():
    assert rows(Wanted(("Zoë Müller",)), note=["Zoe\u0308 Mu\u0308ller", "Zoë Müller", "Zoe Muller"]) == [
        True,
        True,
        False,
    ]


def test_files_are_searched_as_what_they_are():
    table = pa.table({"note": ["x" * 10_000 + " Ada Lovelace"]})
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet, compression="zstd")
    with pa.ipc.new_file(arrow, table.schema) as file:
        file.write_table(table)
    assert ADA.stands_in(parquet.getvalue())
    assert ADA.stands_in(arrow.getvalue())
    assert ADA.stands_in(b'{"text":"Director\\nAda\\nLovelace"}')
    assert Wanted(("Una O'Neil",)).stands_in(b"<p>Una O&#39;Neil</p>")
    assert not ADA.stands_in(b"Alan Turing")
    assert not Wanted(()).stands_in(b"")


def database(path, *, wal=False):
    """Write a database in which the name has no space beside it: the cells stand one behind the other."""
    with closing(sqlite3.connect(path)) as written:
        written.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        written.execute("CREATE TABLE cases (id TEXT, name TEXT, fields TEXT, spans BLOB)")
        cells = ("c4711", "Ada Lovelace", "law", b"AUna Reed")
        written.execute("INSERT INTO cases VALUES (?, ?, ?, ?)", cells)
        written.commit()
        log = path.with_name(f"{path.name}-wal")
        return path.read_bytes(), log.read_bytes() if wal else b""


@pytest.mark.parametrize("wal", [False, True])
def test_each_cell_of_a_database_is_looked_at_and_its_log_as_well(tmp_path, wal):
    data, log = database(tmp_path / "a.sqlite", wal=wal)
    assert b"c4711Ada Lovelacelaw" in data + log
    assert ADA.stands_in(log if wal else data)
    assert Wanted(("Una Reed",)).stands_in(log if wal else data)
    closed = (tmp_path / "a.sqlite").read_bytes()  # what was in the log is in the file now
    assert ADA.stands_in(closed)
    assert Wanted(("c4711",)).stands_in(closed)
    assert not Wanted(("Lovela",)).stands_in(closed)
    assert not Wanted(("Alan Turing",)).stands_in(closed)
    assert ADA.stands_in(closed[: len(closed) - 1])  # damaged


def test_its_name_in_a_log_says_nothing_of_the_person():
    assert "Lovelace" not in repr(ADA)
    assert "17" not in repr(ADA)
