"""`[[kpi]]`: the figures by which the business judges a deployment."""

import datetime

import msgspec

from flyball.core.estimates import Better

__all__ = ["BaselineSettings", "KpiSettings"]


class BaselineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`kpi.baseline`: what the figure would be without; exactly one of a period, a control or a value.

    Parameters
    ----------
    since, until : date, optional
        A period: from the first day, before the second, UTC. Before and after are compared; other things
        changed too.
    control : str
        "canary": cases that the release in place answered while a share of them went to a new one, chosen
        at random; "release:DIGEST" or "tenant:NAME": the decisions of that release or tenant.
    value : float, optional
        In the unit of the KPI, with `source`: where it comes from. `low` and `high` are the ends of its
        interval.
    source : str
    low, high : float, optional
    """

    since: datetime.date | None = None
    until: datetime.date | None = None
    control: str = ""
    value: float | None = None
    source: str = ""
    low: float | None = None
    high: float | None = None


class KpiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One KPI.

    Parameters
    ----------
    name : str
    title : str
        For people; "" for the name.
    formula : str
        See docs/kpis.md.
    unit : str
        "EUR per transfer", "minutes", "alerts per analyst-hour", "%"; "" for what the formula gives.
    better : {"higher", "lower"}
    baseline : BaselineSettings, optional
    volume : str
        A formula: how many times what was saved was saved, such as "count(decisions)"; "" for no total.
    """

    name: str
    title: str = ""
    formula: str
    unit: str = ""
    better: Better = "higher"
    baseline: BaselineSettings | None = None
    volume: str = ""
