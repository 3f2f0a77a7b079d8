"""By hand: one tree asks whether feature 0 is at most 2, and below it whether feature 1 is at most 5."""

import numpy as np

from flyball.models.experts.clause_detector.trees import flattened

TREE = {
    "split_feature": 0,
    "threshold": 2.0,
    "left_child": {
        "split_feature": 1,
        "threshold": 5.0,
        "left_child": {"leaf_value": 1.0},
        "right_child": {"leaf_value": 2.0},
    },
    "right_child": {"leaf_value": 4.0},
}


def test_a_row_falls_to_the_leaf_that_its_features_lead_to():
    rows = np.array([[2.0, 5.0], [2.0, 5.1], [2.1, 0.0]])
    assert flattened([TREE], share=1.0).sum(rows).tolist() == [1.0, 2.0, 4.0]


def test_trees_are_summed_and_a_share_averages_them():
    rows = np.array([[3.0, 0.0]])
    assert flattened([TREE, TREE, {"leaf_value": 6.0}], share=0.5).sum(rows).tolist() == [7.0]


def test_no_rows_give_no_sums():
    assert flattened([TREE], share=1.0).sum(np.zeros((0, 2))).shape == (0,)
