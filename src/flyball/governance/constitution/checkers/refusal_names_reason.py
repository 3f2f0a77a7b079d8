"""Whoever gets no answer from the machine is told why."""

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.governance.constitution.edits import refer, refuse
from flyball.models.decisions.records import Decision, FieldDecision

__all__ = ["refusal_names_reason"]

_EMPTY_WORDS = frozenset({"", "-", "n/a", "na", "none", "null", "unknown", "error", "referred", "refused"})


def _says_nothing(reason: str) -> bool:
    return reason.strip().strip(".!").lower() in _EMPTY_WORDS


def _fallback(field: FieldDecision) -> str:
    """Return what the router noted about its choice; "" where it noted nothing either."""
    candidates = [field.route.reason, *(item.why for item in reversed(field.route.considered))]
    return next((words for words in candidates if not _says_nothing(words)), "")


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    del reading
    found = [
        Complaint(f"The answer is {field.outcome}, but no reason is given.", field.field)
        for field in decision.fields
        if field.outcome != "automated" and _says_nothing(field.reason)
    ]
    if not decision.verdict.allowed and _says_nothing(decision.verdict.reason):
        found.append(Complaint("The decision is refused, but no reason is given."))
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    del reading
    asked = {item.field for item in complaints if item.field}
    known = {
        field.field: (field.outcome, _fallback(field)) for field in decision.fields if field.field in asked
    }
    referred = {key: words for key, (outcome, words) in known.items() if words and outcome == "referred"}
    refused = {key: words for key, (outcome, words) in known.items() if words and outcome == "refused"}
    decision = refer(decision, referred) if referred else decision
    return refuse(decision, refused) if refused else decision


refusal_names_reason = Checker(
    summary="Every referral and refusal names its reason in words that say something.",
    version=1,
    check=_check,
    revise=_revise,
)
