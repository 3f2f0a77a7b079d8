"""Twenty cases: 18 x "++a --a", 2 x "++a -+a".

Accuracy 38/40, automated 40/40, false findings 2 in 20 cases = 100 per 1,000. Field a is flawless.
Wrong share of automated answers: 2/40 = .05.
"""

from datetime import UTC, datetime

import pytest

from flyball.core.digests import canonical_json, digest_of
from flyball.core.errors import BadInput, UnknownName
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.metric import METRICS
from flyball.evaluation.records import Subject, report_from_json
from flyball.models.router.thresholds import Guarantee

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROWS = [*["++a --a"] * 18, *["++a -+a"] * 2]


def clock() -> datetime:
    return NOON


def promise(bound: float, unit: str = "share of automated answers") -> Guarantee:
    return Guarantee("At most so many wrong.", bound, unit, 0.95, 408, 0.02, "conformal risk control", True)


def test_a_report_holds_every_metric_and_every_field(cases_of):
    report = evaluate(cases_of(ROWS), clock=clock)
    assert sorted(report.metrics) == METRICS.names()
    assert list(report.per_field) == ["a", "b"]
    assert report.estimate("accuracy").value == 38 / 40
    assert report.per_field["a"]["accuracy"].value == 1.0
    assert report.per_field["b"]["accuracy"].value == 18 / 20
    assert report.per_field["b"]["false_positives_per_1000_cases"].value == 100.0
    assert "f1_macro" not in report.per_field["a"], "a mean over fields says nothing about one"
    assert (report.n_cases, report.n_decisions) == (20, 40)
    assert report.measured_at == NOON


def test_a_report_agrees_with_each_metric_alone(cases_of):
    cases = cases_of(ROWS)
    report = evaluate(cases, clock=clock)
    for name in METRICS.names():
        assert report.estimate(name) == METRICS.load(name)(cases), name


def test_the_order_of_cases_changes_no_digit(cases_of):
    cases = cases_of(ROWS)
    turned = cases.take(list(reversed(range(20))))
    assert digest_of(evaluate(cases, clock=clock)) == digest_of(evaluate(turned, clock=clock))


def test_the_subject_and_the_way_of_measuring_are_written_down(cases_of):
    subject = Subject("contracts", {"snapshot": "sha256:1"}, "Labelled by two lawyers.")
    report = evaluate(cases_of(ROWS), subject=subject, metrics=["accuracy"], clock=clock)
    assert (report.deployment, report.subject) == ("contracts", {"snapshot": "sha256:1"})
    assert report.protocol == (
        "Labelled by two lawyers. 40 labelled decisions in 20 cases. Intervals at 95%: 2,000 draws of whole "
        "cases (seed 0), joined with the exact Poisson interval where an event was seen in fewer than 10 "
        "cases."
    )


def test_a_metric_that_was_not_asked_for_is_not_measured(cases_of):
    report = evaluate(cases_of(ROWS), metrics=["accuracy"], clock=clock)
    assert list(report.metrics) == ["accuracy"]
    assert report.estimate("recall") == NotMeasured("recall is not part of this report")


def test_an_unknown_metric_is_refused_with_the_known_ones(cases_of):
    with pytest.raises(UnknownName, match="No metric is called 'goodness'"):
        evaluate(cases_of(ROWS), metrics=["goodness"])


def test_no_case_at_all_gives_a_report_of_gaps_and_no_zero(cases_of):
    report = evaluate(cases_of(ROWS).take([]), clock=clock)
    assert report.n_cases == 0
    assert all(isinstance(one.estimate, NotMeasured) for one in report.metrics.values())


def test_a_higher_level_gives_a_wider_interval(cases_of):
    cases = cases_of(ROWS)
    wide, narrow = (
        evaluate(cases, metrics=["accuracy"], sampling=Sampling(level=level)).estimate("accuracy")
        for level in (0.99, 0.8)
    )
    assert isinstance(wide, Estimate)
    assert isinstance(narrow, Estimate)
    assert wide.low < narrow.low
    assert (wide.level, narrow.level) == (0.99, 0.8)


@pytest.mark.parametrize(("bound", "finding"), [(0.5, "shown"), (0.06, "consistent"), (0.04, "doubtful")])
def test_a_promise_is_held_against_what_was_seen(cases_of, bound, finding):
    [check] = evaluate(cases_of(ROWS), subject=Subject(promises=(promise(bound),))).promises
    assert check.observed.value == pytest.approx(0.05)
    assert check.finding == finding


def test_a_promise_that_the_whole_interval_breaks_is_broken(cases_of):
    """15 of 20 cases hold an error: .375 of the answers are wrong."""
    rows = [*["++a -+a"] * 15, *["++a --a"] * 5]
    [check] = evaluate(cases_of(rows), subject=Subject(promises=(promise(0.1),))).promises
    assert check.observed.value == pytest.approx(0.375)
    assert check.finding == "broken"


def test_a_promise_per_thousand_cases_is_held_against_automated_false_findings(cases_of):
    [check] = evaluate(cases_of(ROWS), subject=Subject(promises=(promise(8.0, "per 1,000 cases"),))).promises
    assert check.observed.value == 100.0
    assert check.finding == "doubtful", "two cases are too few to be sure"


def test_a_promise_that_nothing_measures_is_not_called_kept(cases_of):
    [check] = evaluate(cases_of(ROWS), subject=Subject(promises=(promise(8.0, "per moon"),))).promises
    assert check.finding == "not measured"
    assert check.observed == NotMeasured("no metric measures a promise in 'per moon'")


def test_nothing_automated_leaves_the_promise_unmeasured(cases_of):
    [check] = evaluate(cases_of(["++r"] * 9), subject=Subject(promises=(promise(0.03),))).promises
    assert check.finding == "not measured"


def test_a_report_comes_back_from_json_as_it_was(cases_of):
    subject = Subject("contracts", {"rules": "sha256:2"}, promises=(promise(0.03),))
    report = evaluate(cases_of(ROWS), subject=subject, clock=clock)
    assert report_from_json(canonical_json(report)) == report


@pytest.mark.parametrize("data", [b"{}", b"[]", b"not json", b'{"metrics": {"accuracy": 3}}'])
def test_what_is_no_report_is_refused(data):
    with pytest.raises(BadInput, match="Not a valid"):
        report_from_json(data)


def test_a_report_with_a_doctored_number_is_refused(cases_of):
    """An interval turned round, as a careless edit would leave it."""
    data = canonical_json(evaluate(cases_of(ROWS), metrics=["accuracy"], clock=clock))
    with pytest.raises(BadInput):
        report_from_json(data.replace(b'"high":', b'"was":').replace(b'"low":', b'"high":'))
