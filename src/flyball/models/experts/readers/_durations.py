"""Durations in a passage, in days, and whether each is a time of notice."""

import itertools
import re
from dataclasses import dataclass

from flyball.models.experts.reader import LONGEST_PASSAGE
from flyball.models.experts.readers._numbers import numbers

__all__ = ["Duration", "durations"]

_UNIT = re.compile(
    r"[\s\u00a0-]{0,3}(?:full\s|calendar\s|business\s|working\s|consecutive\s|successive\s)?"
    r"(hour|day|week|month|quarter|year)s?\b['\u2019]?",
    re.IGNORECASE,
)
_NOTICE_AFTER = re.compile(
    r"[\s'\u2019]{0,3}(?:(?:prior|advance|written|express|formal|or more|at least|of|the|s)\s){0,4}"
    r"(?:notice|before|prior|preceding|in advance)\b",
    re.IGNORECASE,
)
_NOTICE_BEFORE = re.compile(
    r"(?:notice(?:\speriod)?(?:\sof)?|not later than|no later than|later than)"
    r"(?:\s(?:at least|not less than|no less than|a minimum of|minimum|of|about))?\s?\Z",
    re.IGNORECASE,
)
_HOURS_A_DAY = 24.0
_DAYS = {"hour": 1 / _HOURS_A_DAY, "day": 1.0, "week": 7.0, "month": 30.0, "quarter": 90.0, "year": 365.0}
_NEAR = 60
_UPPER_END = re.compile(
    r"\s{1,3}(?:n?or|and not)\s{1,3}(?:more|later|earlier)\s{1,3}than\s{1,3}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration; `certain` as for numbers."""

    days: float
    start: int
    end: int
    certain: bool
    is_notice: bool


def durations(text: str) -> list[Duration]:
    """Return the durations of a passage in their order.

    A month counts 30 days, and each twelve months 365; a year 365, a quarter 90, a week 7 and 24
    hours one. Business days are counted as days.
    """
    text = text[:LONGEST_PASSAGE]
    found: list[Duration] = []
    written = numbers(text)
    for number, follower in itertools.zip_longest(written, written[1:]):
        unit = _UNIT.match(text, number.end)
        if unit is None and follower and _UPPER_END.fullmatch(text, number.end, follower.start):
            unit = _UNIT.match(text, follower.end)  # "nine nor more than eighteen months"
        if unit is None:
            continue
        name = unit.group(1).lower()
        after = _NOTICE_AFTER.match(text[unit.end() : unit.end() + _NEAR])
        before = _NOTICE_BEFORE.search(text[max(0, number.start - _NEAR) : number.start])
        found.append(
            Duration(
                days=_days(number.value, name),
                start=number.start,
                end=unit.end(),
                certain=number.certain,
                is_notice=after is not None or before is not None,
            )
        )
    return found


def _days(value: float, unit: str) -> float:
    if unit == "month":
        years, months = divmod(value, 12)
        return years * _DAYS["year"] + months * _DAYS["month"]
    return value * _DAYS[unit]
