"""An answer that goes against somebody is named as decisions write it, or the deployment is not opened."""

import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.core.records import Field
from flyball.governance.explanation.settings import ExplanationSettings, checked_against

FIELDS = (
    Field("repaid", "Repaid", "Repaid?", "flag"),
    Field("grade", "Grade", "Which grade?", "label", choices=("A", "B")),
    Field("limit", "Limit", "How much?", "number"),
)


def checked(**against):
    checked_against(ExplanationSettings(against=against), FIELDS)


def test_answers_that_can_be_given_are_taken():
    checked(repaid="false", grade='"B"', limit="0")
    checked()


def test_a_field_that_is_not_there_is_named():
    with pytest.raises(UnknownName, match=r"'repayed', which is not there\. Known: repaid, grade, limit\."):
        checked(repayed="false")


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ({"repaid": "no"}, "'no' to repaid goes against somebody.* as decisions have it: true, false"),
        ({"grade": "B"}, '\'B\' to grade goes against somebody.* as decisions have it: "A", "B"'),
    ],
)
def test_an_answer_that_is_never_given_is_refused_with_how_it_is_written(against, message):
    with pytest.raises(BadInput, match=message):
        checked(**against)
