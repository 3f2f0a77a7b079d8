"""By hand: rows 1 to 5 are loaded, then 5 comes again with another name, 6 is new and 1 is removed: the
content is then 2, 3, 4, 5 with the other name, and 6. Each load is done on SQLite.
"""

import importlib.util
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.data.datasets.branches import create_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.columns import rename_columns
from flyball.data.datasets.errors import (
    Altered,
    Conflict,
    Overtaken,
    SchemaChanged,
    TagTaken,
    UnknownSnapshot,
)
from flyball.data.datasets.loading import load_branch, open_load, source_places, source_state
from flyball.data.datasets.records import dataset_card
from flyball.data.datasets.snapshots import (
    find_snapshot,
    list_snapshots,
    read_snapshot,
    scan_snapshot,
    tag_snapshot,
    write_snapshot,
)

PATH = Path(__file__).parents[2] / "ledger" / "postgresql_server.py"
SPEC = importlib.util.spec_from_file_location("postgresql_server", PATH)
pg = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pg)

CARD = dataset_card(
    what="One person.", from_where="db", rows=5, personal_data="yes", licence="unknown", created_by="test"
)
PEOPLE = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])


@pytest.fixture
def catalogue(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/catalogue.db", tmp_path / "warehouse") as opened:
        yield opened


def people(*rows):
    return pa.RecordBatch.from_pylist([{"id": key, "name": name} for key, name in rows], schema=PEOPLE)


def keys(*numbers):
    return pa.RecordBatch.from_pydict({"id": pa.array(numbers, pa.int64())})


FIVE = people((1, "a"), (2, "b"), (3, None), (4, "d"), (5, "e"))


def opened(catalogue, mode="replace", **options):
    options = {"key": ("id",), "source": "db/people", "commit_rows": 2} | options
    return open_load(
        catalogue, options.pop("dataset", "people"), options.pop("schema", PEOPLE), mode=mode, **options
    )


def loaded(catalogue, mode, *batches, **options):
    with opened(catalogue, mode, **options) as load:
        for number, batch in enumerate(batches, start=1):
            rows, removed = batch if isinstance(batch, tuple) else (batch, None)
            load.add(rows, f"state {number}", removed)
        return load.publish(card=CARD)


def held(catalogue, reference="people"):
    return sorted(
        map(tuple, (row.values() for row in read_snapshot(catalogue, reference).to_pylist())), key=str
    )


def test_a_whole_load_is_one_snapshot_with_the_state_of_its_source(catalogue):
    snapshot = loaded(catalogue, "replace", FIVE)
    assert held(catalogue) == [(1, "a"), (2, "b"), (3, None), (4, "d"), (5, "e")]
    assert (snapshot.rows, snapshot.card, list_snapshots(catalogue, "people")) == (5, CARD, [snapshot])
    assert source_state(catalogue, "people", "db/people") == "state 1"
    assert source_state(catalogue, "people", "another") == ""
    assert source_state(catalogue, "nothing", "db/people") == ""
    assert snapshot.digest.startswith("lthash:")


def test_the_digest_knows_neither_order_nor_batches_nor_history(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    again = loaded(catalogue, "replace", FIVE.slice(3), FIVE.slice(0, 3), commit_rows=100)
    with opened(catalogue, "replace", source="x") as load:
        load.add(FIVE.slice(2), "1")
        load.publish(card=CARD)
    grown = loaded(catalogue, "append", FIVE.slice(0, 2), key=())
    changed = loaded(catalogue, "upsert", people((1, "z")))
    back = loaded(catalogue, "upsert", people((1, "a")))
    assert first.digest == again.digest == grown.digest == back.digest != changed.digest


def test_an_upsert_replaces_adds_and_removes_by_key(catalogue):
    loaded(catalogue, "replace", FIVE)
    after = loaded(catalogue, "upsert", (people((5, "E"), (6, "f")), keys(1, 77)))
    assert held(catalogue) == [(2, "b"), (3, None), (4, "d"), (5, "E"), (6, "f")]
    assert after.rows == 5
    whole = loaded(catalogue, "replace", people((2, "b"), (3, None), (4, "d"), (5, "E"), (6, "f")))
    assert whole.digest == after.digest


def test_the_last_word_about_a_key_counts(catalogue):
    with opened(catalogue, "replace") as load:
        load.add(people((1, "a"), (2, "b")), "1")
        load.add(people((1, "A")), "2", keys(2))
        load.add(people((2, "B"), (3, "c")), "3", keys(1))
        assert load.rows == 2
        assert sorted(row["name"] for batch in load.batches() for row in batch.to_pylist()) == ["B", "c"]
        assert load.publish(card=CARD).rows == 2
    assert held(catalogue) == [(2, "B"), (3, "c")]
    assert [batch.num_rows for batch in scan_snapshot(catalogue, "people", columns=["name"])] != []


def test_an_append_keeps_every_row_and_needs_no_key(catalogue):
    loaded(catalogue, "append", FIVE, key=())
    assert loaded(catalogue, "append", FIVE, key=()).rows == 10


def test_what_was_added_is_there_after_the_process_has_gone(catalogue):
    with opened(catalogue) as load:
        load.add(FIVE.slice(0, 2), "two")
        load.add(FIVE.slice(2, 1), "three")
    assert list_snapshots(catalogue, "people") == []
    with opened(catalogue) as load:
        assert (load.state, load.rows) == ("three", 3)
        load.add(FIVE.slice(3), "five")
        load.publish(card=CARD)
    assert len(held(catalogue)) == 5


def test_a_load_of_another_kind_begins_anew(catalogue):
    loaded(catalogue, "replace", FIVE)
    with opened(catalogue, "upsert") as load:
        load.add(people((9, "i"), (10, "j")), "nine")
    with opened(catalogue, "replace") as load:
        assert load.state == ""
        assert load.rows == 0


def test_a_discarded_load_leaves_the_dataset_as_it_was(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    with opened(catalogue, "upsert") as load:
        load.add(people((1, "z"), (2, "z"), (3, "z")), "9")
        load.discard()
        with pytest.raises(BadInput, match="The load of db/people into people is over"):
            load.add(FIVE, "10")
    assert find_snapshot(catalogue, "people") == first
    with opened(catalogue, "upsert") as load:
        assert load.state == ""
    assert source_state(catalogue, "people", "db/people") == "state 1"


def test_a_restarted_load_forgets_what_was_staged(catalogue):
    with opened(catalogue) as load:
        load.add(FIVE, "1")
        load.restart()
        assert (load.state, load.rows) == ("", 0)
        load.add(people((7, "g")), "2")
        load.publish(card=CARD)
    assert held(catalogue) == [(7, "g")]


def test_nothing_may_be_loaded_into_a_dataset_that_was_full(catalogue):
    loaded(catalogue, "replace", FIVE)
    empty = loaded(catalogue, "replace")
    assert empty.rows == 0
    assert read_snapshot(catalogue, "people").schema.equals(PEOPLE)
    assert loaded(catalogue, "replace").rows == 0


def test_what_was_written_whole_can_be_added_to(catalogue):
    write_snapshot(catalogue, "people", pa.Table.from_batches([FIVE]), card=CARD, tag="v1")
    after = loaded(catalogue, "upsert", people((6, "f")))
    assert after.rows == 6
    assert after.digest == loaded(catalogue, "replace", FIVE, people((6, "f"))).digest
    assert read_snapshot(catalogue, "people@v1").num_rows == 5


def test_older_snapshots_can_still_be_read_and_tagged(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    loaded(catalogue, "upsert", (people((1, "z")), keys(2)))
    tag_snapshot(catalogue, first, "v1")
    assert held(catalogue, "people@v1") == [(1, "a"), (2, "b"), (3, None), (4, "d"), (5, "e")]
    assert find_snapshot(catalogue, f"people@{first.digest}").tags == ("v1",)


def test_two_appends_at_once_both_stay(catalogue):
    loaded(catalogue, "append", FIVE, key=())
    one = opened(catalogue, "append", source="one", key=())
    two = opened(catalogue, "append", source="two", key=())
    one.add(people((6, "f")), "1")
    two.add(people((7, "g")), "2")
    one.publish(card=CARD)
    assert two.publish(card=CARD).rows == 7
    assert source_state(catalogue, "people", "one") == "1"
    assert source_state(catalogue, "people", "two") == "2"
    read_snapshot(catalogue, "people")


def test_an_upsert_onto_other_content_than_it_was_made_for_is_refused_and_kept(catalogue):
    loaded(catalogue, "replace", FIVE)
    slow = opened(catalogue, "upsert", source="slow")
    slow.add(people((1, "slow")), "9")
    loaded(catalogue, "upsert", people((1, "fast")))
    with pytest.raises(Overtaken) as told:
        slow.publish(card=CARD)
    assert isinstance(told.value, Conflict)
    assert told.value.message == "The content of people was changed while slow was being loaded."
    assert ("fast" in str(held(catalogue)), source_state(catalogue, "people", "slow")) == (True, "")
    with opened(catalogue, "upsert", source="slow") as again:
        assert again.state == "9"
        again.publish(card=CARD)
    assert (1, "slow") in held(catalogue)


def test_a_source_has_one_load_at_a_time(catalogue):
    one, two = opened(catalogue), opened(catalogue)
    one.add(FIVE, "1")
    with pytest.raises(Overtaken, match="Another process loads db/people into people"):
        two.add(FIVE, "1")
    assert one.publish(card=CARD).rows == 5


def test_columns_come_and_widen_but_do_not_go_unless_asked(catalogue):
    narrow = pa.schema([("id", pa.int32()), ("price", pa.decimal128(6, 2)), ("part", pa.float32())])
    wide = pa.schema(
        [("id", pa.int64()), ("price", pa.decimal128(9, 2)), ("part", pa.float64()), ("x", pa.string())]
    )

    def rows(schema, number):
        values = {"id": number, "price": None, "part": 0.5, "x": "new"}
        return pa.RecordBatch.from_pylist([{name: values[name] for name in schema.names}], schema=schema)

    first = loaded(catalogue, "replace", rows(narrow, 1), schema=narrow)
    second = loaded(catalogue, "upsert", rows(wide, 2**40), schema=wide)
    assert read_snapshot(catalogue, first).schema == narrow
    assert read_snapshot(catalogue, second).schema == wide
    with pytest.raises(SchemaChanged) as told:
        opened(catalogue, "replace", schema=wide.remove(3))
    assert told.value.message.startswith("Dataset people has x (string); the new content has ")
    with pytest.raises(SchemaChanged):
        opened(catalogue, "upsert", schema=wide.remove(3), drop_columns=True)
    text = pa.schema([("id", pa.string()), ("price", pa.decimal128(9, 2)), ("part", pa.float64())])
    row = pa.RecordBatch.from_pylist([{"id": "one", "price": None, "part": None}], schema=text)
    third = loaded(catalogue, "replace", row, schema=text, drop_columns=True)
    assert read_snapshot(catalogue, third).to_pylist() == row.to_pylist()
    assert read_snapshot(catalogue, second).num_rows == 2
    assert read_snapshot(catalogue, first).num_rows == 1


def test_a_narrow_batch_may_come_after_a_wide_one(catalogue):
    narrow = pa.schema([("id", pa.int32())])
    loaded(catalogue, "append", keys(2**40), schema=pa.schema([("id", pa.int64())]), key=())
    batch = pa.RecordBatch.from_pydict({"id": pa.array([1], pa.int32())}, schema=narrow)
    loaded(catalogue, "append", batch, schema=narrow, key=())
    assert sorted(read_snapshot(catalogue, "people")["id"].to_pylist()) == [1, 2**40]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"key": ("nr",)},
            r"The key \(nr\) must be made of different columns of the load, which are id, name",
        ),
        ({"key": (), "mode": "upsert"}, "An upsert needs a key, got none"),
        ({"commit_rows": 0}, "commit_rows must be 1 or more, got 0"),
        ({"schema": pa.schema([("id", pa.duration("s"))])}, "The column id is of type duration"),
        ({"schema": pa.schema([("id", pa.int64()), ("id", pa.int64())])}, "several columns called id"),
    ],
)
def test_a_load_that_cannot_be_is_refused(catalogue, options, message):
    with pytest.raises(BadInput, match=message):
        opened(catalogue, **options)


