"""Cost: euros per decided case, or per day."""

from datetime import datetime

import numpy as np
import pyarrow as pa

from flyball.evaluation.history.records import Wanted
from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Sources, Spending, indicator
from flyball.evaluation.objectives.settings import SloSettings

__all__ = ["cost"]

_SECONDS = 300


@indicator
def cost(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Spending:
    """Add up what asking cost, by five minutes in which cases were decided. Conversations are not in it."""
    found = sources.history.by_period(Wanted(since=since, until=until), seconds=_SECONDS)
    at = found["start"].cast(pa.int64()).to_numpy() // 1_000_000
    cases = np.asarray(found["decisions"].to_numpy(), float)
    euros = np.asarray(found["cost_eur"].to_numpy(), float)
    return Spending(Timeline(at, cases, euros))
