"""By hand: at 00:00:00, 00:00:30 is 30 s away, and the day before has passed."""

from datetime import UTC, datetime

import pytest

from flyball.core.retry_after import seconds_to_wait

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("1000000", 99_999.0),
        ("9" * 400, 99_999.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 23:59:59 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 99_999.0),
        ("\u00b2", 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_seconds_and_dates_are_read_and_anything_else_asks_for_nothing(asked, seconds):
    assert seconds_to_wait(asked, NOW) == seconds
