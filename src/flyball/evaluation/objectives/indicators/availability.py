"""Availability: the share of requests without a fault of ours."""

from datetime import datetime

import numpy as np

from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Events, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings

__all__ = ["availability"]


@indicator
def availability(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Events:
    """Count requests: 2xx and 3xx are good, 5xx bad; a caller's own mistake (4xx) counts for neither side."""
    found = sources.requests.read(since, until, doors=slo.doors)
    good = np.where((found.status == 2) | (found.status == 3), found.n, 0).astype(float)
    bad = np.where(found.status == 5, found.n, 0).astype(float)
    quiet = None
    if slo.quiet_minutes:
        last = sources.requests.last(doors=slo.doors)
        quiet = 0.0 if last is None else max((until - last).total_seconds() / 60, 0.0)
    return Events(
        Timeline(found.at, good, bad),
        "share of requests without a fault of ours",
        "request",
        quiet_minutes=quiet,
        elsewhere=sources.requests.elsewhere(slo.doors) if not len(found.at) else "",
    )
