"""Fairness: the smallest ratio of two groups' shares answered yes, as the last comparison found it."""

from datetime import datetime

import msgspec

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.evaluation.objectives.indicator import Figure, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings

__all__ = ["fairness"]

_GROUPS = "evaluation.groups"
_UNIT = "smallest ratio of two groups' shares answered yes"


class _Ratio(msgspec.Struct):
    value: float | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""


class _Trait(msgspec.Struct):
    field: str
    trait: str
    ratio: _Ratio


class _Groups(msgspec.Struct):
    traits: list[_Trait]


@indicator
def fairness(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Figure:
    """Read the last entry of `flyball evaluate --by FILE`; the ratio furthest below counts."""
    del since
    entries = [one for one in sources.ledger.entries(kind=_GROUPS) if one.at < until]
    read = [(one, _smallest(slo, one.body)) for one in entries]
    if not read:
        return Figure(NotMeasured("groups were never compared: flyball evaluate --by FILE"), "higher", _UNIT)
    entry, figure = read[-1]
    earlier = tuple((one.at, found.value, found.n) for one, found in read if isinstance(found, Estimate))
    return Figure(figure, "higher", _UNIT, entry.at, entry.index, earlier)


def _smallest(slo: SloSettings, body: dict[str, object]) -> Measurement:
    traits = [
        one
        for one in msgspec.convert(body, _Groups).traits
        if slo.field in ("", one.field) and slo.trait in ("", one.trait)
    ]
    found = [one.ratio for one in traits if one.ratio.value is not None]
    if not found:
        named = " and ".join(word for word in (slo.field, slo.trait) if word) or "any field"
        reasons = "; ".join(sorted({one.ratio.reason for one in traits if one.ratio.reason}))
        return NotMeasured(reasons or f"the last comparison by group says nothing about {named}")
    least = min(found, key=lambda one: one.value or 0.0)
    return Estimate(least.value or 0.0, least.n, least.low, least.high)
