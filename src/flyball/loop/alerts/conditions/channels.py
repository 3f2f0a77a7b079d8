"""Channels: one that did not take its last message."""

from collections.abc import Iterator
from datetime import datetime

from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.alerts.standing import standing_of
from flyball.loop.workshop import Workshop

__all__ = ["channels"]


@condition()
def channels(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at what became of the last message of each channel."""
    failing = standing_of(workshop.ledger, now).failing
    for one in workshop.deployment.settings.alerts.channel:
        yield Condition(
            f"channels/{one.name}",
            one.name in failing,
            "ticket",
            f"The channel {one.name} does not deliver",
            failing.get(one.name, "delivered"),
            group=f"channel-{one.name}",
            runbook="channels",
        )
