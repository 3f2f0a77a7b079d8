"""A formula is read or refused; nothing in it is run."""

import pytest

from flyball.evaluation.kpis.checking import checked_kpis
from flyball.evaluation.kpis.formula import BadFormula
from flyball.evaluation.kpis.reading import read_formula
from flyball.evaluation.kpis.settings import KpiSettings


def check(*formulas, unit="", fields=("fraud", "amount")):
    kpis = [KpiSettings(name=f"k{n}", formula=one, unit=unit) for n, one in enumerate(formulas)]
    return checked_kpis(kpis, fields)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("", "The formula is empty."),
        ("count(decisions", "character 16: Expected ')', found the end."),
        ("cost_eur", "cost_eur is a column of each decision; here one number over all of them is needed."),
        ("average(minutes)", "There is no total 'average'."),
        ("sum(minuts)", "There is no column 'minuts'. Did you mean minutes?"),
        ("sum(sum(minutes))", "sum(...) stands inside another total."),
        ("count(decisions where field('frod') = true)", "there is no field 'frod'. Did you mean fraud?"),
        ("count(decisions where confidence('x') > 1)", "there is no field 'x'."),
        ("sum(case)", "what stands in sum(case) is no number."),
        ("count(decisions where minutes)", "is neither true nor false."),
        ("count(decisions where 1 < minutes < 2)", "Two comparisons in a row."),
        ("count(decisions where automated = 'yes')", "a truth (true or false) is held against a text."),
        ("count(decisions where case > 'a')", "only numbers are more or less (>)."),
        ("5 EUR", "it says nothing about decisions, only constants."),
        ("sum(cost_eur) + sum(minutes)", "EUR + time cannot be: they are of different units."),
        ("count(decisions where minutes > 5)", "time is held against a plain number."),
        ("count(decisions where outcome('loss') > 5 EUR)", "a plain number is held against EUR."),
        ("percentile(minutes, 100)", "A percentile lies between 0 and 100, got 100."),
        ("kpi('nix')", "there is no KPI 'nix'."),
        ("count(decisions) 5", "Expected the end, found '5'."),
        ("5 cost_eur * count(decisions)", "Expected a sign between the number and the column"),
        ("__import__('os').system('x')", "character 17: '.' cannot be read."),
        ("eval('1')", "There is no total 'eval'."),
        ("count(decisions where case = 'a;b)", 'character 30: "\'" cannot be read.'),
        ("count(decisions) ; 1", "';' cannot be read."),
        ("(" * 41 + "count(decisions)" + ")" * 41, "It is nested more than 40 deep."),
        ("-" * 41 + "count(decisions)", "It is nested more than 40 deep."),
        ("count(decisions where " + "not " * 41 + "automated)", "It is nested more than 40 deep."),
        ("count(decisions)" + "+1" * 300, "has more than 400 words and signs."),
        ("1e999 * count(decisions)", "1e999 is too large."),
        ("9" * 400 + " * count(decisions)", "is too large."),
        ("1+" * 5_000, "has 10,000 characters; 2,000 are the most."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(formula, why):
    with pytest.raises(BadFormula) as caught:
        check(formula)
    assert why in caught.value.message


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(BadFormula) as caught:
        check("mean(minuts)")
    assert "Known: automated, referred, allowed" in caught.value.fix


def test_the_unit_that_is_shown_must_be_the_one_that_the_formula_gives():
    with pytest.raises(BadFormula, match="its formula gives time, its unit 'EUR' is EUR"):
        check("sum(minutes)", unit="EUR")
    assert check("sum(minutes) * 65 EUR per hour / count(decisions)", unit="EUR per transfer")


def test_kpis_that_are_made_of_each_other_are_refused_with_their_circle():
    with pytest.raises(BadFormula, match="KPIs are made of each other: k0 -> k1 -> k0"):
        check("kpi('k1') + 1", "kpi('k0') * 2")


def test_kpis_of_kpis_cannot_grow_beyond_what_can_be_worked_through():
    doubled = ["count(decisions)", *(f"kpi('k{n}') + kpi('k{n}')" for n in range(30))]
    with pytest.raises(BadFormula, match=r"more than 2,000 parts"):
        check(*doubled)


def test_two_kpis_of_one_name_are_refused():
    kpis = [KpiSettings(name="a", formula="count(decisions)")] * 2
    with pytest.raises(BadFormula, match=r"Two of \[\[kpi\]\] are called 'a'"):
        checked_kpis(kpis, ())


def test_reading_the_longest_formula_that_is_allowed_takes_no_stack():
    read_formula("count(decisions)" + " + 1" * 190)
    check("count(decisions)" + " + 1" * 190)
