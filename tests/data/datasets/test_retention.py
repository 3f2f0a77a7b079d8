"""By hand: content is written on 1 January, 1 February and 1 March 2026. On 15 March, with 30 days to keep,
the first (73 days) and the second (42 days) are due; the third is current. A tag on the first keeps it.
"""

import os
import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets.branches import create_branch, delete_branch, list_branches, publish_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.compaction import compact
from flyball.data.datasets.datasheet import NOT_ANSWERED, datasheet_of, render_datasheet
from flyball.data.datasets.errors import Overtaken, RetentionOverdue, TagTaken, UnknownSnapshot
from flyball.data.datasets.history import snapshot_at
from flyball.data.datasets.loading import open_load, source_state
from flyball.data.datasets.records import dataset_card
from flyball.data.datasets.retention import Retention, release_tag, retain, retention_status
from flyball.data.datasets.snapshots import (
    find_snapshot,
    list_snapshots,
    read_snapshot,
    tag_snapshot,
    write_snapshot,
)

SCHEMA = pa.schema([pa.field("id", pa.int64()), pa.field("name", pa.string())])
CARD = dataset_card(
    what="One person.", from_where="db", rows=1, personal_data="yes", licence="CC0-1.0", created_by="me"
)
IDES = datetime(2026, 3, 15, tzinfo=UTC)
MONTH = Retention(days=30)


