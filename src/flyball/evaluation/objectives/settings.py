"""`[[slo]]`: one objective of the running deployment."""

import math
import re
from typing import Literal

import msgspec

from flyball.core.errors import BadInput
from flyball.core.shelves import Shelf
from flyball.evaluation.objectives.steps import STEPS_MS, step_of

__all__ = ["INDICATORS", "LONGEST_WINDOW_DAYS", "SloSettings"]

INDICATORS = Shelf(kind="indicator", package="flyball.evaluation.objectives.indicators")

LONGEST_WINDOW_DAYS = 90
"""Requests are counted for so long, and a little longer."""
_DOOR = re.compile(r"[A-Z]+ /\S*\Z")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
_SHARES = ("latency", "availability", "quality")


class SloSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[slo]]`: what the running deployment must keep.

    Parameters
    ----------
    name : str
        Lower case, digits, `_-`; alerts are called so.
    indicator : str
        "latency", "availability", "quality", "fairness", "cost" or "business".
    target : float
        For the first three the share of good events, between 0 and 1; for fairness the smallest ratio; for
        cost the most euros; for business the value of the KPI, from the side that its `better` says.
    window_days : int
        Over so many days, from 1 to 90, up to now.
    title : str
        For people.
    under_ms : float
        Latency: a request answered within it is good.
    doors : tuple of str
        Latency and availability: which ones, as "POST /v1/decisions"; () for all that answer for it.
    field : str
        Quality and fairness: which field; "" for all.
    trait : str
        Fairness: which column of the file of groups; "" for all.
    per : {"case", "day"}
        Cost: euros per decided case or per day.
    kpi : str
        Business: the name of a `[[kpi]]`.
    smallest_n : int
        Events below which nothing is raised.
    quiet_minutes : int
        Availability: raise when no request was counted for so long; 0 for never.
    group : str
        Objectives of one group make one alert; "" for one of its own.
    runbook : str
        Address of the page that says what to do; "" for the shipped one.
    starts_turn : bool
        Whether its alert asks for a turn.
    """

    name: str
    indicator: str
    target: float
    window_days: int = 28
    title: str = ""
    under_ms: float = 0.0
    doors: tuple[str, ...] = ()
    field: str = ""
    trait: str = ""
    per: Literal["case", "day"] = "case"
    kpi: str = ""
    smallest_n: int = 10
    quiet_minutes: int = 0
    group: str = ""
    runbook: str = ""
    starts_turn: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadInput(
                f"[[slo]] {self.name!r} cannot be a name.",
                fix="Use lower case letters, digits and _ -, beginning with a letter.",
            )
        if self.group and not _NAME.match(self.group):
            raise BadInput(
                f"[[slo]] {self.name}: {self.group!r} cannot be a group.",
                fix="Use lower case letters, digits and _ -.",
            )
        if not 1 <= self.window_days <= LONGEST_WINDOW_DAYS:
            raise BadInput(
                f"[[slo]] {self.name}: window_days must be 1 to {LONGEST_WINDOW_DAYS}, "
                f"got {self.window_days}.",
                fix="Write 28 for four weeks.",
            )
        if self.indicator in _SHARES and not 0.0 < self.target < 1.0:
            raise BadInput(
                f"[[slo]] {self.name}: target is a share between 0 and 1, got {self.target}.",
                fix="Write 0.999 for 99.9 %. An objective of 1 leaves no room for a single fault.",
            )
        if self.smallest_n < 1 or self.quiet_minutes < 0:
            raise BadInput(
                f"[[slo]] {self.name}: smallest_n must be 1 or more and quiet_minutes 0 or more, got "
                f"{self.smallest_n} and {self.quiet_minutes}.",
                fix="Leave them out for 10 and 0.",
            )
        if self.indicator == "latency":
            place = step_of(self.under_ms)
            if place == len(STEPS_MS) or STEPS_MS[place] != self.under_ms:
                near = [f"{one:g}" for one in STEPS_MS[max(place - 1, 0) : place + 1]]
                raise BadInput(
                    f"[[slo]] {self.name}: under_ms = {self.under_ms:g} cannot be counted exactly.",
                    fix=f"Durations are counted in steps; write {' or '.join(near)}.",
                )
        strange = [one for one in self.doors if not _DOOR.match(one)]
        if strange:
            raise BadInput(
                f"[[slo]] {self.name}: {strange[0]!r} is no door.",
                fix='Write method and path: doors = ["POST /v1/decisions"].',
            )
        if not math.isfinite(self.target) or (self.indicator == "fairness" and not 0.0 < self.target <= 1.0):
            raise BadInput(
                f"[[slo]] {self.name}: target must be a number, of fairness a ratio above 0 and at most 1, "
                f"got {self.target}.",
                fix="Write 0.8 where no group may be answered yes less than four fifths as often as another.",
            )
        if self.indicator == "cost" and self.target <= 0.0:
            raise BadInput(
                f"[[slo]] {self.name}: cost needs a target above 0 euros, got {self.target}.",
                fix="Write the euros that a case, or a day, may cost.",
            )
        if self.indicator == "business" and not self.kpi:
            raise BadInput(
                f"[[slo]] {self.name}: business needs the name of a [[kpi]].", fix='Write kpi = "NAME".'
            )
