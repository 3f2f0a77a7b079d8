"""A percentage."""

import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue
from flyball.models.experts.readers._numbers import numbers

__all__ = ["percentage"]

_SIGN = re.compile(
    r"[\s\u00a0]?(?:%|percent\b|per cent\b|per centum\b)(?:[\s\u00a0]?\(\d{1,3}(?:\.\d+)?%\))?", re.IGNORECASE
)


def percentage(text: str, /) -> ReadValue | None:
    """Read the first percentage: 2.5 for "2.5 %" and "two and a half" not at all.

    Returns
    -------
    ReadValue or None
        In percent: 30.0 for "thirty per cent (30%)". None where there is none.
    """
    text = text[:LONGEST_PASSAGE]
    for number in numbers(text):
        sign = _SIGN.match(text, number.end)
        if sign is not None:
            return ReadValue(number.value, "percent", number.start, sign.end()) if number.certain else None
    return None
