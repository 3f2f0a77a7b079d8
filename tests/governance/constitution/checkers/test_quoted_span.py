"""The text has 85 characters; its first sentence, about Delaware, is [0, 51) and a blank stands at 51."""

import pytest

from flyball.core.records import Span
from flyball.governance.constitution.checkers.quoted_span import quoted_span


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in quoted_span.check(decision, reading)]


def mended(decision, reading):
    return quoted_span.revise(decision, reading, quoted_span.check(decision, reading))


def test_a_claim_without_a_quote_goes_to_a_person(make):
    decision = make.decision([make.field(evidence=())], [make.finding(evidence=())])
    assert problems(decision, make.reading()) == [
        ("law", "No sentence of the document is quoted for this answer."),
        ("law.G-01", "law.G-01 claims something, but quotes nothing and rests on no absence."),
    ]
    revised = mended(decision, make.reading())
    assert revised.fields[0].outcome == "referred"
    assert revised.fields[0].reason == "No sentence of the document is quoted for this answer."
    assert revised.findings[0].status == "to_check"


@pytest.mark.parametrize("answer", ["false", "null"])
def test_an_absence_needs_no_quote_and_neither_does_the_finding_about_it(make, answer):
    decision = make.decision([make.field(answer=answer)], [make.finding(evidence=())])
    left = problems(decision, make.reading())
    assert left == [] or answer == "null"  # "null" is no absence that a finding could rest on


@pytest.mark.parametrize("span", [(-1, 5), (80, 86), (5, 5), (9, 3), (100, 120)])
def test_a_passage_outside_the_text_is_not_shown_even_as_a_guess(make, span):
    decision = make.decision([make.field(evidence=(Span(*span),), outcome="referred")])
    (complaint,) = quoted_span.check(decision, make.reading())
    assert complaint.demands == "refused"
    assert complaint.problem == (
        f"The quoted passage [{span[0]}, {span[1]}) does not stand in the document, which has 85 characters."
    )


def test_the_last_character_is_inside_and_white_space_is_no_quote(make):
    reading = make.reading()
    assert problems(make.decision([make.field(evidence=(Span(84, 85),))]), reading) == []
    assert problems(make.decision([make.field(evidence=(Span(51, 52),))]), reading)


def test_a_finding_that_quotes_what_is_not_there_refuses_the_decision(make):
    decision = make.decision(findings=[make.finding(evidence=(Span(0, 900),))])
    (complaint,) = quoted_span.check(decision, make.reading())
    assert (complaint.field, complaint.rule) == ("", "")
