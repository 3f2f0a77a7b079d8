"""By hand: one split of column 0 with 3 training rows left (value 0) and 1 right (value 8).

The sum for a row of which nothing is known is 8 / 4 = 2. Right of the split column 0 adds 8 - 2 = 6, left of
it 0 - 2 = -2; column 1 stands nowhere and adds 0.
"""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.shares import shares_of
from flyball.models.experts.boosted_table.trees import flattened

SPLIT = {
    "split_feature": 0,
    "threshold": 1.0,
    "internal_count": 4,
    "left_child": {"leaf_value": 0.0, "leaf_count": 3},
    "right_child": {"leaf_value": 8.0, "leaf_count": 1},
}


def test_a_column_has_what_its_split_adds_to_the_average():
    shares = shares_of(flattened([SPLIT], share=1.0), 2)
    assert shares.base == 2.0
    assert shares.of(np.array([[2.0, 0.0], [1.0, 0.0]])).tolist() == [[6.0, 0.0], [-2.0, 0.0]]


def test_a_tree_without_a_split_only_moves_the_base():
    shares = shares_of(flattened([{"leaf_value": 3.0}, SPLIT], share=1.0), 1)
    assert shares.base == 5.0
    assert shares.of(np.array([[2.0]])).tolist() == [[6.0]]


def test_trees_that_do_not_say_how_many_rows_passed_are_refused():
    trees = flattened([SPLIT], share=1.0)
    bare = type(trees)(
        trees.feature, trees.threshold, trees.left, trees.right, trees.value, trees.roots, trees.depth
    )
    with pytest.raises(BadInput, match="do not say how many training rows passed"):
        shares_of(bare, 2)


@pytest.fixture(scope="module")
def rows():
    """Numbers, numbers with gaps, whole numbers and categories, and a target that needs them together."""
    draw = np.random.default_rng(7)
    found = draw.normal(size=(3_000, 6))
    found[:, 1] = draw.integers(0, 9, len(found))
    found[:, 2] = np.where(draw.random(len(found)) < 0.2, np.nan, found[:, 2])
    found[:, 3] = np.round(found[:, 3])
    score = found[:, 0] + 2 * np.isin(found[:, 1], [1, 4]) - np.nan_to_num(found[:, 2], nan=1.5)
    return found, (score + found[:, 3] * found[:, 4] + draw.normal(size=len(found)) > 0).astype(float)


@pytest.mark.parametrize(("depth", "leaves"), [(3, 8), (6, 31)])
def test_sums_and_shares_are_those_of_lightgbm_with_gaps_and_unknown_categories(rows, depth, leaves):
    lightgbm = pytest.importorskip("lightgbm")
    given, target = rows
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "max_depth": depth,
        "monotone_constraints": [1, 0, 0, 0, 0, 0],
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "num_threads": 1,
        "verbose": -1,
        "seed": 3,
    }
    data = lightgbm.Dataset(given, target, categorical_feature=[1])
    model = lightgbm.train(settings, data, 60)
    trees = flattened([one["tree_structure"] for one in model.dump_model()["tree_info"]], share=1.0, width=6)
    asked = given[:500].copy()
    asked[:20, 0], asked[20:30, 1], asked[30:40, 1] = np.nan, 99.0, np.nan
    told = model.predict(asked, pred_contrib=True)
    shares = shares_of(trees, 6)
    found = shares.of(asked)
    assert np.abs(trees.sum(asked) - model.predict(asked, raw_score=True)).max() < 1e-9
    assert np.abs(found - told[:, :6]).max() < 1e-9
    assert shares.base == pytest.approx(told[0, 6], abs=1e-9)
    assert np.abs(found.sum(axis=1) + shares.base - trees.sum(asked)).max() < 1e-9
    assert found[3].tolist() == shares.of(asked[3:4])[0].tolist()
