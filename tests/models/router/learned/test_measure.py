"""By hand: four prompts of which the strong model gains 1, 1, 0 and 0.

In the best order the share recovered is 1/2, 1, 1, 1 after each call; the area under the line through
(0, 0), (1/4, 1/2), (1/2, 1), (3/4, 1), (1, 1) is (1/4 + 3/4 + 1 + 1) / 4 = 3/4.
"""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.models.router.learned.measure import apgr, recovered

STRONG, WEAK = np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 0.0])


def test_the_best_order_and_the_worst_of_four_prompts():
    assert apgr(np.array([4.0, 3.0, 2.0, 1.0]), STRONG, WEAK) == 0.75
    assert apgr(np.array([1.0, 2.0, 3.0, 4.0]), STRONG, WEAK) == 0.25


def test_equal_scores_count_as_a_random_order():
    assert apgr(np.zeros(4), STRONG, WEAK) == 0.5
    assert apgr(np.array([1.0, 1.0, 0.0, 0.0]), STRONG, WEAK) == 0.75
    assert apgr(np.array([1.0, 0.0, 1.0, 0.0]), STRONG, WEAK) == 0.5


def test_half_the_gap_takes_one_call_in_four_and_four_fifths_take_two():
    found = recovered(np.array([4.0, 3.0, 2.0, 1.0]), STRONG, WEAK)
    assert (found.apgr.value, found.cpt50.value, found.cpt80.value) == (0.75, 0.25, 0.5)
    assert found.apgr.n == 4


def test_a_weak_model_that_is_better_at_times_can_be_worth_more_than_the_whole_gap():
    """Gains of 1, 1 and -1: the shares recovered are 1, 2 and 1, their means between calls 1/2, 3/2, 3/2."""
    strong, weak = np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    assert apgr(np.array([3.0, 2.0, 1.0]), strong, weak) == pytest.approx((0.5 + 1.5 + 1.5) / 3)


def test_without_a_gap_there_is_nothing_to_recover():
    found = recovered(np.arange(4.0), WEAK, WEAK)
    assert isinstance(found.apgr, NotMeasured)
    assert isinstance(found.cpt80, NotMeasured)


def test_the_interval_covers_what_is_true_about_as_often_as_it_says():
    """A score that knows nothing has .5; of 100 samples of 200 prompts about 95 intervals hold it."""
    random = np.random.default_rng(1)
    held = 0
    for seed in range(100):
        strong, weak = (random.random(200) < 0.8).astype(float), (random.random(200) < 0.5).astype(float)
        ties = random.integers(0, 5, 200).astype(float)
        found = recovered(ties, strong, weak, seed=seed).apgr
        held += found.low <= 0.5 <= found.high
    assert 88 <= held <= 99


def test_scores_must_be_finite_and_as_many_as_prompts():
    with pytest.raises(BadInput, match="not finite"):
        recovered(np.array([np.nan, 1.0, 2.0, 3.0]), STRONG, WEAK)
    with pytest.raises(BadInput, match="length 3, 4 and 4"):
        recovered(np.arange(3.0), STRONG, WEAK)
