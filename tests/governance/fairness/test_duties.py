"""Which metrics are on where and when, by the shipped catalogue and by one of our own."""

from datetime import date

import pytest

from flyball.core.errors import BadInput
from flyball.governance.fairness.duties import BESIDE, PREFIX, asked_on, everything
from flyball.governance.fairness.metric import FAIRNESS_METRICS
from flyball.governance.obligations.catalogue import load_catalogue

SHIPPED = load_catalogue()
NAMES = [*FAIRNESS_METRICS.names(), *BESIDE]


def on(day, *places, tags=("credit",), **more):
    found = asked_on(SHIPPED, date.fromisoformat(day), jurisdictions=places, tags=tags, **more)
    assert [one.metric for one in found] == NAMES
    return {one.metric: one for one in found}


def test_every_check_of_the_catalogue_is_a_metric_that_there_is():
    named = {
        check.removeprefix(PREFIX)
        for duty in SHIPPED.obligations
        for check in duty.checks
        if check.startswith(PREFIX)
    }
    assert named <= set(NAMES)
    assert {"four_fifths", "proxies", "alternatives"} <= named


def test_the_effects_test_of_credit_ends_in_the_country_on_its_day_and_says_so():
    before, after = on("2026-07-20", "US"), on("2026-07-21", "US")
    assert before["four_fifths"].on
    assert before["four_fifths"].duties == ("us.reg-b.effects-test#1",)
    assert not after["four_fifths"].on
    assert after["four_fifths"].why == (
        "No duty in the catalogue asks for it in US on 2026-07-21; us.reg-b.effects-test#1 asked for it "
        "until 2026-07-21."
    )


@pytest.mark.parametrize("place", ["US-NJ", "US-MA", "DE", "GB", "FR"])
def test_states_and_europe_ask_for_it_still(place):
    found = on("2026-07-21", place)["four_fifths"]
    assert found.on
    assert found.why.startswith("Asked for by ")


def test_hiring_is_another_law_than_credit():
    assert on("2026-11-30", "US-NY-NYC", tags=("employment-screening",))["four_fifths"].on
    assert not on("2026-11-30", "US-NY-NYC")["four_fifths"].on


def test_the_law_of_a_city_is_asked_in_the_city_alone():
    def asking(place):
        return on("2026-11-30", place, tags=("employment-screening",))["four_fifths"].duties

    assert asking("US-NY-NYC") == ("us.nyc.ll144#1", "us.ugesp.1607.4#1")
    assert asking("US-NY") == asking("US") == ("us.ugesp.1607.4#1",)


def test_what_no_duty_asks_for_is_measured_only_on_request_and_says_so():
    found = on("2026-11-30", "US", measure_all=True)
    assert all(one.on for one in found.values())
    assert found["calibration"].why.endswith("It is measured because all of them were asked for.")
    assert found["calibration"].duties == ()


def test_a_duty_of_the_deployment_switches_a_metric_on(tmp_path):
    (tmp_path / "own.toml").write_text(
        """
[[obligation]]
id = "own.calibration"
title = "Scores mean the same for everybody"
jurisdiction = "US"
source = { law = "House policy", article = "7", citation = "policy 7" }
text = "Scores are calibrated by group."
effective_from = 2027-01-01
checks = ["fairness.calibration"]
read_at = "Written by the house, 2026-11-30."
"""
    )
    catalogue = load_catalogue([tmp_path])
    later = asked_on(catalogue, date(2027, 1, 1), jurisdictions=["US"], tags=["credit"])
    assert next(one for one in later if one.metric == "calibration").duties == ("own.calibration#1",)
    now = asked_on(catalogue, date(2026, 11, 30), jurisdictions=["US"], tags=["credit"])
    why = next(one.why for one in now if one.metric == "calibration")
    assert why.endswith("; own.calibration#1 will from 2027-01-01.")


def test_a_place_that_is_none_is_refused_and_does_not_read_as_no_law():
    with pytest.raises(BadInput, match="ISO 3166"):
        on("2026-11-30", "New Jersey")
    with pytest.raises(BadInput, match="at least one place"):
        asked_on(SHIPPED, date(2026, 11, 30), jurisdictions=[])


def test_without_a_place_all_of_it_is_on():
    assert [one.metric for one in everything("why") if one.on] == NAMES