def test_a_batch_that_does_not_fit_is_refused(catalogue):
    with opened(catalogue) as load:
        with pytest.raises(BadInput, match="A batch has the columns id; the load was opened with id, name"):
            load.add(keys(1), "1")
        nameless = pa.RecordBatch.from_pydict({"id": pa.array([None], pa.int64()), "name": ["x"]})
        with pytest.raises(BadInput, match="The column id may not be null, and 1 of 1 rows of a batch are"):
            load.add(nameless, "1")
    with (
        opened(catalogue, key=(), source="keyless") as load,
        pytest.raises(BadInput, match="which has no key"),
    ):
        load.add(FIVE, "1", keys(1))


def test_an_altered_data_file_is_noticed_at_the_end_of_a_scan(catalogue, tmp_path):
    loaded(catalogue, "replace", FIVE, commit_rows=100)
    (path,) = tmp_path.glob("warehouse/**/*.parquet")
    table = pq.read_table(path)
    names = table["name"].to_pylist()
    forged = pa.array(["forged", *names[1:]], pa.large_string())
    pq.write_table(table.set_column(1, table.schema.field("name"), forged), path)
    scanned = scan_snapshot(catalogue, "people")
    assert next(scanned).num_rows == 5
    with pytest.raises(Altered, match="holds other content than was written: its 5 rows give lthash:"):
        next(scanned)
    with pytest.raises(Altered):
        read_snapshot(catalogue, "people")


