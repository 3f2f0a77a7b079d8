"""Costs, by hand.

Bun and Steinke 2016 (proposition 1.3) give epsilon = rho + 2 sqrt(rho ln(1/delta)) for rho-zCDP: for rho
0.5 and delta 1e-6 that is 0.5 + 2 sqrt(0.5 x 13.8155) = 5.757. The conversion used here must never be above
it. For a Gaussian with sensitivity 1 and scale 10, rho is 1 / 200 = 0.005, and OpenDP converts it to epsilon
0.4299 at 1e-6.
"""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.data.privacy.differential.accounting import (
    PICO,
    Spend,
    epsilon_of_rho,
    rho_of_epsilon,
    spend_of,
)
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import opendp

rhos = st.floats(1e-8, 50.0)
deltas = st.floats(1e-12, 1e-3)
epsilons = st.floats(1e-3, 50.0)


@given(rhos, deltas)
def test_the_conversion_is_never_looser_than_the_classic_one(rho, delta):
    assert epsilon_of_rho(rho, delta) <= rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta)) + 1e-9


@pytest.mark.parametrize(("rho", "delta"), [(0.005, 1e-6), (0.5, 1e-6), (2.0, 1e-9), (1e-4, 1e-5)])
def test_the_conversion_agrees_with_opendp(rho, delta):
    dp = opendp()
    space = dp.atom_domain(T="i64"), dp.absolute_distance(T=float)
    gaussian = dp.m.make_gaussian(*space, scale=math.sqrt(1.0 / (2.0 * rho)))
    theirs = dp.c.make_zCDP_to_approxDP(gaussian).map(1.0).epsilon(delta)
    assert epsilon_of_rho(rho, delta) == pytest.approx(theirs, rel=2e-3)


def test_a_gaussian_of_scale_ten_loses_what_the_docstring_says():
    assert epsilon_of_rho(0.005, 1e-6) == pytest.approx(0.42994, abs=1e-4)


@given(rhos, rhos, deltas)
def test_a_larger_rho_never_has_a_smaller_epsilon(one, other, delta):
    low, high = sorted((one, other))
    assert epsilon_of_rho(low, delta) <= epsilon_of_rho(high, delta) * (1 + 1e-7)


@given(epsilons, deltas)
def test_the_way_back_comes_out_below(epsilon, delta):
    rho = rho_of_epsilon(epsilon, delta)
    assert epsilon * (1 - 1e-6) <= epsilon_of_rho(rho, delta) <= epsilon


@settings(max_examples=30)
@given(st.lists(epsilons, min_size=2, max_size=8), st.floats(1e-9, 1e-4))
def test_composition_by_rho_never_costs_more_than_adding_epsilons(each, delta):
    """rho is convex in epsilon, so that k releases together stay below the sum of their epsilons."""
    together = sum(rho_of_epsilon(one, delta) for one in each)
    assert epsilon_of_rho(together, delta) <= sum(each) * (1 + 1e-6)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-9), (1.0, 1e-6), (8.0, 1e-5)])
def test_a_budget_is_spent_at_half_of_its_delta_and_not_at_all_of_it(epsilon, delta):
    """The other half is kept for unknown keys, so a release may use only this one."""
    paid = spend_of(epsilon, 0.0, budget_delta=delta).amount
    assert epsilon_of_rho(paid, delta / 2) == pytest.approx(epsilon, rel=1e-5)
    assert epsilon_of_rho(paid, delta / 2) <= epsilon


def test_ten_tenths_are_exactly_one():
    assert 10 * spend_of(0.1, 0.0, budget_delta=0.0).loss == spend_of(1.0, 0.0, budget_delta=0.0).loss == PICO


@given(st.integers(1000, 10**13), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_the_parts_of_a_cost_never_add_up_to_more(loss, weights):
    parts = Spend("zcdp", loss, 5).split(*weights)
    assert loss - len(weights) < sum(part.loss for part in parts) <= loss
    assert all(part.delta == 0 for part in parts)


@given(st.integers(1, 10**15))
def test_a_cost_as_a_number_is_never_above_the_cost(loss):
    assert Fraction(Spend("basic", loss).amount) <= Fraction(loss, PICO)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 1e-5, 101.0, math.nan, math.inf])
def test_an_epsilon_without_sense_is_refused(epsilon):
    with pytest.raises(BadPrivateQuery, match=r"Epsilon must lie in \[0\.0001, 100\]"):
        spend_of(epsilon, 0.0, budget_delta=1e-6)


@pytest.mark.parametrize("delta", [-1e-9, 1e-19, 1.0, math.nan, math.inf])
def test_a_delta_without_sense_is_refused(delta):
    """1e-19 is less than the smallest part of a delta that is counted: it would be paid with nothing."""
    with pytest.raises(BadPrivateQuery, match=r"ask for one of 1e-16 or more"):
        spend_of(1.0, delta, budget_delta=1e-6)


def test_a_delta_cannot_be_paid_by_a_budget_without_one():
    with pytest.raises(BadPrivateQuery, match="delta 1e-08 cannot be paid by a budget with delta 0"):
        spend_of(1.0, 1e-8, budget_delta=0.0)
