"""A report as a table of plain text, for people."""

from collections.abc import Mapping, Sequence

from flyball.core.estimates import Estimate, Measurement
from flyball.core.text import count
from flyball.evaluation.records import Comparison, Difference, LeftOut, MetricResult, PromiseCheck, Report

__all__ = ["render_comparison", "render_table"]

_ORDER = (
    "automated_share",
    "automated_accuracy",
    "accuracy",
    "false_positives_per_1000_cases",
    "automated_false_positives_per_1000_cases",
    "evidence_hit_rate",
    "evidence_hit_rate_strict",
    "precision",
    "recall",
    "f1_micro",
    "f1_macro",
    "expected_calibration_error",
    "brier_score",
    "minutes_saved_per_case",
    "cost_eur_per_case",
    "cpu_ms_per_case",
)

_FINDINGS = {
    "shown": "kept, and these cases show it",
    "consistent": "kept on these cases; too few of them to show it for sure",
    "doubtful": "not kept on these cases; may be chance",
    "broken": "BROKEN: not kept, beyond chance",
    "not measured": "not measured",
}

_PER_FIELD = ("automated_share", "automated_accuracy", "recall", "precision", "evidence_hit_rate")
_HEADS = ("by machine", "right of these", "found", "real", "quote right")


def render_table(report: Report, *, fields: bool = False) -> str:
    """Return a report as text with plain-word names.

    Parameters
    ----------
    report : Report
    fields : bool
        Add one line per field.

    Returns
    -------
    str
        Lines of at most 110 characters unless a name is longer; no colour, no markup.
    """
    lines = [
        f"{report.deployment or 'Evaluation'}: {count(report.n_cases, 'case')}, "
        f"{count(report.n_decisions, 'labelled decision')}"
    ]
    names = [name for name in _ORDER if name in report.metrics]
    names += [name for name in report.metrics if name not in _ORDER]
    results = [report.metrics[name] for name in names]
    level = next((one.estimate.level for one in results if isinstance(one.estimate, Estimate)), 0.95)
    rows = [_row(one) for one in results]
    lines += ["", *_aligned([("", "seen", f"{level:.0%} interval", "out of"), *rows])]
    for check in report.promises:
        lines += ["", *_promise(check)]
    if fields and report.per_field:
        lines += ["", *_field_lines(report.per_field)]
    lines += ["", *_left_out(report.left_out), f"How: {report.protocol}"]
    return "\n".join(lines)


def render_comparison(comparison: Comparison, titles: Mapping[str, str] | None = None) -> str:
    """Return a comparison as text.

    Parameters
    ----------
    comparison : Comparison
    titles : mapping of metric name to title, optional
        Default: the names.

    Returns
    -------
    str
    """
    titles = titles or {}
    head = ("", "champion", "challenger", "difference", "interval", "chance alone", "better")
    rows = [_difference(titles.get(name, name), name, one) for name, one in comparison.differences.items()]
    lines = [
        f"{comparison.challenger} against {comparison.champion}: {count(comparison.n_cases, 'case')}",
        "",
    ]
    return "\n".join([*lines, *_aligned([head, *rows]), "", comparison.verdict])


def _row(one: MetricResult) -> tuple[str, str, str, str]:
    found = one.estimate
    if not isinstance(found, Estimate):
        return (one.title, "-", str(found), "")
    return (one.title, _number(found.value, one.unit), _interval(found, one.unit), _base(found, one.unit))


def _interval(found: Estimate, unit: str) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{_number(found.low, unit)} to {_number(found.high, unit)}"


def _base(found: Estimate, unit: str) -> str:
    return f"{found.n:,} {'cases' if 'case' in unit else 'decisions'}"


def _number(value: float, unit: str) -> str:
    """Write a share as a percentage, everything else with sensible digits."""
    if unit.startswith("share"):
        return f"{value:.1%}"
    if unit.endswith("0 to 1"):
        return f"{value:.3f}"
    return f"{value:,.1f}" if unit != "EUR per case" else f"{value:.4f}"


def _promise(check: PromiseCheck) -> list[str]:
    unit = "share" if check.unit.startswith("share") else check.unit
    seen = check.observed
    if isinstance(seen, Estimate):
        text = f"seen {_number(seen.value, unit)}, interval {_interval(seen, unit)}"
    else:
        text = str(seen)
    return [
        f"Promise: {check.promise}",
        f"  {_FINDINGS[check.finding]} ({text}, bound {_number(check.bound, unit)})",
    ]


def _field_lines(per_field: Mapping[str, Mapping[str, Measurement]]) -> list[str]:
    rows = []
    for key, found in per_field.items():
        cells = [found.get(name) for name in _PER_FIELD]
        shown = [f"{cell.value:.0%}" if isinstance(cell, Estimate) else "-" for cell in cells]
        false = found.get("false_positives_per_1000_cases")
        per_1000 = f"{false.value:.1f}" if isinstance(false, Estimate) else "-"
        rows.append((key.replace("_", " "), *shown, per_1000))
    return _aligned([("field", *_HEADS, "false per 1,000"), *rows])


def _left_out(left_out: Sequence[LeftOut]) -> list[str]:
    reasons: dict[tuple[str, str], int] = {}
    for one in left_out:
        reasons[one.what, one.reason] = reasons.get((one.what, one.reason), 0) + 1
    return [f"Left out: {count(number, what)}, which {reason}." for (what, reason), number in reasons.items()]


def _difference(title: str, name: str, one: Difference) -> tuple[str, ...]:
    gap = one.difference
    if not isinstance(gap, Estimate) or one.p_adjusted is None:
        return (title, "-", "-", "-", str(gap), "", "")
    sides = [
        f"{side.value:.4g}" if isinstance(side, Estimate) else "-" for side in (one.champion, one.challenger)
    ]
    interval = "" if gap.low is None or gap.high is None else f"{gap.low:+.4g} to {gap.high:+.4g}"
    return (title, *sides, f"{gap.value:+.4g}", interval, f"{one.p_adjusted:.3f}", one.winner)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad columns: the first to the left, the others to the right; the last ones run free."""
    widths = [max(len(row[at]) for row in rows if row[-1] or row is rows[0]) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(max(widths[0], *(len(one[0]) for one in rows))) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
