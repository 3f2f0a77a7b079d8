"""Rows per unit, by hand: with at most 2, the third row of unit a is left out and no row of b moves."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.privacy.differential import Declaration, protect
from flyball.data.privacy.differential.errors import BadPrivateQuery


class Terms:
    """A budget that is never drawn on."""

    def __init__(self, **terms):
        self.declaration = Declaration("d", "g", "one person", epsilon=1.0, **terms)


def kept(units, most=2):
    table = pa.table({"who": pa.array(units, pa.string()), "row": list(range(len(units)))})
    return protect(table, Terms(unit_column="who", rows_per_unit_at_most=most)).rows


def test_of_each_unit_the_first_rows_count():
    assert kept(["a", "b", "a", "a", "b", "c"]).column("row").to_pylist() == [0, 1, 2, 4, 5]


def test_rows_without_a_unit_are_one_unit():
    assert kept([None, "a", None, None]).column("row").to_pylist() == [0, 1, 2]


def test_an_empty_table_stays_empty():
    assert kept([]).num_rows == 0


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.sampled_from("abcd"), st.integers(1, 4))
def test_taking_a_unit_away_moves_at_most_its_own_rows(units, gone, most):
    table = pa.table({"who": pa.array(units, pa.string()), "row": list(range(len(units)))})
    without = table.filter(pa.array([one != gone for one in units], pa.bool_()))
    terms = Terms(unit_column="who", rows_per_unit_at_most=most)
    before = set(protect(table, terms).rows.column("row").to_pylist())
    after = set(protect(without, terms).rows.column("row").to_pylist())
    assert after <= before
    assert len(before - after) <= most
    assert all(units[row] == gone for row in before - after)


def test_without_a_unit_column_every_row_counts():
    assert protect(pa.table({"a": [1, 1, 1]}), Terms()).rows.num_rows == 3


def test_a_unit_that_a_dictionary_lists_twice_is_one_unit():
    """Indices 0 and 1 both say "a"; as two units they would have four rows together."""
    who = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, 1, 2, None], pa.int32()), ["a", "a", "b"])
    table = pa.table({"who": who, "row": range(6)})
    found = protect(table, Terms(unit_column="who", rows_per_unit_at_most=2)).rows
    assert found.column("row").to_pylist() == [0, 1, 4, 5]
    assert found.schema.field("who").type == pa.string()


def test_rows_are_not_shown_where_a_private_table_is_printed():
    assert "Ada" not in repr(protect(pa.table({"name": ["Ada"]}), Terms()))


def test_a_missing_unit_column_is_named():
    with pytest.raises(BadPrivateQuery, match="no column 'who'"):
        protect(pa.table({"a": [1]}), Terms(unit_column="who"))
