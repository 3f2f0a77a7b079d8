"""`flyball drift` as it is used: on files, from outside."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from flyball.cli.main import main


@pytest.fixture
def files(tmp_path):
    draw = np.random.default_rng(1)
    for name, mean in (("a", 0.0), ("b", 0.0), ("moved", 1.0)):
        sure = draw.uniform(0.5, 1.0, 800)
        right = draw.random(800) < sure
        truth = draw.random(800) < 0.5
        table = pa.table(
            {
                "x": draw.normal(mean, 1, 800),
                "overall": draw.integers(0, 5, 800),
                "said": np.where(right, truth, ~truth),
                "sure": sure,
                "truth": truth,
            }
        )
        pq.write_table(table, tmp_path / f"{name}.parquet")
        arrow_csv.write_csv(table, tmp_path / f"{name}.csv")
    return tmp_path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["drift", *map(str, arguments)])
    told = capsys.readouterr()
    return left.value.code, told.out, told.err


def as_json(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_the_form_that_programs_read(files, capsys):
    code, found = as_json(capsys, "--reference", files / "a.parquet", "--current", files / "moved.parquet")
    assert code == 0
    assert (found["ok"], found["overall"]["drifted"], found["columns"]["x"]["drifted"]) == (True, True, True)
    assert found["ranked"][0] == "x"
    assert {"drifted", "effect", "p", "q"} <= set(found["columns"]["overall"])
    assert found["overall"]["drifted_columns"] == ["x"]
    assert found["seconds"] > 0
    assert found["peak_mb"] is None or 10 < found["peak_mb"] < 2000


def test_a_script_can_tell_by_the_exit_code_where_it_asks_for_that(files, capsys):
    moved = ("--reference", files / "a.csv", "--current", files / "moved.csv")
    same = ("--reference", files / "a.csv", "--current", files / "b.csv")
    assert [run(capsys, *one, "--exit-code")[0] for one in (moved, same)] == [1, 0]
    assert run(capsys, *moved)[0] == 0


def test_a_saved_reference_says_the_same_as_its_rows(files, capsys):
    sketch = files / "a.sketch"
    assert run(capsys, "--reference", files / "a.parquet", "--save", sketch)[0] == 0
    _, once = as_json(capsys, "--reference", sketch, "--current", files / "moved.parquet")
    _, again = as_json(capsys, "--reference", files / "a.parquet", "--current", files / "moved.parquet")
    assert once["columns"] == again["columns"]


def test_accuracy_is_estimated_and_held_against_labels(files, capsys):
    _, found = as_json(
        capsys, "--reference", files / "a.parquet", "--current", files / "b.parquet",
        "--prediction", "said", "--confidence", "sure", "--outcome", "truth",
    )  # fmt: skip
    told = found["accuracy"]
    assert told["finding"] == "borne out"
    assert told["estimated"]["value"] == pytest.approx(0.75, abs=0.04)
    assert told["estimated"]["low"] <= told["realised"]["value"] <= told["estimated"]["high"]


def test_one_row_of_so_many_is_looked_at_and_the_reference_needs_an_outcome_only(files, capsys):
    pq.write_table(pq.read_table(files / "moved.parquet").drop_columns(["truth"]), files / "now.parquet")
    _, found = as_json(
        capsys, "--reference", files / "a.parquet", "--current", files / "now.parquet",
        "--outcome", "truth", "--every", "4",
    )  # fmt: skip
    assert (found["reference"]["rows"], found["current"]["rows"]) == (200, 200)
    assert found["overall"]["drifted_columns"] == ["x"]
    assert found["columns"]["truth"]["drifted"] is None
    assert found["columns"]["x"]["impact_interval"][0] < 0 < found["columns"]["x"]["impact_interval"][1]


def test_people_are_told_what_it_means(files, capsys):
    _, out, _ = run(capsys, "--reference", files / "a.parquet", "--current", files / "moved.parquet")
    assert out.startswith("Drift: moved.parquet (800 rows) beside a.parquet (800 rows).")
    assert "Without any drift, 5% of such looks find some, or fewer." in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--reference", "a.parquet"], "--current names no rows."),
        (["--current", "a.parquet"], "--reference names no rows."),
        (["--reference", "nix.parquet", "--current", "a.parquet"], "There is no file"),
        (["--reference", "a.parquet", "--current", "a.parquet", "--outcome", "nix"], "no column 'nix'"),
        (["--reference", "a.parquet", "--current", "a.parquet", "--rate", "2"], "rate must lie between"),
        (["--reference", "a.parquet", "--current", "a.parquet", "--every", "0"], "Every row is 1"),
        (
            ["--reference", "a.parquet", "--current", "a.parquet", "--prediction", "said"],
            "--prediction needs",
        ),
    ],
)
def test_wrong_use_is_said_with_what_to_do(files, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(files)
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert said in err
