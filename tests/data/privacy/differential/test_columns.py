"""Columns, by hand: edges 0, 10, 20 make two bins and a code for missing."""

import math

import numpy as np
import pyarrow as pa
import pytest

from flyball.data.privacy.differential import Bins, Bounds, Categories
from flyball.data.privacy.differential.columns import cells, encode, shape_of
from flyball.data.privacy.differential.errors import BadPrivateQuery

AGES = Bins("age", (0.0, 10.0, 20.0))


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def test_values_fall_into_bins_and_outside_ones_into_the_ends():
    found = AGES.codes(column([-5.0, 0.0, 9.99, 10.0, 20.0, 1e300, math.inf, -math.inf, None, math.nan]))
    assert found.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 2, 2]


def test_a_value_that_was_not_declared_counts_as_missing():
    found = Categories("colour", ("red", "blue")).codes(column(["blue", "red", "green", None]))
    assert found.tolist() == [1, 0, 2, 2]


@pytest.mark.parametrize(
    ("values", "kind"), [((0, 1), pa.float64()), ((True, False), pa.bool_()), ((1, 2), pa.int8())]
)
def test_categories_are_read_in_the_type_of_the_column(values, kind):
    assert Categories("x", values).codes(column(list(values), kind)).tolist() == [0, 1]


def test_bounds_clip_and_round_each_row_for_itself():
    """Reach 4 makes a step 4 / 2^20, so 1.0 is 262144 steps, and 9.0 is clipped to 4.0."""
    steps, step, most, counts = Bounds("x", -1.0, 4.0).on_grid(column([1.0, 9.0, -9.0, None, math.nan]))
    assert step == 4.0 / 2**20
    assert most == 2**20
    assert steps.tolist() == [262144, 2**20, -262144, 0, 0]
    assert counts.tolist() == [True, True, True, False, False]


def test_no_row_can_lie_further_out_than_the_stated_most():
    for low, high in ((0.0, 100.0), (-0.3, 0.1), (1e-9, 1e-8), (-7.0, 1e12)):
        for around in (0.0, (low + high) / 2):
            steps, _, most, _ = Bounds("x", low, high).on_grid(
                column([low, high, -1e300, 1e300]), around=around
            )
            assert np.abs(steps).max() <= most


def test_cells_count_rows():
    codes = np.array([[0, 1], [0, 1], [1, 2]])
    assert cells(codes, (2, 3)).tolist() == [[0, 2, 0], [0, 0, 1]]
    assert cells(codes[:0], (2, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_fine_bins_are_merged_to_about_equal_parts():
    """Rows 5, 5, 80, 5, 5: half of 100 is as near to the 10 below 20 as to the 90 below 30; 20 is first."""
    fine = Bins("x", (0.0, 10.0, 20.0, 30.0, 40.0, 50.0))
    assert fine.merged(np.array([5, 5, 80, 5, 5]), 2).edges == (0.0, 20.0, 50.0)
    assert fine.merged(np.array([20, 20, 20, 20, 20]), 5).edges == fine.edges
    assert fine.merged(np.array([-3, 0, 0, 0, 0]), 1).edges == (0.0, 50.0)


def test_drawn_numbers_lie_in_their_bin():
    draw = np.random.default_rng(0)
    for kind in (pa.float64(), pa.int64()):
        values = AGES.decode(np.array([0] * 50 + [1] * 50 + [2]), kind, draw).to_pylist()
        assert all(0 <= value < 10 for value in values[:50])
        assert all(10 <= value < 20 for value in values[50:100])
        assert values[100] is None


@pytest.mark.parametrize("edges", [(), (1.0,), (1.0, 1.0), (2.0, 1.0), (0.0, math.nan), (0.0, math.inf)])
def test_edges_without_sense_are_refused(edges):
    with pytest.raises(BadPrivateQuery, match="at least two finite rising numbers"):
        Bins("x", edges)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(BadPrivateQuery, match="no column 'age'") as caught:
        encode(pa.table({"year": [1]}), [AGES])
    assert caught.value.fix == "It has: year."


def test_a_text_column_is_not_cut_into_bins():
    with pytest.raises(BadPrivateQuery, match="'age' holds string, not numbers"):
        encode(pa.table({"age": ["x"]}), [AGES])


def test_too_many_cells_are_refused():
    with pytest.raises(BadPrivateQuery, match="age x age has 9 cells, more than 8"):
        shape_of([AGES, AGES], largest=8)


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (0.0, math.inf), (math.nan, 1.0), (0.0, 1e-310), (0.0, 1e300)]
)
def test_bounds_for_which_no_exact_step_exists_are_refused(low, high):
    with pytest.raises(BadPrivateQuery, match="The bounds of 'x' must be rising"):
        Bounds("x", low, high)
