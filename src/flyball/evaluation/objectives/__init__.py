"""Objectives: what a running deployment must keep, how much room is left, and how fast it is used up.

In:       `[[slo]]` of flyball.toml; counted requests, the history of decisions and outcomes, the ledger
Out:      an `ObjectiveState` each: the figure with its interval, the budget, burn rates, what may be raised
Imports:  core, ledger, models.decisions, evaluation.history and outcomes; never governance, loop or a door
Add one:  an indicator is one file in `indicators/`; copy `indicators/availability.py`
"""

from flyball.evaluation.objectives.burn import RULES, Burn, BurnRule, Timeline
from flyball.evaluation.objectives.indicator import INDICATORS, Events, Figure, Indicator, Sources, Spending
from flyball.evaluation.objectives.measure import measure_objective
from flyball.evaluation.objectives.records import Budget, ObjectiveState, Point
from flyball.evaluation.objectives.requests import REQUESTS, RequestLog
from flyball.evaluation.objectives.settings import SloSettings

__all__ = [
    "INDICATORS",
    "REQUESTS",
    "RULES",
    "Budget",
    "Burn",
    "BurnRule",
    "Events",
    "Figure",
    "Indicator",
    "ObjectiveState",
    "Point",
    "RequestLog",
    "SloSettings",
    "Sources",
    "Spending",
    "Timeline",
    "measure_objective",
]
