"""What is said about a KPI."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.estimates import Better, Estimate, NotMeasured
from flyball.evaluation.history.records import Wanted

__all__ = ["Against", "Baseline", "Kpi", "KpisView", "Period", "Saving", "Stated"]

Against = Literal["period", "canary", "release", "tenant", "value"]


@dataclass(frozen=True, slots=True)
class Period:
    """The value in one period.

    Parameters
    ----------
    since, until : datetime
        UTC; before the second.
    estimate : Estimate or NotMeasured
    """

    since: datetime
    until: datetime
    estimate: Estimate | NotMeasured


@dataclass(frozen=True, slots=True)
class Stated:
    """A number that was measured elsewhere: it rests on no decision here.

    Parameters
    ----------
    value : float
    low, high : float or None
        None where it is taken as exact.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the figure is held against.

    Parameters
    ----------
    against : {"period", "canary", "release", "tenant", "value"}
    about : str
        For people: which period, whose decisions, where a value comes from.
    causal : bool
        Whether chance alone chose between the two; otherwise other things may differ as well.
    estimate : Estimate, NotMeasured or Stated
        In the unit of the KPI.
    compared : Estimate or NotMeasured
        The figure that is held against it: that of the canary, or of the decisions that do not belong to the
        baseline; it may rest on fewer decisions than the KPI itself.
    of : Wanted or None
        The decisions behind it; None for a stated value.
    """

    against: Against
    about: str
    causal: bool
    estimate: Estimate | NotMeasured | Stated
    compared: Estimate | NotMeasured
    of: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """How much better than the baseline; below 0 it is worse.

    Parameters
    ----------
    each : Estimate or NotMeasured
        In the unit of the KPI.
    total : Estimate or NotMeasured or None
        `each` as often as the volume says; None where the KPI names no volume.
    total_unit : str
    volume : float or None
    """

    each: Estimate | NotMeasured
    total: Estimate | NotMeasured | None
    total_unit: str
    volume: float | None


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI, measured.

    Parameters
    ----------
    name, title, formula, unit : str
    better : {"higher", "lower"}
    estimate : Estimate or NotMeasured
        `n` is the number of decisions that count in it; the interval is drawn over cases, at 95 %.
    of : Wanted
        The decisions that were looked at.
    unknown : tuple of (str, int)
        Parts of the formula for which something was not known, and of how many decisions; these were left out
        there.
    notes : tuple of str
        What a reader must know: why there is no interval, that reports disagree.
    entries : tuple of int
        Ledger entries of the newest decisions that count in the first total of the formula; at most 50.
        All of them, of every total, page by page: `behind.decisions_behind`.
    totals : tuple of (str, int)
        Each total of the formula as it is written, and how many decisions bring something to it.
    series : tuple of Period
        Oldest first; () where none was asked for.
    baseline : Baseline or None
    saving : Saving or None
        None without a baseline.
    """

    name: str
    title: str
    formula: str
    unit: str
    better: Better
    estimate: Estimate | NotMeasured
    of: Wanted
    unknown: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    totals: tuple[tuple[str, int], ...] = ()
    series: tuple[Period, ...] = ()
    baseline: Baseline | None = None
    saving: Saving | None = None


@dataclass(frozen=True, slots=True)
class KpisView:
    """The KPIs of a deployment, as a page shows them.

    Parameters
    ----------
    deployment : str
    since, until : datetime or None
        As asked; None for from the first, to the last.
    by : {"", "day", "week", "month"}
    measured_at : datetime
    ledger_size : int
        Entries that were looked at.
    decisions : int
        In the period.
    kpis : tuple of Kpi
        As declared.
    """

    deployment: str
    since: datetime | None
    until: datetime | None
    by: str
    measured_at: datetime
    ledger_size: int
    decisions: int
    kpis: tuple[Kpi, ...]
