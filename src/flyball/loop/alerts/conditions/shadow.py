"""Shadow: the challenger that looks on does not keep up."""

from collections.abc import Iterator
from datetime import datetime

from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.shadowing import BEHIND_SECONDS, behind
from flyball.loop.traffic import TrafficWatch
from flyball.loop.workshop import Workshop

__all__ = ["shadow"]


@condition(600.0)
def shadow(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at the oldest decision that it has still to decide."""
    found = behind(workshop, TrafficWatch(workshop.ledger).now())
    seconds = 0.0 if found is None or found.oldest is None else (now - found.oldest).total_seconds()
    yield Condition(
        "shadow/behind",
        seconds > BEHIND_SECONDS,
        "ticket",
        "The challenger in the shadow is behind",
        f"{found.waiting if found else 0} decisions wait, the oldest for {seconds / 60:.0f} minutes",
        group="shadow",
        runbook="shadow",
    )
