"""Views of what other rooms hand on, so that a report needs no typing over."""

from collections.abc import Iterable

from flyball.evaluation.records import PromiseCheck, Report
from flyball.evaluation.reports.records import MeasureUnit, MeasureView, PromiseView
from flyball.models.router.thresholds import Guarantee

__all__ = ["measures_of", "promises_of"]

_SHOWN = (
    "automated_share",
    "automated_accuracy",
    "share_answered_yes",
    "false_positives_per_1000_cases",
    "automated_false_positives_per_1000_cases",
    "evidence_hit_rate",
    "recall",
    "precision",
    "minutes_saved_per_case",
    "cpu_ms_per_case",
)

_BORNE_OUT = {
    "shown": "kept, and the cases show it",
    "consistent": "kept; the cases are too few to show it for sure",
    "doubtful": "not kept on these cases; that may be chance",
    "broken": "broken, beyond chance",
    "not measured": "not measured",
}


def measures_of(report: Report, case: str = "contract", also: Iterable[str] = ()) -> tuple[MeasureView, ...]:
    """Return the figures of an evaluation that a lawyer can use, in a fixed order.

    Parameters
    ----------
    report : Report
        Of the release's own test.
    case : str
        What people call a case.
    also : iterable of str
        Metrics that the deployment has set itself as objectives: they are shown too, first.

    Returns
    -------
    tuple of MeasureView
        One per metric of the report that has a place on the page; gaps stay gaps, with their reason.
    """
    views = []
    for name in dict.fromkeys((*(one for one in also if one not in _SHOWN), *_SHOWN)):
        if (found := report.metrics.get(name)) is None:
            continue
        unit = _unit(found.unit)
        n_of = "answers" if unit == "share" else f"{case}s"
        views.append(MeasureView(found.title, found.estimate, unit, n_of=n_of))
    return tuple(views)


def promises_of(
    guarantees: Iterable[Guarantee], checks: Iterable[PromiseCheck] = ()
) -> tuple[PromiseView, ...]:
    """Return the promises of a release, each with what its test says about it.

    Parameters
    ----------
    guarantees : iterable of Guarantee
        Of the thresholds.
    checks : iterable of PromiseCheck
        Of the evaluation; matched by the words of the promise.

    Returns
    -------
    tuple of PromiseView
    """
    told = {check.promise: _BORNE_OUT[check.finding] for check in checks}
    return tuple(
        PromiseView(
            bound=one.bound,
            confidence=one.confidence,
            n=one.n,
            unit="per_1000" if "1,000" in one.unit else "share",
            method=one.method,
            kept=one.kept,
            borne_out=told.get(one.promise, ""),
        )
        for one in guarantees
    )


def _unit(unit: str) -> MeasureUnit:
    if unit.startswith("share"):
        return "share"
    if "per 1,000" in unit:
        return "per_1000"
    if unit.startswith("minutes"):
        return "minutes"
    if unit.startswith("milliseconds"):
        return "milliseconds"
    return "number"
