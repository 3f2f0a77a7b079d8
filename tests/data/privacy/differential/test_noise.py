"""Noise that does what it was charged for; and a check that catches noise that does not.

For pure epsilon, no event may be more likely under a table than e^epsilon times under its neighbour. A count
of neighbours differs by 1. From 40,000 draws of each, the event that shows the largest loss is chosen on
one half and measured on the other, so that choosing does not flatter; 4.5 standard deviations are for chance.
"""

import math

import numpy as np
import pytest

from flyball.core.errors import MissingExtra
from flyball.core.extras import optional_import
from flyball.data.privacy.differential.accounting import PICO, spend_of
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import choose_largest, noisy, noisy_keys

DRAWS = 40_000
EPSILON = 0.5
PAID = spend_of(EPSILON, 0.0, budget_delta=0.0)


def draws_of(value, spend, *, l1=1):
    return noisy(np.full(DRAWS, value), l1=l1, l2_squared=l1 * l1, spend=spend).values


def shown_epsilon(one, other, *, delta=0.0):
    """Return an epsilon that the draws show to be lost, at least, by the best of all events `draw >= t`."""
    half = len(one) // 2

    def loss(here, there, end):
        p, q = (here >= end).mean(), (there >= end).mean()
        low = p - 4.5 * math.sqrt(p * (1 - p) / half) - delta
        high = q + 4.5 * math.sqrt(q * (1 - q) / half)
        return math.log(max(low, 1e-12) / max(high, 1 / half))

    def best(here, there):
        end = max(np.unique(here[:half]), key=lambda end: loss(here[:half], there[:half], end))
        return loss(here[half:], there[half:], end)

    return max(best(one, other), best(other, one), best(-one, -other), best(-other, -one))


def test_neighbouring_counts_are_told_apart_no_better_than_epsilon_allows():
    assert shown_epsilon(draws_of(11, PAID), draws_of(10, PAID)) <= EPSILON


def test_the_same_check_catches_a_unit_that_moves_the_count_by_two():
    """A forgotten second row of a unit: the loss is 2 epsilon = 1, and the draws show it."""
    assert shown_epsilon(draws_of(12, PAID), draws_of(10, PAID)) > EPSILON


def test_the_same_check_catches_noise_without_tails():
    """Rounded uniform noise of the same spread: some draws are possible on one side only."""
    draw = np.random.default_rng(0)
    uniform = [value + draw.integers(-3, 4, DRAWS) for value in (11, 10)]
    assert shown_epsilon(*uniform) > EPSILON


def test_two_rows_per_unit_are_covered_when_they_are_stated():
    assert shown_epsilon(draws_of(12, PAID, l1=2), draws_of(10, PAID, l1=2)) <= EPSILON


def test_the_gaussian_keeps_epsilon_and_delta():
    paid = spend_of(EPSILON, 0.0, budget_delta=0.02)
    assert shown_epsilon(draws_of(11, paid), draws_of(10, paid), delta=0.01) <= EPSILON
    assert shown_epsilon(draws_of(14, paid), draws_of(10, paid), delta=0.01) > EPSILON


def test_the_check_of_choices_sees_no_more_than_was_paid_for():
    """Scores (0, 1) against (1, 0), sensitivity 1: two outcomes, whose odds differ by e^epsilon at most."""
    one = np.array([choose_largest(np.array([0, 1]), sensitivity=1, spend=PAID) for _ in range(2000)])
    p, q = one.mean(), 1.0 - one.mean()
    assert math.log(p / q) <= EPSILON + 4.5 * 2 / math.sqrt(2000)
    assert math.log(p / q) > 0.1  # and it does prefer the larger


def test_the_scale_is_that_of_the_formulas():
    """By hand: Laplace 3 / 0.5 = 6; Gaussian sqrt(9) / sqrt(2 rho)."""
    laplace = noisy(np.zeros(1, dtype=np.int64), l1=3, l2_squared=9, spend=PAID)
    assert laplace.scale == pytest.approx(6.0)
    assert laplace.deviation == pytest.approx(6.0 * math.sqrt(2.0))
    paid = spend_of(EPSILON, 0.0, budget_delta=1e-6)
    gaussian = noisy(np.zeros(1, dtype=np.int64), l1=3, l2_squared=9, spend=paid)
    assert gaussian.scale == pytest.approx(3.0 / math.sqrt(2.0 * paid.loss / PICO))


def test_the_noise_has_the_spread_that_is_stated():
    for paid in (PAID, spend_of(EPSILON, 0.0, budget_delta=1e-6)):
        found = noisy(np.zeros(DRAWS, dtype=np.int64), l1=1, l2_squared=1, spend=paid)
        assert found.values.std() == pytest.approx(found.deviation, rel=0.05)
        assert abs(found.values.mean()) < 5 * found.deviation / math.sqrt(DRAWS)


def test_two_draws_are_not_the_same():
    assert (draws_of(0, PAID) != draws_of(0, PAID)).any()


def test_a_query_that_nothing_moves_is_refused():
    with pytest.raises(BadPrivateQuery, match="must be at least 1, got 0 and 1"):
        noisy(np.zeros(1, dtype=np.int64), l1=0, l2_squared=1, spend=PAID)


def test_a_key_of_one_unit_stays_inside_and_a_common_one_comes_out():
    paid = spend_of(1.0, 1e-8, budget_delta=1e-6)
    counts, scale, threshold = noisy_keys(["common"] * 1000 + ["only one"], rows_per_unit=1, spend=paid)
    assert list(counts) == ["common"]
    assert abs(counts["common"] - 1000) < 8 * scale
    assert threshold > 5 * scale


def test_keys_that_differ_after_a_nul_are_counted_apart():
    paid = spend_of(10.0, 1e-8, budget_delta=1e-6)
    counts, _, _ = noisy_keys(["a"] * 1000 + ["a\0b"] * 3000, rows_per_unit=1, spend=paid)
    assert {key: round(n, -2) for key, n in counts.items()} == {"a": 1000, "a\ufffdb": 3000}


def test_without_the_library_the_error_names_the_extra():
    with pytest.raises(MissingExtra, match=r"pip install 'flyball\[dp\]'"):
        optional_import("opendp.no_such_module", extra="dp")
