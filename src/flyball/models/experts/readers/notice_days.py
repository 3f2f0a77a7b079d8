"""How long before an event notice must be given, in days."""

import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue
from flyball.models.experts.readers._durations import durations

__all__ = ["notice_days"]

_UPPER_END = re.compile(r"\b(?:n?or|and)\s+(?:more|later|earlier)\s+than\s*\Z", re.IGNORECASE)


def notice_days(text: str, /) -> ReadValue | None:
    """Read the time of notice out of a passage that may name other durations.

    Parameters
    ----------
    text : str
        A passage such as "renews for one (1) year unless notice is given sixty (60) days before".

    Returns
    -------
    ReadValue or None
        In days, as `duration_days` counts them. Of "not less than nine nor more than eighteen
        months" the nine count. None where two different times of notice stand there: a person must
        say which one counts.
    """
    text = text[:LONGEST_PASSAGE]
    found = durations(text)
    notices = [duration for duration in found if duration.is_notice] or (found if len(found) == 1 else [])
    notices = [
        duration
        for duration in notices
        if not _UPPER_END.search(text[max(0, duration.start - 20) : duration.start])
    ]
    if not notices or len({duration.days for duration in notices}) > 1 or not notices[0].certain:
        return None
    return ReadValue(notices[0].days, "days", notices[0].start, notices[0].end)
