"""The contract of an indicator: what is counted or read for an objective."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.estimates import Measurement
from flyball.evaluation.history.history import History
from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.requests import RequestLog
from flyball.evaluation.objectives.settings import SloSettings
from flyball.ledger.ledger import Ledger

__all__ = ["Events", "Figure", "Indicator", "Measured", "Sources", "Spending", "indicator"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where indicators read."""

    requests: RequestLog
    history: History
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Events:
    """Good and bad events in the window.

    Parameters
    ----------
    timeline : Timeline
    unit : str
        "share of requests without a fault of ours".
    noun : str
        What one is called: "request".
    sampled : bool
        True where the events stand for others that nobody saw: then the interval decides.
    quiet_minutes : float or None
        How long nothing has happened, where the objective asks.
    elsewhere : str
        Where something was counted instead, for people: a door may be written wrongly.
    """

    timeline: Timeline
    unit: str
    noun: str
    sampled: bool = False
    quiet_minutes: float | None = None
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Spending:
    """Money over time: `good` of the timeline are cases, `bad` are euros."""

    timeline: Timeline


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that somebody else measured.

    Parameters
    ----------
    figure : Estimate, NotMeasured or Failed
    better : {"higher", "lower"}
    unit : str
    at : datetime or None
    entry : int or None
        Ledger entry where it stands.
    earlier : tuple of (datetime, float, int)
        Earlier ones: time, value, n.
    """

    figure: Measurement
    better: Literal["higher", "lower"]
    unit: str
    at: datetime | None = None
    entry: int | None = None
    earlier: tuple[tuple[datetime, float, int], ...] = ()


Measured = Events | Spending | Figure


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: `read(slo, sources, since, until)` returns what is known of the time between."""

    read: Callable[[SloSettings, Sources, datetime, datetime], Measured]


def indicator(read: Callable[[SloSettings, Sources, datetime, datetime], Measured]) -> Indicator:
    """Make an indicator of a function."""
    return Indicator(read)
