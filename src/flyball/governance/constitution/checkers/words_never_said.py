"""Words that a company, a law or a custom does not want said, wherever the machine writes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from flyball.data.privacy.detection.records import Found
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.governance.constitution.sentences import without_passages
from flyball.governance.guardrails.views import found_through
from flyball.models.decisions.records import Decision

__all__ = ["words_never_said"]

_LONGEST = 200
_MOST = 200
_OPEN = "..."
_GAP = r"(?:[^\w.!?]+\w+){0,4}?[^\w.!?]+"
"""What "..." stands for: up to four words of the same sentence."""


def _takes(settings: Mapping[str, Any]) -> str:
    never = settings.get("never")
    if set(settings) != {"never"} or not isinstance(never, list) or not 1 <= len(never) <= _MOST:
        return f'its settings must be {{ never = ["words", ...] }} with 1 to {_MOST} of them'
    wrong = [
        one
        for one in never
        if not isinstance(one, str) or len(one) > _LONGEST or not all(map(_letters, one.split(_OPEN)))
    ]
    return f"{wrong[0]!r} are no words of at most {_LONGEST} characters" if wrong else ""


def _letters(words: str) -> bool:
    return any(letter.isalnum() for letter in words)


@lru_cache(maxsize=256)
def _pattern(never: tuple[str, ...]) -> re.Pattern[str]:
    """Match any of the phrases as whole words, whatever their case and white space."""
    phrases = [
        _GAP.join(r"\s+".join(map(re.escape, part.split())) for part in one.split(_OPEN))
        for one in sorted(never, key=len, reverse=True)
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


def _places(text: str, settings: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return where the words stand, also where characters that nobody sees, or other letters, hide them."""
    pattern = _pattern(tuple(settings["never"]))

    def look(texts: Sequence[str]) -> list[list[Found]]:
        return [
            [Found(*one.span(), "WORDS", 1.0, "words_never_said") for one in pattern.finditer(each)]
            for each in texts
        ]

    return [(one.start, one.end) for one in found_through([text], look, bool)[0]]


def _found(text: str, settings: Mapping[str, Any]) -> str:
    return next((" ".join(text[start:end].split()) for start, end in _places(text, settings)), "")


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
    return tuple(f"It says {' '.join(text[start:end].split())!r}." for start, end in _places(text, settings))


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    """Take out the sentences that say them, again where what is left says them anew."""
    while places := _places(text, settings):
        text = without_passages(text, places)
    return text


words_never_said = Checker(
    summary="Reasons, findings and answers in conversations hold none of the words that the principle lists.",
    version=2,
    check=_check,
    revise=_revise,
    takes=_takes,
    find_words=_find_words,
    mend_words=_mend_words,
)
