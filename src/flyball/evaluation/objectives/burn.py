"""Burn: how fast an error budget is used up, and whether that can be chance.

A burn rate of 1 uses the budget up exactly within the window of the objective. A rule speaks when the rate is
above its factor over a long window and over a short one: the long one says that it matters, the short one
that it still goes on.

Source: Google, "The Site Reliability Workbook", 2018, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts" and
"Low-Traffic Services and Error Budget Alerting"; its table 5-8 for the factors.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import wilson

__all__ = [
    "NOISE",
    "RULES",
    "Burn",
    "BurnRule",
    "Severity",
    "Timeline",
    "any_speaks",
    "burn_of",
    "evidence",
    "threshold",
]

Severity = Literal["page", "ticket"]

NOISE = 1e-7
"""Chance at most that a rule speaks at one look although no more than the budget goes wrong.

At a look a minute and three rules that is at most 0.16 false alarms a year and objective.
"""
_TIMES = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 14.4, 30.0, 100.0, 300.0)


@dataclass(frozen=True, slots=True)
class BurnRule:
    """When to speak.

    Parameters
    ----------
    long_minutes, short_minutes : int
    factor : float
        Burn rate from which on.
    severity : {"page", "ticket"}
        Somebody looks at once, or within days.
    """

    long_minutes: int
    short_minutes: int
    factor: float
    severity: Severity


RULES = (
    BurnRule(60, 5, 14.4, "page"),
    BurnRule(360, 30, 6.0, "page"),
    BurnRule(4320, 360, 1.0, "ticket"),
)
"""Of a budget of 30 days these are 2 % in an hour, 5 % in six hours, 10 % in three days."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events by time.

    Parameters
    ----------
    at : array of int64, shape (n_rows,)
        Seconds since 1970, UTC, growing; a row counts where it begins.
    good, bad : array of float, shape (n_rows,)
        How many; for money, cases and euros.
    """

    at: np.ndarray
    good: np.ndarray
    bad: np.ndarray

    def between(self, since: datetime, until: datetime) -> tuple[float, float]:
        """Return good and bad ones from `since` on and before `until`."""
        first, last = np.searchsorted(self.at, [since.timestamp(), until.timestamp()])
        return float(self.good[first:last].sum()), float(self.bad[first:last].sum())


@dataclass(frozen=True, slots=True)
class Burn:
    """What a rule sees.

    Parameters
    ----------
    rule : BurnRule
    long, short : Estimate or NotMeasured
        Burn rates; `NotMeasured` without any event.
    speaks : bool or None
        None where the short window has too few events to say.
    chance : float
        Bound on the chance that the windows look so with only the budget going wrong, in (0, 1].
    """

    rule: BurnRule
    long: Measurement
    short: Measurement
    speaks: bool | None
    chance: float


def threshold(factor: float, budget: float) -> float:
    """Return the share of bad events from which a rule speaks.

    Factor times budget; where that lies beyond halfway between the budget and everything being bad (a budget
    of 10 % times 14.4 can never be reached), halfway.
    """
    return min(factor * budget, (1.0 + budget) / 2.0)


def evidence(good: float, bad: float, budget: float) -> float:
    """Bound the chance of so many bad events where each is bad with chance `budget` at most.

    One over an e-value: the mean likelihood ratio of several larger shares to the budget. It is at most 1,
    holds whatever the share was as long as it stayed within the budget given all before, and needs no
    smallest number: at a budget of one in a thousand four bad of five are enough, and one of ten is not.

    Source: Shafer 2021, JRSS A 184(2), section 2.3, for the bet; Ville 1939 for the bound.
    """
    shares = sorted({budget * times for times in _TIMES if budget * times < 0.95} | {max(0.5, budget), 0.95})
    logs = [
        bad * math.log(share / budget) + good * math.log((1.0 - share) / (1.0 - budget))
        for share in shares
        if share > budget
    ]
    if not logs:
        return 1.0
    top = max(logs)
    total = top + math.log(sum(math.exp(one - top) for one in logs) / len(logs))
    return min(1.0, math.exp(-max(min(total, 700.0), -700.0)))


def burn_of(timeline: Timeline, rule: BurnRule, budget: float, now: datetime, *, smallest_n: int) -> Burn:
    """Return what a rule sees in a timeline of events.

    Parameters
    ----------
    timeline : Timeline
    rule : BurnRule
    budget : float
        Share that may be bad, in (0, 1).
    now : datetime
    smallest_n : int
        Events in the long window below which nothing is said.
    """
    end = now + timedelta(seconds=1)
    good, bad = timeline.between(now - timedelta(minutes=rule.long_minutes), end)
    short_good, short_bad = timeline.between(now - timedelta(minutes=rule.short_minutes), end)
    # Either window may show it, so the bound counts both.
    chance = min(1.0, 2.0 * min(evidence(good, bad, budget), evidence(short_good, short_bad, budget)))
    bound = threshold(rule.factor, budget)
    speaks: bool | None
    if short_good + short_bad == 0:
        speaks = None
    else:
        speaks = (
            good + bad >= smallest_n
            and bad / (good + bad) >= bound
            and short_bad / (short_good + short_bad) >= bound
            and chance <= NOISE
        )
    return Burn(rule, _rate(good, bad, budget), _rate(short_good, short_bad, budget), speaks, chance)


def any_speaks(burn: Iterable[Burn]) -> bool | None:
    """Return whether any rule speaks; None where that cannot be said.

    It cannot where a long window still burns and its short one is empty, or where nothing happened in any
    of them: nothing is mended by silence.
    """
    found = list(burn)
    if any(one.speaks for one in found):
        return True
    burning = any(
        one.speaks is None
        and isinstance(one.long, Estimate)
        and one.long.value >= 1.0
        and one.chance <= NOISE
        for one in found
    )
    return None if burning or all(one.speaks is None for one in found) else False


def _rate(good: float, bad: float, budget: float) -> Estimate | NotMeasured:
    n = good + bad
    if not n:
        return NotMeasured("no event in this time")
    low, high = wilson(bad, n)
    return Estimate(bad / n / budget, int(n), low / budget, high / budget)
