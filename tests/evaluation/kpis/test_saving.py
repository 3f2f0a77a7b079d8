"""By hand: 10 [8, 13] less 6 [5, 8] is 4, from 4 - sqrt(2^2 + 2^2) to 4 + sqrt(3^2 + 1^2)."""

import math

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.measure import Group
from flyball.evaluation.kpis.records import Stated
from flyball.evaluation.kpis.saving import Compared, difference

BEFORE, NOW = Estimate(10.0, 50, 8.0, 13.0), Estimate(6.0, 80, 5.0, 8.0)


def test_a_difference_has_the_spread_of_both_sides():
    found = difference(BEFORE, NOW, better="lower")
    assert (found.value, found.n) == (4.0, 80)
    assert (found.low, found.high) == pytest.approx((4 - math.sqrt(8), 4 + math.sqrt(10)))
    other = difference(BEFORE, NOW, better="higher")
    assert (other.value, other.low, other.high) == pytest.approx((-4.0, -found.high, -found.low))


def test_without_an_interval_on_both_sides_nothing_is_said_to_be_saved():
    bare = Estimate(6.0, 80)
    assert isinstance(difference(BEFORE, bare, better="lower"), NotMeasured)
    why = difference(NotMeasured("no decision was made"), NOW, better="lower")
    assert why == NotMeasured("the baseline is not known: no decision was made")


def test_a_saving_is_told_for_each_and_in_all(book, day):
    """Before, half of 40 went to a person, now a fifth of 60; at 10 minutes 3 less each, 3 hours in all."""
    book.decide(20, referred=True, day=0)
    book.decide(20, day=0)
    book.decide(12, referred=True, day=5)
    book.decide(48, day=5)
    before = Wanted(since=day(0), until=day(1))
    compared = Compared("period", "before", current=Group((Wanted(),), (before,)), baseline=Group((before,)))
    found = book.kpi(
        "share(referred) * 10 minutes",
        unit="minutes per transfer",
        better="lower",
        volume="count(decisions)",
        compared=compared,
    )
    assert found.estimate.value == pytest.approx(3.2)  # over all 100
    assert found.baseline.estimate.value == pytest.approx(5.0)
    assert found.baseline.compared.value == pytest.approx(2.0)
    assert found.baseline.causal is False
    assert found.saving.each.value == pytest.approx(3.0)
    assert found.saving.each.low > 0
    assert (found.saving.volume, found.saving.total_unit) == (60, "hours")
    assert found.saving.total.value == pytest.approx(3.0)
    assert found.saving.total.low == pytest.approx(found.saving.each.low * 60 / 60)


def test_a_stated_baseline_is_compared_as_it_stands(book):
    book.decide(30)
    book.decide(30, referred=True)
    stated = Compared("value", "stated: time study", stated=Stated(80.0))
    found = book.kpi("share(referred)", unit="%", better="lower", compared=stated)
    assert found.saving.each.value == pytest.approx(30.0)
    assert found.saving.each.high == pytest.approx(80.0 - found.estimate.low)
    assert found.saving.total is None
    wide = Compared("value", "stated: time study", stated=Stated(80.0, 75.0, 85.0))
    told = book.kpi("share(referred)", unit="%", better="lower", compared=wide).saving.each
    assert told.high == pytest.approx(30.0 + math.hypot(5.0, 50.0 - found.estimate.low))


def test_a_baseline_without_decisions_saves_nothing_that_is_known(book, day):
    book.decide(30)
    before = Wanted(since=day(-9), until=day(-8))
    compared = Compared("period", "before", current=Group((Wanted(),)), baseline=Group((before,)))
    found = book.kpi("share(referred)", compared=compared)
    assert found.saving.each == NotMeasured("the baseline is not known: no decision was made")


def test_intervals_of_differences_cover_the_truth():
    """200 pairs of samples of which the true difference is 0.2: at least 90 % of 95 % intervals hold it."""
    import numpy as np

    from flyball.evaluation.bootstrap import Sampling, Tally, estimate_all, ratio_of_sums

    rng, hits = np.random.default_rng(7), 0
    for _ in range(200):
        sides = []
        for rate in (0.5, 0.3):
            sums = np.stack([rng.random(80) < rate, np.ones(80)], axis=1).astype(float)
            tally = Tally(sums, ratio_of_sums(), n=80)
            sides.append(estimate_all([tally], Sampling(resamples=400))[0])
        found = difference(*sides, better="lower")
        hits += found.low <= 0.2 <= found.high
    assert hits >= 180
