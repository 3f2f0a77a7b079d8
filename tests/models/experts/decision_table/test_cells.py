"""The condition language against a second reading of it in plain Python, and against hostile cells."""

import pytest
import zen
from hypothesis import example, given
from hypothesis import strategies as st

from flyball.models.experts.decision_table.cells import (
    Test as CellTest,
)
from flyball.models.experts.decision_table.cells import (
    UnreadableCell,
    fold,
    quoted,
    read_condition,
    split_list,
)
from flyball.models.experts.decision_table.jdm import problem_of

NUMBERS = st.one_of(
    st.integers(-50, 200).map(float), st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
)
WORDS = st.sampled_from(
    ["delaware", "new york", "best efforts", "yes", "", 'say "hi"', "it's", "a", "b", "60"]
)
VALUES = st.one_of(st.none(), NUMBERS, WORDS)


def holds(cell, value, kind="value"):
    test = read_condition(cell, kind, "x")
    assert isinstance(test, CellTest)
    return zen.evaluate_expression(test.zen, {"x": value, "x_unsure": False})


@given(VALUES, st.integers(-20, 100), st.integers(0, 60))
def test_comparisons_hold_for_numbers_only(value, low, width):
    number = isinstance(value, float)
    assert holds(f"> {low}", value) == (number and value > low)
    assert holds(f">= {low}", value) == (number and value >= low)
    assert holds(f"< {low}", value) == (number and value < low)
    assert holds(f"≤ {low}", value) == (number and value <= low)
    assert holds(f"{low} to {low + width}", value) == (number and low <= value <= low + width)
    assert holds(str(low), value) == (number and value == low)
    assert holds("none", value) == (value is None)


@given(VALUES, st.lists(WORDS.filter(bool), min_size=1, max_size=3))
def test_lists_hold_for_what_they_name(value, items):
    cell = ", ".join('"' + item.replace('"', '""') + '"' for item in items)
    text = isinstance(value, str)
    assert holds(f"one of: {cell}", value) == (value in items)
    assert holds(f"not one of: {cell}", value) == (value is not None and value not in items)
    assert holds(f"contains: {cell}", value) == (text and any(item in value for item in items))
    assert holds(f"contains none of: {cell}", value) == (text and not any(item in value for item in items))


@given(st.text(max_size=60), st.text(max_size=60))
@example('"', "x")
@example("' or true or '", "x")
@example('" or x == x or "', "x")
@example("\\", "\\\\")
@example("`${1}`", "1")
def test_a_quoted_text_equals_itself_and_nothing_else(text, other):
    expression = f"x == {quoted(text)}"
    assert zen.evaluate_expression(expression, {"x": text}) is True
    assert zen.evaluate_expression(expression, {"x": other}) is (other == text)


@given(st.text(max_size=80), st.sampled_from(["flag", "number", "text", "value"]))
@example('" or true or "', "text")
@example("one of: ') or (true", "text")
@example("> 5 or true", "number")
@example("yes or true", "flag")
@example("$nodes", "value")
@example("contains: x) or (true", "text")
def test_whatever_stands_in_a_cell_it_is_data_or_refused(cell, kind):
    """A cell that is read gives a test that the engine reads to its end and that a strange value fails."""
    try:
        test = read_condition(cell, kind, "x")
    except UnreadableCell:
        return
    if test is None:
        assert fold(cell).strip() in ("", "-", "any")
        return
    assert problem_of(test.zen, unary=False) == ""
    if "none of" not in cell.lower() and "not one of" not in cell.lower():
        assert zen.evaluate_expression(test.zen, {"x": "\u241fstrange", "x_unsure": False}) is False


@pytest.mark.parametrize("cell", ["", " ", "-", "any", "ANY"])
def test_an_empty_cell_asks_nothing(cell):
    assert read_condition(cell, "flag", "x") is None


def test_what_a_spreadsheet_makes_of_quotes_signs_and_spaces_is_understood():
    assert holds("≥\u00a01,000,000", 1_000_000.0)
    assert holds("one\u00a0of: “New York, NY”, Delaware", "new york, ny")
    assert holds("YES", "yes", "flag")


@pytest.mark.parametrize(
    ("cell", "kind", "said"),
    [
        ("true", "flag", "the fact is a yes-or-no fact; write yes or no"),
        ("> 3", "flag", "the fact is a yes-or-no fact"),
        ("none", "flag", "the fact is a yes-or-no fact"),
        ("> sixty", "value", "'sixty' is not a number such as 60, 1,000,000 or 2.5"),
        ("> 60 days", "value", "after the sign there must be one number, without its unit"),
        ("60 days", "number", "write the number alone, without its unit"),
        ("60 to 30", "value", "the range runs backwards, from 60 to 30"),
        ("1,00,000", "number", "is not a comparison with a number"),
        ("> 60", "text", "it compares numbers, but the fact is text"),
        ("Delaware, New York", "text", "it lists several texts; write one of: in front"),
        ("one of: a,,b", "text", "a text is missing, before or after a comma"),
        ("one of:", "text", "a text is missing, before or after a comma"),
        ('one of: "a', "text", "the quotes do not close"),
        ('one of: "a" b', "text", "after the closing quote there must be a comma, not 'b'"),
        ('the "Company"', "text", "must stand around the whole text"),
        ("x" * 3000, "text", "it has 3000 characters, more than 2000"),
    ],
)
def test_a_cell_that_says_nothing_is_told_why(cell, kind, said):
    with pytest.raises(UnreadableCell) as caught:
        read_condition(cell, kind, "x")
    assert said in str(caught.value)


def test_unknown_asks_whether_the_fact_is_unsure():
    test = read_condition("unknown", "flag", "x")
    assert (test.zen, test.unknown) == ("x_unsure == true", True)


def test_a_quoted_word_is_text_even_where_the_bare_word_means_something():
    assert holds('"none"', "none")
    assert not holds('"none"', None)
    assert holds('"60"', "60")
    assert not holds('"60"', 60.0)


def test_a_list_may_hold_commas_and_quotation_marks_in_quotes():
    assert split_list('a, "b, c", "say ""hi"""') == ["a", "b, c", 'say "hi"']