def test_a_renamed_column_keeps_its_values_and_changes_the_digest(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    rename_columns(catalogue, "people", {"name": "label"})
    renamed = pa.schema([PEOPLE.field("id"), pa.field("label", pa.string())])
    batch = pa.RecordBatch.from_arrays(people((6, "f")).columns, schema=renamed)
    after = loaded(catalogue, "upsert", batch, schema=renamed)
    assert (1, "a") in held(catalogue)
    assert read_snapshot(catalogue, after).schema == renamed
    assert read_snapshot(catalogue, first).schema == PEOPLE
    whole = pa.RecordBatch.from_arrays(FIVE.columns, schema=renamed)
    assert loaded(catalogue, "replace", whole, batch, schema=renamed).digest == after.digest
    with pytest.raises(BadInput, match="The column nobody of people cannot be called x: there is no nobody"):
        rename_columns(catalogue, "people", {"nobody": "x"})
    with pytest.raises(
        BadInput, match="The column id of people cannot be called label: there is a label already"
    ):
        rename_columns(catalogue, "people", {"id": "label"})


def test_a_load_that_was_discarded_after_dropping_a_column_leaves_the_content_readable(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    narrow = pa.schema([PEOPLE.field("id")])
    with opened(catalogue, "replace", schema=narrow, drop_columns=True) as load:
        assert [(one.column, one.how) for one in load.changes] == [("name", "gone")]
        load.add(keys(1).cast(narrow), "1")
        load.discard()
    assert find_snapshot(catalogue, "people") == first
    assert read_snapshot(catalogue, "people").schema == PEOPLE


def test_types_that_iceberg_lacks_come_back_as_they_were(catalogue):
    schema = pa.schema(
        [("small", pa.int8()), ("big", pa.uint64()), ("at", pa.timestamp("s")), ("half", pa.float16())]
    )
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([-1], pa.int8()),
            pa.array([2**64 - 1], pa.uint64()),
            pa.array([1_700_000_000], pa.timestamp("s")),
            pa.array([0.5], pa.float32()).cast(pa.float16()),
        ],
        schema=schema,
    )
    snapshot = loaded(catalogue, "replace", batch, schema=schema, key=())
    assert read_snapshot(catalogue, snapshot).equals(pa.Table.from_batches([batch]))
    precise = pa.RecordBatch.from_arrays([pa.array([1], pa.timestamp("ns"))], names=["at"])
    with (
        opened(catalogue, schema=precise.schema, key=(), dataset="precise") as load,
        pytest.raises(BadInput, match=r"A value of the column at \(timestamp\[ns\]\) cannot be kept as"),
    ):
        load.add(precise, "1")


