"""Disk: too little room left where the memory of the deployment lies."""

import shutil
from collections.abc import Iterator
from datetime import datetime

from flyball.core.text import size
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.workshop import Workshop

__all__ = ["disk"]


@condition()
def disk(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at the room left."""
    del now
    least = workshop.deployment.settings.alerts.disk_free_gb * 1e9
    if not least:
        return
    free = shutil.disk_usage(workshop.state).free
    yield Condition(
        "disk/state",
        free < least,
        "page",
        "Little room on the disk",
        f"{size(free)} are left where the ledger lies; below {size(int(least))} is too little",
        group="disk",
        runbook="disk",
    )
