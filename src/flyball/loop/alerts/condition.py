"""The contract of what raises alerts: a look at one thing, and what is wrong with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from flyball.core.shelves import Shelf
from flyball.evaluation.objectives.burn import Severity
from flyball.loop.workshop import Workshop

__all__ = ["CONDITIONS", "Condition", "Look", "Source", "condition"]

CONDITIONS = Shelf(kind="condition", package="flyball.loop.alerts.conditions")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a look found about one thing.

    Parameters
    ----------
    name : str
        Stays the same: "slo/availability".
    holds : bool or None
        Whether it is wrong; None where that cannot be said now, which neither raises nor resolves.
    severity : {"page", "ticket"}
    title, why : str
        One sentence with numbers, never words of a case.
    group : str
        Conditions of one group make one alert, which is called so.
    runbook : str
        Name of a page of runbooks, or an address.
    asks_for_turn : bool
    """

    name: str
    holds: bool | None
    severity: Severity = "ticket"
    title: str = ""
    why: str = ""
    group: str = ""
    runbook: str = ""
    asks_for_turn: bool = False


Look = Callable[[Workshop, datetime], Iterable[Condition]]


@dataclass(frozen=True, slots=True)
class Source:
    """One look.

    Parameters
    ----------
    look : callable (workshop, now) -> iterable of Condition
    every_seconds : callable (workshop) -> float
        Pause between two looks, 0 for at every one, below 0 for never.
    """

    look: Look
    every_seconds: Callable[[Workshop], float]


def condition(every_seconds: float | Callable[[Workshop], float] = 0.0) -> Callable[[Look], Source]:
    """Make a source of a function."""

    def made(look: Look) -> Source:
        if callable(every_seconds):
            return Source(look, every_seconds)
        return Source(look, lambda workshop: every_seconds)

    return made
