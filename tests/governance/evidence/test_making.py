"""Records come from checks and measurements, and nothing that was not tested speaks for anything.

By hand: of a metric of 0.9 with an interval of 0.85 to 0.93, "at least 0.85" is kept, "at least 0.86" is not,
although the value reaches both: the end of the interval counts.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flyball.core.digests import canonical_json, from_json
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.verdicts import Check, Verdict
from flyball.evaluation.records import MetricResult, Report
from flyball.governance.evidence.controls import what_was_not_tested
from flyball.governance.evidence.evidence_of import evidence_of
from flyball.governance.evidence.making import (
    About,
    Goal,
    gaps_of_measurements,
    measured_records,
    objective_records,
    told_by_ledger,
)
from flyball.governance.evidence.pack import Period, sealed
from flyball.ledger.records import Entry

AT = datetime(2026, 6, 1, tzinfo=UTC)
RELEASE = "sha256:" + "1" * 64
ABOUT = About(RELEASE, {"evaluation": "sha256:" + "2" * 64}, ("anna",), "person:ben", timedelta(days=365))
JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))


def entry(index, kind, body, days=0.0):
    plain = from_json(canonical_json(body), dict)
    return Entry("system:turn", AT + timedelta(days=days), plain, index, "", kind, ())


def gate(index=1, **checks):
    made = [Check(name.replace("_", ".", 1), passed, "seen") for name, passed in checks.items()]
    records = evidence_of(made, (), subject=RELEASE, made_at=AT, n_cases=12)
    verdict = Verdict(all(checks.values()), "said", tuple(made))
    return entry(index, "evidence", {"release": RELEASE, "verdict": verdict, "records": records})


def report_of(measured):
    metric = MetricResult("accuracy", "Accuracy", 1, {}, "share", "higher", measured)
    return Report("d", {}, 100, 100, AT, {"accuracy": metric}, {}, (), "Labelled cases.")


def outcomes(records):
    return {one.check: one.outcome for one in records}


@pytest.mark.parametrize(("least", "outcome"), [(0.85, "passed"), (0.86, "failed")])
def test_the_end_of_the_interval_is_held_against_the_objective(least, outcome):
    report = report_of(Estimate(0.9, 100, 0.85, 0.93))
    (one,) = objective_records(report, [Goal("accuracy", least, None)], gate(), ABOUT)
    assert one.outcome == outcome
    assert one.limit.said == f"at least {least}, by the lower end of the interval"
    assert (one.limit.set_by, one.limit.where) == ("person:ben", "[[objective]] accuracy")
    assert (one.population.n, one.reviewers, one.entries) == (100, ("anna",), (1,))
    assert one.expires_at - one.made_at == timedelta(days=365)


def test_an_objective_that_was_not_measured_has_failed_and_a_metric_without_one_has_no_outcome():
    report = report_of(NotMeasured("no labels"))
    (one,) = objective_records(report, [Goal("accuracy", 0.5, None)], gate(), ABOUT)
    assert (one.check, one.outcome, one.detail) == ("release.objectives", "failed", "not measured: no labels")
    (one,) = objective_records(report, [], gate(), ABOUT)
    assert (one.check, one.outcome) == ("evaluation.accuracy", "not_measured")
    (one,) = objective_records(report_of(Estimate(0.9, 100)), [], gate(), ABOUT)
    assert one.outcome == "measured"


def test_a_check_that_passed_because_nothing_was_asked_is_no_pass():
    verdict = gate(release_approvals=True, release_no_regression=True, release_digest=True)
    found = told_by_ledger([verdict], JUNE, ABOUT, approvals_required=0)
    assert outcomes(found) == {
        "release.approvals": "not_measured",
        "release.no_regression": "not_measured",
        "release.digest": "passed",
    }
    before = entry(0, "release.promoted", {"release": "other"})
    found = told_by_ledger([before, verdict], JUNE, ABOUT, approvals_required=1)
    assert set(outcomes(found).values()) == {"passed"}
    refused = gate(release_approvals=False)
    assert outcomes(told_by_ledger([refused], JUNE, ABOUT, approvals_required=0)) == {
        "release.approvals": "failed"
    }


def test_the_newest_verdict_up_to_the_end_of_the_period_counts():
    entries = [gate(1, release_digest=False), gate(2, release_digest=True)]
    late = replace(gate(3, release_digest=False), at=AT + timedelta(days=60))
    (one,) = told_by_ledger([*entries, late], JUNE, ABOUT, approvals_required=0)
    assert (one.outcome, one.entries) == ("passed", (2,))


def test_figures_of_measurements_are_found_wherever_they_stand():
    run = {
        "release": RELEASE,
        "attacks": {"value": 0.02, "low": 0.01, "high": 0.04, "n": 300},
        "families": {
            "jailbreak": {"rate": {"value": None, "low": None, "high": None, "n": 0, "reason": "none"}}
        },
        "not_tested": ["The network."],
    }
    entries = [entry(4, "redteam.run", {**run, "attacks": {}}), entry(5, "redteam.run", run)]
    found = {one.title: one for one in measured_records(entries, JUNE, ABOUT)}
    first = found["Attacks on the deployment: attacks"]
    assert str(first.figure) == "0.02 (0.01 to 0.04 at 95%, n = 300)"
    assert (first.outcome, first.entries) == ("measured", (5,))
    assert found["Attacks on the deployment: families.jailbreak.rate"].outcome == "not_measured"
    assert gaps_of_measurements(entries, JUNE, RELEASE) == ("Attacks on the deployment: The network.",)


def test_each_metric_of_fairness_is_a_record_of_its_own_and_that_of_the_gate_is_not_told_twice():
    gap = {"value": 0.5, "low": 0.36, "high": 0.66, "n": 80, "lowest": "B", "highest": "A"}
    gap |= {"limit": 0.8, "limit_from": "29 CFR 1607.4(D)", "finding": "outside"}
    fields = [{"field": "f", "cases": 80, "traits": [{"trait": "sex", "metrics": {"four_fifths": gap}}]}]
    measured = entry(4, "fairness.measured", {"since": "2026-05-01", "day": "2026-06-01", "fields": fields})
    found = told_by_ledger([gate(5, fairness_four_fifths=False), measured], JUNE, ABOUT, approvals_required=1)
    assert outcomes(found) == {"fairness.four_fifths": "failed", "fairness.measured": "measured"}
    one = next(one for one in found if one.check == "fairness.four_fifths")
    assert (one.entries, one.population.n, one.limit.said) == ((4,), 80, "0.8 (29 CFR 1607.4(D))")


def test_a_measurement_of_another_release_or_time_says_nothing_about_this_one():
    other = entry(4, "redteam.run", {"release": "sha256:other", "attacks": {}})
    early = entry(3, "kpi.measured", {}, days=-40)
    assert measured_records([early, other], JUNE, ABOUT) == ()
    said = what_was_not_tested((), (), withheld={})
    assert "Attacks on the deployment: not measured in this period." in said


def test_the_id_of_a_record_is_the_digest_of_its_content():
    (one,) = objective_records(report_of(Estimate(0.9, 100)), [], gate(), ABOUT)
    assert sealed(one) == one
    assert sealed(replace(one, detail="better")).id != one.id
