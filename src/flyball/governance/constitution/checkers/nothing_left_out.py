"""Every field of the deployment has exactly one decision."""

from collections import Counter

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision

__all__ = ["nothing_left_out"]


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    if not reading.fields:
        return (Complaint("Nobody said which fields had to be decided."),)
    given = Counter(field.field for field in decision.fields)
    missing = [key for key in reading.fields if key not in given]
    doubled = [key for key, times in given.items() if times > 1]
    strange = [key for key in given if key not in set(reading.fields)]
    found = []
    for what, keys in (
        ("not decided at all", missing),
        ("decided twice", doubled),
        ("not fields of this deployment", strange),
    ):
        if keys:
            found.append(
                Complaint(f"{len(keys)} of {len(reading.fields)} fields are {what}: {', '.join(keys)}.")
            )
    return tuple(found)


nothing_left_out = Checker(
    summary="Every field is decided, referred or refused, once; none is silently missing.",
    version=1,
    check=_check,
    names_fields=False,
)
