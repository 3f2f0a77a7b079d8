"""By hand: 0.5 has log odds 0, so slope 2 and shift ln 3 make it 3 / (3 + 1) = 0.75."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.models.router.recalibration import FEWEST_CASES, Recalibration, fit_recalibration
from flyball.models.router.thresholds import NEVER, ExpertThresholds, moved

LIFT = Recalibration(slope=2.0, shift=math.log(3.0), n_cases=10)


def test_an_undecided_answer_is_lifted_to_three_quarters():
    answer, confidence = LIFT.answer("false", 0.5)
    assert (answer, pytest.approx(confidence)) == ("true", 0.75)


def test_no_recalibration_changes_nothing():
    assert Recalibration().answer("true", 0.9) == ("true", pytest.approx(0.9))
    assert Recalibration().answer("false", 0.9) == ("false", pytest.approx(0.9))


def test_what_is_not_judged_or_not_a_flag_stays_as_it_came():
    assert LIFT.answer("false", 0.0) == ("false", 0.0)
    assert LIFT.answer('"Delaware"', 0.7) == ('"Delaware"', 0.7)


shares = st.floats(0.001, 0.999)


@given(shares, st.sampled_from(["true", "false"]), shares, shares, st.floats(0.2, 3.0), st.floats(-4.0, 4.0))
def test_exactly_the_same_answers_are_automated_and_none_that_turned_around(
    confidence, answer, present, absent, slope, shift
):
    confidence, present, absent = max(confidence, 0.501), max(present, 0.51), max(absent, 0.51)
    by = Recalibration(slope, shift, 10)
    before = ExpertThresholds(present, absent)
    level = present if answer == "true" else absent
    if abs(confidence - level) < 1e-6:
        return
    now, sure = by.answer(answer, confidence)
    automated = sure >= moved(before, by).least("any", now)
    if now == answer:
        # Thresholds that would fall below one half stop there: then fewer are automated, never more.
        assert automated <= (confidence >= level)
        if moved(before, by).least("any", now) > 0.5001:
            assert automated == (confidence >= level)
    elif automated:
        # It turned around and is sure: only where its opposite had been less sure than any threshold allows.
        pytest.fail(f"{answer} {confidence} turned into {now} {sure} and was automated")


def test_never_stays_never():
    assert moved(ExpertThresholds(), LIFT).least("any", "true") == NEVER


def test_a_shift_of_the_base_rate_is_found():
    generator = np.random.default_rng(3)
    log_odds = generator.normal(-2.0, 2.0, 4000)
    truth = generator.random(4000) < 1.0 / (1.0 + np.exp(-(log_odds + 1.5)))
    stated = 1.0 / (1.0 + np.exp(-log_odds))
    says = stated > 0.5
    found = fit_recalibration(np.where(says, stated, 1.0 - stated), says, truth == says, n_cases=100)
    assert found.slope == pytest.approx(1.0, abs=0.1)
    assert found.shift == pytest.approx(1.5, abs=0.2)


def test_too_few_cases_or_only_one_answer_leave_the_expert_alone():
    sure, says, right = np.array([0.9, 0.8]), np.array([True, False]), np.array([True, True])
    assert fit_recalibration(sure, says, right, n_cases=FEWEST_CASES - 1) is None
    assert fit_recalibration(sure, says, np.array([True, False]), n_cases=FEWEST_CASES) is None
    assert fit_recalibration(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool), n_cases=50) is None
