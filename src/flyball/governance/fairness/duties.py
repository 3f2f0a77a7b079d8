"""Which metrics the law of a place asks for on a day, as the catalogue of duties has it."""

from collections.abc import Sequence
from datetime import date
from typing import Unpack

from flyball.governance.fairness.metric import FAIRNESS_METRICS
from flyball.governance.fairness.records import Asked
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.queries import Conditions, in_force
from flyball.governance.obligations.records import Obligation

__all__ = ["BESIDE", "PREFIX", "WHATEVER", "asked_on", "everything"]

PREFIX = "fairness."
"""Before the name of a metric in the `checks` of a duty."""
WHATEVER = " It is measured because all of them were asked for."
"""Behind the reason of a metric that no duty asks for and that is measured all the same."""
BESIDE = ("alternatives", "proxies")
"""What else a duty may ask for: a search for less discriminatory models, and for inputs that tell traits."""


def everything(why: str) -> tuple[Asked, ...]:
    """Return that all of it is on, for one reason."""
    return tuple(Asked(name, True, why) for name in (*FAIRNESS_METRICS.names(), *BESIDE))


def asked_on(
    catalogue: Catalogue,
    day: date,
    *,
    jurisdictions: Sequence[str],
    measure_all: bool = False,
    **conditions: Unpack[Conditions],
) -> tuple[Asked, ...]:
    """Return for each metric whether a duty in force asks for it; off is off with its reason.

    Parameters
    ----------
    catalogue : Catalogue
    day : date
    jurisdictions : sequence of str
    measure_all : bool
        Measure also what no duty asks for.
    **conditions : Conditions
        As for `in_force`.
    """
    now = in_force(catalogue, day, jurisdictions=jurisdictions, **conditions)
    return tuple(
        _asked(name, now, catalogue, day, jurisdictions, conditions, measure_all=measure_all)
        for name in (*FAIRNESS_METRICS.names(), *BESIDE)
    )


def _asked(
    name: str,
    now: Sequence[Obligation],
    catalogue: Catalogue,
    day: date,
    jurisdictions: Sequence[str],
    conditions: Conditions,
    *,
    measure_all: bool,
) -> Asked:
    asking = [one for one in now if PREFIX + name in one.checks]
    if asking:
        why = "Asked for by " + ", ".join(
            f"{one.key} ({one.source.law}, {one.source.article})" for one in asking
        )
        return Asked(name, True, why + ".", tuple(one.key for one in asking))
    where = ", ".join(jurisdictions)
    why = f"no duty in the catalogue asks for it in {where} on {day}"
    others = [
        one
        for one in catalogue.obligations
        if PREFIX + name in one.checks and one.withdrawn_on is None and one not in now
    ]
    ended = [one for one in others if one.effective_to and one.effective_to <= day]
    coming = [one for one in others if one.effective_from > day]
    for one in ended:
        if one in in_force(catalogue, one.effective_from, jurisdictions=jurisdictions, **conditions):
            why += f"; {one.key} asked for it until {one.effective_to}"
    for one in coming:
        if one in in_force(catalogue, one.effective_from, jurisdictions=jurisdictions, **conditions):
            why += f"; {one.key} will from {one.effective_from}"
    if measure_all:
        return Asked(name, True, f"{why[:1].upper()}{why[1:]}.{WHATEVER}")
    return Asked(name, False, f"{why[:1].upper()}{why[1:]}.")
