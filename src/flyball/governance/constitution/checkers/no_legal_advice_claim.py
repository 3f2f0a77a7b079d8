"""The machine points at passages and rules; what is lawful in a contract a lawyer says."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.governance.constitution.sentences import sentences_of, without_sentences
from flyball.models.decisions.records import Decision

__all__ = ["no_legal_advice_claim"]

_SENTENCE = re.compile(r"(?<=[.!?;])\s+")

# A legal result. The words after "(?!" name things that are called legal, not results.
_RESULT = re.compile(
    r"""
    \b(?:il)?legal(?:ly)?\b (?!\s+(?:review|department|team|counsel|question|basis|entity|entities|person|
        name|notice|duty|operations|advice|fees?|matters?|risk|requirement|binding|valid|safe|sound))
    | \blegally\s+(?:binding|valid|safe|sound)\b
    | \b(?:un)?lawful(?:ly)?\b (?!\s+(?:basis|bases|processing))
    | \b(?:non-?)?compliant\b | \bcompl(?:y|ies)\s+with\s+(?:the\s+)?(?:law|gdpr|act|regulation|code)\b
    | \bviolat(?:es|ed|ion\s+of)\b .{0,40}? \b(?:law|act|code|gdpr|regulation|article|section|statute)\b
    | \bbreach(?:es)?\s+(?:of\s+)?(?:the\s+)?(?:law|gdpr|act|regulation|statute)\b
    | \b(?:is|are|be|was)\s+(?:null\s+and\s+)?(?:void|invalid|(?:un)?enforceable)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Said of the document at hand, and not of the law in general ("standard terms that ... are void").
_OF_THIS = re.compile(
    r"""
    ^\s*(?:it|this|these|that|they)\b (?!\s+(?:asks?|wants?))
    | \b(?:this|the|these|its|our|your|their)\s+(?:[\w-]+\s+){0,2}
        (?:clause|contract|agreement|terms?|provision|restraint|ban|cap|renewal|waiver|document|non-compete|
           licen[cs]e|exclusion|limitation|penalty|choice)s?\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_HEDGED = re.compile(
    r"\b(?:can|could|may|might|often|usually|generally|as\s+a\s+rule|in\s+(?:many|some|most)|whether|likely|"
    r"probably|unless|check|lawyer|counsel)\b",
    re.IGNORECASE,
)

# Never said, of whatever.
_NEVER = re.compile(
    r"\bno\s+legal\s+risks?\b|\bfully\s+compliant\b|\bguarantee[sd]?\b.{0,40}\b(?:complian|legal|lawful|valid)"
    r"|\bthis\s+is\s+legal\s+advice\b|\blegally\s+safe\b",
    re.IGNORECASE,
)

_INSTEAD = "The rule {rule} matched. Its words stated a legal result as certain; a lawyer must judge it."


@lru_cache(maxsize=4096)  # a rule says the same of many contracts
def _claim(words: str) -> str:
    """Return the words that state a legal result of this document as certain; "" where there are none."""
    if found := _NEVER.search(words):
        return found.group(0)
    if _RESULT.search(words) is None:
        return ""
    for sentence in _SENTENCE.split(words):
        found = _RESULT.search(sentence)
        if found and _OF_THIS.search(sentence) and not _HEDGED.search(sentence):
            return found.group(0)
    return ""


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    found = [
        Complaint(f"{finding.rule} says {claim!r} as if that were certain.", rule=finding.rule)
        for finding in decision.findings
        if (claim := _claim(finding.message) or _claim(finding.title))
    ]
    reasons = {reason: _claim(reason) for reason in {field.reason for field in decision.fields}}
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
            title = f"Rule {finding.rule}" if _claim(finding.title) else finding.title
            message = _INSTEAD.format(rule=finding.rule)
            finding = replace(finding, title=title, message=message, status="to_check")
        findings.append(finding)
    decision = replace(decision, findings=tuple(findings))
    reason = "The reason stated a legal result as certain and is withheld; a person must look."
    return refer(decision, {item.field: reason for item in complaints if item.field})


def _find_words(text: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    del settings
    return tuple(
        f"It says {claim!r} as if that were certain." for one in sentences_of(text) if (claim := _claim(one))
    )


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    del settings
    return without_sentences(text, lambda one: bool(_claim(one)))


no_legal_advice_claim = Checker(
    summary="Findings and reasons never state as certain that something in this document is lawful, "
    "compliant, void or enforceable.",
    version=1,
    check=_check,
    revise=_revise,
    find_words=_find_words,
    mend_words=_mend_words,
)
