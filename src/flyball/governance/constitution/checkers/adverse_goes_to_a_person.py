"""An answer that speaks against somebody is given by a person."""

import json
from collections.abc import Mapping
from typing import Any

from flyball.governance.constitution.asking import ask_a_person
from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision

__all__ = ["adverse_goes_to_a_person"]


def _takes(settings: Mapping[str, Any]) -> str:
    answers = settings.get("answers")
    if set(settings) != {"answers"} or not isinstance(answers, dict) or not answers:
        return "its settings must be { answers = { field = answer } }: which answers speak against somebody"
    wrong = [key for key, one in answers.items() if not isinstance(one, str | bool | int | float)]
    return f"the answer of {wrong[0]} is neither text, number, true nor false" if wrong else ""


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    if not reading.settings:
        return (Complaint("Nobody said which answers speak against somebody."),)
    answers = {key: json.dumps(one, ensure_ascii=False) for key, one in reading.settings["answers"].items()}
    return tuple(
        Complaint("This answer speaks against somebody, so a person must give it.", field.field)
        for field in decision.fields
        if field.outcome == "automated" and field.answer == answers.get(field.field)
    )


adverse_goes_to_a_person = Checker(
    summary="An answer that speaks against somebody, as the principle lists them, is not given by a machine "
    "alone: it goes to a person.",
    version=1,
    check=_check,
    revise=ask_a_person,
    takes=_takes,
)
