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


def odds(n=400):
    """Half A, half B; three of four with yes turned out well, one of four with no."""
    yes = [number // 2 % 2 for number in range(n)]
    well = [one if number // 4 % 4 else 1 - one for number, one in enumerate(yes)]
    return {
        "group": ["A" if number % 2 else "B" for number in range(n)],
        "decision": yes,
        "label": well,
    }


@pytest.mark.parametrize(
    ("change", "named", "told", "fix"),
    [
        (
            {"label": "turned"},
            {},
            "Where decision is yes, label is good more seldom",
            "--yes 0 or --yes 1, and --good 0 or --good 1",
        ),
        (
            {"label": "turned"},
            {"yes": "1"},
            "label is good more seldom",
            "Say what is good: --good 0 or --good 1.",
        ),
        (
            {"score": "turned"},
            {},
            "Where score is high, decision is good more seldom",
            "--low-is-good or --high-is-good",
        ),
        (
            {"defaulted": "turned"},
            {"outcome": "defaulted"},
            "'defaulted' in its name says",
            "--good 0 or --good 1",
        ),
        ({"denied": "turned"}, {"decision": "denied"}, "'denied' in its name says", "--yes 0 or --yes 1"),
        ({"pd": "turned"}, {"score": "pd"}, "'pd' in the name of the column of scores", "--low-is-good"),
    ],
)
def test_what_could_mean_the_opposite_is_asked_for(tmp_path, change, named, told, fix):
    columns = odds()
    [(name, how)] = change.items()
    columns[name] = [1 - one if how == "turned" else one for one in columns["decision"]]
    with pytest.raises(BadFairnessCases, match=told) as refused:
        read_cases(written(tmp_path, columns), Named(**named))
    assert fix in refused.value.fix


def test_groups_that_differ_in_both_do_not_turn_a_label_round(tmp_path):
    """By hand: A is approved 160 of 200 and turns out well in half; B 40 of 200, well in nine of ten.

    Of all with yes, fewer turned out well than of those with no; in each group the share is the same.
    """
    columns = {"group": [], "decision": [], "label": []}
    for group, yes, of_ten in (("A", 160, 5), ("B", 40, 9)):
        for number in range(200):
            columns["group"].append(group)
            columns["decision"].append(int(number < yes))
            columns["label"].append(int(number % 10 < of_ten))
    found = read_cases(written(tmp_path, columns), Named())
    by_decision = [found.cases.outcome[found.cases.decision == one].mean() for one in (0, 1)]
    assert by_decision == pytest.approx([(40 * 0.5 + 160 * 0.9) / 200, (160 * 0.5 + 40 * 0.9) / 200])
    assert found.meanings["outcome"] == {"good": ["1"], "bad": ["0"]}


def test_one_who_says_what_is_good_is_believed(tmp_path):
    columns = odds()
    columns["label"] = [1 - one for one in columns["label"]]
    found = read_cases(written(tmp_path, columns), Named(yes="1", good="0"))
    assert found.meanings == {
        "decision": {"yes": ["1"], "no": ["0"]}, "outcome": {"good": ["0"], "bad": ["1"]},
    }  # fmt: skip
    assert found.cases.outcome[found.cases.decision == 1].mean() == pytest.approx(0.75)


def test_all_but_the_wanted_value_is_no_and_said_to_be(tmp_path, capsys):
    columns = {"group": odds()["group"]}
    columns["decision"] = [["Approve", "approve", "deny", "refer"][number % 4] for number in range(400)]
    path = written(tmp_path, columns)
    with pytest.raises(BadFairnessCases, match="holds 'refer'") as refused:
        read_cases(path, Named())
    assert "All others are no then" in refused.value.fix
    found = told(capsys, "--cases", path, "--yes", "approve")
    assert found["meanings"]["decision"] == {"yes": ["Approve", "approve"], "no": ["deny", "refer"]}
    assert found["approval_rate"]["value"] == 0.5


def test_scores_of_a_risk_approve_the_lowest(tmp_path, capsys):
    """Risks rise with the row: the lowest quarter is the first hundred rows, half of them A."""
    columns = odds()
    del columns["decision"], columns["label"]
    columns["pd"] = [number / 400 for number in range(400)]
    path = written(tmp_path, columns)
    found = told(capsys, "--cases", path, "--score", "pd", "--low-is-good", "--approve", "0.25")
    assert found["meanings"] == {"decision": {"approve": 0.25}, "score": {"speaks_for_yes": "lower"}}
    assert [one["approved"] for one in found["traits"][0]["groups"]] == [50, 50]
    read = read_cases(path, Named(score="pd", low_is_good=True, threshold=0.25))
    assert int(read.cases.decision.sum()) == 101
    assert read.cases.decision[:101].all()
    assert read.cases.score[0] == 1.0


def test_columns_are_found_in_capitals_too_and_of_a_file_of_predictions(tmp_path):
    columns = odds()
    path = written(
        tmp_path, {"Sex": columns["group"], "Decision": columns["decision"], "LABEL": columns["label"]}
    )
    assert read_cases(path, Named()).columns == {"decision": "Decision", "outcome": "LABEL", "groups": "Sex"}
    path = written(
        tmp_path, {"group": columns["group"], "y_pred": columns["decision"], "y_true": columns["label"]}
    )
    found = read_cases(path, Named())
    assert found.cases.decision.tolist() == columns["decision"]
    assert found.columns == {"decision": "y_pred", "outcome": "y_true", "groups": "group"}


def test_a_search_without_scores_reads_the_decision_and_fits_a_model_in_its_place(tmp_path, capsys):
    draw = np.random.default_rng(5)
    chance = draw.normal(size=1_200)
    columns = {
        "group": ["AB"[number % 2] for number in range(1_200)],
        "decision": (chance > 0.0).astype(int),
        "label": (chance + draw.normal(size=1_200) > 0.0).astype(int),
        "income": chance,
    }
    path = written(tmp_path, columns)
    few = ["--approve", "0.6", "--input", "income", "--search", "group", "--candidates", "1"]
    found = told(capsys, "--cases", path, *few)
    assert found["approval_rate"]["value"] == pytest.approx((chance > 0.0).mean())
    assert found["alternatives"]["first"]["approval_rate"]["value"] == pytest.approx(0.6)
    assert found["alternatives"]["first"]["area"]["value"] > 0.6
    assert found["warnings"] == ["The model in use has no scores here: the search fits one in its place."]


def test_an_outcome_that_nobody_named_is_pointed_at(tmp_path):
    columns = odds()
    columns["default"] = columns.pop("label")
    [said] = read_cases(written(tmp_path, columns), Named()).warnings
    assert said == "No outcome is read. The column default may hold one: --outcome default --good VALUE."


def test_a_column_of_scores_is_not_taken_for_decisions(tmp_path):
    columns = {"group": odds()["group"], "prediction": [number / 400 for number in range(400)]}
    with pytest.raises(BadFairnessCases) as refused:
        read_cases(written(tmp_path, columns), Named())
    assert "--score prediction, with --approve 0.8 or --threshold 0.5" in refused.value.fix


def test_the_outside_form_has_the_names_that_the_page_lists(tmp_path, capsys):
    page = (Path(__file__).parents[3] / "docs" / "fairness.md").read_text()
    section = page.partition("## For machines")[2].partition("\n## ")[0]
    found = told(capsys, "--cases", written(tmp_path, rows()))
    trait = found["traits"][0]
    metric = trait["metrics"]["four_fifths"]
    for one in (found, trait, trait["groups"][0], metric, metric["against_reference"][0], found["chance"]):
        for name in one:
            assert f"`{name}`" in section, name


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
        ({"score": ["0,5"] * 200}, {}, "holds '0,5', which is no number"),
        ({}, {"threshold": float("nan")}, "A threshold must be a number, got nan"),
        ({}, {"yes": "yes", "approve": 0.5}, "--yes is given, but no column of cases.csv is read"),
        ({"label": None}, {"good": "0"}, "--good is given, but no column"),
        ({"score": None}, {"low_is_good": True}, "--low-is-good or --high-is-good is given, but no column"),
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


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "cases.csv").write_text("")
    with pytest.raises(BadFairnessCases, match="is empty"):
        read_cases(tmp_path / "cases.csv", Named())


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


def test_days_are_no_periods(tmp_path):
    columns = rows() | {"day": [f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}" for number in range(200)]}
    with pytest.raises(BadFairnessCases, match="84 different values") as refused:
        read_cases(written(tmp_path, columns), Named(period="day"))
    assert refused.value.fix == "Give a column of months, quarters or years."


def test_options_of_a_file_are_not_passed_over_where_no_file_is_named(capsys):
    with pytest.raises(SystemExit) as left:
        main(["fairness", "--group", "sex", "--json"])
    assert left.value.code == 2
    assert (
        json.loads(capsys.readouterr().out)["message"]
        == "--group is about rows of a file, and none is named."
    )
