"""A day of the calendar."""

import datetime
import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue

__all__ = ["date"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sep sept", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_FORMS = (
    re.compile(rf"\b{_MONTH}\s{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?\s?,?\s{{1,2}}(\d{{4}})\b", re.IGNORECASE),
    re.compile(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s{{1,2}}(?:day\s{{1,2}}of\s{{1,2}})?{_MONTH}\s?,?\s{{0,2}}(\d{{4}})\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"),
    re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"),
)


def date(text: str, /) -> ReadValue | None:
    """Read the first day that is written out in full.

    Returns
    -------
    ReadValue or None
        The day as YYYY-MM-DD. None where no day is written out, where it does not exist (31 June),
        or where it can be read in two ways: 03/04/2026 is a day in March in one country and in April
        in another.
    """
    text = text[:LONGEST_PASSAGE]
    found = [(match, form) for form, regex in enumerate(_FORMS) if (match := regex.search(text))]
    if not found:
        return None
    match, form = min(found, key=lambda pair: pair[0].start())
    day = _day(match, form)
    return ReadValue(day.isoformat(), "date", match.start(), match.end()) if day else None


def _day(match: re.Match[str], form: int) -> datetime.date | None:
    first, second, third = match.groups()
    if form == 0:
        year, month, day = int(third), _MONTHS[first.lower()], int(second)
    elif form == 1:
        year, month, day = int(third), _MONTHS[second.lower()], int(first)
    elif form == 2:
        year, month, day = int(first), int(second), int(third)
    else:
        one, two, year = int(first), int(second), int(third)
        if one <= 12 and two <= 12 and one != two and "/" in match.group():
            return None
        month, day = (one, two) if two > 12 else (two, one)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
