"""Synthetic tables, by hand.

Rows: x is 0 or 1 evenly, y copies x, z is 0, and the target is x. The tree must join x and y, and nearly all
artificial rows must have x = y = target.
"""

import numpy as np
import pyarrow as pa
import pytest

from flyball.data.labels.errors import NotForTraining
from flyball.data.privacy.differential import Bins, Categories, protect, synthesize
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.synthesis import _from_root, _on_simplex

X = np.arange(4000) % 2
ROWS = pa.table(
    {
        "x": pa.array(X, pa.int32()),
        "y": pa.array(np.where(X, 15.0, 5.0)),
        "z": ["only"] * 4000,
        "w": pa.array(np.arange(4000) // 2 % 2, pa.int8()),
        "t": pa.array(X.astype(bool)),
    }
)
COLUMNS = [
    Categories("x", (0, 1)),
    Bins("y", (0.0, 10.0, 20.0)),
    Categories("z", ("only", "other")),
    Categories("w", (0, 1)),
]


@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_what_belongs_together_stays_together(budget, delta):
    private = protect(ROWS, budget(epsilon=10.0, delta=delta))
    found = synthesize(private, COLUMNS, target=Categories("t", (False, True)), epsilon=10.0).value
    assert found.schema.equals(ROWS.schema)
    assert found.num_rows == pytest.approx(4000, abs=100)
    x, t = found.column("x").to_numpy(), found.column("t").to_numpy(zero_copy_only=False)
    y = found.column("y").to_numpy() >= 10.0
    assert np.mean(x == y) > 0.97
    assert np.mean(x == t) > 0.97
    assert np.mean(np.asarray(found.column("w")) == x) == pytest.approx(0.5, abs=0.1)


def test_without_a_target_the_tree_alone_keeps_pairs(budget):
    found = synthesize(protect(ROWS, budget(epsilon=20.0)), COLUMNS, epsilon=20.0, rows=1000).value
    assert found.column_names == ["x", "y", "z", "w"]
    assert found.num_rows == 1000
    assert np.mean(found.column("x").to_numpy() == (found.column("y").to_numpy() >= 10.0)) > 0.97


def test_it_draws_on_the_budget_once_and_says_so(budget):
    private = protect(ROWS, budget(epsilon=2.0))
    promised = synthesize(private, COLUMNS, epsilon=1.5).guarantee
    assert (promised.epsilon, promised.bounds) == (1.5, "12 codes known beforehand, 1 row(s) per unit")
    assert private.budget.statement()["remaining"] == 0.5


def test_an_empty_table_gives_artificial_rows_and_no_error(budget):
    private = protect(ROWS.slice(0, 0), budget())
    assert synthesize(private, COLUMNS, epsilon=1.0, rows=10).value.num_rows == 10


def test_one_column_is_not_enough(budget):
    private = protect(ROWS, budget())
    with pytest.raises(BadPrivateQuery, match="at least two different columns, got 1"):
        synthesize(private, COLUMNS[:1], epsilon=1.0)
    with pytest.raises(BadPrivateQuery, match="Cannot draw 0 rows"):
        synthesize(private, COLUMNS, epsilon=1.0, rows=0)
    assert private.budget.statement()["epsilon_spent"] == 0.0


def test_an_edge_that_the_column_cannot_hold_is_refused_before_it_costs(budget):
    private = protect(ROWS, budget())
    with pytest.raises(BadPrivateQuery, match="'w' holds int8, which cannot take every declared value"):
        synthesize(private, [COLUMNS[0], Bins("w", (0.0, 1.0, 1e6, 2e6))], epsilon=1.0)
    assert private.budget.statement()["epsilon_spent"] == 0.0


def test_the_nearest_counts_are_found():
    """(5, 1, -2) to the whole 4: take 1 off the two largest, cut the rest: (4, 0, 0)."""
    assert _on_simplex(np.array([5, 1, -2]), 4.0).tolist() == [4.0, 0.0, 0.0]
    assert _on_simplex(np.array([3, 3, -9]), 4.0).tolist() == [2.0, 2.0, 0.0]
    assert _on_simplex(np.array([-7, -7]), 4.0).tolist() == [2.0, 2.0]


def test_edges_point_away_from_the_root():
    assert _from_root([(2, 3), (0, 2), (1, 3)]) == [(0, 2), (2, 3), (3, 1)]


def test_nothing_is_made_of_rows_that_nothing_may_be_learned_from(budget):
    private = protect(ROWS.replace_schema_metadata({"flyball.use": "no-training"}), budget())
    with pytest.raises(NotForTraining, match="learned from x, y, z, w"):
        synthesize(private, COLUMNS, epsilon=1.0)
    assert private.budget.statement()["epsilon_spent"] == 0.0
