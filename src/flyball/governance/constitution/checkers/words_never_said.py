"""Words that a company, a law or a custom does not want said, wherever the machine writes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.governance.constitution.sentences import without_passages
from flyball.models.decisions.records import Decision

__all__ = ["words_never_said"]

_LONGEST = 200
_MOST = 200


def _takes(settings: Mapping[str, Any]) -> str:
    never = settings.get("never")
    if set(settings) != {"never"} or not isinstance(never, list) or not 1 <= len(never) <= _MOST:
        return f'its settings must be {{ never = ["words", ...] }} with 1 to {_MOST} of them'
    wrong = [one for one in never if not isinstance(one, str) or not _letters(one) or len(one) > _LONGEST]
    return f"{wrong[0]!r} are no words of at most {_LONGEST} characters" if wrong else ""


def _letters(words: str) -> bool:
    return any(letter.isalnum() for letter in words)


@lru_cache(maxsize=256)
def _pattern(never: tuple[str, ...]) -> re.Pattern[str]:
    """Match any of the phrases as whole words, whatever their case and white space."""
    phrases = [r"\s+".join(map(re.escape, one.split())) for one in sorted(never, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


def _found(text: str, settings: Mapping[str, Any]) -> str:
    never: Sequence[str] = settings["never"]
    found = _pattern(tuple(never)).search(text)
    return " ".join(found.group(0).split()) if found else ""


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    if not reading.settings:
        return (Complaint("Nobody said which words are never said."),)
    complaints = [
        Complaint(f"The reason says {words!r}.", field.field)
        for field in decision.fields
        if (words := _found(field.reason, reading.settings))
    ]
    return (
        *complaints,
        *(
            Complaint(f"{finding.rule} says {words!r}.", rule=finding.rule)
            for finding in decision.findings
            if (words := _found(f"{finding.title}\n{finding.message}", reading.settings))
        ),
    )


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    rules = {item.rule for item in complaints if item.rule}
    findings = tuple(
        replace(
            finding,
            title=f"Rule {finding.rule}",
            message="Its words are not to be said and are withheld; a person must look.",
            status="to_check",
        )
        if finding.rule in rules
        else finding
        for finding in decision.findings
    )
    reason = "The reason held words that are not to be said and is withheld; a person must look."
    return refer(
        replace(decision, findings=findings), {item.field: reason for item in complaints if item.field}
    )


def _find_words(text: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    found = _pattern(tuple(settings["never"])).finditer(text)
    return tuple(f"It says {' '.join(one.group(0).split())!r}." for one in found)


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    """Take out the sentences that say them, again where what is left says them anew."""
    pattern = _pattern(tuple(settings["never"]))
    while places := [one.span() for one in pattern.finditer(text)]:
        text = without_passages(text, places)
    return text


words_never_said = Checker(
    summary="Reasons, findings and answers in conversations hold none of the words that the principle lists.",
    version=1,
    check=_check,
    revise=_revise,
    takes=_takes,
    find_words=_find_words,
    mend_words=_mend_words,
)
