"""What is said of two tables, whatever they hold."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.drift.together import Encoded, relations

sys.path.insert(0, str(Path(__file__).parent))
from tables import column, look, rows


def joint(report, name):
    return next(one for one in report.joint if one.name == name)


def test_a_table_beside_another_of_the_same_kind_did_not_drift():
    report = look(rows(1000, seed=1), rows(1000, seed=2))
    assert report.drifted is False
    assert [one.drifted for one in report.columns] == [False] * 3


def test_a_mean_that_moved_is_found_with_its_effect_and_ranked_first():
    report = look(rows(2000, seed=1), rows(2000, seed=2, mean=0.5))
    assert report.drifted is True
    first = report.columns[0]
    assert (first.name, first.drifted, first.what) == ("a", True, "values")
    # two normal distributions half a deviation apart are at most 2 Phi(0.25) - 1 = 0.197 apart
    assert first.effect.low < 0.197 < first.effect.high
    assert column(report, "kind").drifted is False


def test_a_relation_that_broke_is_found_though_no_column_moved():
    report = look(rows(2000, seed=1), rows(2000, seed=2, tie=0.0))
    assert [one.drifted for one in report.columns] == [False] * 3
    found = joint(report, "relations")
    assert (found.drifted, set(found.columns)) == (True, {"a", "b"})
    # arcsin(0.7) / pi: the share of rows on the same side of both middles falls by that
    assert found.effect.value == pytest.approx(np.arcsin(0.7) / np.pi, abs=0.04)


def test_two_rare_flags_that_meet_by_chance_are_no_changed_relation():
    """In 250 rows two flags of 5 % meet in less than one: as often as not twice that, and no normal value."""
    draw = np.random.default_rng(1)
    chances = []
    for _ in range(1000):
        flags = (draw.random((2250, 2)) < 0.05).astype(float)
        flags = (flags - flags.mean(axis=0)) / flags.std(axis=0)
        chances.append(relations(Encoded(("a", "b"), flags[:2000], flags[2000:], 0))[0].p)
    assert sum(p <= 0.01 for p in chances) <= 20  # 10 are expected; a normal value's law says 19 to 25
    assert sum(p <= 0.001 for p in chances) <= 3
    assert min(chances) > 1e-5


def test_rows_that_a_model_can_tell_apart_drifted_though_no_column_and_no_correlation_did():
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=(2, 4000))
    c = draw.normal(size=4000)
    ring = np.abs(c) * np.sign(draw.normal(size=4000))  # as wide as before, uncorrelated, of the same size
    report = look(pa.table({"a": a, "b": b}), pa.table({"a": c, "b": ring}))
    assert [one.drifted for one in report.columns] == [False, False]
    assert joint(report, "relations").drifted is False
    assert joint(report, "rows").drifted is True


def test_a_tiny_difference_that_is_sure_is_named_and_is_no_drift():
    n = 400_000
    draw = np.random.default_rng(3)
    ours, theirs = draw.normal(size=n), draw.normal(size=n) + 0.02
    report = look(pa.table({"a": ours}), pa.table({"a": theirs}))
    found = column(report, "a")
    assert found.q < 0.001
    assert (found.drifted, found.reason) == (False, "sure, but smaller than what matters")


def test_values_that_are_gone_or_new_or_missing_are_found():
    kinds = look(rows(1000, seed=1), rows(1000, seed=2, kinds=(0.5, 0.3, 0.15, 0.05)))
    assert column(kinds, "kind").drifted is True
    table = rows(1000, seed=2)
    gaps = pa.array(
        [None if number % 10 == 0 else value for number, value in enumerate(table["a"].to_pylist())]
    )
    missing = look(rows(1000, seed=1), table.set_column(0, "a", gaps))
    found = column(missing, "a")
    assert (found.drifted, found.what, found.missing_current) == (True, "missing", 0.1)
    assert found.effect.value == pytest.approx(0.1)


def test_many_rare_values_that_were_never_seen_are_found():
    ours = pa.table({"code": [f"old {number // 2}" for number in range(1000)]})
    theirs = pa.table({"code": [f"new {number // 2}" for number in range(1000)]})
    found = column(look(ours, theirs), "code")
    assert (found.drifted, found.what) == (True, "new values")


def test_texts_about_something_else_are_found_by_their_words():
    draw = np.random.default_rng(1)
    old, new = ("claim damage water roof storm", "money permit visit tour beach")

    def texts(words, n):
        return pa.table({"text": [" ".join(draw.choice(words.split(), 12)) for _ in range(n)]})

    assert column(look(texts(old, 600), texts(old, 600)), "text").drifted is False
    found = column(look(texts(old, 600), texts(new, 600)), "text")
    assert (found.drifted, found.what) == (True, "words")


def test_vectors_that_moved_are_found():
    draw = np.random.default_rng(1)
    ours, alike, moved = (
        pa.table({"v": pa.array(list(draw.normal(shift, 1, size=(600, 8))))}) for shift in (0, 0, 0.4)
    )
    assert column(look(ours, alike), "v").drifted is False
    assert column(look(ours, moved), "v").what == "vectors"


def test_too_few_rows_are_a_gap_in_knowledge_and_no_drift():
    report = look(rows(1000, seed=1), rows(20, seed=2, mean=9.0))
    assert report.drifted is None
    assert isinstance(report.effect, NotMeasured)
    assert column(report, "a").reason == "too few rows with a value: 20, at least 50 are needed"


def test_columns_that_are_gone_new_or_of_another_type_are_named():
    ours = rows(500, seed=1)
    theirs = pa.table({"a": [str(one) for one in range(500)], "kind": ours["kind"], "fresh": range(500)})
    report = look(ours, theirs)
    assert [(one.column, one.change) for one in report.schema] == [
        ("a", "other type"),
        ("b", "missing"),
        ("fresh", "new"),
    ]
    assert column(report, "a").reason == "it held values of the kind number, now category"
    assert (column(report, "b").drifted, column(report, "fresh").drifted) == (True, None)
    assert report.drifted is True


def test_a_table_without_rows_says_nothing():
    assert look(rows(500, seed=1), pa.table({"other": pa.array([], pa.string())})).drifted is None


def test_a_column_without_any_value_is_missing_in_every_row():
    ours = rows(500, seed=1)
    report = look(ours, ours.set_column(0, "a", pa.nulls(500)))
    found = column(report, "a")
    assert (found.drifted, found.what, found.effect.value) == (True, "missing", 1.0)


def test_a_column_whose_values_are_all_missing_is_of_any_type():
    ours = rows(500, seed=1)
    report = look(ours, ours.set_column(0, "a", pa.nulls(500, pa.string())))
    found = column(report, "a")
    assert (report.schema, found.drifted, found.what) == ((), True, "missing")


def test_a_key_and_the_time_of_the_row_are_left_out_and_other_times_are_not():
    def table(first, seed):
        draw = np.random.default_rng(seed)
        return pa.table(
            {
                "id": range(first, first + 500),
                "at": pa.array([first + number // 3 for number in range(500)], pa.timestamp("s", "UTC")),
                "born": pa.array(draw.integers(0, 9000, 500) + first // 4, pa.timestamp("s", "UTC")),
            }
        )

    report = look(table(0, 1), table(20_000, 2))
    assert [one.drifted for one in (column(report, "id"), column(report, "at"))] == [None, None]
    assert column(report, "id").reason.startswith("it only counts up from row to row")
    assert column(report, "born").drifted is True


def test_infinity_is_a_number_and_nan_is_missing():
    ours = rows(500, seed=1)
    values = ours["a"].to_numpy().copy()
    values[:100], values[100:200] = np.nan, np.inf
    found = column(look(ours, ours.set_column(0, "a", pa.array(values))), "a")
    assert found.missing_current == 0.2
    assert found.drifted is True


def test_what_matters_for_the_outcome_comes_first():
    draw = np.random.default_rng(1)
    n = 4000
    a, b = draw.normal(size=(2, n))
    paid = draw.random(n) < 1 / (1 + np.exp(-2 * a))
    ours = pa.table({"a": a, "b": b, "paid": paid})
    theirs = pa.table({"a": draw.normal(0.3, 1, n), "b": draw.normal(0.8, 1, n), "paid": paid})
    assert look(ours, theirs).columns[0].name == "b"
    report = look(ours, theirs, outcome="paid")
    assert report.columns[0].name == "a"
    meant = column(report, "a").impact
    assert isinstance(meant, Estimate)
    assert meant.low < 0.10 < meant.high or meant.value == pytest.approx(0.10, abs=0.03)
    assert column(report, "b").impact.low < 0 < column(report, "b").impact.high


def test_an_outcome_that_the_current_rows_do_not_have_yet_is_no_drift():
    draw = np.random.default_rng(1)
    ours = rows(1000, seed=1).append_column("paid", pa.array(draw.random(1000) < 0.5))
    theirs = rows(1000, seed=2)
    some = pa.array([True if number % 4 == 0 else None for number in range(1000)])
    half = pa.array([number % 2 == 0 if number < 400 else None for number in range(1000)])
    for now in (theirs, theirs.append_column("paid", pa.nulls(1000)), theirs.append_column("paid", half)):
        assert look(ours, now, outcome="paid").drifted is False
    assert column(look(ours, theirs, outcome="paid"), "paid").reason.startswith("nobody knows yet")
    assert column(look(ours, theirs.append_column("paid", some), outcome="paid"), "paid").what == "values"
    assert look(ours, theirs).drifted is True  # unless it is named, a column that is gone is a change


def test_what_did_not_change_has_no_impact():
    found = look(rows(1000, seed=1), rows(1000, seed=2), outcome="b")
    assert column(found, "a").impact == NotMeasured("no change was found that could mean anything")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("nix", "no column 'nix'"), ("kind", "has 3 different values, and they are no numbers")],
)
def test_an_outcome_that_is_none_is_refused(outcome, said):
    with pytest.raises(BadInput, match=said):
        look(rows(200, seed=1), rows(200, seed=2), outcome=outcome)


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"rate": 1.0}, {"smallest_effect": 1.0}, {"smallest_rows": 5}]
)
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(BadInput):
        look(rows(200, seed=1), rows(200, seed=2), **wrong)


def test_without_drift_at_most_the_stated_share_of_looks_finds_any():
    """60 looks at a rate of 5 %: 3 expected at most; 9 or more have a chance below 1 %."""
    found = sum(
        bool(look(rows(400, seed=seed), rows(300, seed=1000 + seed), smallest_effect=0.0).drifted)
        for seed in range(60)
    )
    assert found <= 8
