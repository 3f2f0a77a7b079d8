"""What evaluation and thresholds hand on, as the report shows it."""

from datetime import UTC, datetime

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.records import MetricResult, PromiseCheck, Report
from flyball.evaluation.reports import MeasureView, PromiseView, measures_of, promises_of
from flyball.models.router.thresholds import Guarantee


def result(name, unit, estimate):
    return MetricResult(name, f"Title of {name}", 1, {}, unit, "higher", estimate)


def test_measures_keep_their_gaps_and_their_order():
    gap = NotMeasured("no labels")
    results = [
        result("cpu_ms_per_case", "milliseconds of one processor core per case", gap),
        result("brier_score", "mean squared distance, 0 to 1", Estimate(0.02, 9)),
        result("automated_share", "share of labelled decisions, 0 to 1", Estimate(0.9, 1230)),
    ]
    report = Report(
        "d",
        {},
        30,
        1230,
        datetime(2026, 11, 20, tzinfo=UTC),
        {one.name: one for one in results},
        {},
        (),
        "held out",
    )
    assert measures_of(report) == (
        MeasureView("Title of automated_share", Estimate(0.9, 1230), "share", n_of="answers"),
        MeasureView("Title of cpu_ms_per_case", gap, "milliseconds"),
    )


def test_promises_come_with_what_the_test_says_about_them():
    share = Guarantee("few wrong", 0.03, "share of automated answers", 0.95, 408, 0.02, "procedure", True)
    false = Guarantee("few false alarms", 8.0, "per 1,000 cases", 0.9, 408, None, "procedure", False)
    check = PromiseCheck("few wrong", 0.03, "share of automated answers", 0.95, Estimate(0.02, 99), "shown")
    assert promises_of([share, false], [check]) == (
        PromiseView(0.03, 0.95, 408, "share", "procedure", True, "kept, and the cases show it"),
        PromiseView(8.0, 0.9, 408, "per_1000", "procedure", False, ""),
    )
