"""How long something lasts, in days."""

from flyball.models.experts.reader import ReadValue
from flyball.models.experts.readers._durations import durations

__all__ = ["duration_days"]


def duration_days(text: str, /) -> ReadValue | None:
    """Read the first duration that is not a time of notice; failing that, the first one.

    Parameters
    ----------
    text : str
        A passage such as "renews for successive one (1) year terms unless ... sixty days before".

    Returns
    -------
    ReadValue or None
        In days: a month counts 30, twelve months and a year 365. None where there is no duration,
        or where words and digits contradict each other ("ninety (60) days").
    """
    found = durations(text)
    lasting = [duration for duration in found if not duration.is_notice] or found
    if not lasting or not lasting[0].certain:
        return None
    return ReadValue(lasting[0].days, "days", lasting[0].start, lasting[0].end)
