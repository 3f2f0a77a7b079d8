"""A gate that nothing covers refuses."""

from flyball.core.verdicts import Check, combine


def test_without_any_check_the_verdict_is_a_refusal_with_its_reason():
    verdict = combine("release gate", ())
    assert (verdict.allowed, verdict.reason) == (False, "release gate: nothing covers this, so it is refused")


def test_one_failed_check_refuses_and_is_named():
    verdict = combine("gate", (Check("size", True, "3 cases"), Check("quality", False, "0.91 < 0.97")))
    assert not verdict.allowed
    assert verdict.reason == "gate: 1 of 2 checks failed (quality: 0.91 < 0.97)"


def test_all_checks_passed_is_allowed_and_keeps_them():
    verdict = combine("gate", (Check("size", True, "3 cases"),))
    assert verdict.allowed
    assert [check.name for check in verdict.checks] == ["size"]
