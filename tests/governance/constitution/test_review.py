"""Review keeps the first answer, the critique and the revision; what cannot be mended is withheld.

Checkers here are written for the test, so that each guard can be broken on purpose.
"""

from dataclasses import replace

import pytest

from flyball.core.records import Span
from flyball.governance.constitution.checker import Checker, Complaint
from flyball.governance.constitution.edits import refer
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.review import MOST_ROUNDS, review
from flyball.models.decisions.records import PrincipleResult


def principle_of(id, *, when_failed="revise", priority=10, checker=None):
    return Principle(
        id=id,
        title=id,
        text="t",
        critique="c",
        revision="r",
        checker=checker or id,
        priority=priority,
        severity="high",
        when_failed=when_failed,
    )


def law_of(*pairs):
    """A constitution of (principle, checker) pairs, highest priority first."""
    ordered = sorted(pairs, key=lambda pair: -pair[0].priority)
    return Constitution("T", tuple(pair[0] for pair in ordered), {pair[0].checker: pair[1] for pair in pairs})


def complains(problem="It is wrong.", *, field="law", rule="", demands=None, until="referred", revise=None):
    """A checker that complains while the field is less careful than `until`."""
    care = ["automated", "referred", "refused", "never"]

    def check(decision, reading):
        outcome = next(item.outcome for item in decision.fields if item.field == "law")
        if care.index(outcome) < care.index(until):
            return (Complaint(problem, field, rule, demands),)
        return ()

    return Checker("s", 1, check, revise)


def one(make, checker, when_failed="refer", **others):
    law = law_of((principle_of("p", when_failed=when_failed), checker))
    return review(make.decision(**others), make.reading(), law)


def test_a_decision_that_keeps_every_principle_is_not_touched(make):
    reviewed = one(make, Checker("s", 1, lambda decision, reading: ()))
    assert reviewed.revised == replace(reviewed.first, principles=reviewed.results)
    assert (reviewed.rounds, reviewed.refused) == ((), False)
    assert [(item.principle, item.passed, item.critique) for item in reviewed.results] == [("p", True, "")]


def test_first_answer_critique_and_revision_are_all_kept(make):
    reviewed = one(make, complains(), findings=[make.finding()])
    assert reviewed.first.fields[0].outcome == "automated"
    field = reviewed.revised.fields[0]
    assert (field.outcome, field.reason, field.route.expert) == ("referred", "It is wrong.", "")
    assert (field.answer, field.confidence, field.evidence) == ("true", 0.97, (Span(0, 51, 0.9),))
    assert field.route.considered == reviewed.first.fields[0].route.considered
    assert reviewed.revised.findings[0].status == "to_check"
    (only,) = reviewed.rounds
    assert only.critiques[0].complaint.problem == "It is wrong."
    assert only.changes == ("law: automated became referred", "law.G-01: found became to check")
    (result,) = reviewed.results
    assert (result.passed, result.critique, result.fields) == (True, "It is wrong.", ("law",))
    assert result.revision == "law: automated became referred; law.G-01: found became to check"


def test_refusing_withholds_answer_passage_and_value(make):
    decision = {"fields": [make.field(value="Delaware", unit="place")]}
    field = one(make, complains(until="refused"), "refuse", **decision).revised.fields[0]
    assert (field.outcome, field.answer, field.evidence) == ("refused", "null", ())
    assert (field.value, field.unit, field.reason) == (None, "", "It is wrong.")


def test_what_a_referral_does_not_mend_is_withheld(make):
    reviewed = one(make, complains(until="refused"), "refer")
    assert reviewed.revised.fields[0].outcome == "refused"
    assert reviewed.revised.fields[0].reason == "Withheld: It is wrong."
    assert (reviewed.refused, reviewed.results[0].passed) == (False, True)


def test_what_nothing_mends_refuses_the_whole_decision(make):
    reviewed = one(make, complains(until="never"), "refer")
    assert reviewed.refused
    assert not reviewed.revised.verdict.allowed
    assert reviewed.revised.verdict.reason == (
        "constitution: 1 of 1 checks failed (principle.p: It is wrong.)"
    )
    assert len(reviewed.rounds) <= MOST_ROUNDS + 1


