"""Rows go out of every version, and nothing that named them stays.

Thirty rows in three appends of ten; "p3" stands in the rows 3, 10, 17 and 24, and row 12 names Ada: 5 rows.
"""

import datetime as dt

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets.branches import create_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.erasing import erase_rows, held_rows, wanted_values
from flyball.data.datasets.history import expired_snapshots
from flyball.data.datasets.loading import open_load, source_state
from flyball.data.datasets.retention import needed_files
from flyball.data.datasets.snapshots import list_snapshots, read_snapshot, tag_snapshot
from flyball.data.datasets.tables import existing_table
from flyball.data.datasets.wanted import Wanted

SCHEMA = pa.schema([("id", pa.int64()), ("who", pa.string()), ("note", pa.string())])
WANTED = Wanted(("Ada Lovelace",), {"who": frozenset({"p3"})})
NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
GONE = {3, 10, 12, 17, 24}


def batch(ids):
    notes = ["met Ada Lovelace" if one == 12 else "x" for one in ids]
    columns = {"id": list(ids), "who": [f"p{one % 7}" for one in ids], "note": notes}
    return pa.RecordBatch.from_pydict(columns, schema=SCHEMA)


def load(catalogue, ids, mode="append"):
    with open_load(catalogue, "people", SCHEMA, key=("id",), mode=mode, source="s") as opened:
        opened.add(batch(ids), f"state {ids[-1]}")
        return opened.publish(card={"what": "people"})


@pytest.fixture
def catalogue(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/c.sqlite", tmp_path / "warehouse") as opened:
        for start in (0, 10, 20):
            load(opened, range(start, start + 10))
        yield opened


def erased(catalogue, wanted=WANTED):
    return erase_rows(catalogue, "people", wanted, facts={"erasure": 7}, now=NOW)


def test_the_rows_go_and_all_others_stay_with_a_digest_that_holds(catalogue):
    before = held_rows(catalogue, "people", WANTED)
    assert (before.rows, len(before.snapshots)) == (5, 3)
    assert wanted_values(catalogue, "people", WANTED, "id") == {str(one) for one in GONE}
    assert erased(catalogue) == ()
    (left,) = list_snapshots(catalogue, "people")
    assert (left.rows, left.card["erasure"], left.card["what"]) == (25, 7, "people")
    assert left.parents[-1] == before.snapshots[-1]
    assert set(read_snapshot(catalogue, left)["id"].to_pylist()) == set(range(30)) - GONE
    assert held_rows(catalogue, "people", WANTED).empty
    remembered = {one.digest for one in expired_snapshots(existing_table(catalogue, "people"))}
    assert remembered == set(before.snapshots)


def greatest_notes(table):
    """Return the greatest note of each file that a list of files names, also of those that went."""
    note = table.schema().find_field("note").field_id
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io):
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                yield (entry.data_file.upper_bounds or {}).get(note)


def test_no_list_of_files_keeps_the_greatest_value_of_what_went(catalogue, tmp_path):
    """Everybody goes. A file with the note "zoe" has it as its greatest, all others "x"."""
    wanted = Wanted((), {"who": frozenset(f"p{one}" for one in range(7))})
    assert set(greatest_notes(existing_table(catalogue, "people"))) == {b"x"}
    with open_load(catalogue, "people", SCHEMA, mode="append", source="t") as opened:
        opened.add(pa.RecordBatch.from_pylist([{"id": 50, "who": "p1", "note": "zoe"}], schema=SCHEMA), "")
        opened.publish(card={})
    assert b"zoe" in set(greatest_notes(existing_table(catalogue, "people")))
    erased(catalogue, wanted)
    table = existing_table(catalogue, "people")
    assert set(greatest_notes(table)) == set()
    needed = {one.partition("://")[2] for one in needed_files(table)}
    assert {str(path) for path in (tmp_path / "warehouse").rglob("*.avro")} <= needed
    assert read_snapshot(catalogue, "people").num_rows == 0


def test_the_source_goes_on_where_it_was_and_the_next_load_builds_on_what_is_left(catalogue):
    erased(catalogue)
    assert source_state(catalogue, "people", "s") == "state 29"
    assert load(catalogue, range(28, 32), "upsert").rows == 27  # 25 and the new 30 and 31
    assert read_snapshot(catalogue, "people").num_rows == 27


def test_tags_go_branches_are_rewritten_and_a_snapshot_without_the_person_stays(catalogue):
    """In "late" only, row 40 is added to the thirty: 31 - 5 = 26 rows are left there."""
    (first, *_, last) = list_snapshots(catalogue, "people")
    tag_snapshot(catalogue, first, "q1")
    create_branch(catalogue, last, "late")
    with open_load(catalogue, "people", SCHEMA, mode="append", source="b", branch="late") as opened:
        opened.add(batch([40]), "")
        opened.publish(card={})
    assert held_rows(catalogue, "people", WANTED).tags == ("late", "q1")
    assert erased(catalogue) == ()
    assert set(existing_table(catalogue, "people").refs()) == {"main", "late"}
    assert read_snapshot(catalogue, "people@late").num_rows == 26
    assert read_snapshot(catalogue, "people").num_rows == 25
    kept = list_snapshots(catalogue, "people")
    assert erased(catalogue, Wanted(("Nobody Atall",))) == ()
    assert list_snapshots(catalogue, "people") == kept


def test_a_load_that_is_under_way_begins_again(catalogue):
    with open_load(catalogue, "people", SCHEMA, mode="append", source="t", commit_rows=1) as opened:
        opened.add(batch([12]), "half")
    erased(catalogue)
    assert held_rows(catalogue, "people", WANTED).empty
    with open_load(catalogue, "people", SCHEMA, mode="append", source="t") as again:
        assert again.state == ""


def test_a_file_that_cannot_be_read_ends_the_search(catalogue, tmp_path):
    path = next((tmp_path / "warehouse").rglob("*.parquet"))
    path.write_bytes(b"PAR1 cut")
    with pytest.raises(BadInput, match=f"The file {path.name} cannot be read"):
        held_rows(catalogue, "people", WANTED)
