"""Drift: the last decisions are not like those that are normal."""

from collections.abc import Iterator
from datetime import datetime

from flyball.core.text import count
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.drifting import check_drift, columns_in_words
from flyball.loop.workshop import Workshop

__all__ = ["drift"]


def _every(workshop: Workshop) -> float:
    hours = workshop.deployment.settings.watch.drift_every_hours
    return hours * 3600 if hours else -1.0


@condition(_every)
def drift(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at every new window, write the looks down, and say whether the last ones drifted."""
    del now
    view = check_drift(workshop)
    last = [one for one in view.windows if view.windows and one.number == view.windows[-1].number]
    found = [one for one in last if one.drifted]
    names = [column.name for one in found for column in one.columns if column.drifted]
    yield Condition(
        "drift/decisions",
        None if not last else bool(found),
        "ticket",
        "Decisions are not like those of the reference",
        f"{count(max(one.n for one in found), 'decision')} differ from {view.reference} in "
        f"{columns_in_words(names)}"
        if found
        else f"{view.reference}",
        group="drift",
        runbook="drift",
    )
