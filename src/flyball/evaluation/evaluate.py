"""Evaluate: scored cases in, one report out."""

from collections.abc import Sequence
from typing import Literal

from flyball.core.clock import Clock, utc_now
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.text import count
from flyball.evaluation.bootstrap import RARE, Sampling, Tally, estimate_all
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import METRICS, Metric
from flyball.evaluation.records import PromiseCheck, Report, Subject
from flyball.models.router.thresholds import Guarantee

__all__ = ["evaluate"]


def evaluate(
    scored: ScoredCases,
    *,
    subject: Subject | None = None,
    metrics: Sequence[str] | None = None,
    sampling: Sampling | None = None,
    clock: Clock = utc_now,
) -> Report:
    """Measure every metric over all fields, and per field where that makes sense.

    Parameters
    ----------
    scored : ScoredCases
        Cases that no expert saw in training; `leaks.unseen` sees to that.
    subject : Subject, optional
        What was evaluated, for the record.
    metrics : sequence of str, optional
        Names on the shelf; default all of them.
    sampling : Sampling, optional
        Seed, number of draws, level.
    clock : Clock

    Returns
    -------
    Report
        Every number with `n` and an interval over cases, or `NotMeasured` with the reason.

    Raises
    ------
    UnknownName
        A metric is not on the shelf; the message lists the known ones.
    """
    subject = subject or Subject()
    sampling = sampling or Sampling()
    scored = scored.in_order()
    loaded: list[Metric] = [METRICS.load(name) for name in metrics or METRICS.names()]
    wanted: dict[tuple[str, str], Tally | NotMeasured] = {("", one.name): one.tally(scored) for one in loaded}
    for key in scored.fields:
        alone = scored.only(key)
        wanted |= {(key, one.name): one.tally(alone) for one in loaded if one.per_field}
    measured = _measured(wanted, sampling)
    return Report(
        deployment=subject.deployment,
        subject=dict(subject.digests),
        n_cases=len(scored),
        n_decisions=int(scored.known.sum()),
        measured_at=clock(),
        metrics={one.name: one.result(measured["", one.name]) for one in loaded},
        per_field={
            key: {one.name: measured[key, one.name] for one in loaded if one.per_field}
            for key in scored.fields
        },
        left_out=scored.left_out,
        protocol=_protocol(subject.protocol, scored, sampling),
        promises=tuple(_held(promise, scored, sampling) for promise in subject.promises),
    )


def _measured(
    wanted: dict[tuple[str, str], Tally | NotMeasured], sampling: Sampling
) -> dict[tuple[str, str], Measurement]:
    """Estimate all tallies with one set of draws."""
    tallies = {key: tally for key, tally in wanted.items() if isinstance(tally, Tally)}
    estimates = dict(zip(tallies, estimate_all(list(tallies.values()), sampling), strict=True))
    return {key: tally if isinstance(tally, NotMeasured) else estimates[key] for key, tally in wanted.items()}


def _protocol(given: str, scored: ScoredCases, sampling: Sampling) -> str:
    how = (
        f"{count(int(scored.known.sum()), 'labelled decision')} in {count(len(scored), 'case')}. "
        f"Intervals at {sampling.level:.0%}: {sampling.resamples:,} draws of whole cases "
        f"(seed {sampling.seed}), joined with the exact Poisson interval where an event "
        f"was seen in fewer than {RARE} cases."
    )
    return f"{given} {how}".strip()


def _held(promise: Guarantee, scored: ScoredCases, sampling: Sampling) -> PromiseCheck:
    """Hold a promise of the thresholds against what was seen."""
    observed = _observed(promise.unit, scored, sampling)
    return PromiseCheck(
        promise=promise.promise,
        bound=promise.bound,
        unit=promise.unit,
        confidence=promise.confidence,
        observed=observed,
        finding=_finding(observed, promise.bound),
    )


def _observed(unit: str, scored: ScoredCases, sampling: Sampling) -> Measurement:
    if unit == "share of automated answers":
        found: Measurement = METRICS.load("automated_accuracy")(scored, sampling)
        if not isinstance(found, Estimate) or found.low is None or found.high is None:
            return found
        return Estimate(
            1.0 - found.value, n=found.n, low=1.0 - found.high, high=1.0 - found.low, level=found.level
        )
    if unit == "per 1,000 cases":
        seen: Measurement = METRICS.load("automated_false_positives_per_1000_cases")(scored, sampling)
        return seen
    return NotMeasured(f"no metric measures a promise in {unit!r}")


def _finding(
    observed: Measurement, bound: float
) -> Literal["shown", "consistent", "doubtful", "broken", "not measured"]:
    if not isinstance(observed, Estimate) or observed.low is None or observed.high is None:
        return "not measured"
    if observed.high <= bound:
        return "shown"
    if observed.value <= bound:
        return "consistent"
    return "doubtful" if observed.low <= bound else "broken"