KEYS = st.integers(0, 6)
BATCHES = st.lists(
    st.tuples(
        st.dictionaries(KEYS, st.sampled_from(["a", "b", None]), max_size=4), st.sets(KEYS, max_size=2)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None)
@given(st.lists(BATCHES, min_size=1, max_size=3), st.integers(1, 6))
def test_loads_say_what_a_dictionary_says_and_the_digest_is_that_of_its_rows(loads, commit_rows):
    model = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_catalogue(f"sqlite:///{folder}/catalogue.db", Path(folder) / "warehouse") as catalogue,
    ):
        for batches in loads:
            steps = []
            for rows, gone in batches:
                model |= rows
                model = {key: name for key, name in model.items() if key not in gone}
                steps.append((people(*rows.items()), keys(*sorted(gone))))
            snapshot = loaded(catalogue, "upsert", *steps, commit_rows=commit_rows)
        assert held(catalogue) == sorted(model.items(), key=str)
        plain = loaded(catalogue, "replace", people(*model.items()), dataset="plain")
        assert snapshot.digest == plain.digest


KILLED = """
import os, signal, sys
import pyarrow as pa
from flyball.data.datasets.branches import create_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load

folder, die_at, when = sys.argv[1], int(sys.argv[2]), sys.argv[3]
schema = pa.schema([("id", pa.int64())])
commits = 0
with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder + "/warehouse") as catalogue:
    commit = catalogue.sql.commit_table

    def dying(*args):
        global commits
        commits += 1
        if (commits, when) == (die_at, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        done = commit(*args)
        if (commits, when) == (die_at, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    catalogue.sql.commit_table = dying
    with open_load(catalogue, "numbers", schema, mode="append", source="s", commit_rows=10) as load:
        for number in range(int(load.state or 0), 40, 5):
            ids = pa.array(range(number, number + 5), pa.int64())
            load.add(pa.RecordBatch.from_arrays([ids], schema=schema), str(number + 5))
        load.publish(card={})
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_load_that_is_killed_at_any_commit_neither_loses_nor_repeats_a_row(tmp_path, when):
    """By hand: 40 rows in commits of 10 are one commit to begin, four of rows and one to publish."""
    for die_at in range(1, 7):
        folder = tmp_path / str(die_at)
        command = [sys.executable, "-c", KILLED, str(folder)]
        first = subprocess.run([*command, str(die_at), when], check=False, capture_output=True)
        assert first.returncode == -signal.SIGKILL, first.stderr
        with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue:
            if (die_at, when) == (6, "after"):
                assert source_state(catalogue, "numbers", "s") == "40"
            else:
                again = subprocess.run([*command, "0", when], check=False, capture_output=True)
                assert again.returncode == 0, again.stderr
            assert sorted(read_snapshot(catalogue, "numbers")["id"].to_pylist()) == list(range(40))
            assert len(list_snapshots(catalogue, "numbers")) == 1


WRITER = """
import sys
import pyarrow as pa
from flyball.data.datasets.branches import create_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load

