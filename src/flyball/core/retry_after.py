"""What the header `Retry-After` of a reply asks for."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["seconds_to_wait"]

_LONGEST = 99_999.0


def seconds_to_wait(asked: str, now: datetime) -> float:
    """Return the seconds that are asked for, as a number or a date, at most 99,999.

    0 for what is neither, and for a date that has passed: whoever asks then waits as it sees fit.

    Source: RFC 9110, section 10.2.3.

    >>> seconds_to_wait("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> seconds_to_wait("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    """
    if asked.isascii() and asked.isdigit():
        return min(float(asked), _LONGEST)
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST)
