"""Nothing personal in the words of a decision that may leave the house."""

from collections.abc import Iterator, Mapping
from typing import Any

from flyball.data.privacy.personal_data import find_personal_data, redact
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import reword
from flyball.models.decisions.records import Decision, FieldDecision

__all__ = ["nothing_personal"]

# Between two texts: longer than the widest gap inside a number, and of a sign that stands in none.
_BREAK = " \u2028|\u2028 "


def _words(field: FieldDecision) -> Iterator[str]:
    yield field.answer
    yield field.reason
    yield field.route.reason
    for item in field.route.considered:
        yield item.why
    if isinstance(field.value, str):
        yield field.value


def _kinds(words: str) -> list[str]:
    return sorted({found.kind for found in find_personal_data(words)})


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    per_field = {field.field: _BREAK.join(dict.fromkeys(_words(field))) for field in decision.fields}
    per_finding = {finding.rule: finding.title + _BREAK + finding.message for finding in decision.findings}
    named = decision.case_name + _BREAK + decision.verdict.reason
    # Most reasons are said many times over: one look at all different words settles nearly every decision.
    everything = dict.fromkeys([named, *per_field.values(), *per_finding.values()])
    if not find_personal_data(_BREAK.join(everything)):
        return ()
    found = [
        Complaint(f"Its words hold personal data ({', '.join(kinds)}).", key)
        for key, words in per_field.items()
        if (kinds := _kinds(words))
    ]
    found += [
        Complaint(f"The words of {rule} hold personal data ({', '.join(kinds)}).", rule=rule)
        for rule, words in per_finding.items()
        if (kinds := _kinds(words))
    ]
    if kinds := _kinds(named):
        found.append(
            Complaint(f"The name of the case or the verdict holds personal data ({', '.join(kinds)}).")
        )
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    """Cover what was found; an answer that is itself personal cannot be covered and will be withheld."""
    del reading, complaints
    return reword(decision, lambda words: redact(words)[0])


def _find_words(text: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    del settings
    return (f"Its words hold personal data ({', '.join(kinds)}).",) if (kinds := _kinds(text)) else ()


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    del settings
    return redact(text)[0]


nothing_personal = Checker(
    summary="Reasons, findings, values and file names hold no e-mail address and no telephone, account, "
    "card, insurance, tax, passport or other number that points to a person.",
    version=2,
    check=_check,
    revise=_revise,
    find_words=_find_words,
    mend_words=_mend_words,
)
