"""Fairness: the smallest ratio of two groups' shares of one answer, as the last comparison found it."""

from datetime import datetime

import msgspec

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.evaluation.objectives.indicator import Figure, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.ledger.records import Entry

__all__ = ["fairness"]

_GROUPS = "evaluation.groups"
_MEASURED = "fairness.measured"
_UNIT = "smallest ratio of two groups' shares of one answer"


class _Ratio(msgspec.Struct):
    value: float | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""


class _Compared(msgspec.Struct):
    field: str
    trait: str
    ratio: _Ratio


class _Groups(msgspec.Struct):
    traits: list[_Compared]


class _Metrics(msgspec.Struct):
    four_fifths: _Ratio | None = None


class _Trait(msgspec.Struct):
    trait: str
    metrics: _Metrics


class _Field(msgspec.Struct):
    field: str
    traits: list[_Trait]


class _Measured(msgspec.Struct):
    fields: list[_Field]


@indicator
def fairness(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Figure:
    """Read the newest entry of `flyball fairness` or of `flyball evaluate --by FILE`.

    The ratio furthest below counts. A measurement that left ratios out, because no duty asks for them, is
    passed over. Earlier figures are those of the same kind: decisions and re-tests are different cases.
    """
    del since
    entries = [
        one for kind in (_GROUPS, _MEASURED) for one in sources.ledger.entries(kind=kind) if one.at < until
    ]
    read = [(one, found) for one in entries if (found := _compared(one))]
    if not read:
        missing = "groups were never compared: flyball fairness, or flyball evaluate --by FILE"
        return Figure(NotMeasured(missing), "higher", _UNIT)
    newest, found = max(read, key=lambda one: one[0].index)
    alike = [(one.at, _smallest(slo, compared)) for one, compared in read if one.kind == newest.kind]
    earlier = tuple((at, one.value, one.n) for at, one in alike if isinstance(one, Estimate))
    return Figure(_smallest(slo, found), "higher", _UNIT, newest.at, newest.index, earlier)


def _compared(entry: Entry) -> list[_Compared]:
    """Return the ratios of an entry; none where it measured something else."""
    if entry.kind == _GROUPS:
        return msgspec.convert(entry.body, _Groups).traits
    return [
        _Compared(field.field, trait.trait, trait.metrics.four_fifths)
        for field in msgspec.convert(entry.body, _Measured).fields
        for trait in field.traits
        if trait.metrics.four_fifths is not None
    ]


def _smallest(slo: SloSettings, compared: list[_Compared]) -> Measurement:
    traits = [one for one in compared if slo.field in ("", one.field) and slo.trait in ("", one.trait)]
    found = [one.ratio for one in traits if one.ratio.value is not None]
    if not found:
        named = " and ".join(word for word in (slo.field, slo.trait) if word) or "any field"
        reasons = "; ".join(sorted({one.ratio.reason for one in traits if one.ratio.reason}))
        return NotMeasured(reasons or f"the last comparison by group says nothing about {named}")
    least = min(found, key=lambda one: one.value or 0.0)
    return Estimate(least.value or 0.0, least.n, least.low, least.high)