url, folder, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
schema = pa.schema([("id", pa.int64())])
with open_catalogue(url, folder) as catalogue:
    for turn in range(5):
        with open_load(catalogue, "numbers", schema, mode="append", source=f"w{number}") as load:
            ids = pa.array(range(number * 1000 + turn * 100, number * 1000 + turn * 100 + 100), pa.int64())
            load.add(pa.RecordBatch.from_arrays([ids], schema=schema), str(turn))
            load.publish(card={})
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalogue.db"
    return request.getfixturevalue("postgresql").new_database()


@pytest.fixture(scope="module")
def postgresql():
    try:
        with pg.postgresql_server() as server:
            yield server
    except pg.NoPostgresql as why:
        pytest.skip(str(why))


@pytest.mark.slow
def test_processes_that_append_at_once_lose_nothing(url, tmp_path):
    """By hand: four processes append five times a hundred rows, 2,000 in all, in 20 snapshots."""
    folder = str((tmp_path / "warehouse").absolute())
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, f"file://{folder}", str(number)], stderr=subprocess.PIPE
        )
        for number in range(4)
    ]
    told = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told
    with open_catalogue(url, tmp_path / "warehouse") as catalogue:
        found = read_snapshot(catalogue, "numbers")["id"].to_pylist()
        assert sorted(found) == [n * 1000 + row for n in range(4) for row in range(500)]
        assert [one.rows for one in list_snapshots(catalogue, "numbers")] == [*range(100, 2001, 100)]


