"""A confidence is a probability, and says whose it is."""

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer
from flyball.models.decisions.records import Decision, FieldDecision

__all__ = ["confidence_is_calibrated"]

_SAME = 1e-9


def _problem(field: FieldDecision) -> str:
    if not 0.0 <= field.confidence <= 1.0:  # true for NaN too
        return f"The confidence {field.confidence} is not a probability."
    if field.outcome != "automated":
        return ""
    stated = [item.confidence for item in field.route.considered if item.expert == field.route.expert]
    if not field.route.expert or not stated:
        return "A confidence is given, but not whose it is."
    if not any(value is not None and abs(value - field.confidence) <= _SAME for value in stated):
        return f"The confidence {field.confidence:.3f} is not the one that {field.route.expert} stated."
    return ""


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    found = []
    for field in decision.fields:
        if problem := _problem(field):
            impossible = not 0.0 <= field.confidence <= 1.0
            # A number that is no probability cannot be mended by a referral, so the answer is withheld.
            found.append(Complaint(problem, "" if impossible else field.field))
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    return refer(decision, {item.field: item.problem for item in complaints if item.field})


confidence_is_calibrated = Checker(
    summary="Every confidence lies in 0 to 1, and an automated answer names the expert that stated it.",
    version=1,
    check=_check,
    revise=_revise,
)
