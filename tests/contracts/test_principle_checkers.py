"""What every checker must keep, ours and others'; a newcomer's file is under test before they write one."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flyball
from flyball.core.digests import digest_of_bytes
from flyball.core.records import Context, Span
from flyball.core.verdicts import Verdict
from flyball.governance.constitution.checker import CHECKERS, Checker, Complaint, Reading
from flyball.governance.constitution.edits import bolder
from flyball.governance.constitution.principle import Constitution, Principle, load_constitution
from flyball.governance.constitution.review import review
from flyball.models.decisions.records import Decision, FieldDecision, Finding
from flyball.models.router.route import Considered, Route
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

TEXT = "This Agreement is governed by the laws of Delaware. Write to a.b@firm.example."
KEYS = ("law", "cap", "term")

spans = st.lists(st.builds(Span, st.integers(-2, 90), st.integers(-2, 90)), max_size=2).map(tuple)
words = st.sampled_from(["", "n/a", "A clause was found.", "Ask a.b@firm.example.", "The clause is void."])
confidences = st.sampled_from([0.0, 0.5, 0.9, 0.97, 1.0, 1.5, float("nan")])


@st.composite
def field_decisions(draw, key):
    expert = draw(st.sampled_from(["", "detector", "rules", "stranger"]))
    confidence = draw(confidences)
    considered = draw(st.sampled_from([(), (Considered("detector", confidence, "0", "asked"),)]))
    return FieldDecision(
        field=key,
        answer=draw(st.sampled_from(["true", "false", "null", "12", '"a.b@firm.example"'])),
        outcome=draw(st.sampled_from(["automated", "referred", "refused"])),
        confidence=confidence,
        evidence=draw(spans),
        route=Route(expert, draw(words), considered),
        reason=draw(words),
        value=draw(st.sampled_from([None, 12.0, "Delaware", "a.b@firm.example"])),
    )


@st.composite
def decisions(draw):
    keys = draw(st.sampled_from([KEYS, KEYS[:2], (*KEYS, "law"), ("colour",), ()]))
    findings = [
        Finding(
            rule=f"r{number}",
            title=draw(words),
            severity="high",
            message=draw(words),
            fields=draw(st.sampled_from([("law",), ("law", "cap"), ("ghost",), ()])),
            cites=draw(st.sampled_from([(), ("eu.gdpr.28.3",), ("eu.dora.30", "policy:law"), ("x",)])),
            evidence=draw(spans),
            status=draw(st.sampled_from(["found", "to_check"])),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    return Decision(
        case_id="c1",
        case_name=draw(st.sampled_from(["a.pdf", "a.b@firm.example.pdf"])),
        content_digest="sha256:0",
        text_digest=draw(st.sampled_from([digest_of_bytes(TEXT.encode()), "sha256:1", ""])),
        deployment="d",
        release="",
        context=Context(("DE",), date(2026, 11, 21)),
        fields=tuple(draw(field_decisions(key)) for key in keys),
        findings=tuple(findings),
        obligations=draw(st.sampled_from([(), ("eu.gdpr.28.3",), ("eu.dora.30",)])),
        principles=(),
        verdict=Verdict(False, "not yet decided"),
        cost_eur="0",
        decided_at=datetime(2026, 11, 21, tzinfo=UTC),
    )


READING = Reading(
    text=TEXT,
    fields=KEYS,
    thresholds=Thresholds({"detector": ExpertThresholds(0.9, 0.95)}),
    rules=frozenset({"rules"}),
    catalogue=frozenset({"eu.gdpr.28.3", "eu.dora.30"}),
    in_force=frozenset({"eu.gdpr.28.3"}),
    policies=frozenset({"law"}),
)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(params=CHECKERS.names())
def checker(request) -> Checker:
    return CHECKERS.load(request.param)


def same(left, right):
    """Equal, where not-a-number equals itself."""
    return repr(left) == repr(right)


def test_it_says_what_it_looks_at_and_has_a_version(checker):
    assert isinstance(checker, Checker)
    assert checker.summary.endswith(".")
    assert checker.version >= 1


@SLOW
@given(decision=decisions())
@pytest.mark.parametrize("name", CHECKERS.names())
def test_it_answers_with_complaints_and_always_the_same_ones(name, decision):
    checker = CHECKERS.load(name)
    found = checker.check(decision, READING)
    assert isinstance(found, tuple)
    assert all(isinstance(item, Complaint) and item.problem.strip() for item in found)
    assert not any(item.field and item.rule for item in found)
    assert checker.check(decision, READING) == found
    assert {item.demands for item in found} <= {None, *checker.demands}
    assert checker.names_fields or not any(item.field for item in found)


SETTINGS = {
    "nothing_personal": {"names": True},
    "words_never_said": {"never": ["void", "clause was found"]},
    "adverse_goes_to_a_person": {"answers": {"law": True, "cap": 12}},
}
"""What a checker needs to find anything; one from elsewhere is held to the same without."""
WORDS = st.lists(words, max_size=4).map(" ".join)


@pytest.mark.parametrize("name", [name for name in CHECKERS.names() if CHECKERS.load(name).takes])
def test_settings_that_it_cannot_use_are_refused_and_its_own_are_taken(name):
    checker = CHECKERS.load(name)
    assert checker.takes({"strange": 1})
    assert checker.takes(SETTINGS[name]) == ""


@SLOW
@given(text=WORDS)
@pytest.mark.parametrize("name", [name for name in CHECKERS.names() if CHECKERS.load(name).find_words])
def test_of_texts_it_finds_the_same_again_and_leaves_nothing_that_it_mends(name, text):
    checker, settings = CHECKERS.load(name), SETTINGS.get(name, {})
    found = checker.find_words(text, settings)
    assert found == checker.find_words(text, settings)
    assert all(one.strip() for one in found)
    if checker.mend_words is not None:
        mended = checker.mend_words(text, settings)
        assert checker.find_words(mended, settings) == ()
        assert found or mended == text.strip() or mended == text


@SLOW
@given(decision=decisions())
@pytest.mark.parametrize("name", [name for name in CHECKERS.names() if CHECKERS.load(name).revise])
def test_its_revision_never_claims_more_and_leaves_nothing_that_it_can_mend(name, decision):
    checker = CHECKERS.load(name)
    keys = [field.field for field in decision.fields]
    if len(set(keys)) < len(keys):
        return
    decision = replace(  # not-a-number is not equal to itself, and would read as a changed confidence
        decision,
        fields=tuple(
            replace(f, confidence=0.5 if f.confidence != f.confidence else f.confidence)
            for f in decision.fields
        ),
    )
    complaints = tuple(item for item in checker.check(decision, READING) if item.demands is None)
    revised = checker.revise(decision, READING, complaints)
    assert bolder(decision, revised) == ""
    again = checker.revise(
        revised, READING, tuple(i for i in checker.check(revised, READING) if i.demands is None)
    )
    assert same(again, revised), "a second revision changes nothing more"


@SLOW
@given(decision=decisions())
@pytest.mark.parametrize("name", CHECKERS.names())
def test_review_ends_with_a_kept_principle_or_a_refusal(name, decision):
    checker = CHECKERS.load(name)
    principle = Principle(
        id="p",
        title="t",
        text="t",
        critique="c",
        revision="r",
        checker=name,
        priority=1,
        severity="high",
        when_failed="revise" if checker.revise else "refuse",
    )
    reviewed = review(decision, READING, Constitution("T", (principle,), {name: checker}))
    (result,) = reviewed.results
    assert reviewed.refused is not result.passed
    if result.passed:
        left = checker.check(reviewed.revised, READING)
        assert left == ()
    else:
        assert not reviewed.revised.verdict.allowed
        assert result.critique
    assert same(reviewed.first, decision)


@pytest.fixture(scope="module")
def shipped():
    folder = Path(flyball.__file__).parent / "solutions" / "contract_review"
    return load_constitution(folder / "constitution.toml")


@settings(SLOW, max_examples=150)
@given(decision=decisions())
def test_all_checkers_together_never_make_a_decision_bolder_and_refuse_what_is_left(shipped, decision):
    reviewed = review(decision, READING, shipped)
    before = replace(decision, principles=reviewed.revised.principles, verdict=reviewed.revised.verdict)
    keys = [field.field for field in decision.fields]
    if len(set(keys)) == len(keys) and not any(
        field.confidence != field.confidence for field in decision.fields
    ):
        assert bolder(before, reviewed.revised) == ""
    assert [result.principle for result in reviewed.results] == [one.id for one in shipped.principles]
    assert reviewed.refused is not all(result.passed for result in reviewed.results)
    if not reviewed.refused:
        for field in reviewed.revised.fields:
            assert field.outcome != "automated" or field.answer == "false" or field.evidence
            assert all(0 <= span.start < span.end <= len(TEXT) for span in field.evidence)
            assert field.outcome == "automated" or field.reason
            assert "@" not in field.reason


def test_an_empty_decision_over_an_empty_text_breaks_no_checker(checker):
    empty = Decision(
        "", "", "", "", "", "", Context((), date(2026, 1, 1)), (), (), (), (), Verdict(False, "no"), "0",
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert isinstance(checker.check(empty, Reading("")), tuple)
