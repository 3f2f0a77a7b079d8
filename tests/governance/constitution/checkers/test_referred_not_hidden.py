"""The threshold is 0.9: 0.9 may stand alone, 0.8999 may not, and not-a-number never."""

from dataclasses import replace

import pytest

from flyball.governance.constitution.checkers.referred_not_hidden import referred_not_hidden
from flyball.models.router.route import Route
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

NAN = float("nan")


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in referred_not_hidden.check(decision, reading)]


def mended(decision, reading):
    return referred_not_hidden.revise(decision, reading, referred_not_hidden.check(decision, reading))


@pytest.mark.parametrize(
    ("confidence", "hidden"), [(0.9, False), (0.8999, True), (1.0, False), (NAN, True), (0.0, True)]
)
def test_below_its_threshold_an_answer_is_not_presented_as_decided(make, confidence, hidden):
    decision = make.decision([make.field(confidence=confidence)])
    assert bool(problems(decision, make.reading())) is hidden


def test_an_expert_without_threshold_decides_nothing_but_a_rule_does(make):
    decision = make.decision([make.field()])
    for thresholds in (Thresholds(), Thresholds({"detector": ExpertThresholds(NAN, NAN)})):
        reading = make.reading(thresholds=thresholds)
        assert problems(decision, reading) == [
            ("law", "It is presented as decided, but no threshold keeps the promise for detector.")
        ]
        assert problems(decision, replace(reading, rules=frozenset({"detector"}))) == []


def test_an_answer_of_nobody_is_not_presented_as_decided(make):
    decision = make.decision([make.field(route=Route("", "", ()))])
    assert problems(decision, make.reading(rules=frozenset({""})))


def test_a_finding_that_rests_on_an_open_field_is_a_question(make):
    decision = make.decision([make.field(outcome="referred")], [make.finding()])
    assert problems(decision, make.reading()) == [
        ("law.G-01", "law.G-01 is presented as found, but a person still has to answer law.")
    ]
    assert mended(decision, make.reading()).findings[0].status == "to_check"


def test_a_question_may_rest_on_an_open_field_and_a_claim_on_decided_ones(make):
    question = make.decision([make.field(outcome="referred")], [make.finding(status="to_check")])
    assert problems(question, make.reading()) == []
    assert problems(make.decision(findings=[make.finding()]), make.reading()) == []


def test_a_threshold_of_one_can_be_reached(make):
    reading = make.reading(thresholds=Thresholds({"detector": ExpertThresholds(1.0, 1.0)}))
    assert problems(make.decision(), reading) == [
        ("law", "It is presented as decided, but 0.970 is below the threshold 1.000.")
    ]
    assert problems(make.decision([make.field(confidence=1.0)]), reading) == []
