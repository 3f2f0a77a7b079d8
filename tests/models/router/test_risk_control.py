"""By hand: 400 cases of 10 answers each; what is wrong is laid out so that the promise can be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.models.router.risk_control import (
    Calibration,
    Promise,
    betting_p_value,
    binomial_p_value,
    calibration_of,
    choose_thresholds,
    skewed_t_p_value,
    upper_bound_of_rate,
)
from flyball.models.router.thresholds import NEVER


def simulated(cases: int, seed: int, *, wrong_scale: float = 1.0) -> Calibration:
    """Ten answers a case; an answer of confidence c is wrong with chance (1 - c) * wrong_scale."""
    draw = np.random.default_rng(seed)
    confidence = 1.0 - 0.5 * draw.random((cases, 10)) ** 3
    right = draw.random((cases, 10)) >= (1.0 - confidence) * wrong_scale
    return Calibration(
        np.repeat(np.arange(cases), 10),
        confidence.ravel(),
        draw.random(cases * 10) < 0.3,
        right.ravel(),
        cases,
        10,
    )


def wrong_share(calibration: Calibration, present: float, absent: float) -> float:
    least = np.where(calibration.says_present, present, absent)
    automated = calibration.confidence >= least
    return float((~calibration.right[automated]).mean()) if automated.any() else 0.0


def test_the_promised_wrong_share_is_kept_on_new_cases_about_as_often_as_promised():
    broken = 0
    fresh = simulated(20_000, seed=999)
    for seed in range(100):
        chosen = choose_thresholds(simulated(300, seed), Promise(0.05, 0.9)).thresholds
        broken += wrong_share(fresh, chosen.present, chosen.absent) > 0.05
    assert broken <= 20  # 10 expected at most; 20 lies three standard deviations above


def test_an_expert_that_is_right_enough_is_automated():
    chosen = choose_thresholds(simulated(400, 1), Promise(0.05))
    assert chosen.automated_share > 0.5
    assert chosen.guarantees[0].kept
    assert chosen.guarantees[0].n == 400


def test_an_expert_that_is_wrong_too_often_automates_nothing_and_the_guarantee_says_why():
    chosen = choose_thresholds(simulated(400, 1, wrong_scale=2.0), Promise(0.001))
    assert chosen.thresholds.present == chosen.thresholds.absent == NEVER
    assert chosen.automated_share == 0.0
    assert not chosen.guarantees[0].kept
    assert "400 cases cannot show it" in chosen.guarantees[0].promise
    assert chosen.guarantees[0].observed is None


def test_too_few_cases_automate_nothing():
    assert choose_thresholds(simulated(20, 1), Promise(0.05)).thresholds.absent == NEVER


def test_no_cases_automate_nothing():
    empty = calibration_of([], [], [], [])
    assert choose_thresholds(empty, Promise(0.05)).thresholds.absent == NEVER
    assert choose_thresholds(empty, Promise(0.05, 0.95, 8.0)).thresholds.present == NEVER


def test_the_finite_sample_proof_automates_less():
    loose = choose_thresholds(simulated(400, 2), Promise(0.05))
    careful = choose_thresholds(simulated(400, 2), Promise(0.05, proof="finite_sample"))
    assert 0.0 < careful.automated_share < loose.automated_share
    assert "arXiv:2010.09686" in careful.guarantees[0].method


def test_false_positives_get_a_stricter_threshold_and_a_guarantee_of_their_own():
    chosen = choose_thresholds(simulated(400, 3), Promise(0.05, 0.95, 20.0))
    assert chosen.thresholds.present > chosen.thresholds.absent
    assert [guarantee.unit for guarantee in chosen.guarantees] == [
        "share of automated answers",
        "per 1,000 cases",
    ]


def test_eight_in_a_thousand_cannot_be_shown_by_100_cases():
    """Without one false positive in 100 cases the 95 % bound is still 1 - 0.05 ** (1 / 100) = 2.95 %."""
    calibration = calibration_of(
        [str(case) for case in range(100) for _ in range(10)], ["true"] * 1000, [0.999] * 1000, [True] * 1000
    )
    chosen = choose_thresholds(calibration, Promise(0.05, 0.95, 8.0))
    assert chosen.thresholds.present == NEVER
    assert "100 cases cannot show it" in chosen.guarantees[1].promise


def test_eight_in_a_thousand_is_shown_by_408_cases_without_any():
    """0.992 ** 408 = 0.0377, below 0.05; one case with a false positive gives 0.162, above."""
    assert binomial_p_value(0, 408, 0.008) == pytest.approx(0.0377, abs=1e-4)
    assert binomial_p_value(1, 408, 0.008) == pytest.approx(0.1618, abs=1e-3)


def test_upper_bound_without_any_hit_is_about_three_in_n():
    """1 - 0.05 ** (1 / 408) = 0.007316."""
    assert upper_bound_of_rate(0, 408) == pytest.approx(0.007316, abs=1e-6)
    assert upper_bound_of_rate(5, 5) == 1.0


def test_betting_finds_nothing_where_the_mean_is_just_what_is_allowed():
    draw = np.random.default_rng(0)
    small = sum(betting_p_value((draw.random(300) < 0.1).astype(float), 0.1) <= 0.05 for _ in range(400))
    assert small <= 33  # 20 expected at most; 33 lies three standard deviations above


def test_betting_finds_a_mean_that_is_clearly_lower():
    assert betting_p_value(np.full(300, 0.05), 0.1) < 0.01
    assert betting_p_value(np.zeros(0), 0.1) == 1.0


def test_the_t_test_is_corrected_for_errors_that_come_in_clusters():
    """Losses are -1 in 19 of 20 cases and 19 in one: mean 0. The plain test would reject far too often."""
    draw = np.random.default_rng(0)
    small = sum(skewed_t_p_value(np.where(draw.random(300) < 0.05, 19.0, -1.0)) <= 0.05 for _ in range(400))
    assert small <= 33


def test_the_order_of_rows_changes_nothing():
    calibration = simulated(60, 4)
    ids = [f"case {case:03d}" for case in calibration.case]
    answers = ["true" if says else "false" for says in calibration.says_present]
    rows = list(zip(ids, answers, calibration.confidence.tolist(), calibration.right.tolist(), strict=True))
    one = choose_thresholds(calibration_of(*zip(*rows, strict=True)), Promise(0.1, 0.9, 500.0))
    np.random.default_rng(0).shuffle(rows)
    assert choose_thresholds(calibration_of(*zip(*rows, strict=True)), Promise(0.1, 0.9, 500.0)) == one


def test_a_confidence_outside_its_range_is_refused():
    with pytest.raises(BadInput, match=r"A confidence lies outside \[0, 1\]: 1.5 to 1.5."):
        calibration_of(["a"], ["true"], [1.5], [True])


def test_a_confidence_that_is_not_a_number_is_refused():
    with pytest.raises(BadInput, match="A confidence lies outside"):
        calibration_of(["a"], ["true"], [float("nan")], [True])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_promise_must_be_a_share(share):
    with pytest.raises(BadInput, match="wrong_share_at_most must lie between 0 and 1"):
        Promise(share)


@settings(max_examples=25, deadline=None)
@given(st.integers(30, 120), st.integers(0, 1000), st.floats(0.01, 0.3))
def test_what_is_automated_keeps_the_promise_on_the_calibration_cases_themselves(cases, seed, share):
    calibration = simulated(cases, seed)
    chosen = choose_thresholds(calibration, Promise(share))
    observed = wrong_share(calibration, chosen.thresholds.present, chosen.thresholds.absent)
    assert observed <= share
