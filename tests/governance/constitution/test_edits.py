"""A revision may take away and be more careful; `bolder` names every other change."""

from dataclasses import replace

import pytest

from flyball.core.records import Span
from flyball.governance.constitution.edits import bolder, described, is_claim, refer, refuse, reword, to_check


def changed(make, old, new):
    def one(value):
        return make.decision([make.field(value=value)])

    return bolder(one(old), one(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a.b@firm.example", "[EMAIL_ADDRESS]"),
        ("Write to a.b@firm.example or +49 30 123456.", "Write to [EMAIL_ADDRESS] or [PHONE_NUMBER]."),
        ("a.b@firm.example, c.d@firm.example", "[EMAIL_ADDRESS], [EMAIL_ADDRESS]"),
        ("a.b@firm.example+49 30 123456", "[EMAIL_ADDRESS][PHONE_NUMBER]"),
        ("Delaware", "Delaware"),
        ("Delaware", None),
        (12.0, None),
        (12.0, 12.0),
    ],
)
def test_a_value_may_be_covered_or_taken_away(make, old, new):
    assert changed(make, old, new) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Delaware", "Texas"),
        ("Delaware", "Delaware and Texas"),
        ("Delaware", "[EMAIL_ADDRESS] Texas"),
        ("Delaware", "Dela[x][y][z]ware"),
        ("Delaware", "[x]Delaware"),
        ("Delaware", "Texas [x]"),
        ("12", 12.0),
        (12.0, "12"),
        (12.0, 13.0),
        (None, "Delaware"),
        (None, "[EMAIL_ADDRESS]"),
    ],
)
def test_a_value_may_not_be_replaced_or_invented(make, old, new):
    assert changed(make, old, new) == f"law: it changed the value from {old!r} to {new!r}."


def test_referring_and_refusing_are_never_bolder(make):
    decision = make.decision(findings=[make.finding()])
    referred = refer(decision, {"law": "Look."})
    refused = refuse(referred, {"law": "No."})
    assert bolder(decision, referred) == bolder(referred, refused) == bolder(decision, refused) == ""
    assert bolder(refused, referred) == "law: it turned refused into referred."
    assert bolder(referred, decision) == "law: it turned referred into automated."


def test_referring_leaves_what_is_refused_and_touches_nothing_else(make):
    decision = make.decision([make.field("law", outcome="refused", reason="No."), make.field("cap")])
    assert refer(decision, {"law": "Look."}) == decision
    assert refer(decision, {"ghost": "Look."}) == decision


def test_only_findings_that_rest_on_the_field_become_questions(make):
    findings = [make.finding("a", fields=("law",)), make.finding("b", fields=("cap",))]
    revised = refer(make.decision(findings=findings), {"law": "Look."})
    assert [finding.status for finding in revised.findings] == ["to_check", "found"]


def test_a_passage_or_citation_may_be_taken_away_but_not_added(make):
    def of(**changes):
        return make.decision(findings=[make.finding(**changes)])

    assert bolder(of(), of(evidence=())) == ""
    assert bolder(of(), of(cites=())) == ""
    assert bolder(of(), of(evidence=(Span(1, 2),))) == "law.G-01: it added a passage or a citation."
    assert bolder(of(severity="high"), of(severity="critical")) == ""
    assert bolder(of(), of(likely=False)) == "law.G-01: it called a likely finding unlikely."
    assert bolder(of(severity="high"), of(severity="medium")) == (
        "law.G-01: it lowered the severity from high to medium."
    )


def test_what_is_still_claimed_may_be_covered_but_not_put_in_other_words(make):
    def field(**changes):
        return make.decision([make.field(**{"reason": "Ask a.b@firm.example.", **changes})])

    def finding(**changes):
        return make.decision(findings=[make.finding(**changes)])

    assert bolder(field(), field(reason="Ask [EMAIL_ADDRESS].")) == ""
    assert bolder(field(), field(reason="All is well.")) == "law: it reworded the reason of a decided answer."
    assert bolder(field(), refer(field(), {"law": "All is well."})) == ""
    assert bolder(finding(), finding(message="All is well.")) == "law.G-01: it reworded a claim."
    assert bolder(finding(), finding(title="All is well.")) == "law.G-01: it reworded a claim."
    assert bolder(finding(), finding(message="A lawyer must look.", status="to_check")) == ""
    assert bolder(make.decision(), make.decision(case_name="other.pdf")) == "It renamed the case."


def test_who_was_asked_stays_as_it_was(make):
    decision = make.decision()
    field = decision.fields[0]
    silent = replace(decision, fields=(replace(field, route=replace(field.route, considered=())),))
    assert bolder(decision, silent) == "law: it changed who was asked."


def test_rewording_touches_words_and_never_answers_numbers_or_names_of_rules(make):
    decision = make.decision([make.field(value="Delaware")], [make.finding()])
    loud = reword(decision, str.upper)
    assert (loud.case_name, loud.fields[0].reason) == ("SUPPLY.PDF", "A CLAUSE WAS FOUND.")
    assert (loud.fields[0].value, loud.findings[0].title) == ("DELAWARE", "FOREIGN LAW")
    assert (loud.fields[0].answer, loud.findings[0].rule) == ("true", "law.G-01")
    assert reword(decision, lambda words: words) == decision


def test_changes_are_described_for_people(make):
    before = make.decision(findings=[make.finding()])
    after = to_check(replace(before, case_name="x.pdf"), frozenset({"law.G-01"}))
    assert described(before, after) == (
        "the name of the case was reworded",
        "law.G-01: found became to check",
    )
    assert described(before, before) == ()


@pytest.mark.parametrize(
    ("answer", "claim"),
    [("true", True), ("12", True), ('"Delaware"', True), ("false", False), ("null", False)],
)
def test_an_absence_and_no_answer_are_no_claims(answer, claim):
    assert is_claim(answer) is claim
