"""A ratio of .5 that may be .36 to .66 lies outside four fifths; of .9 that may be .7 to 1.1 nobody knows.

The bad end counts: only .95 with an interval of .85 to 1.05 passes.
"""

from datetime import UTC, datetime

import pytest

from flyball.governance.evidence.fairness_shown import FAIRNESS, fairness_shown
from flyball.ledger.records import Entry

AT = datetime(2026, 11, 30, tzinfo=UTC)
NONE = {"value": None, "low": None, "high": None, "n": 0, "reason": "1 group of 30 cases; two are needed"}


def gap(value, low, high, finding, limit=0.8):
    figures = {"value": value, "low": low, "high": high, "n": 80}
    words = {"lowest": "B", "highest": "A", "limit": limit, "limit_from": "29 CFR 1607.4(D)"}
    return {**figures, **words, "finding": finding}


OUTSIDE = gap(0.5, 0.36, 0.66, "outside")
UNSURE = gap(0.9, 0.7, 1.1, "unsure")
WITHIN = gap(0.95, 0.85, 1.05, "within")
NO_LIMIT = gap(0.02, -0.1, 0.14, "not judged", limit=None)
NO_FIGURE = {**gap(None, None, None, "not judged"), **NONE}


def shown(**fields):
    found = [
        {
            "field": field,
            "cases": 83,
            "traits": [{"trait": name, "metrics": one} for name, one in traits.items()],
        }
        for field, traits in fields.items()
    ]
    body = {"since": "2026-09-01", "day": "2026-11-30", "fields": found}
    return {one.check.name: one for one in fairness_shown(Entry("user:t", AT, body, 7, "", FAIRNESS, ()))}


@pytest.mark.parametrize(
    ("found", "passed", "outcome"),
    [
        (WITHIN, True, "passed"),
        (UNSURE, False, "failed"),
        (OUTSIDE, False, "failed"),
        (NO_LIMIT, True, "measured"),
        (NO_FIGURE, False, "not_measured"),
    ],
)
def test_a_metric_passes_where_it_has_a_figure_and_the_bad_end_keeps_the_limit(found, passed, outcome):
    one = shown(repaid={"sex": {"four_fifths": found}})["fairness.four_fifths"]
    assert (one.check.passed, one.outcome) == (passed, outcome)
    assert one.procedure.n_cases == found["n"]
    assert "entry 7" in one.procedure.done


def test_what_says_most_against_it_is_told_first_and_is_its_figure():
    one = shown(repaid={"sex": {"four_fifths": WITHIN}, "race": {"four_fifths": OUTSIDE}})
    metric = one["fairness.four_fifths"]
    assert metric.check.detail == (
        "repaid by race: 0.5 (0.36 to 0.66 at 95%, n = 80), B and A, outside the limit 0.8; "
        "repaid by sex: 0.95 (0.85 to 1.05 at 95%, n = 80), B and A, within the limit 0.8"
    )
    assert (metric.figure.value, metric.limit) == (0.5, "0.8 (29 CFR 1607.4(D))")


def test_a_field_without_a_figure_is_not_covered_by_that_of_another():
    one = shown(repaid={"sex": {"four_fifths": WITHIN}}, early={"sex": {"four_fifths": NO_FIGURE}})
    assert (one["fairness.four_fifths"].check.passed, one["fairness.four_fifths"].outcome) == (
        False,
        "not_measured",
    )


def test_of_many_comparisons_a_few_are_told_and_the_rest_counted():
    one = shown(repaid={f"trait {number}": {"four_fifths": WITHIN} for number in range(9)})
    assert one["fairness.four_fifths"].check.detail.endswith("; and 3 more comparisons")


def test_what_was_not_asked_for_is_not_shown():
    assert shown(repaid={"sex": {}}) == {}
    assert shown() == {}
