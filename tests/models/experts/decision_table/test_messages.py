"""A message is filled with values, never run."""

import pytest

from flyball.models.experts.decision_table.messages import fill, names_in, shown
from flyball.models.experts.decision_table.records import UNSURE


def test_values_stand_as_people_write_them():
    facts = {"cap.value": 1_000_000.0, "cap.unit": "USD", "n": 2.5, "a": True, "b": None, "c": UNSURE}
    assert fill("{cap.value} {cap.unit}, {n}, {a}, {b}, {c}", facts) == (
        "1,000,000 USD, 2.5, yes, (not read), (to be checked)"
    )


def test_a_value_cannot_bring_a_template_or_a_line_of_its_own():
    assert fill("law: {law.value}", {"law.value": "{cap.value}\x00\n<b>x</b>"}) == "law: {cap.value} <b>x</b>"
    assert len(shown("x" * 5000)) < 130


@pytest.mark.parametrize(
    "template", ["{x.__class__}", "{0}", "{x!r}", "{x:>9}", "{X}", "{", "}", "{{x}}", "{x[0]}"]
)
def test_braces_around_anything_but_a_name_are_refused(template):
    with pytest.raises(ValueError, match="a brace does not stand around the name of a fact"):
        names_in(template)
