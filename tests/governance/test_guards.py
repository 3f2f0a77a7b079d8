"""A guard that errs refuses; a gate without guards refuses; nothing here ever raises."""

import pytest

from flyball.core.verdicts import Check, Verdict, combine
from flyball.governance.guards import closed, gate_of, kept


def fails(record):
    raise RuntimeError("disk gone")


def passes(record):
    return Check("good", True, "seen")


def test_all_guards_are_asked_and_all_must_pass():
    verdict = gate_of("gate", {"a": passes, "b": passes})(None)
    assert verdict.allowed
    assert verdict.reason == "gate: all 2 checks passed"


def test_a_guard_that_raises_has_failed_and_the_others_are_still_asked():
    verdict = gate_of("gate", {"a": fails, "good": passes})(None)
    assert not verdict.allowed
    assert verdict.reason == ("gate: 1 of 2 checks failed (a: could not be checked: RuntimeError: disk gone)")
    assert [check.passed for check in verdict.checks] == [False, True]


@pytest.mark.parametrize(
    "answer", [None, True, Verdict(True, "fine"), Check("a", 1, "one"), Check("a", "yes", "")]
)
def test_a_guard_that_answers_no_check_has_failed(answer):
    verdict = gate_of("gate", {"a": lambda record: answer})(None)
    assert not verdict.allowed
    assert "could not be checked: the guard answered" in verdict.reason


def test_a_gate_without_guards_refuses():
    verdict = gate_of("gate", {})(None)
    assert (verdict.allowed, verdict.reason) == (False, "gate: nothing covers this, so it is refused")


@pytest.mark.parametrize(
    "gate",
    [
        fails,
        lambda record: None,
        lambda record: True,
        lambda record: Verdict(True, "fine"),
        lambda record: Verdict(True, "fine", (Check("a", False, "no"),)),
        lambda record: Verdict(1, "fine", (Check("a", True, "yes"),)),
    ],
    ids=["raises", "none", "true", "no checks", "failed check", "not a bool"],
)
def test_a_gate_from_elsewhere_is_believed_only_with_checks_that_all_passed(gate):
    assert not closed("theirs", gate)(None).allowed


def test_a_good_gate_from_elsewhere_is_handed_through():
    verdict = closed("theirs", lambda record: combine("theirs", (passes(record),)))(None)
    assert verdict == Verdict(True, "theirs: all 1 checks passed", (Check("good", True, "seen"),))


def test_kept_passes_without_a_problem_and_shows_the_problem_otherwise():
    assert kept("n", "", "all good") == Check("n", True, "all good")
    assert kept("n", "too few", "all good") == Check("n", False, "too few")
