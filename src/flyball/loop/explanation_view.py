"""Explanations and letters as doors hand them out: plain values, sentences with the ids of their records."""

from typing import Any

import msgspec

from flyball.core.estimates import as_plain
from flyball.governance.explanation.letter import Letter
from flyball.governance.explanation.records import Answer, Check, Explanation

__all__ = ["explanation_as_json", "letter_as_json"]


def explanation_as_json(told: Explanation) -> dict[str, Any]:
    """Return an explanation as plain values; every number that was measured says on how many."""
    found: dict[str, Any] = msgspec.to_builtins(told)
    found["answers"] = [_answer(one) for one in told.answers]
    return found


def letter_as_json(letter: Letter) -> dict[str, Any]:
    """Return a letter with its text, and each sentence with the records that it rests on."""
    return {
        "kind": letter.kind,
        "language": letter.language,
        "template": letter.template,
        "digest": letter.digest,
        "text": letter.text,
        "lines": [
            {"kind": one.kind, "text": one.text, "records": list(one.records)}
            for one in letter.lines
            if one.kind != "empty"
        ],
        "records": dict(letter.records),
    }


def _answer(one: Answer) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    found["checks"] = [_check(each) for each in one.checks]
    if one.attribution is not None:
        found["attribution"]["id"] = one.attribution.id
        if one.attribution.fidelity is not None:
            found["attribution"]["fidelity"] = as_plain(one.attribution.fidelity)
    return found


def _check(one: Check) -> dict[str, Any]:
    return {
        "name": one.name,
        "passed": one.passed,
        "what": one.words,
        "at_least": one.at_least,
        "measured": as_plain(one.measured),
    }
