"""What the shipped catalogue says about the three changes of 2026, day by day; every entry can be traced."""

import re
from datetime import date, timedelta

import pytest

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.queries import in_force, upcoming

WANTED = [
    *(
        f"eu.ai-act.{article}"
        for article in (4, 9, 10, 11, 12, 13, 14, 15, 26, 27, 50, 72, 73, 86, "annex-iv")
    ),
    *(f"eu.dora.{article}" for article in (8, 9, 10, 11, 17, 18, 19, 28, 29, 30)),
    "eu.bcbs-239",
    "us.bcbs-239",
    "us.hipaa.164.312",
    "us.hipaa.164.316",
    "us.nyc.ll144",
    "us.co.sb24-205",
    "us.co.admt.1704",
    "eu.gdpr.22",
    "eu.gdpr.28.3",
    "eu.gdpr.30",
    "eu.gdpr.33",
    "eu.gdpr.44",
    "eu.data-act.25",
    "eu.commercial-agents.17",
    "us.sr-11-7",
    "us.sr-26-2",
    "us.reg-b.1002.9",
    "us.fcra.615",
    "us.dtsa.1833.b",
    "us.ca.bpc.16600",
    "us.ca.bpc.16600.5",
    "gb.ucta.2",
    "gb.ucta.3",
    "de.bgb.307",
    "de.hgb.89b",
]


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


def ids(catalogue, day, places, **known):
    return {item.id for item in in_force(catalogue, day, jurisdictions=places, **known)}


@pytest.mark.parametrize("id", WANTED)
def test_what_regulated_companies_ask_for_and_playbooks_cite_is_there(catalogue, id):
    assert id in catalogue.ids


def test_every_entry_asks_for_a_lawyer_and_says_what_is_missing(catalogue):
    for duty in catalogue.obligations:
        assert duty.confirm_with_counsel, duty.key
        assert duty.gaps, duty.key
        assert re.search(r"2026-11-(21|30)", duty.read_at), duty.key


def test_no_entry_claims_that_its_checks_show_a_whole_duty(catalogue):
    assert [duty.key for duty in catalogue.obligations if duty.checks and duty.covers != "part"] == []


def test_entries_are_summaries_and_not_the_text_of_the_law(catalogue):
    assert [duty.key for duty in catalogue.obligations if len(duty.text) >= 450] == []


def test_the_guidance_on_model_risk_changed_on_17_april_2026(catalogue):
    bank = {"tags": ["sector:banking"], "expert_kinds": ["text", "rules"]}
    day = date(2026, 4, 17)
    before = ids(catalogue, day - timedelta(days=1), ["US"], **bank)
    after = ids(catalogue, day, ["US"], **bank)
    assert "us.sr-11-7" in before
    assert "us.sr-11-7" not in after
    assert (before ^ after) == {"us.sr-11-7", "us.sr-26-2"}
    assert catalogue.versions("us.sr-11-7")[0].superseded_by == ("us.sr-26-2#1",)


@pytest.mark.parametrize("kinds", [["rules"], ["language_model"], ["rules", "language_model"]])
def test_generative_ai_and_fixed_rules_are_outside_the_new_guidance(catalogue, kinds):
    known = {"tags": ["sector:banking"], "expert_kinds": kinds}
    assert "us.sr-26-2" not in ids(catalogue, date(2026, 11, 21), ["US"], **known)
    assert "us.sr-11-7" in ids(catalogue, date(2026, 4, 16), ["US"], **known)


def test_disparate_impact_left_regulation_b_on_21_july_2026_and_notices_stayed(catalogue):
    lender = {"tags": ["credit"], "expert_kinds": []}
    before = ids(catalogue, date(2026, 7, 20), ["US"], **lender)
    after = ids(catalogue, date(2026, 7, 21), ["US"], **lender)
    assert before - after == {"us.reg-b.effects-test"}
    assert [duty.superseded_by for duty in catalogue.versions("us.reg-b.effects-test")] == [
        ("us.reg-b.1002.6#2",)
    ]
    assert after >= {"us.reg-b.1002.9", "us.fcra.615"}


def test_high_risk_duties_moved_from_august_2026_to_december_2027(catalogue):
    articles = [9, 10, 11, 12, 13, 14, 15, 26, 27, "annex-iv"]
    moved = {f"eu.ai-act.{article}" for article in articles}
    known = {"tags": ["annex-iii"], "data_labels": []}

    def on(day, **others):
        return ids(catalogue, day, ["DE"], **known, **others) & moved

    assert on(date(2026, 11, 21)) == set()
    assert on(date(2027, 12, 1)) == set()
    assert on(date(2027, 12, 2)) == moved
    assert on(date(2026, 11, 21), as_known_on=date(2026, 5, 1)) == moved
    assert on(date(2026, 11, 21), as_known_on=date(2026, 7, 23)) == moved
    assert on(date(2026, 11, 21), as_known_on=date(2026, 7, 24)) == set()
    days = {item.day for item in upcoming(catalogue, date(2026, 11, 21), 400, jurisdictions=["DE"], **known)}
    assert days == {date(2027, 12, 2)}


def test_what_the_amendment_did_not_move_applies_since_2_august_2026(catalogue):
    """Article 113(c) names Chapter III, Sections 1 to 3; Articles 50, 72, 73 and 86 are not in them."""
    kept = {"eu.ai-act.50", "eu.ai-act.50.2", "eu.ai-act.72", "eu.ai-act.73", "eu.ai-act.86"}
    known = {"tags": ["annex-iii", "generates-content"], "data_labels": []}
    assert ids(catalogue, date(2026, 8, 1), ["DE"], **known) & kept == set()
    assert ids(catalogue, date(2026, 8, 2), ["DE"], **known) & kept == kept
    assert "eu.ai-act.111.4" not in ids(catalogue, date(2026, 12, 1), ["DE"], **known)
    assert "eu.ai-act.111.4" in ids(catalogue, date(2026, 12, 2), ["DE"], **known)


def test_colorado_replaces_its_act_before_it_was_ever_enforced(catalogue):
    def on(*day):
        found = ids(catalogue, date(*day), ["US-CO"], tags=["credit"], data_labels=[])
        return {id for id in found if id.startswith("us.co.")}

    assert on(2026, 6, 29) == set()
    assert on(2026, 6, 30) == on(2026, 12, 31) == {"us.co.sb24-205"}
    assert on(2027, 1, 1) == {f"us.co.admt.{section}" for section in (1702, 1703, 1704, 1705)}


def test_a_contract_review_in_germany_and_california_is_told_its_duties(catalogue):
    found = ids(
        catalogue,
        date(2026, 11, 21),
        ["DE", "US-CA"],
        tags=["contract-review", "sector:retail"],
        data_labels=[],
    )
    assert found == {
        "de.bgb.276.3",
        "de.bgb.307",
        "de.hgb.89b",
        "eu.ai-act.4",
        "eu.commercial-agents.17",
        "eu.data-act.25",
        "eu.gdpr.28.3",
        "eu.gdpr.33",
        "eu.gdpr.44",
        "us.ca.bpc.16600",
        "us.ca.bpc.16600.5",
        "us.dtsa.1833.b",
    }
