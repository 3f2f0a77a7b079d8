"""Nothing that was not sure enough is presented as decided."""

import math

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer, to_check
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


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    reasons = {item.field: item.problem for item in complaints if item.field}
    decision = refer(decision, reasons) if reasons else decision
    return to_check(decision, frozenset(item.rule for item in complaints if item.rule))


referred_not_hidden = Checker(
    summary="An answer below its threshold goes to a person, and a finding that rests on one is a question.",
    version=1,
    check=_check,
    revise=_revise,
)
