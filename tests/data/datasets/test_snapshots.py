"""By hand: two different contents of "cases" are two snapshots, although Iceberg writes a third, empty one
between them when the first content is replaced. Everything is done on SQLite and on PostgreSQL.
"""

import importlib.util
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.content import content_digest
from flyball.data.datasets.errors import (
    Altered,
    BadCatalogue,
    Conflict,
    SchemaChanged,
    TagTaken,
    UnknownSnapshot,
)
from flyball.data.datasets.records import dataset_card
from flyball.data.datasets.schemas import CASES, LABELS
from flyball.data.datasets.snapshots import (
    find_snapshot,
    list_datasets,
    list_snapshots,
    read_snapshot,
    scan_snapshot,
    tag_snapshot,
    write_snapshot,
)
from flyball.data.labels.columns import card_of_labels, labels_of

PATH = Path(__file__).parents[2] / "ledger" / "postgresql_server.py"
SPEC = importlib.util.spec_from_file_location("postgresql_server", PATH)
pg = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(pg)

CARD = dataset_card(
    what="One contract.",
    from_where="contracts/",
    rows=2,
    personal_data="names of signatories",
    licence="unknown",
    created_by="flyball 0.1.0",
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgresql():
    try:
        with pg.postgresql_server() as server:
            yield server
    except pg.NoPostgresql as why:
        pytest.skip(str(why))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/catalogue.db"
    return request.getfixturevalue("postgresql").new_database()


@pytest.fixture
def catalogue(url, tmp_path):
    with open_catalogue(url, tmp_path / "warehouse") as opened:
        yield opened


def cases(*names):
    keys = CASES.names
    rows = [{key: f"{key} of {name}" for key in keys} | {"text": f"Text of {name}.\r\n"} for name in names]
    return pa.Table.from_pylist(rows, schema=CASES)


def write(catalogue, table, dataset="cases", **options):
    return write_snapshot(catalogue, dataset, table, card=CARD, clock=lambda: NOON, **options)


def data_files(tmp_path):
    return sorted(tmp_path.glob("warehouse/**/*.parquet"))


def test_what_was_written_is_read_again_with_its_schema(catalogue):
    snapshot = write(catalogue, cases("a", "b"), parents=["sha256:1"], tag="first")
    table = read_snapshot(catalogue, snapshot)
    assert table.schema.equals(CASES)
    assert table.sort_by("case_id").equals(cases("a", "b"))
    assert (snapshot.dataset, snapshot.rows, snapshot.parents) == ("cases", 2, ("sha256:1",))
    assert snapshot.digest == content_digest(cases("a", "b"))
    assert snapshot.tags == ("first",)
    assert snapshot.card == CARD
    assert snapshot.created_at == NOON
    assert snapshot.columns[0] == ("case_id", "string")
    assert re.fullmatch(r"cases@[0-9a-f]{12}", snapshot.id)


def test_labels_with_lists_of_spans_survive(catalogue):
    labels = pa.Table.from_pylist(
        [
            {"case_id": "a", "field": "x", "answer": "true", "spans": [{"start": 1, "end": 5}]},
            {"case_id": "a", "field": "y", "answer": "false", "spans": []},
        ],
        schema=LABELS,
    )
    snapshot = write(catalogue, labels, "labels")
    table = read_snapshot(catalogue, snapshot)
    assert table.schema.equals(LABELS)
    assert sorted(table.to_pylist(), key=repr) == sorted(labels.to_pylist(), key=repr)


def test_an_older_snapshot_can_be_read_after_a_newer_one(catalogue):
    first = write(catalogue, cases("a", "b"))
    second = write(catalogue, cases("b", "c", "d"), parents=[first.digest])
    assert read_snapshot(catalogue, first).num_rows == 2
    assert read_snapshot(catalogue, second).num_rows == 3
    assert list_snapshots(catalogue, "cases") == [first, second]
    assert find_snapshot(catalogue, "cases") == second


def test_the_same_content_is_not_written_twice(catalogue, tmp_path):
    first = write(catalogue, cases("a", "b"))
    files = data_files(tmp_path)
    again = write(catalogue, cases("b", "a"), parents=["something else"])
    assert again == first
    assert data_files(tmp_path) == files
    assert list_snapshots(catalogue, "cases") == [first]


def test_content_that_comes_back_is_current_again(catalogue, tmp_path):
    first = write(catalogue, cases("a"))
    write(catalogue, cases("b"))
    files = data_files(tmp_path)
    assert write(catalogue, cases("a")) == first
    assert find_snapshot(catalogue, "cases") == first
    assert data_files(tmp_path) == files
    third = write(catalogue, cases("c"))
    assert read_snapshot(catalogue, "cases").column("name").to_pylist() == ["name of c"]
    assert read_snapshot(catalogue, third).num_rows == 1


def test_a_snapshot_is_found_by_tag_digest_and_number(catalogue):
    first = write(catalogue, cases("a"), tag="v1")
    write(catalogue, cases("b"))
    for reference in ("v1", first.digest, first.digest.removeprefix("sha256:")[:6], str(first.iceberg_id)):
        assert find_snapshot(catalogue, f"cases@{reference}") == first
    assert read_snapshot(catalogue, "cases@v1").column("name").to_pylist() == ["name of a"]


def test_an_unknown_snapshot_is_told_with_those_that_are_known(catalogue):
    first = write(catalogue, cases("a"))
    with pytest.raises(UnknownSnapshot) as told:
        read_snapshot(catalogue, "cases@v9")
    assert told.value.message == "No snapshot is called 'cases@v9'."
    assert told.value.fix == f"Known: {first.id}."
    with pytest.raises(UnknownSnapshot, match=r"No snapshot is called 'labels'\. Known datasets: cases\."):
        read_snapshot(catalogue, "labels")
    with pytest.raises(UnknownSnapshot):
        find_snapshot(catalogue, f"cases@{first.digest[7:12]}")  # five digits are too few


def test_a_tag_never_moves(catalogue):
    first = write(catalogue, cases("a"), tag="v1")
    with pytest.raises(TagTaken, match=f"The tag v1 of cases means the content {first.digest}, not "):
        write(catalogue, cases("b"), tag="v1")
    assert list_snapshots(catalogue, "cases") == [first], "nothing was written"
    assert write(catalogue, cases("a"), tag="v1") == first


def test_a_snapshot_may_have_several_tags(catalogue):
    first = write(catalogue, cases("a"), tag="v1")
    assert tag_snapshot(catalogue, first, "release-7").tags == ("release-7", "v1")
    second = write(catalogue, cases("b"))
    with pytest.raises(TagTaken):
        tag_snapshot(catalogue, second, "v1")


def test_no_rows_are_a_snapshot_too(catalogue):
    empty = write(catalogue, CASES.empty_table())
    assert empty.rows == 0
    assert read_snapshot(catalogue, empty).schema.equals(CASES)
    full = write(catalogue, cases("a"))
    assert read_snapshot(catalogue, full).num_rows == 1
    assert write(catalogue, CASES.empty_table()) == empty
    other = write(catalogue, cases("b"))
    assert read_snapshot(catalogue, other).num_rows == 1
    assert read_snapshot(catalogue, empty).num_rows == 0


def test_full_content_may_be_replaced_by_none(catalogue):
    write(catalogue, cases("a"))
    empty = write(catalogue, CASES.empty_table())
    assert read_snapshot(catalogue, empty).num_rows == 0
    assert read_snapshot(catalogue, "cases").num_rows == 0


def test_a_column_may_come_but_not_go_or_change(catalogue):
    first = write(catalogue, cases("a"))
    wider = cases("a", "b").append_column("language", pa.array(["en", None], pa.string()))
    second = write(catalogue, wider)
    assert read_snapshot(catalogue, second).schema.equals(wider.schema)
    assert read_snapshot(catalogue, first).schema.equals(CASES)
    with pytest.raises(SchemaChanged, match=r"Dataset cases has language \(string\); the new content has "):
        write(catalogue, cases("c"))
    with pytest.raises(SchemaChanged):
        write(catalogue, wider.set_column(7, "language", pa.array([1, 2])))


@pytest.mark.parametrize("read", [read_snapshot, lambda *what: list(scan_snapshot(*what))])
def test_an_altered_data_file_is_noticed(catalogue, tmp_path, read):
    snapshot = write(catalogue, cases("a", "b"))
    (path,) = data_files(tmp_path)
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    forged = table.set_column(6, table.schema.field("text"), pa.array(["Forged."] * 2, pa.large_string()))
    assert len(read(catalogue, snapshot)) > 0
    pq.write_table(forged, path)
    with pytest.raises(Altered) as told:
        read(catalogue, snapshot)
    assert snapshot.id in told.value.message
    assert told.value.exit_code == 1


@pytest.mark.parametrize("damage", ["cut", "gone", "garbage", "empty"])
def test_a_damaged_data_file_is_noticed(catalogue, tmp_path, damage):
    snapshot = write(catalogue, cases("a", "b"))
    (path,) = data_files(tmp_path)
    if damage == "gone":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes({"cut": data[:-100], "garbage": b"x" * len(data), "empty": b""}[damage])
    with pytest.raises(Altered, match=rf"Snapshot {snapshot.id} (cannot be read|holds other content)"):
        read_snapshot(catalogue, snapshot)


def test_many_snapshots_leave_few_metadata_files(catalogue, tmp_path):
    written = [write(catalogue, cases(f"case {number}")) for number in range(15)]
    assert len(list(tmp_path.glob("warehouse/**/*.metadata.json"))) <= 12
    assert list_snapshots(catalogue, "cases") == written
    assert read_snapshot(catalogue, written[0]).column("name").to_pylist() == ["name of case 0"]


def test_two_writers_at_once_never_mix_their_content(catalogue, url, tmp_path):
    contents = [cases(*(f"{writer}{number}" for number in range(writer + 1))) for writer in range(6)]
    outcomes = [None] * 6
    start = threading.Barrier(6)

    def run(writer):
        with open_catalogue(url, tmp_path / "warehouse") as mine:
            start.wait()
            try:
                outcomes[writer] = write(mine, contents[writer])
            except Conflict as err:
                outcomes[writer] = err

    threads = [threading.Thread(target=run, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [outcome for outcome in outcomes if not isinstance(outcome, Conflict)]
    assert written
    assert None not in outcomes
    assert {snapshot.digest for snapshot in list_snapshots(catalogue, "cases")} == {
        snapshot.digest for snapshot in written
    }
    for snapshot in written:
        assert read_snapshot(catalogue, snapshot).num_rows == snapshot.rows
    for outcome in outcomes:
        if isinstance(outcome, Conflict):
            assert outcome.retry
            assert outcome.fix == "Try again; nothing was written."


def test_another_process_sees_what_was_written(catalogue, url, tmp_path):
    snapshot = write(catalogue, cases("a"), tag="v1")
    catalogue.close()
    with open_catalogue(url, tmp_path / "warehouse") as again:
        assert find_snapshot(again, "cases@v1") == snapshot
        assert list_datasets(again) == ["cases"]


@pytest.mark.parametrize("name", ["", "Cases", "../cases", "a b", "a.b", "a;drop table x", "x" * 64])
def test_a_name_is_a_plain_word(catalogue, name):
    with pytest.raises(BadInput, match="A dataset is named in lower case letters"):
        write(catalogue, cases("a"), name)
    with pytest.raises(BadInput):
        list_snapshots(catalogue, name)


@pytest.mark.parametrize("tag", ["", "main", "-x", "a/b", "a b"])
def test_a_tag_is_a_plain_word_and_not_the_main_branch(catalogue, tag):
    with pytest.raises(BadInput, match="A tag is made of"):
        write(catalogue, cases("a"), tag=tag)


def test_a_dataset_that_does_not_exist_has_no_snapshots(catalogue):
    assert list_snapshots(catalogue, "cases") == []
    assert list_datasets(catalogue) == []


@pytest.mark.parametrize("url", ["mysql://host/db", "catalogue.db", "sqlite://", "sqlite:///", ""])
def test_a_catalogue_of_another_kind_is_refused(url, tmp_path):
    with pytest.raises(
        BadCatalogue, match="A catalogue lives at sqlite:///FILE or postgresql://HOST/DATABASE"
    ):
        open_catalogue(url, tmp_path)


def test_a_server_that_does_not_answer_keeps_its_password_secret(tmp_path):
    with pytest.raises(BadCatalogue) as told:
        open_catalogue("postgresql://user:s3cret@127.0.0.1:1/db?connect_timeout=2", tmp_path)
    assert "does not answer" in told.value.message
    assert "s3cret" not in str(told.value.as_record())
    assert "user:***@127.0.0.1" in told.value.message


def test_a_catalogue_can_be_used_in_a_with_statement(url, tmp_path):
    with open_catalogue(url, tmp_path / "warehouse") as catalogue:
        assert isinstance(catalogue, Catalogue)
        assert catalogue.url.partition(":")[0] in ("sqlite", "postgresql")


def test_rows_carry_the_labels_of_their_snapshot(catalogue):
    labels = {name: ("no-training",) if name == "text" else () for name in CASES.names}
    snapshot = write_snapshot(catalogue, "cases", cases("a"), card=card_of_labels(labels), parents=[])
    assert labels_of(read_snapshot(catalogue, snapshot).schema) == labels
    (batch,) = scan_snapshot(catalogue, snapshot, columns=["text", "source"])
    assert labels_of(batch.schema) == {"text": ("no-training",), "source": ()}
