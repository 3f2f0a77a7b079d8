"""Files as tables: what is read, and what is refused."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flyball.core.errors import BadInput, FlyballError
from flyball.evaluation.drift.reading import every_nth, open_rows
from flyball.evaluation.drift.table_sketch import sketch_rows


def test_numbers_of_csv_are_numbers_however_they_are_written_and_codes_are_not(tmp_path):
    text = "x,code,gap,word\n0.12345678901234567,007,,a\n2e-05,123,,b\n-3,045,,c\n"
    (tmp_path / "a.csv").write_text(text)
    found = sketch_rows(open_rows(tmp_path / "a.csv"))
    assert found.kinds == {"x": "number", "code": "category", "gap": "category", "word": "category"}
    assert sorted(found.columns["x"].counts) == [-3.0, 2e-05, 0.12345678901234567]
    assert (found.columns["gap"].n, found.columns["gap"].missing) == (0, 3)


def test_one_row_of_so_many_is_read_the_same_by_columns_and_by_rows(tmp_path):
    numbers = list(range(1000))
    pq.write_table(pa.table({"x": numbers}), tmp_path / "a.parquet", row_group_size=130)
    (tmp_path / "a.csv").write_text("x\n" + "\n".join(map(str, numbers)) + "\n")
    for name in ("a.parquet", "a.csv"):
        found = sketch_rows(every_nth(open_rows(tmp_path / name), 48))
        assert found.n_rows == 21
        assert sorted(found.columns["x"].counts) == [float(48 * number) for number in range(21)]
    with pytest.raises(BadInput, match="got 0"):
        every_nth(open_rows(tmp_path / "a.csv"), 0)


def test_structures_are_read_as_columns_of_their_own(tmp_path):
    table = pa.table({"a": [{"b": 1.0, "c": {"d": "x"}}, {"b": None, "c": None}], "a.b": [5.0, 6.0]})
    pq.write_table(table.rename_columns(["a", "b.a"]), tmp_path / "a.parquet")
    found = sketch_rows(open_rows(tmp_path / "a.parquet"))
    assert list(found.columns) == ["a.b", "a.c.d", "b.a"]
    assert (found.columns["a.b"].n, found.columns["a.b"].missing) == (1, 1)
    pq.write_table(table, tmp_path / "b.parquet")
    with pytest.raises(BadInput, match=r"Two columns of b.parquet are called 'a.b'"):
        open_rows(tmp_path / "b.parquet")


def test_the_same_rows_are_drawn_however_many_row_groups_there_are(tmp_path):
    table = pa.table({"x": list(range(50_000)), "y": [f"{one % 7}" for one in range(50_000)]})
    samples = []
    for size in (1_000, 50_000):
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=size)
        samples.append(sketch_rows(open_rows(tmp_path / "a.parquet")).sample)
    assert samples[0].equals(samples[1])
    x, y = (samples[0].column(name).to_pylist() for name in ("x", "y"))
    assert len(x) == len(set(x)) == 16_384
    assert y == [f"{one % 7}" for one in x]  # columns are read alone, and rows stay together


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.parquet", b"hello"), ("a.parquet", b"PAR1" + b"\x00" * 90 + b"PAR1"), ("a.csv", b"a,a\n1,2\n")],
)
def test_what_is_no_table_is_refused_with_its_name(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FlyballError, match=name):
        open_rows(tmp_path / name)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput, match="There is no file"):
        open_rows(tmp_path / "nix.parquet")
