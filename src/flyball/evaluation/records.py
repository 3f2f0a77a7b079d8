"""What evaluation hands on: reports, comparisons, and what was left out of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from flyball.core.digests import from_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Better, Estimate, Failed, Measurement, NotMeasured
from flyball.models.router.thresholds import Guarantee

__all__ = [
    "Comparison",
    "Difference",
    "LeftOut",
    "MetricResult",
    "PromiseCheck",
    "Report",
    "Subject",
    "report_from_json",
]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was not scored, and why.

    Parameters
    ----------
    what : {"case", "field"}
    name : str
        Identifier of the case, or key of the field.
    reason : str
        For people, one sentence without the identifier, so that equal reasons can be counted.
    """

    what: Literal["case", "field"]
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated, and under which promise.

    Parameters
    ----------
    deployment : str
    digests : mapping of str to str
        Everything that made the decisions, by digest: "snapshot", "experts", "thresholds", "rules".
    protocol : str
        Where the cases came from and what the experts had seen, in plain words.
    promises : tuple of Guarantee
        What the thresholds promise; the report says whether the cases bear it out.
    """

    deployment: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    protocol: str = ""
    promises: tuple[Guarantee, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric, with everything needed to compute it again.

    Parameters
    ----------
    name, title, unit : str
        `title` is for people.
    version : int
        Raised whenever the metric behaves differently.
    arguments : mapping of str to int, float or str
        Defaults included.
    better : {"higher", "lower"}
    estimate : Measurement
    """

    name: str
    title: str
    version: int
    arguments: Mapping[str, int | float | str]
    unit: str
    better: Better
    estimate: Measurement


@dataclass(frozen=True, slots=True)
class PromiseCheck:
    """A promise of the thresholds held against the cases of this report.

    Parameters
    ----------
    promise : str
    bound, confidence : float
        As promised; `unit` says in what.
    unit : str
    observed : Measurement
        The promised quantity as seen here.
    finding : {"shown", "consistent", "doubtful", "broken", "not measured"}
        "shown": the whole interval keeps the promise. "consistent": the value keeps it, the
        interval reaches beyond. "doubtful": the value breaks it, the interval still reaches it.
        "broken": the whole interval breaks it.
    """

    promise: str
    bound: float
    unit: str
    confidence: float
    observed: Measurement
    finding: Literal["shown", "consistent", "doubtful", "broken", "not measured"]


@dataclass(frozen=True, slots=True)
class Report:
    """How good the decisions of one deployment were on one set of labelled cases.

    Parameters
    ----------
    deployment : str
    subject : mapping of str to str
        What was evaluated, by digest.
    n_cases, n_decisions : int
        Cases scored, and labelled decisions in them. 0 cases: every metric is `NotMeasured`.
    measured_at : datetime
        UTC.
    metrics : mapping of str to MetricResult
    per_field : mapping of field key to mapping of metric name to Measurement
    left_out : tuple of LeftOut
        Never silently: everything that was handed in and not scored.
    protocol : str
        How it was measured, in plain words.
    promises : tuple of PromiseCheck
    """

    deployment: str
    subject: Mapping[str, str]
    n_cases: int
    n_decisions: int
    measured_at: datetime
    metrics: Mapping[str, MetricResult]
    per_field: Mapping[str, Mapping[str, Measurement]]
    left_out: tuple[LeftOut, ...]
    protocol: str
    promises: tuple[PromiseCheck, ...] = ()

    def estimate(self, name: str) -> Measurement:
        """Return one measurement by name; `NotMeasured` for a metric that was not asked for."""
        found = self.metrics.get(name)
        return NotMeasured(f"{name} is not part of this report") if found is None else found.estimate


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger minus champion in one metric, on the same cases.

    Parameters
    ----------
    champion, challenger : Measurement
    difference : Measurement
        Challenger minus champion, with the paired interval.
    p_value : float or None
        Chance of a difference at least this large if the two were interchangeable case by case
        (permutation test); None where nothing could be compared.
    p_adjusted : float or None
        The same after Holm's correction for the number of metrics looked at.
    better : {"higher", "lower"}
    winner : {"champion", "challenger", "not shown"}
    title, unit : str
        Of the metric, for people.
    """

    champion: Measurement
    challenger: Measurement
    difference: Measurement
    p_value: float | None
    p_adjusted: float | None
    better: Better
    winner: Literal["champion", "challenger", "not shown"]
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A challenger held against the champion, case by case.

    Parameters
    ----------
    champion, challenger : str
        Names or digests.
    n_cases : int
    measured_at : datetime
        UTC.
    differences : mapping of metric name to Difference
    verdict : str
        For people, one or two sentences.
    """

    champion: str
    challenger: str
    n_cases: int
    measured_at: datetime
    differences: Mapping[str, Difference]
    verdict: str


def report_from_json(data: bytes) -> Report:
    """Read a report that `core.digests.canonical_json` wrote.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Report

    Raises
    ------
    BadInput
        Not JSON, or not a report.
    """
    plain = from_json(data, dict[str, Any])
    try:
        metrics = {
            name: {**result, "estimate": _measurement(result["estimate"])}
            for name, result in plain["metrics"].items()
        }
        return Report(
            deployment=str(plain["deployment"]),
            subject=msgspec.convert(plain["subject"], dict[str, str]),
            n_cases=int(plain["n_cases"]),
            n_decisions=int(plain["n_decisions"]),
            measured_at=msgspec.convert(plain["measured_at"], datetime, strict=False),
            metrics={name: MetricResult(**result) for name, result in metrics.items()},
            per_field={
                key: {name: _measurement(value) for name, value in found.items()}
                for key, found in plain["per_field"].items()
            },
            left_out=msgspec.convert(plain["left_out"], tuple[LeftOut, ...]),
            protocol=str(plain["protocol"]),
            promises=tuple(
                PromiseCheck(**{**check, "observed": _measurement(check["observed"])})
                for check in plain["promises"]
            ),
        )
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as err:
        raise BadInput(
            f"Not a valid Report: {type(err).__name__} {err}.",
            fix="Check that the file was not cut off or edited.",
        ) from err


def _measurement(plain: Mapping[str, Any]) -> Measurement:
    """Return the record behind a measurement; its own keys tell which one it is."""
    if "value" in plain:
        return msgspec.convert(plain, Estimate)
    if "error" in plain:
        return msgspec.convert(plain, Failed)
    return msgspec.convert(plain, NotMeasured)
