"""The builder's expert "detector" stated 0.97; any other number or name has no source."""

import pytest

from flyball.governance.constitution.checkers.confidence_is_calibrated import confidence_is_calibrated
from flyball.models.router.route import Considered, Route

NAN = float("nan")


def problems(decision, reading):
    return [
        (item.field or item.rule, item.problem) for item in confidence_is_calibrated.check(decision, reading)
    ]


def mended(decision, reading):
    return confidence_is_calibrated.revise(
        decision, reading, confidence_is_calibrated.check(decision, reading)
    )


@pytest.mark.parametrize("confidence", [-0.01, 1.01, NAN, float("inf")])
def test_a_confidence_that_is_no_probability_refuses_the_decision(make, confidence):
    decision = make.decision([make.field(confidence=confidence, outcome="referred")])
    (complaint,) = confidence_is_calibrated.check(decision, make.reading())
    assert complaint.field == ""


@pytest.mark.parametrize(
    "route",
    [
        Route("", "", ()),
        Route("detector", "", ()),
        Route("detector", "", (Considered("other", 0.97, "0", ""),)),
        Route("detector", "", (Considered("detector", 0.5, "0", ""),)),
        Route("detector", "", (Considered("detector", None, "0", ""),)),
    ],
    ids=["nobody", "nobody asked", "someone else", "another number", "no number"],
)
def test_a_confidence_without_its_source_decides_nothing(make, route):
    decision = make.decision([make.field(route=route)])
    assert [place for place, _ in problems(decision, make.reading())] == ["law"]
    assert mended(decision, make.reading()).fields[0].outcome == "referred"


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0])
def test_nought_and_one_are_probabilities(make, confidence):
    for outcome in ("automated", "referred"):
        decision = make.decision([make.field(confidence=confidence, outcome=outcome)])
        assert problems(decision, make.reading()) == []