def test_a_complaint_about_the_whole_decision_refuses_it(make):
    reviewed = one(make, complains("No text.", field=""), "refer")
    assert reviewed.refused
    assert not reviewed.results[0].passed


def test_a_complaint_about_a_field_that_is_not_there_refuses_the_decision(make):
    assert one(make, complains(field="ghost"), "refer").refused


def test_rounds_are_bounded_when_a_checker_never_rests(make):
    seen = []

    def check(decision, reading):
        seen.append(1)
        return (Complaint(f"Number {len(seen)}.", "law"),)

    def revise(decision, reading, complaints):
        return refer(decision, {"law": complaints[0].problem})

    reviewed = one(make, Checker("s", 1, check, revise), "revise")
    assert reviewed.refused
    assert len(reviewed.rounds) == MOST_ROUNDS + 1
    assert len(seen) == MOST_ROUNDS + 2


def test_a_checker_that_raises_has_failed(make):
    def check(decision, reading):
        raise ZeroDivisionError("division by zero")

    reviewed = one(make, Checker("s", 1, check))
    assert reviewed.refused
    assert reviewed.results[0].critique == (
        "The principle could not be checked: ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize("answer", [None, True, (True,), ("wrong",), 3])
def test_a_checker_that_answers_something_else_has_failed(make, answer):
    assert one(make, Checker("s", 1, lambda decision, reading: answer)).refused


def test_a_checker_that_failed_once_is_not_believed_later(make):
    calls = []

    def check(decision, reading):
        calls.append(1)
        if len(calls) == 1:
            raise OSError("gone")
        return ()

    assert one(make, Checker("s", 1, check)).refused


def test_a_revision_that_raises_or_answers_nonsense_refuses(make):
    def raises(decision, reading, complaints):
        raise KeyError("law")

    assert one(make, complains(revise=raises), "revise").refused
    assert one(make, complains(revise=lambda *given: None), "revise").refused
    assert one(make, complains(revise=None), "revise").refused


BOLDER = {
    "a referral that becomes a decision": lambda field: replace(field, outcome="automated"),
    "a higher confidence": lambda field: replace(field, confidence=0.99),
    "another answer": lambda field: replace(field, answer="false"),
    "a new passage": lambda field: replace(field, evidence=(*field.evidence, Span(52, 60))),
    "another value": lambda field: replace(field, value=12.0),
    "another expert": lambda field: replace(field, route=replace(field.route, expert="other")),
    "another field": lambda field: replace(field, field="other"),
}


@pytest.mark.parametrize("change", BOLDER.values(), ids=BOLDER.keys())
def test_a_revision_that_claims_more_is_not_taken_and_refuses(make, change):
    def revise(decision, reading, complaints):
        return replace(decision, fields=tuple(change(field) for field in decision.fields))

    fields = [make.field(outcome="referred")]
    reviewed = one(make, complains(until="refused", revise=revise), "revise", fields=fields)
    assert reviewed.refused
    assert reviewed.revised.fields[0] == reviewed.first.fields[0]
    assert "claimed more" in reviewed.results[0].critique


FINDINGS = {
    "vanishes": lambda finding: (),
    "becomes a claim": lambda finding: (replace(finding, status="found"),),
    "becomes harmless": lambda finding: (replace(finding, severity="info"),),
    "cites more": lambda finding: (replace(finding, cites=(*finding.cites, "eu.dora.30")),),
    "rests on less": lambda finding: (replace(finding, fields=()),),
}


@pytest.mark.parametrize("change", FINDINGS.values(), ids=FINDINGS.keys())
def test_a_revision_that_bends_a_finding_is_not_taken(make, change):
    def revise(decision, reading, complaints):
        return replace(decision, findings=change(decision.findings[0]))

    checker = complains(until="never", revise=revise)
    reviewed = one(make, checker, "revise", findings=[make.finding(status="to_check")])
    assert "claimed more" in reviewed.results[0].critique
    assert reviewed.refused


def test_a_revision_may_not_touch_what_identifies_the_decision(make):
    def revise(decision, reading, complaints):
        return replace(decision, release="sha256:other", obligations=())

    reviewed = one(make, complains(revise=revise), "revise", obligations=("eu.gdpr.28.3",))
    assert reviewed.revised.obligations == ("eu.gdpr.28.3",)
    assert reviewed.refused


def test_the_higher_priority_settles_a_conflict_and_the_loser_is_written_down(make):
    law = law_of(
        (principle_of("ask", when_failed="refer", priority=90), complains("Ask.", until="referred")),
        (principle_of("hide", when_failed="refuse", priority=10), complains("Hide.", until="refused")),
    )
    reviewed = review(make.decision(), make.reading(), law)
    assert reviewed.revised.fields[0].outcome == "referred"
    (conflict,) = reviewed.conflicts
    assert (conflict.followed, conflict.gave_way, conflict.outcome) == ("ask", "hide", "referred")
    assert conflict.why == (
        "law becomes referred as ask asks (higher priority: 90 against 10); hide wanted it refused"
    )
    assert not reviewed.refused
    hidden = reviewed.results[1]
    assert (hidden.principle, hidden.passed, hidden.critique) == ("hide", True, "Hide.")
    assert hidden.revision == conflict.why


def test_with_priorities_the_other_way_round_the_field_is_refused(make):
    law = law_of(
        (principle_of("ask", when_failed="refer", priority=10), complains("Ask.", until="referred")),
        (principle_of("hide", when_failed="refuse", priority=90), complains("Hide.", until="refused")),
    )
    reviewed = review(make.decision(), make.reading(), law)
    assert reviewed.revised.fields[0].outcome == "refused"
    assert [(item.followed, item.gave_way) for item in reviewed.conflicts] == [("hide", "ask")]


def test_at_equal_priority_the_more_careful_wins(make):
    law = law_of(
        (principle_of("ask", when_failed="refer"), complains("Ask.", until="referred")),
        (principle_of("hide", when_failed="refuse"), complains("Hide.", until="refused")),
    )
    assert review(make.decision(), make.reading(), law).revised.fields[0].outcome == "refused"


def test_the_tie_is_written_down_as_one(make):
    law = law_of(
        (principle_of("ask", when_failed="refer"), complains("Ask.", until="referred")),
        (principle_of("hide", when_failed="refuse"), complains("Hide.", until="refused")),
    )
    (conflict,) = review(make.decision(), make.reading(), law).conflicts
    assert conflict.why == (
        "law becomes refused as hide asks (equal priority, and the more careful wins: 10 against 10); "
        "ask wanted it referred"
    )


def test_a_field_that_was_referred_before_follows_the_same_order(make):
    law = law_of(
        (principle_of("ask", when_failed="refer", priority=90), complains("Ask.", until="refused")),
        (principle_of("hide", when_failed="refuse", priority=10), complains("Hide.", until="refused")),
    )
    reviewed = review(make.decision([make.field(outcome="referred")]), make.reading(), law)
    assert [(item.followed, item.gave_way) for item in reviewed.conflicts] == [("ask", "hide")]


def test_no_priority_turns_a_referral_into_a_decision(make):
    bold = complains("A person need not look.", demands="automated", until="never")
    law = law_of((principle_of("bold", when_failed="refer", priority=100), bold))
    reviewed = review(make.decision([make.field(outcome="referred")]), make.reading(), law)
    assert reviewed.revised.fields[0].outcome == "referred"
    (conflict,) = reviewed.conflicts
    assert conflict.why == "law stays referred: a principle may ask for more care, never for less (automated)"


def test_without_principles_everything_is_refused(make):
    reviewed = review(make.decision(), make.reading(), Constitution("T", (), {}))
    assert reviewed.refused
    assert reviewed.revised.verdict.reason == "constitution: nothing covers this, so it is refused"


def test_results_that_a_decision_brought_along_are_replaced(make):
    forged = make.decision(principles=(PrincipleResult("p", True), PrincipleResult("q", True)))
    law = law_of((principle_of("p", when_failed="refer"), complains(until="never")))
    assert [(item.principle, item.passed) for item in review(forged, make.reading(), law).results] == [
        ("p", False)
    ]


def test_the_same_decision_is_always_reviewed_alike(make):
    decision = make.decision(findings=[make.finding()])
    law = law_of((principle_of("p", when_failed="refer"), complains()))
    assert review(decision, make.reading(), law) == review(decision, make.reading(), law)
