"""By hand: income 5 and late 2, verified yes, purpose the second of two categories."""

import math

import numpy as np
import pytest

from flyball.models.experts.boosted_table.columns import (
    BadColumns,
    Column,
    bounded,
    columns_of,
    encode,
    why_not,
)

COLUMNS = (
    Column("income", monotone=1),
    Column("late", may_miss=True),
    Column("verified", "flag"),
    Column("purpose", "category", categories=("car", "school")),
)
ROW = {"income": 5, "late": 2, "verified": True, "purpose": "school", "name": "not looked at"}


def test_a_row_becomes_numbers_in_the_order_of_the_columns():
    matrix, answerable = encode([ROW], COLUMNS)
    assert matrix.tolist() == [[5.0, 2.0, 1.0, 1.0]]
    assert answerable.tolist() == [True]


def test_a_missing_value_is_answered_only_where_training_knew_it():
    matrix, answerable = encode([{**ROW, "late": None}, {**ROW, "income": None}], COLUMNS)
    assert math.isnan(matrix[0, 1])
    assert answerable.tolist() == [True, False]


def test_an_unknown_category_counts_as_none_of_them():
    matrix, answerable = encode([{**ROW, "purpose": "boat"}], COLUMNS)
    assert math.isnan(matrix[0, 3])
    assert answerable.tolist() == [True]


def test_what_was_not_learned_from_is_not_answered_and_the_reason_says_what_was():
    """Incomes of 2, 4 and 6 lie 2 apart: up to 8 is answered, and nothing below 0."""
    learned = np.array([[2.0, 0.0, 1.0, 0.0], [4.0, 1.0, 0.0, 1.0], [6.0, 2.0, 1.0, 1.0]])
    columns = bounded(COLUMNS, learned, np.array([2.0, 1.0, 1.0, 1.0]))
    assert (columns[0].least, columns[0].most) == (0.0, 8.0)
    rows = [ROW | {"income": 8}, ROW | {"income": 8.1}, ROW | {"income": -1}, ROW | {"purpose": "boat"}]
    assert encode(rows, columns)[1].tolist() == [True, False, False, False]
    assert [why_not(row, columns) for row in rows[1:]] == [
        "Outside what this model learned from: income (0 to 8).",
        "Outside what this model learned from: income (0 to 8).",
        "Outside what this model learned from: purpose.",
    ]


def test_a_category_that_was_learned_as_none_of_those_listed_is_answered():
    learned = np.array([[2.0, 0.0, 1.0, 0.0], [4.0, 1.0, 0.0, np.nan]])
    columns = bounded(COLUMNS, learned, np.ones(4))
    assert encode([ROW | {"purpose": "boat"}], columns)[1].tolist() == [True]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"late": 1}, "1 of 2 rows have no column 'income'"),
        ({**ROW, "income": "many"}, "The column income holds the text 'many', where a number is expected"),
        ({**ROW, "income": True}, "The column income holds True, where a number is expected"),
        ({**ROW, "verified": 1}, "The column verified holds 1, where yes or no is expected"),
        ({**ROW, "purpose": 7}, "The column purpose holds 7, where a text is expected"),
    ],
)
def test_what_a_column_cannot_hold_is_refused_by_name(row, said):
    with pytest.raises(BadColumns) as caught:
        encode([ROW, row], COLUMNS)
    assert said in caught.value.message


def test_columns_are_found_in_rows_and_what_names_a_row_is_left_out():
    rows = [{"id": f"A-{n}", "x": n if n else None, "kind": "ab"[n % 2], "ok": n > 1} for n in range(6)]
    assert columns_of(rows) == (
        Column("kind", "category", categories=("a", "b")),
        Column("ok", "flag"),
        Column("x", may_miss=True),
    )


def test_numbers_and_texts_in_one_column_are_refused():
    with pytest.raises(BadColumns, match="The column x holds category and number"):
        columns_of([{"x": 1}, {"x": "one"}])


def test_a_category_has_no_direction():
    with pytest.raises(BadColumns, match="Categories have no order"):
        Column("purpose", "category", monotone=1, categories=("car",))


def test_an_empty_batch_has_no_rows():
    assert encode([], COLUMNS)[0].shape == (0, 4)
    assert np.isnan(encode([{**ROW, "late": None}], COLUMNS)[0]).sum() == 1
