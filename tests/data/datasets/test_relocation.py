"""A folder of datasets is moved or copied: refused until its new place is written down, then as before."""

import shutil

import pyarrow as pa
import pytest
from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO

from flyball.core.errors import BadInput
from flyball.data.datasets import relocation
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.erasing import held_rows
from flyball.data.datasets.errors import Altered, BadCatalogue, Moved
from flyball.data.datasets.loading import open_load, source_state
from flyball.data.datasets.relocation import relocate
from flyball.data.datasets.retention import Retention, files_below, retention_status
from flyball.data.datasets.snapshots import (
    find_snapshot,
    list_datasets,
    list_snapshots,
    read_snapshot,
    tag_snapshot,
    write_snapshot,
)
from flyball.data.datasets.tables import existing_table
from flyball.data.datasets.wanted import Wanted

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])


def rows(*ids):
    return pa.RecordBatch.from_pydict({"id": ids, "name": [f"n{one}" for one in ids]}, schema=SCHEMA)


def opened(folder):
    return open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse")


def upsert(catalogue, batch, state, *, publish=True, removed=()):
    gone = pa.RecordBatch.from_pydict({"id": pa.array(removed, pa.int64())})
    with open_load(catalogue, "people", SCHEMA, key=["id"], mode="upsert", source="s", commit_rows=1) as load:
        load.add(batch, state, removed=gone)
        return load.publish(card={"what": "people"}) if publish else None


def left_behind(catalogue):
    later = find_snapshot(catalogue, "people").created_at.replace(year=2999)
    status = retention_status(catalogue, "people", Retention(days=9, grace_hours=0), later)
    return sorted(path.rpartition("/")[2] for path in status.left_behind)


@pytest.fixture
def folder(tmp_path):
    """Two datasets; one with three snapshots, a tag, and a load under way that has removed a row."""
    place = tmp_path / "old place"
    with opened(place) as catalogue:
        tag_snapshot(catalogue, upsert(catalogue, rows(1, 2, 3), "1"), "first")
        upsert(catalogue, rows(3, 4), "2")
        upsert(catalogue, rows(5), "3", removed=[1])
        upsert(catalogue, rows(6), "4", publish=False, removed=[2])
        write_snapshot(catalogue, "whole", pa.table({"a": [1]}), card={})
    return place


def contents(catalogue):
    return {
        one.id: (one.digest, one.tags, sorted(read_snapshot(catalogue, one).to_pylist(), key=repr))
        for name in list_datasets(catalogue)
        for one in list_snapshots(catalogue, name)
    }


def test_a_moved_folder_is_refused_and_after_relocation_all_is_as_it_was(folder, tmp_path):
    with opened(folder) as catalogue:
        before, loose = contents(catalogue), left_behind(catalogue)
    new = tmp_path / "new"
    shutil.move(folder, new)
    with pytest.raises(Moved, match=r"2 of 2 datasets elsewhere .*old place/warehouse/flyball/people\)"):
        opened(new)
    assert relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse") == ("people", "whole")
    assert relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse") == ()
    with opened(new) as catalogue:
        assert contents(catalogue) == before
        assert len(before) == 4
        assert source_state(catalogue, "people", "s") == "3"
        assert left_behind(catalogue) == loose  # of the commits of the load; nothing new
        with open_load(catalogue, "people", SCHEMA, key=["id"], mode="upsert", source="s") as load:
            assert load.state == "4"
            assert load.publish(card={}).rows == 4
        assert sorted(read_snapshot(catalogue, "people")["id"].to_pylist()) == [3, 4, 5, 6]
    assert not [path for path in new.rglob("*.json") if b"old place" in path.read_bytes()]


def test_a_copy_stands_alone_and_the_original_stays_what_it_was(folder, tmp_path):
    with opened(folder) as catalogue:
        before = contents(catalogue)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    relocate(f"sqlite:///{copy}/catalogue.db", copy / "warehouse")
    with opened(copy) as catalogue:
        upsert(catalogue, rows(9), "9")
    with opened(folder) as catalogue:
        assert contents(catalogue) == before
    shutil.rmtree(folder)
    with opened(copy) as catalogue:
        assert set(contents(catalogue)) > set(before)


def test_a_relocation_that_is_killed_goes_on(folder, tmp_path, monkeypatch):
    new = tmp_path / "new"
    shutil.move(folder, new)
    real, done = relocation._table, []

    def first_only(catalogue, name, *places):
        if done:
            raise KeyboardInterrupt
        done.append(name)
        return real(catalogue, name, *places)

    monkeypatch.setattr(relocation, "_table", first_only)
    with pytest.raises(KeyboardInterrupt):
        relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse")
    monkeypatch.undo()
    with pytest.raises(Moved, match="1 of 2 datasets"):
        opened(new)
    assert relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse") == ("whole",)
    with opened(new) as catalogue:
        assert len(contents(catalogue)) == 4


def test_a_folder_that_was_not_moved_whole_is_refused(folder, tmp_path):
    new = tmp_path / "new"
    shutil.move(folder, new)
    shutil.rmtree(new / "warehouse" / "flyball" / "whole")
    with pytest.raises(BadCatalogue, match="The dataset whole was at"):
        relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse")
    with pytest.raises(Moved, match="2 of 2"):
        opened(new)


def test_two_folders_never_share_a_catalogue(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "warehouse", copy / "warehouse")
    with pytest.raises(BadCatalogue, match="both folders would write to one dataset"):
        relocate(f"sqlite:///{folder}/catalogue.db", copy / "warehouse")


def test_files_of_deleted_rows_name_data_files_and_are_refused(folder, tmp_path):
    """No library here writes such files, so the list of files is made to say that there is one."""
    with opened(folder) as catalogue:
        path = existing_table(catalogue, "people").current_snapshot().manifest_list.removeprefix("file://")
    files = PyArrowFileIO()
    with AvroFile(files.new_input(path)) as reader:
        records, schema, facts = list(reader), reader.schema, dict(reader.header.meta)
    records[0][[one.name for one in schema.fields].index("content")] = 1
    with AvroOutputFile(files.new_output(path), schema, "manifest_file", metadata=facts) as writer:
        writer.write_block(records)
    new = tmp_path / "new"
    shutil.move(folder, new)
    with pytest.raises(BadInput, match="has deleted rows of people in files of their own"):
        relocate(f"sqlite:///{new}/catalogue.db", new / "warehouse")


def test_rows_lie_in_the_folder_that_was_named_whatever_its_letters(tmp_path):
    """pyiceberg reads an address letter by letter: "old%20place" would be another folder, of anybody."""
    place = tmp_path / "Jürgens 100% [old] place"
    with opened(place) as catalogue:
        write_snapshot(catalogue, "whole", pa.table({"a": ["Ada Lovelace"]}), card={})
        assert held_rows(catalogue, "whole", Wanted(("Ada Lovelace",))).rows == 1
    assert [path.name for path in tmp_path.iterdir()] == [place.name]
    with pytest.raises(BadCatalogue, match=r"has '#' in its name"):
        opened(tmp_path / "a#b")


def test_a_search_that_does_not_see_the_files_is_an_error_and_not_an_empty_find(folder):
    with opened(folder) as catalogue:
        table = existing_table(catalogue, "whole")
        real = table.metadata_location
        table.metadata_location = real.replace("whole", "elsewhere")
        with pytest.raises(Altered, match="The files of whole are not in"):
            files_below(table)
