"""The revision that most principles need: ask a person about whatever was complained about."""

from flyball.governance.constitution.checker import Complaint, Reading
from flyball.governance.constitution.edits import refer, to_check
from flyball.models.decisions.records import Decision

__all__ = ["ask_a_person"]


def ask_a_person(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    """Refer the fields that complaints name, and turn the findings that they name into questions.

    Parameters
    ----------
    decision : Decision
    reading : Reading
        Not needed; a checker's `revise` has this form.
    complaints : tuple of Complaint

    Returns
    -------
    Decision
    """
    del reading
    reasons = {item.field: item.problem for item in complaints if item.field}
    decision = refer(decision, reasons) if reasons else decision
    return to_check(decision, frozenset(item.rule for item in complaints if item.rule))
