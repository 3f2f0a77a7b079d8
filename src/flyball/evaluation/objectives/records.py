"""What is known about an objective now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.estimates import Measurement
from flyball.evaluation.objectives.burn import Burn, Severity

__all__ = ["Budget", "ObjectiveState", "Point", "Speaks", "Status"]

Status = Literal["met", "broken", "unsure", "not measured"]
Speaks = Severity | Literal["no", "unknown"]


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may go wrong in the window, and how much did.

    Parameters
    ----------
    allowed, spent : float
        Events, or euros.
    left : float
        Share of what is allowed that is left; below 0 where more was spent.
    unit : str
    """

    allowed: float
    spent: float
    left: float
    unit: str


@dataclass(frozen=True, slots=True)
class Point:
    """One part of the window.

    Parameters
    ----------
    start : datetime
    value : float or None
        In the unit of the objective; None where nothing happened, which is not 0.
    n : int
    """

    start: datetime
    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ObjectiveState:
    """An objective as it stands.

    Parameters
    ----------
    name, title, indicator : str
    target : float
    better : {"higher", "lower"}
    unit : str
        Of figure and target.
    window_days : int
    measured_at : datetime
    figure : Estimate, NotMeasured or Failed
    status : {"met", "broken", "unsure", "not measured"}
        "met" and "broken" where the whole interval lies on one side of the target. Requests are all counted,
        so there the figure itself decides.
    budget : Budget or None
        None where there is none, or nothing was measured.
    burn : tuple of Burn
    points : tuple of Point
        The window by days, oldest first; by hours for a window of up to two days.
    speaks : {"page", "ticket", "no", "unknown"}
        What may be raised for its burn rates, or for its figure where it has none. "unknown": too little
        happened to raise it or to take it back.
    why : str
        One sentence, with numbers.
    used_up : str
        That the budget of the whole window is surely used up, with numbers; "" where it is not.
    entry : int or None
        Ledger entry that the figure was read from, where it was read from one.
    """

    name: str
    title: str
    indicator: str
    target: float
    better: Literal["higher", "lower"]
    unit: str
    window_days: int
    measured_at: datetime
    figure: Measurement
    status: Status
    budget: Budget | None
    burn: tuple[Burn, ...]
    points: tuple[Point, ...]
    speaks: Speaks
    why: str
    used_up: str = ""
    entry: int | None = None
