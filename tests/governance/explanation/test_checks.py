"""By hand: 1 + 2 - 3 is 0, so an output of 0.5 misses 0.5; of 6 pairs of others none moves as much."""

from dataclasses import replace

import numpy as np
import pytest

from flyball.core.estimates import NotMeasured
from flyball.governance.explanation.attribution import DoesNotAddUp, attribution_of, check_sum
from flyball.governance.explanation.checks import (
    check_agreement,
    check_deletion,
    check_stability,
    noisy_rows,
    typical_of,
)
from flyball.governance.explanation.records import Attribution, Share
from flyball.models.experts.attributed import Attributed

WEIGHTS = {"a": -3.0, "b": -2.0, "c": 0.5, "d": 0.25, "e": 0.1, "f": 0.0}
ROW = dict.fromkeys(WEIGHTS, 1.0)


def attribution(**shares):
    told = tuple(Share(column, 1.0, share) for column, share in shares.items())
    return Attribution("model", "tree_shares", True, "log odds", 1.0, 1.0 + sum(shares.values()), told)


def outputs(rows):
    return np.array([1.0 + sum(WEIGHTS[column] * row[column] for column in WEIGHTS) for row in rows])


def test_an_attribution_that_adds_up_passes_with_its_gap():
    check = check_sum(attribution(a=2.0, b=-3.0))
    assert (check.name, check.passed, check.measured.value) == ("adds_up", True, 0.0)


def test_one_that_does_not_add_up_is_found_named_and_refused():
    wrong = replace(attribution(a=2.0, b=-3.0), output=0.5)
    with pytest.raises(DoesNotAddUp) as told:
        check_sum(wrong)
    assert told.value.code == "explanation.does_not_add_up"
    assert told.value.message == (
        "The shares of model by tree_shares come to 0 log odds, its output is 0.5: 0.5 is missing, at most "
        "1e-06 may be."
    )
    assert told.value.values["expert"] == "model"


def test_what_an_expert_says_of_itself_is_held_against_its_own_output():
    said = Attributed(("a",), (2.0,), 1.0, 4.0, "log odds")
    with pytest.raises(DoesNotAddUp, match="1 is missing"):
        attribution_of(said, {"a": 5}, expert="liar")


def test_a_share_that_is_no_number_does_not_add_up():
    with pytest.raises(DoesNotAddUp):
        check_sum(attribution(a=float("nan")))


def test_stability_counts_the_copies_with_the_same_strongest_reason():
    check = check_stability(["x", "y"], [["x"], ["x", "y"], ["y", "x"], []], noise=0.01, at_least=0.8)
    assert check.measured.value == 0.5
    assert check.measured.n == 4
    assert check.passed is False


def test_nothing_that_speaks_for_an_answer_is_not_stable_but_not_measured():
    assert isinstance(check_stability([], [["x"]], noise=0.01, at_least=0.8).measured, NotMeasured)


def test_agreement_is_the_rank_correlation_with_its_interval():
    one = attribution(a=4.0, b=3.0, c=2.0, d=1.0)
    same = check_agreement(one, np.array([40.0, 30.0, 20.0, 10.0]), by="another", at_least=0.5)
    turned = check_agreement(one, np.array([1.0, 2.0, 3.0, 4.0]), by="another", at_least=0.5)
    assert same.measured.value == pytest.approx(1.0)
    assert turned.measured.value == pytest.approx(-1.0)
    assert (same.passed, turned.passed) == (True, False)


def test_agreement_of_few_columns_is_not_measured():
    check = check_agreement(attribution(a=1.0, b=2.0), np.array([1.0, 2.0]), by="another", at_least=0.5)
    assert isinstance(check.measured, NotMeasured)
    assert check.passed is None


def test_taking_the_strongest_columns_away_moves_the_answer_most():
    typical = typical_of([dict.fromkeys(WEIGHTS, 0.0)] * 3, list(WEIGHTS))
    check = check_deletion(attribution(**WEIGHTS), ROW, typical, outputs, sign=-1.0, seed=1, at_least=0.8)
    assert (check.measured.value, check.measured.n, check.passed) == (1.0, 6, True)
    assert check.measured.low == pytest.approx(0.610, abs=1e-3)


def test_shares_that_name_the_wrong_columns_fail_the_deletion():
    typical = typical_of([dict.fromkeys(WEIGHTS, 0.0)] * 3, list(WEIGHTS))
    made_up = attribution(a=0.1, b=0.1, c=0.1, d=0.1, e=-3.0, f=-2.0)
    check = check_deletion(made_up, ROW, typical, outputs, sign=-1.0, seed=1, at_least=0.8)
    assert check.passed is False


def test_noise_moves_numbers_a_little_and_leaves_counts_and_words():
    rows = [{"income": 1000 * n, "late": n % 4, "purpose": "car", "ok": True} for n in range(20)]
    typical = typical_of(rows, ["income", "late", "purpose", "ok"])
    row = {"income": 50_000, "late": 3, "purpose": "car", "ok": True}
    copies = noisy_rows(row, typical, copies=50, noise=0.01, seed=1)
    assert len({copy["income"] for copy in copies}) > 10
    assert all(isinstance(copy["income"], int) and abs(copy["income"] - 50_000) < 500 for copy in copies)
    assert {(copy["late"], copy["purpose"], copy["ok"]) for copy in copies} == {(3, "car", True)}


def test_usual_is_the_middle_number_or_the_most_frequent_word():
    typical = typical_of([{"x": 1, "w": "a"}, {"x": 9, "w": "b"}, {"x": 5, "w": "b"}], ["x", "w"])
    assert typical.middle == {"x": 5.0, "w": "b"}
