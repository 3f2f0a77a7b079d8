"""Nothing personal in the words of a decision that may leave the house."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flyball.data.privacy.detection.records import Found
from flyball.data.privacy.personal_data import cover, find_people, find_personal_data
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import reword
from flyball.governance.guardrails.views import found_through, identifies
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


def _takes(settings: Mapping[str, Any]) -> str:
    if set(settings) <= {"names"} and isinstance(settings.get("names", False), bool):
        return ""
    return (
        "its settings must be { names = true } or { names = false }: whether names of people are looked for"
    )


def _found(words: str, settings: Mapping[str, Any]) -> list[Found]:
    """Return what is personal in words, also where characters that nobody sees, or other letters, hide it."""
    find = find_people if settings.get("names") else find_personal_data

    def look(texts: Sequence[str]) -> list[tuple[Found, ...]]:
        return [find(text) for text in texts]

    return found_through([words], look, identifies)[0]


def _kinds(words: str, settings: Mapping[str, Any]) -> list[str]:
    return sorted({one.kind for one in _found(words, settings)})


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    settings = reading.settings
    per_field = {field.field: _BREAK.join(dict.fromkeys(_words(field))) for field in decision.fields}
    per_finding = {finding.rule: finding.title + _BREAK + finding.message for finding in decision.findings}
    named = decision.case_name + _BREAK + decision.verdict.reason
    # Most reasons are said many times over: one look at all different words settles nearly every decision.
    everything = dict.fromkeys([named, *per_field.values(), *per_finding.values()])
    if not _found(_BREAK.join(everything), settings):
        return ()
    found = [
        Complaint(f"Its words hold personal data ({', '.join(kinds)}).", key)
        for key, words in per_field.items()
        if (kinds := _kinds(words, settings))
    ]
    found += [
        Complaint(f"The words of {rule} hold personal data ({', '.join(kinds)}).", rule=rule)
        for rule, words in per_finding.items()
        if (kinds := _kinds(words, settings))
    ]
    if kinds := _kinds(named, settings):
        found.append(
            Complaint(f"The name of the case or the verdict holds personal data ({', '.join(kinds)}).")
        )
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    """Cover what was found; an answer that is itself personal cannot be covered and will be withheld."""
    del complaints
    return reword(decision, lambda words: cover(words, _found(words, reading.settings)))


def _find_words(text: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = _kinds(text, settings)
    return (f"Its words hold personal data ({', '.join(kinds)}).",) if kinds else ()


def _mend_words(text: str, settings: Mapping[str, Any]) -> str:
    return cover(text, _found(text, settings))


nothing_personal = Checker(
    summary="Reasons, findings, values and file names hold no mail or street address, no date of birth, no "
    "person by title, and no telephone, account, card, insurance, tax, passport or other number of a person.",
    version=3,
    check=_check,
    revise=_revise,
    takes=_takes,
    find_words=_find_words,
    mend_words=_mend_words,
)
