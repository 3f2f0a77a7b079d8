"""Damage: one decision spoilt in every way that a principle may be there for, to see whether it notices.

A principle that no spoilt decision brings to complain about anything is there for nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from flyball.core.records import Span
from flyball.governance.constitution.checker import Reading
from flyball.governance.constitution.principle import Principle
from flyball.models.decisions.records import Decision, FieldDecision, Finding
from flyball.models.router.route import Considered

__all__ = ["damaged"]

_MAIL = "Ask jane.roe@example.org about it."
_VERDICT = "This clause is void."
_STRANGER = "nobody"


def damaged(
    decision: Decision, reading: Reading, principle: Principle
) -> Iterator[tuple[str, Decision, Reading]]:
    """Yield spoilt copies of a decision, each with what was done and what may be looked at beside it.

    Parameters
    ----------
    decision : Decision
        As it was first answered; its fields need not be automated.
    reading : Reading
    principle : Principle
        Whose settings say which words and answers it is about.
    """
    yield "another text", decision, replace(reading, text=reading.text + " ")
    if not decision.fields:
        return
    first, *rest = decision.fields
    beyond = (Span(len(reading.text) + 1, len(reading.text) + 9),)
    yield "a field left out", replace(decision, fields=tuple(rest)), reading
    spoilt = {
        "a passage outside the text": replace(first, evidence=beyond),
        "a claim without a passage": _decided(first, answer="true", evidence=()),
        "an answer that nobody gave": replace(_decided(first), route=replace(first.route, expert="")),
        "an answer without confidence": _decided(first, confidence=0.0),
        "a confidence that is none": _decided(first, confidence=1.5),
        "an address in a reason": replace(first, reason=_MAIL),
        "a legal verdict in a reason": replace(first, reason=_VERDICT),
        "no reason for a referral": _without_reason(first),
    }
    for what, field in spoilt.items():
        yield what, replace(decision, fields=(field, *rest)), reading
    yield "a finding that cites nothing known", _with_finding(decision, "It is so.", "strange.law.1"), reading
    yield "a finding with a legal verdict", _with_finding(decision, _VERDICT, ""), reading
    yield from _by_settings(decision, reading, principle)


def _by_settings(
    decision: Decision, reading: Reading, principle: Principle
) -> Iterator[tuple[str, Decision, Reading]]:
    never = principle.settings.get("never")
    if isinstance(never, list) and never:
        first, *rest = decision.fields
        words = str(never[0]).replace("...", " at last ")  # what stands in an open place does not matter
        said = replace(first, reason=f"We say: {words}.")
        yield "words that are never said", replace(decision, fields=(said, *rest)), reading
    answers = principle.settings.get("answers")
    if isinstance(answers, dict):
        fields = tuple(
            _decided(one, answer=json.dumps(answers[one.field], ensure_ascii=False))
            if one.field in answers
            else one
            for one in decision.fields
        )
        yield "an answer against somebody", replace(decision, fields=fields), reading


def _decided(
    field: FieldDecision,
    *,
    answer: str | None = None,
    evidence: tuple[Span, ...] | None = None,
    confidence: float = 0.99,
) -> FieldDecision:
    """Return a field as an expert that has no threshold would have decided it."""
    route = replace(
        field.route, expert=_STRANGER, considered=(Considered(_STRANGER, confidence, "0", "asked"),)
    )
    return replace(
        field,
        outcome="automated",
        answer=field.answer if answer is None else answer,
        evidence=field.evidence if evidence is None else evidence,
        confidence=confidence,
        route=route,
    )


def _without_reason(field: FieldDecision) -> FieldDecision:
    route = replace(field.route, expert="", reason="", considered=())
    return replace(field, outcome="referred", reason="", route=route)


def _with_finding(decision: Decision, message: str, cites: str) -> Decision:
    finding = Finding(
        rule="probe.P-01",
        title="Probe",
        severity="low",
        message=message,
        fields=(decision.fields[0].field,),
        cites=(cites,) if cites else (),
        evidence=(),
        status="found",
    )
    return replace(decision, findings=(*decision.findings, finding))
