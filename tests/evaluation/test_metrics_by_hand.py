"""Ten cases of two fields, every metric computed by hand.

    case      field a   field b     right   automated   false findings
    1 to 5    ++a       --a         2 each  2 each      0
    6, 7      ++aq      -+r         1 each  1 each      1 each, a person sees it
    8         +-a       --r         1       1           0
    9         ++ax      -+a         1       2           1, automated
    10        +.r       ?+a         0       1           0 (no label, so nobody knows)

Labelled decisions: 20 - 1 = 19. Right: 5*2 + 2 + 1 + 1 = 14, so accuracy 14/19.
Automated and labelled: 10 + 2 + 1 + 2 = 15, share 15/19; right among them: 10 + 2 + 0 + 1 = 13, 13/15.
True findings: 5 + 2 + 1 = 8. False: 2 + 1 = 3. Missed: case 8 and case 10 = 2.
Precision 8/11, recall 8/10, F1 micro 16/(16 + 3 + 2) = 16/21.
F1 macro: field a 16/(16 + 0 + 2) = 16/18; field b 0 hits and 3 false = 0; mean 8/18.
False findings per 1,000 cases: 3 in 10 cases = 300; automated 1 in 10 = 100.
Quotes: 8 true findings, 1 wrong = 7/8; strictly right 5/8.
Brier with confidence 0.9: answered and labelled 18, 14 right: (14*.01 + 4*.81)/18 = 3.38/18.
Minutes: automated cells 10 + 2 + 1 + 2 + 1 = 16 of 2 minutes over 10 cases = 3.2.
"""

import numpy as np
import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.metric import METRICS

ROWS = [*["++a --a"] * 5, *["++aq -+r"] * 2, "+-a --r", "++ax -+a", "+.r ?+a"]


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("accuracy", 14 / 19, 19),
        ("automated_share", 15 / 19, 19),
        ("automated_accuracy", 13 / 15, 15),
        ("precision", 8 / 11, 11),
        ("recall", 8 / 10, 10),
        ("f1_micro", 16 / 21, 13),
        ("f1_macro", 8 / 18, 13),
        ("false_positives_per_1000_cases", 300.0, 10),
        ("automated_false_positives_per_1000_cases", 100.0, 10),
        ("evidence_hit_rate", 7 / 8, 8),
        ("evidence_hit_rate_strict", 5 / 8, 8),
        ("brier_score", 3.38 / 18, 18),
        ("minutes_saved_per_case", 3.2, 10),
        ("cost_eur_per_case", 0.02, 10),
        ("cpu_ms_per_case", 30.0, 10),
    ],
)
def test_the_value_is_the_one_computed_by_hand(cases_of, name, value, n):
    cases = cases_of(ROWS, cost_eur=np.array([0.0, 0.04] * 5), cpu_ms=np.array([20.0, 40.0] * 5))
    found = METRICS.load(name)(cases)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(value)
    assert found.n == n


def test_calibration_error_is_the_gap_between_stated_and_seen(cases_of):
    """60 cases of two fields: a is right and says .9, gap .1; b is wrong and says .9, gap .9; one bin: .4."""
    cases = cases_of(["++a -+a"] * 60)
    found = METRICS.load("expected_calibration_error")(cases)
    assert found.value == pytest.approx(0.4)
    assert found.n == 120


def test_calibration_error_keeps_bins_apart(cases_of):
    """Half says .9 and is always right, half says .2 and is never right: (.1 + .2)/2 = .15."""
    cases = cases_of(["++a -+a"] * 60)
    cases.confidence[:, 1] = 0.2
    metric = METRICS.load("expected_calibration_error")
    assert metric(cases).value == pytest.approx(0.15)
    assert metric.given(bins=2)(cases).value == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        ("automated_accuracy", ["++r"] * 6, "no labelled decision is automated"),
        ("automated_false_positives_per_1000_cases", ["++r"] * 6, "no labelled decision is automated"),
        ("precision", ["--a"] * 6, "nothing was answered 'present'"),
        ("recall", ["--a"] * 6, "nothing is labelled 'present'"),
        ("f1_micro", ["--a"] * 6, "nothing is labelled 'present' and nothing was answered so"),
        ("f1_macro", ["--a"] * 6, "nothing is labelled 'present' and nothing was answered so"),
        ("evidence_hit_rate", ["++an"] * 6, "no true finding with a marked passage"),
        ("evidence_hit_rate_strict", ["+-a"] * 6, "no true finding with a marked passage"),
        ("brier_score", ["+.r"] * 6, "no labelled decision is answered"),
        ("cost_eur_per_case", ["++a"] * 6, "prices were not recorded"),
        ("cpu_ms_per_case", ["++a"] * 6, "processor time was not recorded"),
        ("expected_calibration_error", ["++a"] * 99, "99 answered and labelled decisions; 100 are needed"),
        ("accuracy", ["?+a"] * 6, "0 labelled cases; at least 5 are needed"),
    ],
)
def test_what_the_cases_do_not_hold_is_not_measured_and_says_why(cases_of, name, rows, reason):
    assert METRICS.load(name)(cases_of(rows)) == NotMeasured(reason)


def test_without_stated_minutes_no_time_is_saved_on_paper(cases_of):
    found = METRICS.load("minutes_saved_per_case")(cases_of(["++a"] * 6, minutes=0.0))
    assert found == NotMeasured("fields.toml states no minutes for any field")


def test_no_false_finding_in_102_cases_may_still_be_36_in_a_thousand(cases_of):
    """Garwood: 0 events, upper end 3.6889 events; 1000 * 3.6889 / 102 = 36.166."""
    found = METRICS.load("false_positives_per_1000_cases")(cases_of(["--a --a"] * 102))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(36.166, abs=0.001)


def test_no_error_in_ten_cases_is_no_proof_of_perfection(cases_of):
    """20 decisions, 0 errors: at least 1 - 3.6889/20 = .8156 right."""
    found = METRICS.load("accuracy")(cases_of(["++a --a"] * 10))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - 3.68888 / 20, abs=1e-4)


def test_errors_that_come_together_count_as_one_affected_case(cases_of):
    """Two cases with 2 false findings each in 50: two affected cases, Garwood (.2422, 7.2247), 2 each.

    1000 * 2 * 7.2247 / 50 = 288.99; as if independent it would be 1000 * 10.2416 / 50 = 204.8.
    """
    found = METRICS.load("false_positives_per_1000_cases")(cases_of([*["-+a -+a"] * 2, *["--a --a"] * 48]))
    assert found.value == pytest.approx(80.0)
    assert found.high == pytest.approx(288.99, abs=0.01)


@pytest.mark.parametrize(
    "name", ["precision", "recall", "f1_micro", "f1_macro", "evidence_hit_rate", "brier_score"]
)
def test_a_flawless_record_keeps_an_interval(cases_of, name):
    found = METRICS.load(name)(cases_of(["++a --a"] * 20))
    assert found.low < found.high


def test_a_perfect_case_more_cannot_lower_accuracy(cases_of):
    metric = METRICS.load("accuracy")
    for rows in (ROWS, ["+-a -+a"] * 6, ["++a --a"] * 6):
        assert metric(cases_of([*rows, "++a --a"])).value >= metric(cases_of(rows)).value
