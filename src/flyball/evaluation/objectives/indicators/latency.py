"""Latency: the share of answered requests that took no longer than they may."""

from datetime import datetime

import numpy as np

from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Events, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.objectives.steps import step_of

__all__ = ["latency"]


@indicator
def latency(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Events:
    """Count requests that were answered (2xx, 3xx), from the first byte in to the last byte out."""
    place = step_of(slo.under_ms)
    found = sources.requests.read(since, until, doors=slo.doors)
    answered = (found.status == 2) | (found.status == 3)
    good = np.where(answered & (found.step <= place), found.n, 0).astype(float)
    bad = np.where(answered & (found.step > place), found.n, 0).astype(float)
    unit = f"share of answers within {slo.under_ms:g} ms"
    elsewhere = sources.requests.elsewhere(slo.doors) if not len(found.at) else ""
    return Events(Timeline(found.at, good, bad), unit, "answer", elsewhere=elsewhere)
