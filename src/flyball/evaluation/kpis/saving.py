"""What was saved against a baseline: the difference of two figures, with its interval."""

import math
from collections.abc import Sequence
from dataclasses import replace

from flyball.core.errors import BadInput
from flyball.core.estimates import Better, Estimate, NotMeasured
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.checking import CheckedKpi
from flyball.evaluation.kpis.measure import By, Group, Question, kpi_of, measure, scaled
from flyball.evaluation.kpis.records import Against, Baseline, Kpi, Saving, Stated
from flyball.evaluation.kpis.units import Unit

__all__ = ["Compared", "difference", "measured_kpis"]


class Compared:
    """With what one KPI is compared: the decisions of each side.

    Parameters
    ----------
    against : {"period", "canary", "release", "tenant", "value"}
    about : str
        For people.
    causal : bool
    current, baseline : Group or None
        None for a stated value, and where there are no such decisions.
    stated : Stated, optional
        In the unit of the KPI.
    missing : str
        Why there is nothing to compare with.
    """

    def __init__(
        self,
        against: Against,
        about: str,
        *,
        causal: bool = False,
        current: Group | None = None,
        baseline: Group | None = None,
        stated: Stated | None = None,
        missing: str = "",
    ) -> None:
        self.against = against
        self.about = about
        self.causal = causal
        self.current = current
        self.baseline = baseline
        self.stated = stated
        self.missing = missing


def measured_kpis(
    history: History,
    kpis: Sequence[tuple[CheckedKpi, Compared | None]],
    wanted: Wanted,
    *,
    minutes: dict[str, float],
    by: By = "",
    sampling: Sampling | None = None,
) -> tuple[Kpi, ...]:
    """Measure KPIs with what they are compared with, all in one pass.

    Parameters
    ----------
    history : History
    kpis : sequence of (CheckedKpi, Compared or None)
    wanted : Wanted
        Period and tenant.
    minutes : dict of field to float
    by : {"", "day", "week", "month"}
    sampling : Sampling, optional
    """
    questions: list[Question] = []

    def ask(question: Question) -> int:
        if question not in questions:
            questions.append(question)
        return questions.index(question)

    everything = Group((wanted,))
    places = []
    for checked, compared in kpis:
        current = compared.current if compared and compared.current else everything
        places.append(
            (
                ask(Question(checked.formula, everything, by)),
                ask(Question(checked.formula, current, by if current == everything else "")),
                ask(Question(checked.formula, compared.baseline)) if compared and compared.baseline else None,
                ask(Question(checked.volume, current)) if checked.volume is not None else None,
            )
        )
    answers = measure(history, questions, tenant=wanted.tenant, minutes=minutes, sampling=sampling)
    found = []
    for (checked, compared), (main, with_it, without, times) in zip(kpis, places, strict=True):
        kpi = kpi_of(checked, answers[main], wanted)
        if compared is not None:
            by_unit = 1.0 / checked.unit.scale
            estimate: Estimate | NotMeasured | Stated = NotMeasured(
                compared.missing or "there is nothing to compare with"
            )
            if compared.stated is not None:
                estimate = compared.stated
            elif without is not None:
                estimate = scaled(answers[without].measured.estimate, by_unit)
            now = scaled(answers[with_it].measured.estimate, by_unit)
            of = compared.baseline.any_of[0] if compared.baseline else None
            baseline = Baseline(compared.against, compared.about, compared.causal, estimate, now, of)
            volume = None if times is None else answers[times].measured.estimate
            kpi = replace(kpi, baseline=baseline, saving=_saving(checked, baseline, volume))
        found.append(kpi)
    return tuple(found)


def _saving(checked: CheckedKpi, baseline: Baseline, volume: Estimate | NotMeasured | None) -> Saving:
    each = difference(baseline.estimate, baseline.compared, better=checked.settings.better)
    if volume is None:
        return Saving(each, None, "", None)
    if isinstance(volume, NotMeasured):
        return Saving(
            each, NotMeasured(f"its volume is not known: {volume.reason}"), _said(checked.total_unit), None
        )
    total = scaled(each, volume.value * checked.unit.scale / checked.total_unit.scale)
    return Saving(each, total, _said(checked.total_unit), volume.value)


def difference(
    before: Estimate | NotMeasured | Stated, now: Estimate | NotMeasured, *, better: Better
) -> Estimate | NotMeasured:
    """Return how much better the figure is now than before.

    Parameters
    ----------
    before, now : Estimate, NotMeasured or, before, Stated
        Of different cases. Cases that stand on both sides make the interval too wide, never too narrow, where
        they are alike on both.
    better : {"higher", "lower"}

    Returns
    -------
    Estimate or NotMeasured
        Above 0 is better. `NotMeasured` where one of the two has no interval: a difference without one
        says less than it seems to.

    Source: limits of the two put together, Zou and Donner 2008, Statistics in Medicine 27, 1693-1702.
    """
    if isinstance(before, NotMeasured):
        return NotMeasured(f"the baseline is not known: {before.reason}")
    if isinstance(now, NotMeasured):
        return NotMeasured(now.reason)
    if isinstance(before, Stated):
        low, high = (before.value if end is None else end for end in (before.low, before.high))
        before = Estimate(before.value, now.n, low, high, now.level)
    first, second = (before, now) if better == "lower" else (now, before)
    if None in (first.low, first.high, second.low, second.high):
        return NotMeasured("one of the two has no interval, so the difference has none either")
    value = first.value - second.value
    low = value - math.hypot(first.value - _end(first.low), _end(second.high) - second.value)
    high = value + math.hypot(_end(first.high) - first.value, second.value - _end(second.low))
    return Estimate(value, n=now.n, low=low, high=high, level=now.level)


def _said(unit: Unit) -> str:
    if not unit.powers:
        return ""
    return "hours" if unit.powers == (("second", 1),) else str(unit)


def _end(end: float | None) -> float:
    if end is None:
        raise BadInput("An interval has no end.", fix="Give both ends.")
    return end
