"""What stands in a file of rows, and what is refused; and the command over it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from flyball.cli.main import main
from flyball.core.errors import FlyballError
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import BadFairnessCases
from flyball.governance.fairness.reading import Named, read_cases


def rows(n=200):
    """Half A, half B; of A every fifth is refused, of B every second; outcome is always the decision."""
    return {
        "group": ["A" if number % 2 else "B" for number in range(n)],
        "decision": [
            ("no" if number % 10 == 1 else "yes") if number % 2 else ("no" if number % 4 else "yes")
            for number in range(n)
        ],
        "label": [number % 3 == 0 for number in range(n)],
        "score": [number / n for number in range(n)],
    }


def written(folder: Path, columns, name="cases.csv") -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        pa.parquet.write_table(pa.table(columns), path)
    elif name.endswith(".jsonl"):
        names = list(columns)
        lines = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        pa.csv.write_csv(pa.table(columns), path)
    return path


def told(capsys, *arguments: object) -> dict:
    with pytest.raises(SystemExit) as left:
        main(["fairness", *map(str, arguments), "--json"])
    assert left.value.code == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["cases.csv", "cases.parquet", "cases.jsonl"])
def test_the_same_rows_say_the_same_in_every_form(tmp_path, capsys, name):
    found = told(capsys, "--cases", written(tmp_path, rows(), name))
    assert found["ok"] is True
    assert found["cases"] == 200
    assert found["columns"] == {
        "decision": "decision", "outcome": "label", "score": "score", "groups": "group",
    }  # fmt: skip
    [trait] = found["traits"]
    assert [(one["group"], one["cases"]) for one in trait["groups"]] == [("A", 100), ("B", 100)]
    four = trait["metrics"]["four_fifths"]
    assert (round(four["value"], 4), four["finding"], four["lowest"]) == (0.625, "outside", "B")
    assert found["approval_rate"]["value"] == pytest.approx(0.65)
    assert four["against_reference"][0]["p_adjusted"] < 0.01


def test_columns_and_values_are_named_by_options(tmp_path, capsys):
    columns = rows()
    renamed = {
        "sex": columns["group"],
        "state": ["denied" if one == "no" else "issued" for one in columns["decision"]],
        "default": [0 if one else 1 for one in columns["label"]],
    }
    found = told(
        capsys, "--cases", written(tmp_path, renamed), "--decision", "state", "--yes", "issued", "--outcome",
        "default", "--good", "0",
    )  # fmt: skip
    [trait] = found["traits"]
    assert round(trait["metrics"]["four_fifths"]["value"], 4) == 0.625
    assert trait["groups"][0]["good_outcomes"]["value"] == pytest.approx(1 / 3, abs=0.01)


def test_who_is_approved_may_follow_from_scores(tmp_path, capsys):
    """Scores rise with the row, groups alternate: half approved is half of each group."""
    path = written(tmp_path, {key: one for key, one in rows().items() if key != "decision"})
    found = told(capsys, "--cases", path, "--approve", "0.5")
    assert found["approval_rate"]["value"] == 0.5
    assert found["traits"][0]["metrics"]["demographic_parity"]["value"] == pytest.approx(0.0)
    above = told(capsys, "--cases", path, "--threshold", "0.75")
    assert above["approval_rate"]["value"] == 0.25


def test_rows_without_a_decision_or_a_group_are_counted_and_not_guessed(tmp_path, capsys):
    columns = rows()
    columns["decision"] = [None if number < 20 else one for number, one in enumerate(columns["decision"])]
    columns["group"] = [None if number >= 150 else one for number, one in enumerate(columns["group"])]
    found = told(capsys, "--cases", written(tmp_path, columns))
    assert found["cases"] == 180
    assert found["warnings"] == ["20 rows without a decision left out."]
    assert found["traits"][0]["not_said"]["cases"] == 50


def test_usual_words_of_decisions_and_outcomes_are_understood(tmp_path, capsys):
    columns = rows()
    columns["decision"] = ["Approve" if one == "yes" else "DENY" for one in columns["decision"]]
    columns["label"] = ["repaid" if one else "default" for one in columns["label"]]
    found = told(capsys, "--cases", written(tmp_path, columns))
    assert found["approval_rate"]["value"] == pytest.approx(0.65)
    assert found["outcomes_known"] == {"approved": 130, "refused": 70}


def test_a_share_of_weighted_rows_is_approved_by_weight():
    decided = approve_share(np.array([3.0, 2.0, 1.0, 0.0]), 0.5, np.array([1.0, 1.0, 1.0, 1.0]))
    assert decided.tolist() == [1, 1, 0, 0]
    heavy = approve_share(np.array([3.0, 2.0, 1.0, 0.0]), 0.5, np.array([5.0, 1.0, 1.0, 3.0]))
    assert heavy.tolist() == [1, 0, 0, 0]


def test_ties_are_approved_in_the_order_of_rows_and_exactly_the_share():
    assert approve_share(np.zeros(10), 0.3).tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "named", "told"),
    [
        ({"decision": None}, {}, "has no column of decisions .looked for decision, approved, prediction."),
        ({"group": None}, {}, "has no column of groups"),
        ({}, {"decision": "verdict"}, "has no column 'verdict'"),
        ({}, {"groups": ("sect",)}, "has no column 'sect'"),
        ({"decision": ["maybe"] * 200}, {}, "holds 'maybe', which is neither yes nor no"),
        ({}, {"yes": "perhaps"}, "No row of decision is 'perhaps'"),
        ({"score": ["high"] * 200}, {}, "holds 'high', which is no number"),
        ({}, {"approve": 1.5}, "must lie between 0 and 1, got 1.5"),
        ({}, {"approve": 0.5, "threshold": 0.5}, "Both a share to approve and a threshold"),
        ({"weight": [None] * 100 + [1.0] * 100}, {}, "100 rows of weight hold no weight"),
        ({"weight": [-1.0] * 200}, {}, "below 0"),
        ({"group": [str(number) for number in range(200)]}, {}, "holds 200 different values; 50 groups"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_column(tmp_path, change, named, told):
    columns = {key: value for key, value in (rows() | change).items() if value is not None}
    with pytest.raises(BadFairnessCases, match=told):
        read_cases(written(tmp_path, columns), Named(**named))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--reference", "sex"], "must be TRAIT=GROUP, got 'sex'"),
        (["--on", "2026-07-20"], "no place whose law is asked"),
        (["--smallest", "2"], "must have 5 cases or more, got 2"),
        (["--together", "0"], "must be 1 or more, got 0"),
        (["--search", "group"], "none is given"),
        (["--candidates", "0"], "must lie between 1 and 500, got 0"),
        (["--input", "group"], "as an input, and as something else"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused(tmp_path, capsys, arguments, told):
    cases = ["--cases", str(written(tmp_path, rows()))]
    with pytest.raises(SystemExit) as left:
        main(["fairness", *cases, *arguments, "--json"])
    assert left.value.code == 2
    assert told in json.loads(capsys.readouterr().out)["message"]


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(FlyballError, match="There is no file"):
        read_cases(tmp_path / "none.csv", Named())


def test_a_group_of_one_period_is_shown_by_period(tmp_path, capsys):
    columns = rows() | {"year": ["2025" if number < 100 else "2026" for number in range(200)]}
    found = told(capsys, "--cases", written(tmp_path, columns), "--period", "year", "--smallest", "10")
    assert sorted(found["periods"]) == ["2025", "2026"]
    assert found["periods"]["2025"]["cases"] == 100
    [trait] = found["periods"]["2026"]["traits"]
    assert list(trait["metrics"]) == ["four_fifths"]


def test_options_of_a_file_are_not_passed_over_where_no_file_is_named(capsys):
    with pytest.raises(SystemExit) as left:
        main(["fairness", "--group", "sex", "--json"])
    assert left.value.code == 2
    assert (
        json.loads(capsys.readouterr().out)["message"]
        == "--group is about rows of a file, and none is named."
    )
