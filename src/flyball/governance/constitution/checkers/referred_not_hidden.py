"""Nothing that was not sure enough is presented as decided."""

import math

from flyball.governance.constitution.asking import ask_a_person
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision, FieldDecision

__all__ = ["referred_not_hidden"]


def _problem(field: FieldDecision, reading: Reading) -> str:
    """Say why an automated answer may not stand alone; "" where it may."""
    expert = field.route.expert
    if not expert:
        return "It is presented as decided, but no expert is named for it."
    if expert in reading.rules:
        return ""
    least = reading.thresholds.least(expert, field.field, field.answer)
    if field.confidence >= least:  # false for NaN too, on either side
        return ""
    if least > 1.0 or math.isnan(least):
        return f"It is presented as decided, but no threshold keeps the promise for {expert}."
    return f"It is presented as decided, but {field.confidence:.3f} is below the threshold {least:.3f}."


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    found = []
    undecided = set()
    for field in decision.fields:
        if field.outcome != "automated":
            undecided.add(field.field)
        elif problem := _problem(field, reading):
            found.append(Complaint(problem, field.field))
    for finding in decision.findings:
        if finding.status == "found" and not undecided.isdisjoint(finding.fields):
            open_fields = ", ".join(sorted(undecided.intersection(finding.fields)))
            problem = f"{finding.rule} is presented as found, but a person still has to answer {open_fields}."
            found.append(Complaint(problem, rule=finding.rule))
    return tuple(found)


referred_not_hidden = Checker(
    summary="An answer below its threshold goes to a person, and a finding that rests on one is a question.",
    version=1,
    check=_check,
    revise=ask_a_person,
)
