"""By hand: a tree that falls in its second column where the first is above 1, and nowhere else."""

import numpy as np
import pytest

from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.monotone import broken_columns
from flyball.models.experts.boosted_table.trees import flattened


def node(column, threshold, left, right, **more):
    return {
        "split_feature": column,
        "threshold": threshold,
        "left_child": left if isinstance(left, dict) else {"leaf_value": left},
        "right_child": right if isinstance(right, dict) else {"leaf_value": right},
        **more,
    }


RISES = node(1, 5.0, 0.0, 1.0)
FALLS = node(1, 5.0, 1.0, 0.5)
MIXED = node(0, 1.0, RISES, FALLS)


def columns(first, second):
    return (Column("a", monotone=first), Column("b", monotone=second))


@pytest.mark.parametrize(
    ("tree", "directions", "broken"),
    [
        (RISES, (0, 1), ()),
        (RISES, (0, -1), ("b",)),
        (MIXED, (0, 1), ("b",)),
        (MIXED, (1, 0), ("a",)),  # where b is above 5 a higher a falls from 1 to 0.5
        (MIXED, (0, 0), ()),
        (node(0, 1.0, RISES, node(1, 5.0, 1.0, 2.0)), (1, 1), ()),
        ({"leaf_value": 1.0}, (1, 1), ()),
    ],
)
def test_a_direction_is_broken_where_two_leaves_stand_the_wrong_way_round(tree, directions, broken):
    assert broken_columns(flattened([tree], share=1.0), columns(*directions)) == broken


def test_one_tree_among_many_is_enough_to_break_it():
    trees = flattened([RISES] * 9 + [MIXED], share=1.0)
    assert broken_columns(trees, columns(0, 1)) == ("b",)
    assert broken_columns(flattened([RISES] * 9, share=1.0), columns(0, 1)) == ()


def test_leaves_of_different_categories_are_not_compared():
    by_category = node(0, "0||1", RISES, node(1, 5.0, -3.0, -2.0), decision_type="==")
    trees = flattened([by_category], share=1.0, width=2)
    assert (
        broken_columns(
            trees, (Column("kind", "category", categories=("x", "y", "z")), Column("b", monotone=1))
        )
        == ()
    )


def test_missing_values_are_on_neither_side():
    """Missing goes left to the higher value: no number is worse for being higher."""
    tree = node(0, 2.0, node(0, -1.0, 0.0, 0.1), 1.0, missing_type="NaN", default_left=True)
    assert broken_columns(flattened([tree], share=1.0), (Column("a", monotone=1, may_miss=True),)) == ()


def test_the_proof_agrees_with_trying_every_pair_of_values():
    draw = np.random.default_rng(0)
    values = np.array([0.5, 1.5, 2.5, 3.5])

    def grown(depth):
        if depth == 0 or draw.random() < 0.2:
            return {"leaf_value": float(draw.integers(0, 4))}
        return node(int(draw.integers(0, 3)), float(draw.integers(1, 4)), grown(depth - 1), grown(depth - 1))

    told = {True: 0, False: 0}
    for _ in range(300):
        trees = flattened([grown(3)], share=1.0)
        grid = np.array(np.meshgrid(values, values, values)).reshape(3, -1).T
        for place in range(3):
            better = grid[grid[:, place] < 3.5].copy()
            worse = better.copy()
            better[:, place] += 1.0
            falls = bool((trees.sum(better) < trees.sum(worse)).any())
            asked = tuple(Column("abc"[one], monotone=int(one == place)) for one in range(3))
            assert (broken_columns(trees, asked) != ()) == falls
            told[falls] += 1
    assert min(told.values()) > 50
