"""Plain words for numbers, days, answers and characters that nobody can see."""

import json
import math
import re
from datetime import date, datetime

from flyball.core.estimates import Estimate, Measurement
from flyball.core.text import count
from flyball.evaluation.reports.records import MeasureUnit, PromiseView
from flyball.models.decisions.records import Severity

__all__ = [
    "SEVERITIES",
    "answer_words",
    "day",
    "guess_words",
    "measured",
    "moment",
    "percent",
    "plain_reason",
    "promise_basis",
    "promise_sentence",
    "sureness",
    "value_words",
    "visible",
]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\uffff"
    "\U000e0000-\U000e007f]"
)

_BELOW = re.compile(r"Not sure enough to decide alone: not sure enough: [\d.]+ is below ([\d.]+)\.")
_NEVER = "Not sure enough to decide alone: may not answer alone: no threshold keeps the promise for it."

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def visible(text: str) -> str:
    """Return the text with characters that hide or reorder words made visible.

    Control characters, direction overrides, isolates and invisible tags become `[U+202E]`, halves of
    characters become the replacement sign. Letters of any script stay as they are.
    """
    return _UNSEEN.sub(_picture, text) if _UNSEEN.search(text) else text


def _picture(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code == 0x0D:
        return ""
    if code in (0x0B, 0x0C, 0x85, 0x2028, 0x2029):
        return "\n"
    if 0xD800 <= code <= 0xDFFF or 0xFFF9 <= code <= 0xFFFF:
        return "\ufffd"
    return f"[U+{code:04X}]"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage, with a no-break space: "97.4 %"."""
    return f"{100 * share:.{digits}f}\u00a0%"


def sure_percent(confidence: float) -> str:
    """Return a confidence as a percentage, rounded down so that it never claims more than there is."""
    if confidence >= 1:
        return "100\u00a0%"
    if confidence >= 0.99:
        return f"{math.floor(1000 * confidence + 1e-9) / 10:.1f}\u00a0%"
    return f"{math.floor(100 * confidence + 1e-9)}\u00a0%"


def sureness(confidence: float) -> str:
    """Return a confidence as a word and its number: "sure (99.2 %)"."""
    if confidence >= 0.98:
        word = "sure"
    elif confidence >= 0.9:
        word = "fairly sure"
    elif confidence >= 0.7:
        word = "leaning"
    else:
        word = "unsure"
    return f"{word} ({sure_percent(confidence)})"


def day(when: date) -> str:
    """Return a day written out: "21 November 2026"."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime) -> str:
    """Return a moment to the minute, with its time zone: "21 November 2026, 14:05 UTC"."""
    return f"{day(when)}, {when:%H:%M} {when.tzname() or ''}".rstrip()


def number(value: float) -> str:
    """Return a number as people write it: thousands apart, at most four digits after the point."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def answer_words(answer: str, *, flag: bool = False) -> tuple[str, str]:
    """Return the state of an answer and its words.

    Parameters
    ----------
    answer : str
        JSON text.
    flag : bool
        Whether it is told as yes or no, and not as present or absent.

    Returns
    -------
    tuple of (str, str)
        ("present", "present"), ("absent", "absent") for a flag; ("answered", words) for anything else.
    """
    try:
        value = json.loads(answer)
    except ValueError:
        return "answered", answer
    if value is True:
        return "present", "yes" if flag else "present"
    if value is None:
        return "absent", "not known" if flag else "absent"
    if value is False:
        return "absent", "no" if flag else "absent"
    return "answered", value_words(value, "")


def guess_words(state: str, words: str, *, case: str = "contract", flag: bool = False) -> str:
    """Return a best guess as people say it: "in the contract", "not in the contract", or the answer.

    A flag is answered by yes or no, not by what stands in a case.
    """
    said = ("yes", "no") if flag else (f"in the {case}", f"not in the {case}")
    return dict(zip(("present", "absent"), said, strict=True)).get(state, words)


def plain_reason(reason: str) -> tuple[str, str]:
    """Return why a person is asked, in plain words.

    Parameters
    ----------
    reason : str
        Of a referral. What the expert says of its best guess may follow; it is left out here.

    Returns
    -------
    tuple of (str, str)
        How sure the machine would have to be, "99.8 %", and ""; or "" and the reason, where it is another.
    """
    if found := _BELOW.match(reason):
        return f"{100 * float(found[1]):.1f}".removesuffix(".0") + "\u00a0%", ""
    if reason.startswith(_NEVER):
        return "", "A person always decides this: however sure the machine is, the promise could not be kept."
    return "", reason


def value_words(value: object, unit: str) -> str:
    """Return a value with its unit: "12 months", "250,000 USD", "1,825 days (5 years)"; "" for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        text = number(value)
    elif isinstance(value, list):
        text = ", ".join(value_words(item, "") for item in value)
    else:
        text = str(value)
    if unit == "date" and _ISO_DAY.fullmatch(text):
        return _day_or_text(text)
    if unit in ("", "place", "date", "text"):
        return text
    if unit == "days" and isinstance(value, int | float) and value >= 365 and value % 365 == 0:
        return f"{text} days ({count(int(value // 365), 'year')})"
    if value == 1 and unit.endswith("s") and unit.islower():
        unit = unit[:-1]
    return f"{text} {unit}"


def _day_or_text(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


def promise_sentence(promise: PromiseView, case: str = "contract") -> str:
    """Return a promise as one sentence: what at most goes wrong, how surely, measured on what."""
    if promise.unit == "share":
        bound = f"of the decisions made by machine at most {percent(promise.bound)} are wrong"
    else:
        bound = (
            f"in 1,000 {case}s the machine claims at most {promise.bound:,.1f} "
            f"{'clauses' if case == 'contract' else 'things'} that are not there"
        )
    if not promise.kept:
        return f"It cannot be promised that {bound}. Nothing is left to the machine on this ground."
    sure, cases = percent(promise.confidence, 0), count(promise.n, case)
    return f"{bound[0].upper()}{bound[1:]}, with {sure} confidence, measured on {cases}."


def promise_basis(promise: PromiseView, case: str = "contract") -> str:
    """Return in plain words how a promise is known, or how it is known that it cannot be made."""
    cases = count(promise.n, case)
    if not promise.kept:
        return (
            f"The machine was tried on {cases} whose answers were already known and from which it had not "
            "learnt. However sure it had to be, too many answers were wrong, or too few were left to tell."
        )
    fails = percent(1 - promise.confidence, 0)
    return (
        f"The machine was tried on {cases} whose answers were already known and from which it had not "
        "learnt. How sure it must be before it decides alone was then set so high that the promise holds. "
        f"It speaks of {case}s like those: in at most about {fails} of such trials chance alone would make "
        f"it promise too much. For {case}s of another kind it says nothing."
    )


def measured(value: Measurement, unit: MeasureUnit, n_of: str) -> tuple[str, str]:
    """Return a figure and what it rests on: ("97.4 %", "between 96.1 % and 98.3 % (95 % interval), ...")."""
    if not isinstance(value, Estimate):
        return str(value), ""
    rests = f"on {value.n:,} {n_of}"
    if value.low is not None and value.high is not None:
        ends = f"{_in_unit(value.low, unit, short=True)} to {_in_unit(value.high, unit)}"
        rests = f"{ends} ({percent(value.level, 0)} interval), {rests}"
    return _in_unit(value.value, unit), rests


def _in_unit(value: float, unit: MeasureUnit, *, short: bool = False) -> str:
    if unit == "share":
        return percent(value)
    if unit == "per_1000":
        return f"{value:,.1f}" + ("" if short else " per 1,000")
    if unit == "minutes":
        return f"{value:,.1f}" + ("" if short else " min")
    if unit == "milliseconds":
        return f"{value:,.1f}" + ("" if short else " ms")
    return number(value)
