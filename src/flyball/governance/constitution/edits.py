"""The changes that a principle may make to a decision: refer, refuse, ask instead of claim."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from flyball.models.decisions.records import Decision, FieldDecision, Finding

__all__ = ["CARE", "as_referred", "bolder", "described", "is_claim", "refer", "refuse", "reword", "to_check"]

CARE = {"automated": 0, "referred": 1, "refused": 2}
"""How careful an outcome is; a revision may only go up."""

_COVER = re.compile(r"\[[A-Z_]+\]")
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def is_claim(answer: str) -> bool:
    """Say whether an answer states that something is there, and so needs proof in the text."""
    return answer not in ("false", "null", '""', "[]")


def as_referred(field: FieldDecision, reason: str) -> FieldDecision:
    """Return the field for a person to answer, the best guess kept."""
    route = replace(field.route, expert="", reason=reason)
    return replace(field, outcome="referred", reason=reason, route=route)


def refer(decision: Decision, reasons: Mapping[str, str]) -> Decision:
    """Send fields to a person, and turn the findings that rest on them into questions.

    Parameters
    ----------
    decision : Decision
    reasons : mapping of field key to reason
        A field that is refused already stays refused.

    Returns
    -------
    Decision
    """
    fields = tuple(
        as_referred(field, reasons[field.field])
        if field.field in reasons and field.outcome != "refused"
        else field
        for field in decision.fields
    )
    return _asking(replace(decision, fields=fields), frozenset(reasons))


def refuse(decision: Decision, reasons: Mapping[str, str]) -> Decision:
    """Withhold the answers of fields: no answer, no passage, no value; only the reason is left."""
    fields = tuple(
        replace(
            field,
            answer="null",
            outcome="refused",
            evidence=(),
            reason=reasons[field.field],
            route=replace(field.route, expert="", reason=reasons[field.field]),
            value=None,
            unit="",
        )
        if field.field in reasons
        else field
        for field in decision.fields
    )
    return _asking(replace(decision, fields=fields), frozenset(reasons))


def to_check(decision: Decision, rules: frozenset[str]) -> Decision:
    """Turn findings from a claim into a question for a person."""
    return replace(
        decision,
        findings=tuple(
            replace(finding, status="to_check") if finding.rule in rules else finding
            for finding in decision.findings
        ),
    )


def reword(decision: Decision, words: Callable[[str], str]) -> Decision:
    """Pass every free text of a decision through `words`; identifiers, answers and numbers stay."""

    def of_field(field: FieldDecision) -> FieldDecision:
        considered = tuple(replace(item, why=words(item.why)) for item in field.route.considered)
        return replace(
            field,
            reason=words(field.reason),
            value=words(field.value) if isinstance(field.value, str) else field.value,
            route=replace(field.route, reason=words(field.route.reason), considered=considered),
        )

    def of_finding(finding: Finding) -> Finding:
        return replace(finding, title=words(finding.title), message=words(finding.message))

    return replace(
        decision,
        case_name=words(decision.case_name),
        fields=tuple(of_field(field) for field in decision.fields),
        findings=tuple(of_finding(finding) for finding in decision.findings),
    )


def bolder(before: Decision, after: Decision) -> str:
    """Say how a revision claims more than the answer before it; "" where it does not.

    A revision may withhold, refer, ask, cover words, and take passages and citations away. What is no longer
    claimed may be put in other words. Anything else - a
    higher confidence, another answer, a referral turned into a decision, a finding that vanishes - would
    let a principle decide, without any of the guarantees that automation has.

    Parameters
    ----------
    before, after : Decision

    Returns
    -------
    str
        One sentence, or "".
    """
    kept = replace(
        after,
        case_name=before.case_name,
        fields=before.fields,
        findings=before.findings,
    )
    if kept != before:
        return "It changed what identifies the decision, its duties or its verdict."
    if not _same_or_covered(before.case_name, after.case_name):
        return "It renamed the case."
    if [field.field for field in before.fields] != [field.field for field in after.fields]:
        return "It left out, added or reordered fields."
    if [finding.rule for finding in before.findings] != [finding.rule for finding in after.findings]:
        return "It left out, added or reordered findings."
    for old, new in zip(before.fields, after.fields, strict=True):
        if old is not new and old != new and (problem := _bolder_field(old, new)):
            return f"{new.field}: {problem}"
    for was, now in zip(before.findings, after.findings, strict=True):
        if was is not now and was != now and (problem := _bolder_finding(was, now)):
            return f"{now.rule}: {problem}"
    return ""


def described(before: Decision, after: Decision) -> tuple[str, ...]:
    """Return what a revision changed, as short sentences for people."""
    lines = []
    if before.case_name != after.case_name:
        lines.append("the name of the case was reworded")
    for old, new in zip(before.fields, after.fields, strict=True):
        if old.outcome != new.outcome:
            lines.append(f"{new.field}: {old.outcome} became {new.outcome}")
        elif old != new:
            lines.append(f"{new.field}: {_parts(old, new)} changed")
    for was, now in zip(before.findings, after.findings, strict=True):
        if was.status != now.status:
            lines.append(f"{now.rule}: found became to check")
        elif was != now:
            lines.append(f"{now.rule}: {_parts(was, now)} changed")
    return tuple(lines)


def _asking(decision: Decision, fields: frozenset[str]) -> Decision:
    rules = frozenset(finding.rule for finding in decision.findings if not fields.isdisjoint(finding.fields))
    return to_check(decision, rules) if rules else decision


def _bolder_field(old: FieldDecision, new: FieldDecision) -> str:
    if CARE[new.outcome] < CARE[old.outcome]:
        return f"it turned {old.outcome} into {new.outcome}."
    if new.confidence != old.confidence:
        return f"it changed the confidence from {old.confidence} to {new.confidence}."
    if new.answer != old.answer and new.outcome != "refused":
        return f"it changed the answer from {old.answer} to {new.answer}."
    if not set(new.evidence) <= set(old.evidence):
        return "it added a passage."
    if new.outcome == "automated" and not _same_or_covered(old.reason, new.reason):
        return "it reworded the reason of a decided answer."
    if new.value is not None and not _same_or_covered(old.value, new.value):
        return f"it changed the value from {old.value!r} to {new.value!r}."
    if new.route.expert not in ("", old.route.expert):
        return f"it named another expert, {new.route.expert}."
    told = [(item.expert, item.confidence, item.price_eur) for item in old.route.considered]
    if [(item.expert, item.confidence, item.price_eur) for item in new.route.considered] != told:
        return "it changed who was asked."
    return ""


def _same_or_covered(old: object, new: object) -> bool:
    """Say whether `new` is `old`, or a text of which parts are covered by words in brackets, as "[email]"."""
    if old == new:
        return type(old) is type(new)
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    first, *rest = _COVER.split(new)
    if not rest or not old.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = old.find(piece, at + 1)
        if found < 0:
            return False
        at = found + len(piece)
    return old.endswith(rest[-1]) and len(old) - len(rest[-1]) > at


def _bolder_finding(was: Finding, now: Finding) -> str:
    if was.status == "to_check" and now.status == "found":
        return "it turned a question into a claim."
    if _SEVERITIES.index(now.severity) < _SEVERITIES.index(was.severity):
        return f"it lowered the severity from {was.severity} to {now.severity}."
    if was.likely and not now.likely:
        return "it called a likely finding unlikely."
    if now.status == "found" and not (
        _same_or_covered(was.title, now.title) and _same_or_covered(was.message, now.message)
    ):
        return "it reworded a claim."
    if now.fields != was.fields:
        return "it changed the fields that the finding rests on."
    if not set(now.evidence) <= set(was.evidence) or not set(now.cites) <= set(was.cites):
        return "it added a passage or a citation."
    return ""


def _parts(before: FieldDecision | Finding, after: FieldDecision | Finding) -> str:
    names = [name for name in before.__slots__ if getattr(before, name) != getattr(after, name)]
    return ", ".join(names)