@pytest.fixture
def catalogue(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/catalogue.db", tmp_path / "warehouse") as opened:
        yield opened


def people(*names, start=0):
    rows = [{"id": number, "name": name} for number, name in enumerate(names, start=start)]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def loaded(catalogue, *batches, month=3, mode="replace", branch="main", **options):
    moment = datetime(2026, month, 1, tzinfo=UTC)
    with open_load(
        catalogue, "people", SCHEMA, mode=mode, source="db", branch=branch, clock=lambda: moment, **options
    ) as load:
        for batch in batches:
            load.add(batch, "1")
        return load.publish(card=CARD)


def three(catalogue):
    return [loaded(catalogue, people(name, "x"), month=month) for month, name in enumerate("abc", start=1)]


def data_files(tmp_path):
    return sorted(path for path in tmp_path.glob("warehouse/**/*.parquet"))


def test_what_is_due_goes_with_its_files_and_the_rest_stays(catalogue, tmp_path):
    first, second, third = three(catalogue)
    tag_snapshot(catalogue, first, "release-1")
    status = retention_status(catalogue, "people", MONTH, IDES)
    assert [one.digest for one in status.due] == [second.digest]
    assert status.kept == {first.digest: "tag release-1", third.digest: "current"}
    with pytest.raises(RetentionOverdue, match="people: 1 snapshot and 0 files should be gone and are not"):
        status.require()
    before = data_files(tmp_path)
    done = retain(catalogue, "people", MONTH, IDES)
    assert [one.digest for one in done.due] == [second.digest]
    assert len(data_files(tmp_path)) == len(before) - 1
    assert any(path.endswith(".parquet") for path in done.deleted)
    assert [one.digest for one in list_snapshots(catalogue, "people")] == [first.digest, third.digest]
    assert read_snapshot(catalogue, "people@release-1").num_rows == 2
    retention_status(catalogue, "people", MONTH, IDES).require()
    assert retain(catalogue, "people", MONTH, IDES).deleted == ()


def test_content_that_was_written_whole_goes_too_and_is_told_once(catalogue):
    """Replacing written content leaves an empty Iceberg snapshot in between, which is no version."""
    first, second = (
        write_snapshot(
            catalogue,
            "people",
            pa.Table.from_batches([people(name)]),
            card=CARD,
            clock=lambda month=month: datetime(2026, month, 1, tzinfo=UTC),
        )
        for month, name in enumerate("ab", start=1)
    )
    done = retain(catalogue, "people", MONTH, IDES)
    assert [one.digest for one in done.due] == [first.digest]
    assert done.kept == {second.digest: "current"}
    assert read_snapshot(catalogue, "people").num_rows == 1


def test_a_released_tag_keeps_nothing(catalogue):
    first, *_ = three(catalogue)
    tag_snapshot(catalogue, first, "release-1")
    retain(catalogue, "people", MONTH, IDES)
    release_tag(catalogue, "people", "release-1")
    assert [one.digest for one in retain(catalogue, "people", MONTH, IDES).due] == [first.digest]
    with pytest.raises(UnknownSnapshot, match=r"people has no tag 'release-1'\. Tags: none\."):
        release_tag(catalogue, "people", "release-1")


def test_a_policy_may_count_only_some_tags_and_keep_more_than_one(catalogue):
    first, second, _ = three(catalogue)
    tag_snapshot(catalogue, first, "draft")
    gone = retain(catalogue, "people", Retention(days=30, last=2, tags=("v*",)), IDES)
    assert [one.digest for one in gone.due] == [first.digest]
    assert find_snapshot(catalogue, f"people@{second.digest}") == second
    with pytest.raises(UnknownSnapshot):
        find_snapshot(catalogue, "people@draft")


def test_a_file_that_cannot_be_deleted_is_an_error_until_it_is_gone(catalogue, tmp_path, monkeypatch):
    three(catalogue)
    (tmp_path / "warehouse").chmod(0o755)
    from pyiceberg.io.pyarrow import PyArrowFileIO

    real = PyArrowFileIO.delete

    def stuck(self, location):
        if str(location).endswith(".parquet"):
            raise PermissionError(location)
        real(self, location)

    with monkeypatch.context() as patched:
        patched.setattr(PyArrowFileIO, "delete", stuck)
        with pytest.raises(RetentionOverdue, match="0 snapshots and 2 files should be gone and are not"):
            retain(catalogue, "people", MONTH, IDES)
    soon = datetime.now(UTC) + timedelta(hours=25)
    status = retention_status(catalogue, "people", MONTH, soon)
    assert len([path for path in status.left_behind if path.endswith(".parquet")]) == 2
    with pytest.raises(RetentionOverdue):
        status.require()
    retain(catalogue, "people", MONTH, soon)
    assert len(data_files(tmp_path)) == 1
    retention_status(catalogue, "people", MONTH, soon).require()


def test_a_tag_that_comes_in_between_keeps_its_snapshot(catalogue, tmp_path):
    first, second, _ = three(catalogue)
    commit, calls = catalogue.sql.commit_table, []

    def overtaken(*args):
        if not calls:
            with open_catalogue(f"sqlite:///{tmp_path}/catalogue.db", tmp_path / "warehouse") as another:
                tag_snapshot(another, first, "just-now")
        calls.append(args)
        return commit(*args)

    catalogue.sql.commit_table = overtaken
    gone = retain(catalogue, "people", MONTH, IDES)
    assert [one.digest for one in gone.due] == [second.digest]
    assert len(calls) == 2, "the first commit was refused"
    assert read_snapshot(catalogue, "people@just-now").num_rows == 2


def test_a_file_that_is_being_written_is_not_taken_for_a_leftover(catalogue, tmp_path):
    loaded(catalogue, people("a"))
    folder = data_files(tmp_path)[0].parent
    fresh, old = folder / "fresh.parquet", folder / "old.parquet"
    fresh.write_bytes(b"x")
    old.write_bytes(b"x")
    two_days = time.time() - 2 * 86_400
    os.utime(old, (two_days, two_days))
    retain(catalogue, "people", Retention(days=10_000), datetime.now(UTC))
    assert fresh.exists()
    assert not old.exists()


def test_an_unfinished_load_outlives_retention_unless_it_is_as_old_as_what_goes(catalogue):
    loaded(catalogue, people("a"))
    with open_load(catalogue, "people", SCHEMA, mode="append", source="s") as load:
        load.add(people("b"), "b")
    retain(catalogue, "people", Retention(days=1, grace_hours=0), datetime.now(UTC))
    with open_load(catalogue, "people", SCHEMA, mode="append", source="s") as load:
        assert (load.state, load.rows) == ("b", 2)
    later = datetime.now(UTC) + timedelta(days=2)
    retain(catalogue, "people", Retention(days=1), later)
    with open_load(catalogue, "people", SCHEMA, mode="append", source="s") as load:
        assert load.state == ""


def test_compaction_makes_one_file_of_many_and_changes_no_digest(catalogue, tmp_path):
    for number in range(6):
        last = loaded(catalogue, people(f"n{number}"), mode="append")
    tag_snapshot(catalogue, last, "v1")
    done = compact(catalogue, "people", rows_per_file=4)
    assert (done.files_before, done.files_after, done.rows_rewritten) == (6, 2, 6)
    assert read_snapshot(catalogue, "people").num_rows == 6
    assert find_snapshot(catalogue, "people").digest == last.digest
    assert source_state(catalogue, "people", "db") == "1"
    assert compact(catalogue, "people", rows_per_file=4).rows_rewritten == 0
    retain(catalogue, "people", Retention(days=1), datetime.now(UTC))
    assert read_snapshot(catalogue, "people@v1").num_rows == 6, "the tag keeps its files"
    release_tag(catalogue, "people", "v1")
    retain(catalogue, "people", Retention(days=1), datetime.now(UTC))
    assert len(data_files(tmp_path)) == 2
    assert loaded(catalogue, people("n6"), mode="append").rows == 7
    with pytest.raises(BadInput, match="rows_per_file must be 1 or more, got 0"):
        compact(catalogue, "people", rows_per_file=0)


def test_a_branch_is_written_beside_the_current_content_and_published(catalogue):
    first = loaded(catalogue, people("a"))
    create_branch(catalogue, first, "corrections")
    better = loaded(catalogue, people("A"), mode="upsert", key=("id",), branch="corrections")
    assert find_snapshot(catalogue, "people") == first
    assert find_snapshot(catalogue, "people@corrections") == better
    assert list_branches(catalogue, "people") == {"corrections": better}
    assert publish_branch(catalogue, "people", "corrections") == better
    assert find_snapshot(catalogue, "people") == better
    assert list_branches(catalogue, "people") == {}


def test_a_branch_that_was_overtaken_is_not_published(catalogue):
    first = loaded(catalogue, people("a"))
    create_branch(catalogue, first, "corrections")
    loaded(catalogue, people("A"), branch="corrections")
    loaded(catalogue, people("b"))
    with pytest.raises(
        Overtaken, match="The content of people was changed after the branch corrections began"
    ):
        publish_branch(catalogue, "people", "corrections")
    delete_branch(catalogue, "people", "corrections")
    with pytest.raises(UnknownSnapshot, match=r"people has no branch 'corrections'\. Branches: none\."):
        delete_branch(catalogue, "people", "corrections")


def test_a_branch_needs_a_name_of_its_own(catalogue):
    first = tag_snapshot(catalogue, loaded(catalogue, people("a")), "v1")
    for name in ("main", "load-x", "A", ""):
        with pytest.raises(BadInput, match="A branch is named in lower case letters"):
            create_branch(catalogue, first, name)
    with pytest.raises(TagTaken, match="people has a branch or a tag called v1 already"):
        create_branch(catalogue, first, "v1")
    with pytest.raises(UnknownSnapshot, match="people has no branch 'side'"):
        loaded(catalogue, people("a"), branch="side")


def test_what_a_dataset_held_at_a_moment_is_found_again(catalogue):
    def now():
        time.sleep(0.01)
        moment = datetime.now(UTC)
        time.sleep(0.01)
        return moment

    with pytest.raises(UnknownSnapshot):
        snapshot_at(catalogue, "people", now())
    before = now()
    first = write_snapshot(catalogue, "people", pa.Table.from_batches([people("a")]), card=CARD)
    between = now()
    second = write_snapshot(catalogue, "people", pa.Table.from_batches([people("b")]), card=CARD)
    assert snapshot_at(catalogue, "people", between) == first
    assert snapshot_at(catalogue, "people", now()) == second
    with pytest.raises(UnknownSnapshot, match="people held nothing at"):
        snapshot_at(catalogue, "people", before)
    with pytest.raises(BadInput, match="A moment needs a time zone"):
        snapshot_at(catalogue, "people", between.replace(tzinfo=None))
    retain(catalogue, "people", Retention(days=0), now())
    with pytest.raises(UnknownSnapshot, match="was expired on "):
        snapshot_at(catalogue, "people", between)
    assert snapshot_at(catalogue, "people", now()) == second


def test_a_datasheet_says_what_is_known_and_what_is_not(catalogue):
    loaded(
        catalogue,
        pa.RecordBatch.from_pylist([{"id": 1, "name": None}, {"id": 2, "name": "b"}], schema=SCHEMA),
    )
    found = tag_snapshot(catalogue, find_snapshot(catalogue, "people"), "v1")
    sheet = datasheet_of(catalogue, found, {"uses": {"used for": "Tests\nonly <b>"}})
    assert sheet.sections["composition"]["columns"] == "id (int64, 0 null); name (string, 1 null)"
    assert sheet.sections["maintenance"]["tags"] == "v1"
    assert sheet.sections["motivation"]["purpose"] == NOT_ANSWERED
    assert "uses: must not be used for" in sheet.unanswered
    page = render_datasheet(sheet)
    assert "- **Used for**: Tests only &lt;b>\n" in page
    assert "- **Licence**: CC0-1.0\n" in page
    assert page.count("\n## ") == 7
    with pytest.raises(BadInput, match="A datasheet has no section 'x'"):
        datasheet_of(catalogue, found, {"x": {}})
    with pytest.raises(BadInput, match="composition: rows is measured and cannot be answered"):
        datasheet_of(catalogue, found, {"composition": {"rows": "9"}})
