"""Business: a KPI of the deployment, as it was last measured over the window of the objective."""

from datetime import datetime, timedelta

import msgspec

from flyball.core.estimates import Better, Estimate, Measurement, NotMeasured
from flyball.evaluation.objectives.indicator import Figure, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.ledger.records import Entry

__all__ = ["business"]

_MEASURED = "kpi.measured"


class _Value(msgspec.Struct):
    value: float | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""


class _Of(msgspec.Struct):
    tenant: str | None = None


class _Kpi(msgspec.Struct):
    name: str
    of: _Of
    unit: str
    better: Better
    estimate: _Value


class _View(msgspec.Struct):
    since: datetime | None
    until: datetime | None
    kpis: list[_Kpi]


@indicator
def business(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Figure:
    """Read the entries in which the KPI was measured over as many days, up to the time of the entry."""
    del since
    read = [
        (entry, kpi)
        for entry in sources.ledger.entries(kind=_MEASURED)
        if entry.at < until and (kpi := _of_window(slo, entry)) is not None
    ]
    if not read:
        why = f"{slo.kpi} was never measured over {slo.window_days} days: flyball watch does"
        return Figure(NotMeasured(why), "higher", "")
    entry, last = read[-1]
    earlier = tuple(
        (one.at, kpi.estimate.value, kpi.estimate.n) for one, kpi in read if kpi.estimate.value is not None
    )
    return Figure(_measured(last.estimate), last.better, last.unit, entry.at, entry.index, earlier)


def _of_window(slo: SloSettings, entry: Entry) -> _Kpi | None:
    view = msgspec.convert(entry.body, _View)
    if view.until is not None or view.since is None:
        return None
    if abs(entry.at - view.since - timedelta(days=slo.window_days)) > timedelta(days=1):
        return None
    return next((one for one in view.kpis if one.name == slo.kpi and one.of.tenant is None), None)


def _measured(value: _Value) -> Measurement:
    if value.value is None:
        return NotMeasured(value.reason)
    return Estimate(value.value, value.n, value.low, value.high)
