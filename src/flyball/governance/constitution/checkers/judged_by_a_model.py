"""A question for a reader, put to the language model that the deployment calls its critic."""

from flyball.governance.constitution.asking import ask_a_person
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision

__all__ = ["judged_by_a_model"]


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    """Ask the critic; where there is none, nothing was judged, so nothing counts as decided."""
    if reading.ask is not None:
        return reading.ask(decision)
    why = "No language model was there to judge it."
    return (
        *(Complaint(why, field.field) for field in decision.fields if field.outcome == "automated"),
        *(Complaint(why, rule=finding.rule) for finding in decision.findings if finding.status == "found"),
    )


judged_by_a_model = Checker(
    summary="A language model is asked the critique of the principle about every decided answer and finding; "
    "what it complains about, or cannot judge, goes to a person.",
    version=1,
    check=_check,
    revise=ask_a_person,
)
