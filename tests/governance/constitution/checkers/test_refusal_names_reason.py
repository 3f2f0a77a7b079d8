"""The builder's route says "sure enough"; that is what a missing reason is replaced by."""

import pytest

from flyball.core.verdicts import Verdict
from flyball.governance.constitution.checkers.refusal_names_reason import refusal_names_reason
from flyball.models.router.route import Route


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in refusal_names_reason.check(decision, reading)]


def mended(decision, reading):
    return refusal_names_reason.revise(decision, reading, refusal_names_reason.check(decision, reading))


@pytest.mark.parametrize("reason", ["", "  ", "n/a", "None", "-", "Error.", "referred"])
def test_an_empty_reason_is_no_reason_and_the_routers_note_takes_its_place(make, reason):
    field = make.field(outcome="referred", reason=reason)
    decision = make.decision([field])
    assert problems(decision, make.reading()) == [("law", "The answer is referred, but no reason is given.")]
    (field,) = mended(decision, make.reading()).fields
    assert (field.reason, field.outcome) == ("sure enough", "referred")


def test_where_nobody_noted_a_reason_none_is_made_up(make):
    field = make.field(outcome="refused", answer="null", reason="", route=Route("", "", ()))
    decision = make.decision([field])
    assert mended(decision, make.reading()) == decision


def test_a_refused_verdict_without_reason_is_a_complaint(make):
    assert problems(make.decision(verdict=Verdict(False, "")), make.reading())
    assert problems(make.decision(), make.reading()) == []


def test_a_refused_field_keeps_being_refused_when_it_gets_its_reason(make):
    decision = make.decision([make.field(outcome="refused", answer="null", reason="")])
    (field,) = mended(decision, make.reading()).fields
    assert (field.outcome, field.reason) == ("refused", "sure enough")


def test_a_decided_field_owes_no_reason(make):
    assert problems(make.decision([make.field(reason="")]), make.reading()) == []
