"""By hand, and against published values.

Three rows beside three, all of the first below all of the second: 2 of the 20 orders are that far apart, so
p is 0.1. Of 22 zeros and 28 ones beside 28 zeros and 22 ones: chi squared 1.44, one degree of freedom,
p .2301. Of 20 and 30 beside 30 and 20: chi squared 4 would be p .0455, Fisher's exact test says .0713.
"""

import math

import numpy as np
import pytest

from flyball.evaluation.drift.two_samples import (
    adjusted,
    chi_squared_tail,
    count_test,
    fisher_exact,
    hypergeometric_tail,
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


def test_a_window_beside_a_longer_reference_is_never_taken_for_rarer_than_it_is():
    both = np.arange(2250.0)
    behind = np.arange(2250) % 9 == 8  # every ninth row is in the window, the first 40 of them moved down
    behind[np.flatnonzero(behind)[:40]] = False
    behind[1:80:2] = True
    ours, theirs = both[~behind], both[behind]
    found = ks_test("values", (ours, np.ones(len(ours))), (theirs, np.ones(len(theirs))))
    exact = 0.000298667356278  # by scipy 1.17
    assert exact <= found.p <= 1.5 * exact


def test_a_summary_that_may_be_wrong_makes_p_larger_and_never_smaller():
    ours, theirs = rows(*range(300)), rows(*(x + 40 for x in range(300)))
    sure = ks_test("values", ours, theirs)
    unsure = ks_test("values", ours, theirs, slack=0.05)
    assert sure.effect == unsure.effect
    assert unsure.p > sure.p
    assert unsure.high > sure.high


def test_counts_are_compared_by_chi_squared():
    near = count_test("values", np.array([22.0, 28.0]), np.array([28.0, 22.0]))
    assert near.p == pytest.approx(0.2301, abs=1e-4)
    found = count_test("values", np.array([20.0, 30.0]), np.array([30.0, 20.0]))
    assert found.p == pytest.approx(0.0713, abs=2e-3)
    assert found.effect == pytest.approx((0.2**2 - (0.5 * 2 * 0.1 * (2 / np.pi) ** 0.5) ** 2) ** 0.5)
    assert found.low <= found.effect <= found.high


@pytest.mark.parametrize(("n", "m", "rare"), [(2000, 250, 50), (500, 250, 30), (500, 4000, 60)])
def test_a_rare_value_is_never_taken_for_rarer_than_it_is(n, m, rare):
    """Every way in which the rare rows can fall on both sides, with its chance without drift."""
    chances = [
        math.comb(n, rare - b) * math.comb(m, b) / math.comb(n + m, rare) for b in range(min(rare, m) + 1)
    ]
    said = [
        count_test("values", np.array([n - rare + b, rare - b], float), np.array([m - b, b], float)).p
        for b in range(min(rare, m) + 1)
    ]
    for level in (0.05, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8):
        assert sum(chance for chance, p in zip(chances, said, strict=True) if p <= level) <= level


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
    assert hypergeometric_tail(30, 2000, 12, 250) == pytest.approx(0.001412213466, rel=1e-8)  # scipy 1.17
    assert hypergeometric_tail(50_000, 10**6, 52_000, 10**6) == pytest.approx(6.581082e-11, rel=1e-5)
    assert hypergeometric_tail(0, 10, 0, 10) == hypergeometric_tail(10, 10, 10, 10) == 1.0


def test_scores_that_are_all_higher_are_far_apart_and_those_that_are_lower_are_not():
    low, high = np.arange(50.0), np.arange(50.0, 100.0)
    assert rank_sum_test("rows", low, high).p < 1e-15
    assert rank_sum_test("rows", high, low).p > 0.999
    assert rank_sum_test("rows", np.zeros(50), np.zeros(50)).p == 1.0


def test_q_is_that_of_benjamini_and_hochberg():
    assert adjusted(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.02, 0.04, 0.04, 0.02])
