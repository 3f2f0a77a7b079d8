"""By hand: scores that are log odds already need slopes near 1 and no shift."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.models.experts.calibration import (
    Calibrator,
    fit_calibrator,
    out_of_fold_table,
    sigmoid,
)


def test_calibrated_scores_are_left_alone():
    draw = np.random.default_rng(0)
    scores = draw.normal(0, 2, 20_000)
    truth = (draw.random(20_000) < sigmoid(scores)).astype(np.int8)
    found = fit_calibrator(scores, truth)
    assert found.above == pytest.approx(1.0, abs=0.1)
    assert found.below == pytest.approx(1.0, abs=0.1)
    assert found.shift == pytest.approx(0.0, abs=0.1)


def test_overconfident_scores_are_pulled_in():
    draw = np.random.default_rng(0)
    scores = draw.normal(0, 2, 20_000)
    truth = (draw.random(20_000) < sigmoid(scores / 2)).astype(np.int8)
    assert fit_calibrator(scores, truth).above == pytest.approx(0.5, abs=0.1)


def test_a_higher_score_is_never_a_lower_probability():
    probability = Calibrator(0.5, 2.0, -0.3).probability(np.linspace(-800, 800, 101))
    assert (np.diff(probability) >= 0).all()
    assert probability[0] == 0.0
    assert probability[-1] == 1.0


def test_scores_without_their_truth_are_refused():
    with pytest.raises(BadInput, match="one truth per score"):
        fit_calibrator(np.zeros(3), np.zeros(2, dtype=np.int8))


def test_a_quote_is_neither_right_nor_wrong_where_there_is_no_clause():
    table = out_of_fold_table(
        ["one"],
        ("cap", "audit"),
        np.array([[0.9, 0.2]]),
        np.array([[1, 0]], dtype=np.int8),
        np.array([[True, False]]),
        np.array([3]),
    )
    assert table.to_pylist() == [
        {
            "case_id": "one",
            "field": "cap",
            "answer": "true",
            "confidence": 0.9,
            "truth": "true",
            "right": True,
            "evidence_right": True,
            "fold": 3,
        },
        {
            "case_id": "one",
            "field": "audit",
            "answer": "false",
            "confidence": 0.8,
            "truth": "false",
            "right": True,
            "evidence_right": None,
            "fold": 3,
        },
    ]
