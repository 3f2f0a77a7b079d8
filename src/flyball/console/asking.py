"""What a list of decisions is asked for: the filters in the address, checked, as one `Wanted`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Literal, get_args

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.records import Outcome
from flyball.evaluation.history.records import Wanted

__all__ = ["Filters", "filters_of", "link_for"]

_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_CHOICES: Mapping[str, Mapping[str, bool | None]] = {
    "waiting": {"": None, "yes": True, "no": False},
    "allowed": {"": None, "yes": True, "no": False},
    "alone": {"": None, "yes": True, "no": False},
    "reported": {"": None, "yes": True, "no": False},
}
_IN_WORDS = ("label", "text")
NAMES = (
    "since", "until", "release", "case", "field", "outcome", "expert", "answer", "sure_below", *_CHOICES
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters as they stand in the address, and what they mean.

    Parameters
    ----------
    given : mapping of str to str
        Those that are not empty, by name.
    wanted : Wanted
    """

    given: Mapping[str, str]
    wanted: Wanted


def filters_of(query: Mapping[str, str], tenant: str, kinds: Mapping[str, str] | None = None) -> Filters:
    """Return the filters of an address, for one tenant.

    Parameters
    ----------
    query : mapping of str to str
    tenant : str
    kinds : mapping of str to str, optional
        Kind of each field by its key: where the answers of a field are words, "yes" and "5" are words too.

    Raises
    ------
    BadInput
        One of them is not of its form; the message says how it is written.
    """
    given = {name: query[name].strip() for name in NAMES if query.get(name, "").strip()}
    outcome = given.get("outcome", "")
    if outcome and outcome not in _OUTCOMES:
        raise _bad("outcome", outcome, f"one of {', '.join(_OUTCOMES)}")
    until = _moment("until", given)
    if until is not None and len(given["until"]) == 10:
        try:
            until += timedelta(days=1)  # the day that is named belongs to it
        except OverflowError:
            until = None
    return Filters(
        given,
        Wanted(
            tenant=tenant,
            since=_moment("since", given),
            until=until,
            release=given.get("release", ""),
            case=given.get("case", ""),
            field=given.get("field", ""),
            outcome=_outcome(outcome),
            expert=given.get("expert", ""),
            answer=_answer(given.get("answer", ""), (kinds or {}).get(given.get("field", ""), "")),
            confidence_at_most=_share(given.get("sure_below", "")),
            waiting=_choice("waiting", given),
            allowed=_choice("allowed", given),
            alone=_choice("alone", given),
            reported=_choice("reported", given),
        ),
    )


def link_for(wanted: Wanted) -> dict[str, str]:
    """Return a `Wanted` as the filters of an address: what a figure rests on can be looked at."""
    told = {
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
        "release": wanted.release,
        "case": wanted.case,
        "field": wanted.field,
        "outcome": wanted.outcome,
        "expert": wanted.expert,
        "answer": wanted.answer,
        "sure_below": "" if wanted.confidence_at_most is None else f"{100 * wanted.confidence_at_most:g}",
    }
    for name in _CHOICES:
        value = getattr(wanted, name)
        told[name] = "" if value is None else "yes" if value else "no"
    return {name: text for name, text in told.items() if text}


def _outcome(given: str) -> "Outcome | Literal['']":
    return next((one for one in _OUTCOMES if one == given), "")


def _moment(name: str, given: Mapping[str, str]) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(name, text, "a day such as 2026-11-30, or a time such as 2026-11-30T14:00") from None


def _answer(text: str, kind: str) -> str:
    """Return an answer as it is kept: JSON. Words that are none are meant as text."""
    words = text if kind in _IN_WORDS else {"yes": "true", "no": "false"}.get(text.lower(), text)
    if not words:
        return ""
    try:
        value = msgspec.json.decode(words)
    except (msgspec.DecodeError, RecursionError):
        value = None
    if value is None or (kind in _IN_WORDS and not isinstance(value, str)):
        return words if words == "null" else msgspec.json.encode(words).decode()
    return canonical_json(value).decode() if isinstance(value, float) and isfinite(value) else words


def _share(text: str) -> float | None:
    if not text:
        return None
    try:
        percent = float(text.rstrip("% \u00a0"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise _bad("sure_below", text, "a percentage from 0 to 100")
    return percent / 100


def _choice(name: str, given: Mapping[str, str]) -> bool | None:
    text = given.get(name, "")
    if text not in _CHOICES[name]:
        raise _bad(name, text, "yes or no")
    return _CHOICES[name][text]


def _bad(name: str, value: str, form: str) -> BadInput:
    return BadInput(f"{name} cannot be {value[:60]!r}.", fix=f"Write {form}, or leave it empty.", filter=name)
