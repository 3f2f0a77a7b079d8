"""The machine points at passages and rules; what is lawful a lawyer says."""

import re
from dataclasses import replace

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.models.decisions.records import Decision

__all__ = ["no_legal_advice_claim"]

_CERTAIN = re.compile(
    r"""
    \b(?:is|are|be|was|were|seems|fully|clearly|certainly|legally)\s+(?:not\s+|fully\s+|clearly\s+|therefore\s+)*
        (?:il)?legal(?:ly)?\b(?!\s+(?:review|department|team|counsel|question|basis|entity|person|name|notice|duty))
    | \b(?:un)?lawful(?:ly)?\b (?!\s+(?:basis|bases|processing))
    | \b(?:non-?)?compliant\b | \bcompl(?:y|ies)\s+with\s+(?:the\s+)?(?:law|gdpr|all|every|applicable)
    | \bviolat(?:es|ed|ion\s+of)\b(?=.{0,40}\b(?:law|act|code|gdpr|regulation|article|section|statute)\b)
    | \bbreach(?:es)?\s+(?:of\s+)?(?:the\s+)?(?:law|gdpr|act|regulation|statute)\b
    | \b(?:is|are|would\s+be|will\s+be)\s+(?:null\s+and\s+)?(?:void|invalid|(?:un)?enforceable)\b
    | \bguarantee[sd]?\b(?=.{0,40}\b(?:compliance|legal|lawful|valid))
    | \blegal\s+advice\b | \bno\s+legal\s+risk\b | \blegally\s+(?:safe|valid|binding|sound)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_INSTEAD = "The rule {rule} matched. Its words stated a legal result as certain; a lawyer must judge it."


def _claim(words: str) -> str:
    """Return the words that state a legal result as certain; "" where there are none."""
    found = _CERTAIN.search(words)
    return found.group(0).strip() if found else ""


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    found = [
        Complaint(f"{finding.rule} says {claim!r} as if that were certain.", rule=finding.rule)
        for finding in decision.findings
        if (claim := _claim(finding.message) or _claim(finding.title))
    ]
    found += [
        Complaint(f"The reason says {claim!r} as if that were certain.", field.field)
        for field in decision.fields
        if (claim := _claim(field.reason))
    ]
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    rules = {item.rule for item in complaints if item.rule}
    findings = []
    for finding in decision.findings:
        if finding.rule in rules:
            title = f"Rule {finding.rule}" if _claim(finding.title) else finding.title
            message = _INSTEAD.format(rule=finding.rule)
            finding = replace(finding, title=title, message=message, status="to_check")
        findings.append(finding)
    decision = replace(decision, findings=tuple(findings))
    reason = "The reason stated a legal result as certain and is withheld; a person must look."
    return refer(decision, {item.field: reason for item in complaints if item.field})


no_legal_advice_claim = Checker(
    summary="Findings and reasons never state that something is lawful, compliant, void or enforceable.",
    version=1,
    check=_check,
    revise=_revise,
)
