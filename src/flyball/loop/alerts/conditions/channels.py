"""Channels: one that did not take its last message, or has not taken one for a while."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flyball.core.text import count
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.alerts.standing import standing_of
from flyball.loop.workshop import Workshop

__all__ = ["channels"]

_SLOW = timedelta(minutes=10)
"""A message that waits for so long is late, whether or not it will still be delivered."""


@condition()
def channels(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at what became of the last message of each channel, and at what waits for it."""
    standing = standing_of(workshop.ledger, now)
    for one in workshop.deployment.settings.alerts.channel:
        waiting = [entry.at for entry, _, channel in standing.waiting if channel == one.name]
        late = bool(waiting) and now - min(waiting) > _SLOW
        why = standing.failing.get(one.name, "delivered")
        if late:
            why = f"{count(len(waiting), 'message')} wait, the oldest since {min(waiting):%Y-%m-%d %H:%M} UTC"
        yield Condition(
            f"channels/{one.name}",
            late or one.name in standing.failing,
            "ticket",
            f"The channel {one.name} does not deliver",
            why,
            group=f"channel-{one.name}",
            runbook="channels",
        )
