"""Saved sketches: the same when read again, refused when they are not what they were."""

import stat
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.kept import is_sketch, load_sketch, save_sketch
from flyball.evaluation.drift.over_time import sketch_table
from flyball.evaluation.drift.reading import open_rows
from flyball.evaluation.drift.records import Options
from flyball.evaluation.drift.table_sketch import sketch_rows

sys.path.insert(0, str(Path(__file__).parent))
from tables import rows


def full(seed):
    table = rows(30_000, seed=seed)
    many = pa.array([f"{seed}/{number}" for number in range(30_000)])
    return table.append_column("many", many).append_column("list", pa.array([[1.0]] * 30_000))


def test_a_sketch_that_was_saved_gives_the_same_report(tmp_path):
    ours, theirs = (sketch_table(name, full(seed), Options()) for seed, name in enumerate(("then", "now")))
    save_sketch(tmp_path / "then.sketch", ours)
    assert is_sketch(tmp_path / "then.sketch")
    assert compare(load_sketch(tmp_path / "then.sketch"), theirs) == compare(ours, theirs)


def test_a_saved_sketch_is_for_its_owner_only_and_nothing_else_is_left(tmp_path):
    save_sketch(tmp_path / "a.sketch", sketch_table("then", rows(100, seed=1), Options()))
    assert stat.S_IMODE((tmp_path / "a.sketch").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.sketch"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput, match="cannot be written"):
        save_sketch(tmp_path / "nix" / "a.sketch", sketch_table("then", rows(100, seed=1), Options()))


def test_a_damaged_sketch_is_refused_wherever_it_was_cut_or_changed(tmp_path):
    path = tmp_path / "a.sketch"
    save_sketch(path, sketch_table("then", rows(300, seed=1), Options()))
    data = path.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:size])
        with pytest.raises(BadInput):
            load_sketch(path)
    path.write_bytes(data.replace(b"sketch 1", b"sketch 9"))
    with pytest.raises(BadInput, match="no sketch of this version"):
        load_sketch(path)


def test_a_file_gives_the_same_sketch_by_columns_and_by_rows(tmp_path):
    table = full(3)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7_000)
    by_column = sketch_rows(open_rows(tmp_path / "a.parquet"))
    by_row = sketch_table("a.parquet", table, Options())
    assert by_column.n_rows == by_row.n_rows == 30_000
    assert by_column.sample.column("a").to_pylist() == by_row.sample.column("a").to_pylist()
    assert by_column.columns["kind"].counts == by_row.columns["kind"].counts
    assert compare(by_column, by_row).drifted is False
