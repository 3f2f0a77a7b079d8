"""The outside form: keys that other people's programs rely on.

Twenty cases of "++a --a" with 30 ms each: accuracy 1, no false finding, upper end 1000 * 3.6889 / 20 = 184.4.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from flyball.core.digests import canonical_json
from flyball.evaluation.compare import compare
from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.outside import as_json, comparison_as_json
from flyball.evaluation.records import LeftOut, Subject
from flyball.models.router.thresholds import Guarantee

PROMISE = Guarantee("At most 3 % wrong.", 0.03, "share of automated answers", 0.95, 408, 0.02, "crc", True)


@pytest.fixture(scope="module")
def plain(cases_of) -> dict:
    cases = cases_of(["++a --a"] * 20, cpu_ms=np.full(20, 30.0))
    seen = tuple(LeftOut("case", f"s{number}", "was seen in training by an expert") for number in range(25))
    report = evaluate(replace(cases, left_out=seen), subject=Subject("contracts", promises=(PROMISE,)))
    return json.loads(canonical_json(as_json(report)))


def test_the_promised_keys_are_there(plain):
    for name in (
        "cases",
        "accuracy",
        "automated_share",
        "automated_accuracy",
        "evidence_hit_rate",
        "cpu_ms_per_case",
    ):
        assert set(plain[name]) == {"value", "low", "high", "n"}, name
    false = plain["false_positives_per_1000_cases"]
    assert set(false) == {"value", "low", "high", "n", "all", "automated"}
    assert false["value"] == false["all"]["value"]
    for part in ("all", "automated"):
        assert set(false[part]) == {"value", "low", "high", "n"}


def test_the_numbers_are_the_measured_ones(plain):
    assert plain["cases"] == {"value": 20, "low": 20, "high": 20, "n": 20}
    assert plain["accuracy"]["value"] == 1.0
    assert plain["accuracy"]["n"] == 40
    assert plain["false_positives_per_1000_cases"]["all"]["high"] == pytest.approx(184.44, abs=0.01)
    assert plain["cpu_ms_per_case"]["value"] == 30.0


def test_what_was_not_measured_is_null_with_a_reason_and_never_0(plain):
    assert plain["cost_eur_per_case"] == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "reason": "prices were not recorded",
    }


def test_further_keys_are_there(plain):
    assert set(plain["f1"]) == {"micro", "macro"}
    assert set(plain["calibration"]) == {"expected_calibration_error", "brier_score"}
    assert plain["minutes_saved_per_case"]["value"] == 4.0
    assert set(plain["per_field"]) == {"a", "b"}
    assert plain["promise"][0]["finding"] == "consistent"
    assert plain["metrics"]["accuracy"]["version"] == 1


def test_what_was_left_out_is_counted_by_reason_and_the_first_are_named(plain):
    assert plain["left_out"]["cases"] == 25
    assert plain["left_out"]["fields"] == 0
    [reason] = plain["left_out"]["reasons"]
    assert (reason["reason"], reason["count"]) == ("case was seen in training by an expert", 25)
    assert reason["first"] == [f"s{number}" for number in range(20)]


def test_a_comparison_has_its_form_too(cases_of):
    both = cases_of(["++a --a"] * 20)
    plain = json.loads(canonical_json(comparison_as_json(compare(both, both, metrics=["accuracy"]))))
    assert plain["cases"] == 20
    assert set(plain["differences"]["accuracy"]) == {
        "champion",
        "challenger",
        "difference",
        "p_value",
        "p_adjusted",
        "better",
        "winner",
        "title",
    }
