"""A report as a table of plain text, for people."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

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
        No colour, no markup. A measure that was not taken shows its reason in place of numbers.
    """
    lines = [
        f"{report.deployment or 'Evaluation'}: {count(report.n_cases, 'case')}, "
        f"{count(report.n_decisions, 'labelled decision')}"
    ]
    results = [report.metrics[name] for name in _ordered(report.metrics)]
    level = next((one.estimate.level for one in results if isinstance(one.estimate, Estimate)), 0.95)
    rows = [_row(one) for one in results]
    lines += ["", *_aligned([("", "seen", f"{level:.0%} interval", "out of"), *rows])]
    for check in report.promises:
        lines += ["", *_promise(check)]
    if fields and report.per_field:
        lines += ["", *_field_lines(report.per_field)]
    lines += ["", *_left_out(report.left_out), f"How: {report.protocol}"]
    return "\n".join(lines)


def render_comparison(comparison: Comparison) -> str:
    """Return a comparison as text.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    str
        One line per metric, then the verdict. "by chance": how often chance alone would do this.
    """
    head = ("", "champion", "challenger", "difference", "interval", "by chance", "better")
    rows = [_difference(comparison.differences[name]) for name in _ordered(comparison.differences)]
    lines = [
        f"{comparison.challenger} against {comparison.champion}: {count(comparison.n_cases, 'case')}",
        "",
    ]
    return "\n".join([*lines, *_aligned([head, *rows]), "", comparison.verdict])


def _ordered(names: Iterable[str]) -> list[str]:
    """Return the names as people want to read them; unknown ones last."""
    return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


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
    reasons = Counter((one.what, one.reason) for one in left_out)
    return [f"Left out: {count(number, what)} ({reason})." for (what, reason), number in reasons.items()]


def _difference(one: Difference) -> tuple[str, ...]:
    gap = one.difference
    if not isinstance(gap, Estimate) or gap.low is None or gap.high is None or one.p_adjusted is None:
        return (one.title, "-", "-", "-", "not compared", "", "-")
    sides = [
        _number(side.value, one.unit) if isinstance(side, Estimate) else "-"
        for side in (one.champion, one.challenger)
    ]
    interval = f"{_signed(gap.low, one.unit)} to {_signed(gap.high, one.unit)}"
    chance = f"{one.p_adjusted:.3f}"
    return (
        one.title,
        *sides,
        f"{_signed(gap.value, one.unit)}{_points(one.unit)}",
        interval,
        chance,
        one.winner,
    )


def _signed(value: float, unit: str) -> str:
    """Write a difference; of two shares in percentage points."""
    if unit.startswith("share"):
        return f"{100 * value:+.1f}"
    if unit.endswith("0 to 1"):
        return f"{value:+.3f}"
    return f"{value:+,.1f}" if unit != "EUR per case" else f"{value:+.4f}"


def _points(unit: str) -> str:
    return " points" if unit.startswith("share") else ""


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Pad columns: the first to the left, the others to the right; a reason in place of numbers runs free."""
    first = max(len(row[0]) for row in rows)
    full = [row for row in rows if row[-1]]
    widths = [max(len(row[at]) for row in full) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        if not row[-1]:
            cells[2:] = row[2:]
        lines.append("  ".join([row[0].ljust(first), *cells[1:]]).rstrip())
    return lines
