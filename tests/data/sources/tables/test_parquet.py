"""By hand: 1,000 rows in groups of 300 are batches of 250, 50, 250, 50, 250, 50 and 100 rows."""

import pyarrow as pa
import pyarrow.parquet as arrow_parquet
import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.shelf.tables import tables

TABLE = pa.table(
    {"id": range(1_000), "kind": pa.array(["x", "y"] * 500).dictionary_encode(), "d": pa.array([1.5] * 1_000)}
)


@pytest.fixture
def path(tmp_path):
    arrow_parquet.write_table(TABLE, tmp_path / "a.parquet", row_group_size=300)
    return tmp_path / "a.parquet"


def test_rows_come_group_by_group_with_the_types_of_the_footer(path):
    source = tables("lake", {"path": str(path), "batch_rows": 250})
    batches = list(source.batches("rows"))
    assert [batch.rows.num_rows for batch in batches] == [250, 50, 250, 50, 250, 50, 100, 0]
    assert [str(field.type) for field in source.streams()[0].schema] == ["int64", "string", "double"]
    rest = list(source.batches("rows", batches[1].state))
    assert rest[0].rows.column("id")[0].as_py() == 300


@pytest.mark.parametrize(
    ("change", "kind", "wanted"),
    [
        (lambda raw: raw[:-50], BadRecord, "a.parquet is cut off: at byte"),
        (
            lambda raw: raw[:40] + b"\xff" * 400 + raw[440:],
            BadRecord,
            "in the row group that begins at byte 4",
        ),
        (lambda raw: b"a,b\n1,2\n", FileLies, "it does not begin as Parquet does"),
        (lambda raw: raw[:4] + raw[-100:], BadRecord, "the footer cannot be read"),
    ],
)
def test_a_broken_file_is_told(path, change, kind, wanted):
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(kind) as error:
        list(tables("lake", {"path": str(path)}).batches("rows"))
    assert wanted in error.value.message


def test_a_page_that_was_changed_under_its_checksum_is_told(tmp_path):
    path = tmp_path / "a.parquet"
    arrow_parquet.write_table(TABLE, path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[1_000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(
        BadRecord, match=r"a\.parquet: broken behind row 0, in the row group that begins at byte 4"
    ):
        list(tables("lake", {"path": str(path)}).batches("rows"))


def test_files_of_one_stream_have_the_same_columns_or_it_is_said(path):
    other = pa.table({"id": [1], "kind": ["z"], "new": [True]})
    arrow_parquet.write_table(other, path.parent / "b.parquet")
    folder = {"path": str(path.parent)}
    with pytest.raises(FileLies) as error:
        tables("lake", folder).streams()
    assert error.value.message == "b.parquet has other columns than a.parquet: new new; missing d."
    (last, _) = list(tables("lake", {**folder, "union": True}).batches("rows"))[-2:]
    assert last.rows.to_pylist() == [{"id": 1, "kind": "z", "d": None, "new": True}]


def test_a_column_of_another_type_is_an_error_that_names_both(path):
    arrow_parquet.write_table(TABLE.set_column(0, "id", pa.array(["a"] * 1_000)), path.parent / "b.parquet")
    with pytest.raises(FileLies, match=r"b\.parquet: column id is string, it is int64 in the files before"):
        tables("lake", {"path": str(path.parent)}).streams()


def test_files_or_folders_can_be_streams_of_their_own(tmp_path):
    for name in ("loans/1.parquet", "loans/2.parquet", "people/1.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        arrow_parquet.write_table(TABLE, tmp_path / name)
    by_folder = tables("lake", {"path": str(tmp_path), "stream_by": "folder"})
    assert [one.name for one in by_folder.streams()] == ["loans", "people"]
    by_file = tables("lake", {"path": str(tmp_path), "stream_by": "file"})
    assert [one.name for one in by_file.streams()] == ["loans/1", "loans/2", "people/1"]
    assert sum(batch.rows.num_rows for batch in by_folder.batches("loans")) == 2_000
