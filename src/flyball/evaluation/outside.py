"""The outside form of reports: plain JSON whose keys other people's programs rely on."""

from collections import Counter
from collections.abc import Sequence

from flyball.core.estimates import Measurement, as_plain
from flyball.evaluation.records import Comparison, LeftOut, PromiseCheck, Report

__all__ = ["as_json", "comparison_as_json"]

_FIRST_NAMED = 20


def as_json(report: Report) -> dict[str, object]:
    """Return a report as plain data; keys are added over time, never renamed.

    Parameters
    ----------
    report : Report

    Returns
    -------
    dict
        Every measurement as `{"value", "low", "high", "n"}`; with `"reason"`, null and n 0 where it
        was not measured.
    """

    def plain(name: str) -> dict[str, object]:
        return as_plain(report.estimate(name))

    n = report.n_cases
    return {
        "cases": {"value": n, "low": n, "high": n, "n": n},
        "accuracy": plain("accuracy"),
        "automated_share": plain("automated_share"),
        "automated_accuracy": plain("automated_accuracy"),
        "false_positives_per_1000_cases": {
            **plain("false_positives_per_1000_cases"),
            "all": plain("false_positives_per_1000_cases"),
            "automated": plain("automated_false_positives_per_1000_cases"),
        },
        "evidence_hit_rate": plain("evidence_hit_rate"),
        "cpu_ms_per_case": plain("cpu_ms_per_case"),
        "evidence_hit_rate_strict": plain("evidence_hit_rate_strict"),
        "precision": plain("precision"),
        "recall": plain("recall"),
        "f1": {"micro": plain("f1_micro"), "macro": plain("f1_macro")},
        "calibration": {
            "expected_calibration_error": plain("expected_calibration_error"),
            "brier_score": plain("brier_score"),
        },
        "minutes_saved_per_case": plain("minutes_saved_per_case"),
        "cost_eur_per_case": plain("cost_eur_per_case"),
        "per_field": {
            key: {name: as_plain(value) for name, value in found.items()}
            for key, found in report.per_field.items()
        },
        "promise": [_promise(check) for check in report.promises],
        "left_out": _left_out(report.left_out),
        "metrics": {
            name: {
                "title": one.title,
                "version": one.version,
                "arguments": dict(one.arguments),
                "unit": one.unit,
                "better": one.better,
                **as_plain(one.estimate),
            }
            for name, one in report.metrics.items()
        },
        "deployment": report.deployment,
        "subject": dict(report.subject),
        "decisions": report.n_decisions,
        "measured_at": report.measured_at.isoformat(),
        "protocol": report.protocol,
    }


def comparison_as_json(comparison: Comparison) -> dict[str, object]:
    """Return a comparison as plain data.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict
        `differences` by metric: challenger minus champion, with the p-values.
    """

    def plain(measurement: Measurement) -> dict[str, object]:
        return as_plain(measurement)

    return {
        "champion": comparison.champion,
        "challenger": comparison.challenger,
        "cases": comparison.n_cases,
        "measured_at": comparison.measured_at.isoformat(),
        "verdict": comparison.verdict,
        "differences": {
            name: {
                "title": one.title,
                "champion": plain(one.champion),
                "challenger": plain(one.challenger),
                "difference": plain(one.difference),
                "p_value": one.p_value,
                "p_adjusted": one.p_adjusted,
                "better": one.better,
                "winner": one.winner,
            }
            for name, one in comparison.differences.items()
        },
    }


def _promise(check: PromiseCheck) -> dict[str, object]:
    return {
        "promise": check.promise,
        "bound": check.bound,
        "unit": check.unit,
        "confidence": check.confidence,
        "observed": as_plain(check.observed),
        "finding": check.finding,
    }


def _left_out(left_out: Sequence[LeftOut]) -> dict[str, object]:
    reasons: dict[str, list[str]] = {}
    for one in left_out:
        reasons.setdefault(f"{one.what} {one.reason}", []).append(one.name)
    kinds = Counter(one.what for one in left_out)
    return {
        "cases": kinds["case"],
        "fields": kinds["field"],
        "reasons": [
            {"reason": reason, "count": len(names), "first": names[:_FIRST_NAMED]}
            for reason, names in reasons.items()
        ],
    }
