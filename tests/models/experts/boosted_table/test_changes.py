"""By hand: debt above 0.4 costs 2, and use above 0.5 costs 1; both may go down, income may not move.

A row with debt 0.7 and use 0.9 has the sum 0 - 2 - 1 = -3. To reach -1 debt must come to 0.4; to reach 0 use
must come to 0.5 too.
"""

import numpy as np
import pytest

from flyball.models.experts.boosted_table.changes import smallest_change
from flyball.models.experts.boosted_table.reasons import Reason, Reasons
from flyball.models.experts.boosted_table.trees import flattened


def split(column, at, above):
    return {
        "split_feature": column,
        "threshold": at,
        "left_child": {"leaf_value": 0.0},
        "right_child": {"leaf_value": above},
    }


TREES = flattened([split(0, 0.4, -2.0), split(1, 0.5, -1.0), split(2, 50.0, 4.0)], share=1.0)
REASONS = Reasons(
    (
        Reason("debt", "Too much debt", "lower", 0.1, None, "Bring debt to {value}"),
        Reason("use", "Too much in use", "lower", None, None, "Use at most {value}"),
        Reason("income", "Income is low", "no", None, None, ""),
    )
)
ROW = np.array([0.7, 0.9, 20.0])
SPREAD = np.ones(3)


def test_one_column_comes_before_two():
    found = smallest_change(ROW, TREES, REASONS, SPREAD, reach=-1.0)
    assert [(one.column, one.value, one.template) for one in found] == [
        ("debt", 0.4, "Bring debt to {value}")
    ]


def test_two_columns_move_where_one_is_not_enough():
    found = smallest_change(ROW, TREES, REASONS, SPREAD, reach=0.0)
    assert [(one.column, one.value) for one in found] == [("debt", 0.4), ("use", 0.5)]


def test_what_nobody_can_change_is_never_changed():
    assert smallest_change(ROW, TREES, REASONS, SPREAD, reach=1.0) is None


def test_a_row_that_is_good_enough_needs_no_change():
    assert smallest_change(np.array([0.1, 0.1, 20.0]), TREES, REASONS, SPREAD, reach=-0.5) == ()


def test_a_change_goes_no_further_than_it_may():
    narrow = Reasons((Reason("debt", "Too much debt", "lower", 0.5, None, "{value}"), *REASONS.rows[1:]))
    assert smallest_change(ROW, TREES, narrow, SPREAD, reach=-1.0) is None


def test_a_missing_value_is_not_invented():
    row = np.array([np.nan, 0.9, 20.0])
    found = smallest_change(row, TREES, REASONS, SPREAD, reach=0.0)
    assert found is None or "debt" not in [one.column for one in found]


@pytest.mark.parametrize("threshold", [0.123456, 1234.5678, 0.00098765, 3.0])
def test_what_is_said_is_enough_when_it_is_done_to_the_letter(threshold):
    for change, start in (("lower", threshold * 2), ("higher", threshold / 2)):
        better = [split(0, threshold, -1.0)] if change == "lower" else [split(0, threshold, 1.0)]
        reasons = Reasons((Reason("x", "Reason for x", change, None, None, "{value}"),))
        trees = flattened(better, share=1.0)
        reach = 0.0 if change == "lower" else 1.0
        found = smallest_change(np.array([start]), trees, reasons, np.ones(1), reach=reach)
        assert trees.sum(np.array([[found[0].value]]))[0] >= reach
