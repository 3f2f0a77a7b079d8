"""By hand: 3 a - 2 b + c with all three there is 2; of a product a b each takes a half."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.explanation.kernel import kernel_shares

WEIGHTS = np.array([3.0, -2.0, 1.0])


def test_the_shares_of_a_sum_are_its_parts_and_its_fidelity_is_whole():
    found = kernel_shares(lambda masks: 0.5 + masks @ WEIGHTS, 3, most_sets=64, seed=1)
    assert found.shares == pytest.approx(WEIGHTS)
    assert (found.base, found.output, found.asks) == (0.5, 2.5, 8)
    assert isinstance(found.fidelity, NotMeasured)  # six sets are too few to measure it


def test_a_product_of_two_is_shared_in_halves():
    found = kernel_shares(lambda masks: 4.0 * masks[:, 0] * masks[:, 1], 3, most_sets=64, seed=1)
    assert found.shares == pytest.approx([2.0, 2.0, 0.0], abs=1e-9)


def test_where_every_set_is_asked_the_shares_are_those_of_every_order():
    draw = np.random.default_rng(3)
    table = draw.normal(size=2**4)

    def value(masks):
        return table[masks @ (1 << np.arange(4))]

    found = kernel_shares(value, 4, most_sets=64, seed=1)
    assert found.shares == pytest.approx(shapley(value, 4))


def shapley(value, n):
    """Work shares out as they are defined: the mean of what each adds, over every order."""
    from itertools import permutations

    shares, orders = np.zeros(n), list(permutations(range(n)))
    for order in orders:
        mask, before = np.zeros((1, n), dtype=bool), float(value(np.zeros((1, n), dtype=bool))[0])
        for column in order:
            mask[0, column] = True
            now = float(value(mask)[0])
            shares[column] += (now - before) / len(orders)
            before = now
    return shares


def test_drawn_sets_find_a_sum_and_say_how_well_they_fit_what_they_have_not_seen():
    weights = np.linspace(-2.0, 3.0, 20)
    found = kernel_shares(lambda masks: masks @ weights, 20, most_sets=400, seed=5)
    assert found.shares == pytest.approx(weights, abs=1e-6)
    assert isinstance(found.fidelity, Estimate)
    assert found.fidelity.value == pytest.approx(1.0)
    assert found.fidelity.n == 400  # each was left out of a fit once


def test_shares_add_up_and_fidelity_is_low_where_a_model_is_no_sum():
    def odd(masks):
        return (masks.sum(axis=1) % 2).astype(float)

    found = kernel_shares(odd, 15, most_sets=600, seed=2)
    assert found.base + found.shares.sum() == pytest.approx(found.output)
    assert found.fidelity.value < 0.2
    assert found.fidelity.low <= found.fidelity.value <= found.fidelity.high


def test_the_same_seed_asks_the_same():
    def value(masks):
        return np.sin(masks @ np.arange(16.0))

    first, second = (kernel_shares(value, 16, most_sets=200, seed=7) for _ in range(2))
    assert first.shares.tolist() == second.shares.tolist()


def test_a_model_that_gives_no_number_is_refused():
    with pytest.raises(BadInput, match="1 outputs that are no numbers"):
        kernel_shares(lambda masks: np.where(masks.all(axis=1), np.nan, 0.0), 3, most_sets=64, seed=1)


def test_too_few_questions_are_refused_with_how_many_are_needed():
    with pytest.raises(BadInput, match="64 questions are too few for 20 columns"):
        kernel_shares(lambda masks: masks.sum(axis=1) * 1.0, 20, most_sets=64, seed=1)
