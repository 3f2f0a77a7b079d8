"""Ledger: it no longer verifies."""

from collections.abc import Iterator
from datetime import datetime

from flyball.ledger.verify import verify_ledger
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.workshop import Workshop

__all__ = ["ledger"]


def _every(workshop: Workshop) -> float:
    hours = workshop.deployment.settings.watch.verify_every_hours
    return hours * 3600 if hours else -1.0


@condition(_every)
def ledger(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Sign the ledger and verify all of it, blobs left out."""
    del now
    workshop.ledger.checkpoint()
    found = verify_ledger(workshop.ledger)
    yield Condition(
        "ledger/verify", not found.ok, "page", "The ledger does not verify", found.reason, "ledger", "ledger"
    )
