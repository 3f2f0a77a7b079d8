"""What is about a person is found, what is about somebody else with a similar name is not."""

import io

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


def test_its_name_in_a_log_says_nothing_of_the_person():
    assert "Lovelace" not in repr(ADA)
    assert "17" not in repr(ADA)
