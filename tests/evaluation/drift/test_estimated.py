"""Accuracy without labels: confidences that can be taken at their word, and those that cannot."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.drift.estimated import (
    Calibrator,
    estimated_accuracy,
    fit_calibrator,
    reconciled,
    weights_of,
)

NONE = NotMeasured("not weighted")


def drawn(n, seed, *, low=0.5, high=1.0, truth=lambda sure: sure):
    draw = np.random.default_rng(seed)
    sure = draw.uniform(low, high, n)
    return sure, (draw.random(n) < truth(sure)).astype(float)


def test_without_a_correction_the_estimate_is_the_mean_confidence():
    found = estimated_accuracy(np.array([0.9, 0.7, 0.8]))
    assert found.value == pytest.approx(0.8)
    # variance of a mean of three: (0.09 + 0.21 + 0.16) / 9
    assert found.low == pytest.approx(0.8 - 1.959964 * (0.46 / 9) ** 0.5)
    assert found.high == 1.0


def test_confidences_that_are_too_high_are_corrected_by_labels_of_the_reference():
    sure, right = drawn(4000, 1, truth=lambda sure: sure - 0.15)
    fitted = fit_calibrator(sure, right)
    later, later_right = drawn(2000, 2, truth=lambda sure: sure - 0.15)
    assert abs(estimated_accuracy(later).value - later_right.mean()) > 0.1
    assert estimated_accuracy(later, fitted).value == pytest.approx(later_right.mean(), abs=0.03)


def test_the_interval_holds_the_accuracy_that_is_seen_as_often_as_it_says():
    """200 windows at 95 %: 190 expected; fewer than 182 have a chance below 1 %."""
    held = 0
    for seed in range(200):
        fitted = fit_calibrator(*drawn(400, [seed, 1]))
        later, right = drawn(300, [seed, 2])
        found = estimated_accuracy(later, fitted)
        held += found.low <= right.mean() <= found.high
    assert held >= 182


def test_rows_that_became_more_frequent_weigh_more():
    draw = np.random.default_rng(1)
    ours, theirs = draw.normal(size=(3000, 2)), draw.normal((1, 0), 1, size=(3000, 2))
    weights = weights_of(ours, theirs)
    assert weights.sum() == pytest.approx(3000)
    assert float(np.average(ours[:, 0], weights=weights)) == pytest.approx(1.0, abs=0.12)


def test_too_few_labels_fit_nothing():
    sure, right = drawn(50, 1)
    assert isinstance(fit_calibrator(sure, right), NotMeasured)
    assert isinstance(fit_calibrator(sure.repeat(4), np.ones(200)), NotMeasured)
    assert isinstance(fit_calibrator(np.full(200, 0.8), np.arange(200) % 5 > 0), Calibrator)


def test_what_labels_say_names_the_assumption_that_broke():
    sure, right = drawn(800, 3)
    estimate = estimated_accuracy(sure)
    kept = reconciled(estimate, NONE, right, confidence_labelled=sure, confidence_all=sure)
    assert kept.finding == "borne out"
    broken = reconciled(estimate, NONE, 1 - right, confidence_labelled=sure, confidence_all=sure)
    assert broken.finding == "outcomes changed"
    lucky = Estimate(float(1 - right.mean()), 800, 0.2, 0.4)
    moved = reconciled(estimate, lucky, 1 - right, confidence_labelled=sure, confidence_all=sure)
    assert moved.finding == "inputs moved"
    least = sure < 0.6
    chosen = reconciled(estimate, NONE, right[least], confidence_labelled=sure[least], confidence_all=sure)
    assert chosen.finding == "labels are not of all rows"
    none = reconciled(estimate, NONE, right[:5], confidence_labelled=sure[:5], confidence_all=sure)
    assert isinstance(none.realised, NotMeasured)


def test_confidences_that_are_none_are_refused():
    with pytest.raises(BadInput, match="outside 0 to 1"):
        estimated_accuracy(np.array([1.2]))
    assert isinstance(estimated_accuracy(np.array([])), NotMeasured)