MEASURED = """
import sys
from pathlib import Path
import pyarrow as pa
from flyball.data.datasets.branches import create_branch
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load

folder, rows = sys.argv[1], int(sys.argv[2])
schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder + "/warehouse") as catalogue:
    with open_load(
        catalogue, "numbers", schema, key=["id"], mode="replace", source="s", commit_rows=50_000
    ) as load:
        for start in range(0, rows, 10_000):
            ids = range(start, start + 10_000)
            texts = [f"the text of row {number}, which is some hundred letters long" * 2 for number in ids]
            load.add(pa.RecordBatch.from_pydict({"id": ids, "text": texts}, schema=schema), str(start))
        assert load.publish(card={}).rows == rows
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_seven_times_the_rows_take_no_more_memory(tmp_path):
    """Both loads fill more than one commit of 250,000 rows. The other 1,800,000 rows of 120 bytes are 216 MB;
    the peak may rise by less than a third of that, 72 MB: the allocator keeps some of what it once had."""
    peaks = []
    for rows in (300_000, 2_100_000):
        command = [sys.executable, "-c", MEASURED, str(tmp_path / str(rows)), str(rows)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 72, peaks


def test_the_same_content_again_is_the_same_snapshot_and_leaves_no_file(catalogue, tmp_path):
    def files():
        return {file.name for file in (tmp_path / "warehouse").rglob("*.parquet")}

    first = loaded(catalogue, "replace", FIVE, commit_rows=100)
    held_files = files()
    again = loaded(catalogue, "replace", FIVE, commit_rows=100)
    assert (again.iceberg_id, again.created_at) == (first.iceberg_id, first.created_at)
    assert files() == held_files
    upserted = loaded(catalogue, "upsert", people((5, "e")), commit_rows=100)
    assert upserted.iceberg_id == first.iceberg_id
    assert files() == held_files
    assert source_state(catalogue, "people", "db/people") == "state 1"
    with opened(catalogue) as load:
        load.add(FIVE, "another state")
        assert load.publish(card=CARD).iceberg_id != first.iceberg_id
    assert source_state(catalogue, "people", "db/people") == "another state"


def test_rows_that_two_processes_append_from_one_source_are_there_once(catalogue):
    """Both read behind state 1; the second must not add what the first has added."""
    loaded(catalogue, "append", FIVE, key=())
    one, two = opened(catalogue, "append", key=()), opened(catalogue, "append", key=())
    one.add(people((6, "f")), "2")
    one.publish(card=CARD)
    two.add(people((6, "f")), "2")
    with pytest.raises(Overtaken, match="was changed while db/people was being loaded"):
        two.publish(card=CARD)
    assert read_snapshot(catalogue, "people").num_rows == 6


def test_a_replacement_forgets_where_other_sources_were(catalogue):
    """Their rows are gone: who went on behind their state would never bring them back."""
    loaded(catalogue, "append", FIVE, key=(), source="one")
    loaded(catalogue, "replace", people((7, "g")), key=(), source="two")
    assert source_state(catalogue, "people", "one") == ""
    assert source_places(catalogue, "people") == {"two"}


def test_a_digest_that_two_snapshots_share_means_the_current_one(catalogue):
    first = loaded(catalogue, "replace", FIVE)
    loaded(catalogue, "replace", people((1, "z")))
    third = loaded(catalogue, "replace", FIVE)
    assert first.digest == third.digest
    assert first.iceberg_id != third.iceberg_id
    assert find_snapshot(catalogue, first.id).iceberg_id == third.iceberg_id
    assert find_snapshot(catalogue, f"people@{first.iceberg_id}").iceberg_id == first.iceberg_id


def test_a_load_that_is_under_way_is_no_snapshot_to_anybody(catalogue):
    with opened(catalogue) as load:
        load.add(FIVE, "1")
    for reference in (f"people@{load_branch('db/people')}", "people@main", "people"):
        with pytest.raises(UnknownSnapshot, match="No snapshot is called"):
            find_snapshot(catalogue, reference)


def test_a_dataset_into_which_no_load_has_come_to_its_end_says_so(catalogue):
    with opened(catalogue) as load:
        load.add(FIVE, "1")
    with pytest.raises(
        UnknownSnapshot, match="people holds nothing yet: no load into it has come to its end"
    ):
        find_snapshot(catalogue, "people")


def test_a_tag_is_not_given_where_a_branch_has_the_name(catalogue):
    """A branch moves: who meant the tag would read other content tomorrow."""
    first = loaded(catalogue, "replace", FIVE)
    create_branch(catalogue, first, "gold")
    with pytest.raises(TagTaken, match="people has a branch called gold, and a branch moves"):
        tag_snapshot(catalogue, first, "gold")


def test_a_warehouse_is_for_its_owner_alone_unless_somebody_made_it_otherwise(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o750)
    for name, mode in (("made", 0o700), ("shared", 0o750)):
        with open_catalogue(f"sqlite:///{tmp_path}/{name}.db", tmp_path / name):
            assert (tmp_path / name).stat().st_mode & 0o777 == mode
