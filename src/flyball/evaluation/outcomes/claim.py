"""A claim: what somebody says turned out, before it is held against a decision."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import ClassVar, Literal, cast

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.evaluation.outcomes.records import OutcomeKind

__all__ = ["COLUMNS", "BadOutcome", "Claim", "claim_of_row"]

COLUMNS = (
    "decision",
    "case",
    "release",
    "field",
    "name",
    "kind",
    "answer",
    "value",
    "unit",
    "by",
    "observed_at",
    "minutes",
)
"""Columns of a file of outcomes."""

Scalar = bool | int | float | str

_KINDS = ("label", "correction", "business")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LONGEST = {"by": 200, "field": 200, "name": 200, "unit": 40, "decision": 200, "case": 1_000, "release": 80}
_LONGEST_ANSWER = 10_000


class BadOutcome(BadInput):
    """A report of what turned out that cannot be used."""

    code = "outcomes.bad_outcome"
    status: ClassVar[int] = 400


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says.

    Parameters
    ----------
    name : str
        Key of a field, or name of a business result.
    answer : bool, int, float or str
    kind : {"label", "correction", "business", ""}
        "" for what the name says: a label of a field, else a business result.
    decision : str
        Id or ledger entry of the decision; "" where the case is named instead.
    case : str
        Id or name of the case.
    release : str
        Digest, or its beginning, of the release that decided; "" for any.
    unit : str
    by : str
        "" for whoever hands it in.
    observed_at : datetime, optional
        UTC.
    day_only : bool
        Whether only the day was given.
    minutes : float, optional
    """

    name: str
    answer: Scalar
    kind: OutcomeKind | Literal[""] = ""
    decision: str = ""
    case: str = ""
    release: str = ""
    unit: str = ""
    by: str = ""
    observed_at: datetime | None = None
    day_only: bool = False
    minutes: float | None = None


def claim_of_row(row: Mapping[str, object], fields: Mapping[str, Field]) -> Claim | None:
    """Read one row of a file.

    Parameters
    ----------
    row : mapping of column to value
        As the file has it: all text in CSV.
    fields : mapping of key to Field

    Returns
    -------
    Claim or None
        None where nothing turned out yet: the answer is empty.

    Raises
    ------
    BadOutcome
        The message names the column and the value.
    """
    text = {name: _text(row.get(name), name) for name in _LONGEST}
    if text["field"] and text["name"] and text["field"] != text["name"]:
        raise BadOutcome(
            f"It names the field {text['field']!r} and the result {text['name']!r}.",
            fix="Give one of the two.",
        )
    name = text["field"] or text["name"]
    if not name:
        raise BadOutcome("It names neither field nor result.", fix="Give a column field, or name.")
    given = row.get("answer")
    given = row.get("value") if _empty(given) else given
    if _empty(given):
        return None
    if bool(text["decision"]) == bool(text["case"]):
        raise BadOutcome(
            "It names a decision and a case." if text["case"] else "It names neither decision nor case.",
            fix="Give the id of the decision, such as payments:128, or the id or name of the case.",
        )
    kind = _kind(_text(row.get("kind"), "kind"), text["field"])
    about = None if kind == "business" else fields.get(name)
    observed, day_only = _time(row.get("observed_at"))
    return Claim(
        name=name,
        answer=_answer(given, about),
        kind=kind,
        decision=text["decision"],
        case=text["case"],
        release=text["release"],
        unit=text["unit"],
        by=text["by"],
        observed_at=observed,
        day_only=day_only,
        minutes=_minutes(row.get("minutes")),
    )


def _kind(text: str, field: str) -> OutcomeKind | Literal[""]:
    if text and text not in _KINDS:
        raise BadOutcome(f"There is no kind of outcome {text[:40]!r}.", fix=f"Known: {', '.join(_KINDS)}.")
    if field and not text:
        return "label"
    return cast("OutcomeKind", text) if text else ""


def _answer(given: object, field: Field | None) -> Scalar:
    """Return an answer as the field has it; without a field, a number or a truth where it reads as one."""
    if isinstance(given, Decimal):
        given = float(given)
    if isinstance(given, float) and not math.isfinite(given):
        raise BadOutcome(f"The answer {given} is no number.", fix="Leave it empty where it is not known.")
    if isinstance(given, bool | int | float):
        if field is not None and field.kind in ("flag", "spans") and given in (0, 1):
            return bool(given)
        return str(given) if field is not None and field.kind in ("label", "text", "ranking") else given
    text = _text(given, "answer", longest=_LONGEST_ANSWER)
    if field is not None and field.kind in ("label", "text", "ranking"):
        return text
    truth = _TRUTHS.get(text.lower())
    if field is not None and field.kind in ("flag", "spans") and truth is not None:
        return truth
    if field is not None and field.kind in ("flag", "spans"):
        return text  # refused where it is held against the field
    number = _number(text)
    if number is not None:
        return number
    return truth if truth is not None and field is None and text.lower() in ("true", "false") else text


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        raise BadOutcome(
            f"The answer {text[:40]!r} is no number.", fix="Leave it empty where it is not known."
        )
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _minutes(given: object) -> float | None:
    if _empty(given):
        return None
    try:
        minutes = float(str(given))
    except ValueError:
        minutes = math.nan
    if not 0.0 <= minutes <= 1_000_000.0:  # also where it is no number
        raise BadOutcome(
            f"The minutes are {str(given)[:40]!r}.", fix="Give a number from 0 on, or leave them empty."
        )
    return minutes


def _time(given: object) -> tuple[datetime | None, bool]:
    """Return a time in UTC, and whether only its day was given. A time without a zone is taken as UTC."""
    if _empty(given):
        return None, False
    try:
        if isinstance(given, datetime):
            found = given
        elif isinstance(given, date):
            return datetime.combine(given, time(), UTC), True
        else:
            text = str(given).strip()
            if len(text) == 10:
                return datetime.combine(date.fromisoformat(text), time(), UTC), True
            found = datetime.fromisoformat(text)
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)), False
    except (ValueError, OverflowError) as err:
        raise BadOutcome(
            f"observed_at is {str(given)[:40]!r}.", fix="Write it as 2026-11-30 or 2026-11-30T12:00:00Z."
        ) from err


def _text(given: object, name: str, *, longest: int = 0) -> str:
    if given is None:
        return ""
    text = str(given).strip()
    most = longest or _LONGEST.get(name, 40)
    if len(text) > most:
        raise BadOutcome(
            f"{name} has {len(text):,} characters; {most:,} are the most.", fix="Shorten it, or mend the row."
        )
    return text


def _empty(given: object) -> bool:
    return given is None or (isinstance(given, str) and not given.strip())
