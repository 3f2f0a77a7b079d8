"""Days and times as people write them after an option."""

from datetime import UTC, datetime
from typing import overload

from flyball.core.errors import BadInput

__all__ = ["time_of"]


@overload
def time_of(option: str, text: str) -> datetime: ...
@overload
def time_of(option: str, text: None) -> None: ...
@overload
def time_of(option: str, text: str | None) -> datetime | None: ...
def time_of(option: str, text: str | None) -> datetime | None:
    """Return a day or a time in UTC; without a zone it is taken as UTC. None where nothing was given.

    Raises
    ------
    BadInput
        It is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as err:
        raise BadInput(
            f"{option} must be a day or a time, got {text[:40]!r}.",
            fix="Write 2026-03-31 or 2026-03-31T08:00.",
        ) from err
