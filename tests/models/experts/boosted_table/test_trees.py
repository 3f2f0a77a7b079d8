"""By hand: one tree asks whether feature 0 is at most 2, and below it whether feature 1 is at most 5."""

import numpy as np

from flyball.models.experts.boosted_table.trees import flattened

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


BY_CATEGORY = {
    "split_feature": 1,
    "decision_type": "==",
    "threshold": "0||2",
    "left_child": {"leaf_value": 1.0},
    "right_child": {
        "split_feature": 0,
        "threshold": 5.0,
        "missing_type": "NaN",
        "default_left": True,
        "left_child": {"leaf_value": 2.0},
        "right_child": {"leaf_value": 4.0},
    },
}


def test_a_category_goes_left_where_it_is_in_the_set_and_right_where_nobody_knows_it():
    rows = np.array([[9.0, 0.0], [9.0, 2.0], [9.0, 1.0], [9.0, 77.0], [9.0, np.nan], [9.0, -1.0]])
    assert flattened([BY_CATEGORY], share=1.0, width=2).sum(rows).tolist() == [1.0, 1.0, 4.0, 4.0, 4.0, 4.0]


def test_a_missing_number_goes_where_the_split_says():
    rows = np.array([[np.nan, 1.0], [5.0, 1.0], [6.0, 1.0]])
    assert flattened([BY_CATEGORY], share=1.0, width=2).sum(rows).tolist() == [2.0, 2.0, 4.0]


def test_a_missing_number_that_training_never_saw_goes_where_a_zero_goes():
    rows = np.array([[np.nan, np.nan]])
    assert flattened([TREE], share=1.0).sum(rows).tolist() == [1.0]


def test_many_rows_are_summed_as_each_one_alone():
    rows = np.random.default_rng(0).normal(3.0, 3.0, size=(1_000, 2))
    trees = flattened([TREE] * 7, share=0.1)
    assert trees.sum(rows).tolist() == [trees.sum(row[None])[0] for row in rows]
