"""By hand: of scores 4, 3, 2, 1 the first and the third are true: precision 1 and 2/3 there, 5/6 on average.

With 4, 3, 3, 1 the true and the false one of equal score share a step: 1/2 * 1 + 1/2 * 2/3 = 5/6 too.
"""

import numpy as np
import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.models.experts.graph.ranking import average_precision, by_groups, recall_at

TRUTH = np.array([True, False, True, False])


@pytest.mark.parametrize("third", [2.0, 3.0])
def test_average_precision_is_that_worked_out_by_hand(third):
    assert average_precision(np.array([4.0, 3.0, third, 1.0]), TRUTH) == pytest.approx(5 / 6)


def test_recall_counts_what_is_found_within_the_budget():
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    assert [recall_at(scores, TRUTH, alerts=many) for many in (1, 2, 3)] == [0.5, 0.5, 1.0]


def test_equal_rows_of_one_account_do_not_make_an_estimate_surer():
    draw = np.random.default_rng(0)
    scores, truth = draw.random(60), draw.random(60) < 0.4
    names = [str(number) for number in range(60)]
    once = by_groups(average_precision, scores, truth, names)
    ten = by_groups(average_precision, np.tile(scores, 10), np.tile(truth, 10), names * 10)
    assert isinstance(once, Estimate)
    assert isinstance(ten, Estimate)
    assert (ten.low, ten.high) == pytest.approx((once.low, once.high))
    assert once.low < once.value < once.high


def test_nine_true_ones_are_too_few_to_say():
    told = by_groups(average_precision, np.arange(50.0), np.arange(50) < 9, ["a"] * 50)
    assert told == NotMeasured("9 true of 50, 10 of each kind needed")
