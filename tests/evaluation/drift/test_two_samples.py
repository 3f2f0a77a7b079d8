"""By hand, and against published values.

Three rows beside three, all of the first below all of the second: 2 of the 20 orders are that far apart, so
p is 0.1. Of 20 zeros and 30 ones beside 30 zeros and 20 ones: chi squared 4, one degree of freedom, p .0455.
"""

import numpy as np
import pytest

from flyball.evaluation.drift.two_samples import (
    adjusted,
    chi_squared_tail,
    count_test,
    fisher_exact,
    ks_test,
    poisson_tail,
    rank_sum_test,
    unseen_test,
)


def rows(*values: float):
    return np.sort(np.array(values, dtype=np.float64)), np.ones(len(values))


def test_the_distance_of_two_samples_that_do_not_overlap_is_one_and_its_chance_is_counted():
    found = ks_test("values", rows(1, 2, 3), rows(4, 5, 6))
    assert found.effect == 1.0
    assert found.p == pytest.approx(0.1)


def test_equal_samples_are_not_apart():
    found = ks_test("values", rows(1, 2, 2, 3), rows(1, 2, 2, 3))
    assert (found.effect, found.p) == (0.0, 1.0)


def test_chances_of_few_rows_are_exact_also_far_out():
    ours, theirs = rows(*range(100)), rows(*(x + 30.5 for x in range(100)))
    assert ks_test("values", ours, theirs).p == pytest.approx(0.000120162, rel=1e-4)  # exact, by scipy


def test_many_rows_have_the_limit_law():
    ours, theirs = rows(*range(2000)), rows(*(x + 80.5 for x in range(2000)))
    assert ks_test("values", ours, theirs).p == pytest.approx(0.0752, rel=0.03)  # exact, by scipy


def test_a_summary_that_may_be_wrong_makes_p_larger_and_never_smaller():
    ours, theirs = rows(*range(300)), rows(*(x + 40 for x in range(300)))
    sure = ks_test("values", ours, theirs)
    unsure = ks_test("values", ours, theirs, slack=0.05)
    assert sure.effect == unsure.effect
    assert unsure.p > sure.p
    assert unsure.high > sure.high


def test_counts_are_compared_by_chi_squared():
    found = count_test("values", np.array([20.0, 30.0]), np.array([30.0, 20.0]))
    assert found.p == pytest.approx(0.0455, abs=1e-4)
    assert found.effect == pytest.approx((0.2**2 - (0.5 * 2 * 0.1 * (2 / np.pi) ** 0.5) ** 2) ** 0.5)
    assert found.low <= found.effect <= found.high


def test_values_that_are_expected_fewer_than_five_times_are_pooled():
    singles = np.ones(100)
    found = count_test(
        "values", np.concatenate([singles, 0 * singles]), np.concatenate([0 * singles, singles])
    )
    assert found.p == 1.0  # every value is pooled into one, and no number of rows is left to differ


def test_values_that_only_the_current_rows_have_are_counted_against_chance():
    singles = np.ones(100)
    share, p = unseen_test(np.concatenate([singles, 0 * singles]), np.concatenate([0 * singles, singles]))
    assert share == pytest.approx(0.0)  # a hundred of two hundred single values fall on this side by chance
    assert p > 0.4
    often = np.array([50.0, 50.0, *[0.0] * 30]), np.array([10.0, 10.0, *[3.0] * 30])
    share, p = unseen_test(*often)
    assert share > 0.6
    assert p < 1e-4


def test_chances_agree_with_tables():
    assert chi_squared_tail(3.841459, 1) == pytest.approx(0.05, abs=1e-6)
    assert chi_squared_tail(124.3421, 100) == pytest.approx(0.05, abs=1e-6)
    assert poisson_tail(5, 2.0) == pytest.approx(0.052653, abs=1e-6)
    assert poisson_tail(0, 2.0) == 1.0
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(0.485714, abs=1e-6)  # Fisher's tea


def test_scores_that_are_all_higher_are_far_apart_and_those_that_are_lower_are_not():
    low, high = np.arange(50.0), np.arange(50.0, 100.0)
    assert rank_sum_test("rows", low, high).p < 1e-15
    assert rank_sum_test("rows", high, low).p > 0.999
    assert rank_sum_test("rows", np.zeros(50), np.zeros(50)).p == 1.0


def test_q_is_that_of_benjamini_and_hochberg():
    assert adjusted(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.02, 0.04, 0.04, 0.02])
