"""The machine points at passages and rules; what is lawful in a contract a lawyer says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.governance.constitution.sentences import without_passages
from flyball.governance.constitution.verdicts import verdict_in, verdicts
from flyball.models.decisions.records import Decision

__all__ = ["no_legal_advice_claim"]

_INSTEAD = "The rule {rule} matched. Its words stated a legal result as certain; a lawyer must judge it."


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    found = [
        Complaint(f"{finding.rule} says {claim!r} as if that were certain.", rule=finding.rule)
        for finding in decision.findings
        if (claim := verdict_in(finding.message) or verdict_in(finding.title))
    ]
    reasons = {reason: verdict_in(reason) for reason in {field.reason for field in decision.fields}}
    found += [
        Complaint(f"The reason says {claim!r} as if that were certain.", field.field)
        for field in decision.fields
        if (claim := reasons[field.reason])
    ]
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    rules = {item.rule for item in complaints if item.rule}
    findings = []
    for finding in decision.findings:
        if finding.rule in rules:
            title = f"Rule {finding.rule}" if verdict_in(finding.title) else finding.title
            message = _INSTEAD.format(rule=finding.rule)
            finding = replace(finding, title=title, message=message, status="to_check")
        findings.append(finding)
    decision = replace(decision, findings=tuple(findings))
    reason = "The reason stated a legal result as certain and is withheld; a person must look."
    return refer(decision, {item.field: reason for item in complaints if item.field})


def _find_words(text: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    del settings
    return tuple(f"It says {text[one.start : one.end]!r} as if that were certain." for one in verdicts(text))


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    """Take out the sentences with a verdict, again where what is left comes together to one."""
    del settings
    while found := verdicts(text):
        text = without_passages(text, [(one.start, one.end) for one in found])
    return text


no_legal_advice_claim = Checker(
    summary="Findings and reasons never state as certain that something in this document is lawful, "
    "compliant, void or enforceable.",
    version=2,
    check=_check,
    revise=_revise,
    find_words=_find_words,
    mend_words=_mend_words,
)
