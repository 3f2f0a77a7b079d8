"""Measure one objective: figure, budget, burn rates, and what they let one say."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import numpy as np

from flyball.core.errors import BadInput, FlyballError
from flyball.core.estimates import Estimate, Failed, Measurement, NotMeasured
from flyball.core.intervals import Z95, wilson
from flyball.core.text import count
from flyball.evaluation.objectives.burn import (
    NOISE,
    RULES,
    Burn,
    BurnRule,
    Timeline,
    any_speaks,
    burn_of,
    evidence,
)
from flyball.evaluation.objectives.indicator import Events, Figure, Indicator, Sources, Spending
from flyball.evaluation.objectives.records import Budget, ObjectiveState, Point, Speaks, Status
from flyball.evaluation.objectives.settings import INDICATORS, SloSettings

__all__ = ["measure_objective"]

_FEWEST_MOMENTS = 10
"""Five minutes with cases below which costs per case have no interval."""
_NOW = timedelta(seconds=1)
"""What happened in this second counts."""


def measure_objective(slo: SloSettings, sources: Sources, now: datetime) -> ObjectiveState:
    """Return an objective as it stands.

    What cannot be read makes the figure `Failed`, never a good one.

    Raises
    ------
    UnknownName, BadInput
        The objective names an indicator that there is none of, or cannot be measured as it is written.
    """
    indicator = _indicator(slo.indicator)
    since = now - timedelta(days=slo.window_days)
    try:
        found = indicator.read(slo, sources, since, now + timedelta(seconds=1))
    except BadInput:
        raise
    except FlyballError as err:
        failed = Failed(f"{err.code}: {err.message}")
        return replace(_unknown(slo, now, "higher", ""), figure=failed, why=str(failed))
    if isinstance(found, Events):
        return _of_events(slo, found, since, now)
    if isinstance(found, Spending):
        return _of_spending(slo, found, since, now)
    return _of_figure(slo, found, now)


@cache
def _indicator(name: str) -> Indicator:
    """Find an indicator once: a shelf looks through everything that is installed."""
    found: Indicator = INDICATORS.load(name)
    return found


def _of_events(slo: SloSettings, found: Events, since: datetime, now: datetime) -> ObjectiveState:
    allowed = 1.0 - slo.target
    good, bad = found.timeline.between(since, now + _NOW)
    n = good + bad
    burn = tuple(
        burn_of(found.timeline, rule, allowed, now, smallest_n=slo.smallest_n) for rule in _rules(RULES, slo)
    )
    points = _points(
        found.timeline, slo.window_days, now, lambda good, bad: (good / (good + bad), good + bad)
    )
    state = replace(_unknown(slo, now, "higher", found.unit), burn=burn, points=points)
    quiet = found.quiet_minutes is not None and found.quiet_minutes >= slo.quiet_minutes > 0
    silence = f"no {found.noun} for {found.quiet_minutes or 0:.0f} minutes"
    if not n:
        figure = NotMeasured(f"no {found.noun} in {count(slo.window_days, 'day')}{found.elsewhere}")
        state = replace(state, figure=figure, why=str(figure))
        return replace(state, speaks="page", why=silence) if quiet else state
    low, high = wilson(good, n)
    ends = (low, high) if found.sampled else (good / n, good / n)
    budget = Budget(allowed * n, bad, 1.0 - bad / (allowed * n), f"{found.noun}s")
    speaks, why = _said_by(burn)
    if quiet:
        speaks, why = "page", silence
    used_up = ""
    if budget.left <= 0 and n >= slo.smallest_n and evidence(good, bad, allowed) <= NOISE:
        spent = f"{bad:,.0f} {found.noun}s went wrong, {allowed * n:,.1f} may"
        used_up = f"the budget of {count(slo.window_days, 'day')} is used up: {spent}"
    figure_now = Estimate(good / n, int(n), low, high)
    return replace(
        state,
        figure=figure_now,
        status=_status(ends, slo.target),
        budget=budget,
        speaks=speaks,
        used_up=used_up,
        why=why or used_up or _plain(slo, figure_now),
    )


def _of_spending(slo: SloSettings, found: Spending, since: datetime, now: datetime) -> ObjectiveState:
    timeline = found.timeline
    cases, euros = timeline.between(since, now + _NOW)
    per_case = slo.per == "case"
    points = _points(
        timeline, slo.window_days, now, lambda cases, euros: (euros / cases if per_case else euros, cases)
    )
    state = replace(_unknown(slo, now, "lower", f"euros per {slo.per}"), points=points)
    if not cases:
        figure = NotMeasured(f"nothing was decided in {count(slo.window_days, 'day')}")
        return replace(state, figure=figure, why=str(figure))
    if per_case:
        found_now, units = _ratio(timeline, since, now + _NOW), cases
    else:
        begun = max(since.timestamp(), float(timeline.at[np.nonzero(timeline.good)[0][0]]))
        units = max((now.timestamp() - begun) / 86_400, 1.0)
        found_now = Estimate(euros / units, int(cases))
    budget = Budget(slo.target * units, euros, 1.0 - euros / (slo.target * units), "euros")
    rules = RULES[1:] if per_case else (BurnRule(4320, 1440, 1.0, "ticket"),)
    burn = tuple(_burn_of_money(timeline, rule, slo, now) for rule in _rules(rules, slo))
    low, high = _ends(found_now)
    status = _status((-high, -low), -slo.target)
    speaks, why = _said_by(burn)
    used_up = ""
    if status == "broken" and cases >= slo.smallest_n:
        used_up = f"{euros:,.2f} euros were spent where {budget.allowed:,.2f} may be"
    return replace(
        state,
        figure=found_now,
        status=status,
        budget=budget,
        burn=burn,
        speaks=speaks,
        used_up=used_up,
        why=why or used_up or _plain(slo, found_now),
    )


def _of_figure(slo: SloSettings, found: Figure, now: datetime) -> ObjectiveState:
    points = tuple(Point(at, value, n) for at, value, n in found.earlier)
    state = replace(_unknown(slo, now, found.better, found.unit), points=points, entry=found.entry)
    figure = found.figure
    if found.at is not None and now - found.at > timedelta(days=slo.window_days):
        figure = NotMeasured(f"last measured on {found.at:%Y-%m-%d}, before the window began")
    if not isinstance(figure, Estimate):
        return replace(state, figure=figure, why=str(figure))
    low, high = _ends(figure)
    better = found.better == "higher"
    status = _status((low, high) if better else (-high, -low), slo.target if better else -slo.target)
    speaks: Speaks = "ticket" if status == "broken" and figure.n >= slo.smallest_n else "no"
    return replace(state, figure=figure, status=status, speaks=speaks, why=_plain(slo, figure))


def _said_by(burn: tuple[Burn, ...]) -> tuple[Speaks, str]:
    for one in burn:  # the fastest first
        if one.speaks and isinstance(one.long, Estimate):
            long, short = _time(one.rule.long_minutes), _time(one.rule.short_minutes)
            times = f"{one.long.value:.1f} times as fast as it may be"
            return (
                one.rule.severity,
                f"the budget is used up {times}, over {long} (n={one.long.n}) and {short}",
            )
    return ("unknown" if any_speaks(burn) is None else "no"), ""


def _burn_of_money(timeline: Timeline, rule: BurnRule, slo: SloSettings, now: datetime) -> Burn:
    """Return how fast money is spent; it speaks where the low end of the interval lies above the factor."""

    def rate(minutes: int) -> Estimate | NotMeasured:
        since = now - timedelta(minutes=minutes)
        cases, euros = timeline.between(since, now + _NOW)
        if not cases:
            return NotMeasured("nothing was decided in this time")
        if slo.per == "day":
            return Estimate(euros / (slo.target * minutes / 1440), int(cases))
        found = _ratio(timeline, since, now + _NOW)
        if found.low is None or found.high is None:
            return Estimate(found.value / slo.target, found.n)
        return Estimate(found.value / slo.target, found.n, found.low / slo.target, found.high / slo.target)

    long, short = rate(rule.long_minutes), rate(rule.short_minutes)
    if isinstance(long, NotMeasured) or isinstance(short, NotMeasured):
        return Burn(rule, long, short, None, 1.0)
    sure = long.low is not None or slo.per == "day"
    enough = sure and long.n >= slo.smallest_n
    return Burn(rule, long, short, enough and min(_ends(long)[0], short.value) >= rule.factor, 1.0)


def _ratio(timeline: Timeline, since: datetime, until: datetime) -> Estimate:
    """Return euros per case; the interval lets cases of one moment depend on each other.

    Source: Cochran 1977, "Sampling Techniques", section 6.4, the ratio estimator, with rows as clusters.
    """
    first, last = np.searchsorted(timeline.at, [since.timestamp(), until.timestamp()])
    cases, euros = timeline.good[first:last], timeline.bad[first:last]
    rows = cases > 0
    n, clusters = float(cases.sum()), int(rows.sum())
    value = float(euros.sum()) / n
    if clusters < _FEWEST_MOMENTS:
        return Estimate(value, int(n))
    spread = float(((euros[rows] - value * cases[rows]) ** 2).sum()) * clusters / (clusters - 1)
    half = Z95 * math.sqrt(spread) / n
    return Estimate(value, int(n), max(0.0, value - half), value + half)


def _rules(rules: Sequence[BurnRule], slo: SloSettings) -> list[BurnRule]:
    return [rule for rule in rules if rule.long_minutes <= slo.window_days * 1440]


def _ends(figure: Estimate) -> tuple[float, float]:
    low = figure.value if figure.low is None else figure.low
    return low, figure.value if figure.high is None else figure.high


def _status(ends: tuple[float, float], target: float) -> Status:
    """Return what an interval says where higher is better."""
    return "met" if ends[0] >= target else "broken" if ends[1] < target else "unsure"


def _points(
    timeline: Timeline, days: int, now: datetime, value_of: Callable[[float, float], tuple[float, float]]
) -> tuple[Point, ...]:
    step = 3600 if days <= 2 else 86_400
    last = int(now.timestamp()) // step * step
    starts = range(last - (days * 86_400 // step - 1) * step, last + 1, step)
    edges = np.searchsorted(timeline.at, [*starts, last + step])
    found = []
    for start, first, after in zip(starts, edges, edges[1:], strict=False):
        good, bad = float(timeline.good[first:after].sum()), float(timeline.bad[first:after].sum())
        at = datetime.fromtimestamp(start, UTC)
        if not good + bad:
            found.append(Point(at, None, 0))
            continue
        value, n = value_of(good, bad)
        found.append(Point(at, value, int(n)))
    return tuple(found)


def _plain(slo: SloSettings, figure: Measurement) -> str:
    return f"{figure}, target {slo.target:g}"


def _time(minutes: int) -> str:
    if minutes % 1440 == 0:
        return count(minutes // 1440, "day")
    return count(minutes // 60, "hour") if minutes % 60 == 0 else count(minutes, "minute")


def _unknown(
    slo: SloSettings, now: datetime, better: Literal["higher", "lower"], unit: str
) -> ObjectiveState:
    """Return an objective of which nothing is known yet."""
    return ObjectiveState(
        name=slo.name,
        title=slo.title or slo.name,
        indicator=slo.indicator,
        target=slo.target,
        better=better,
        unit=unit,
        window_days=slo.window_days,
        measured_at=now,
        figure=NotMeasured("nothing was read"),
        status="not measured",
        budget=None,
        burn=(),
        points=(),
        speaks="unknown",
        why="",
    )
