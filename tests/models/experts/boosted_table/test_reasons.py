"""By hand: shares -3, -1 and -2.5 for a, b and c, of which a and b have one reason: -4 against -2.5."""

import numpy as np
import pytest

from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.reasons import BadReasons, read_reasons

COLUMNS = (Column("a"), Column("b"), Column("c"), Column("kind", "category", categories=("x",)))
HEAD = "column,reason,person can change,down to,up to,to change it,note\n"
GOOD = (
    "a,Income is low,no,,,,\n"
    "b,Income is low,lower,1,,Bring it to {value},\n"
    'c,Many late payments,no,,,,"from the file"\n'
    "kind,Purpose of the loan,,,,,\n"
)


def table(tmp_path, lines):
    path = tmp_path / "reasons.csv"
    path.write_text(HEAD + lines, encoding="utf-8")
    return path


def test_columns_with_one_reason_are_added_up_and_the_worst_comes_first(tmp_path):
    reasons = read_reasons(table(tmp_path, GOOD), COLUMNS)
    assert reasons.principal(np.array([-3.0, -1.0, -2.5, 0.4])) == ["Income is low", "Many late payments"]
    assert reasons.principal(np.array([-1.0, 3.0, -2.5, 0.0])) == ["Many late payments"]
    assert reasons.principal(np.zeros(4)) == []


def test_at_most_four_reasons_are_told(tmp_path):
    columns = tuple(Column(name) for name in "abcdef")
    lines = "".join(f"{name},Reason number {name},no,,,,\n" for name in "abcdef")
    told = read_reasons(table(tmp_path, lines), columns).principal(np.array([-1, -6, -2, -5, -3, -4.0]))
    assert told == ["Reason number b", "Reason number d", "Reason number f", "Reason number e"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (GOOD.replace("c,Many", "d,Many"), "row 4: the model does not look at 'd'"),
        (GOOD.replace('c,Many late payments,no,,,,"from the file"\n', ""), "has no reason for the column c"),
        (GOOD + "a,Income is low,no,,,,\n", "row 6: a stands there twice"),
        (
            GOOD.replace("Many late payments", "Your score was too low"),
            "'Your score was too low' is no specific",
        ),
        (GOOD.replace("Many late payments", "bad"), "'bad' is no specific reason"),
        (GOOD.replace("lower,1", "sideways,1"), "'person can change' is 'sideways'"),
        (GOOD.replace("Bring it to {value}", "Less"), "'to change it' does not say {value}"),
        (GOOD.replace("lower,1", "lower,one"), "'down to' is 'one'"),
        (GOOD.replace("kind,Purpose of the loan,,", "kind,Purpose of the loan,lower,"), "kind is no number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_row(tmp_path, lines, said):
    with pytest.raises(BadReasons) as caught:
        read_reasons(table(tmp_path, lines), COLUMNS)
    assert said in caught.value.message


def test_other_columns_are_refused_with_the_line_that_is_wanted(tmp_path):
    path = tmp_path / "reasons.csv"
    path.write_text("column,why\na,b\n")
    with pytest.raises(BadReasons) as caught:
        read_reasons(path, COLUMNS)
    assert HEAD.strip() in caught.value.fix
