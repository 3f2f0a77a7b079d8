"""What the shipped catalogue says about the three changes of 2026, day by day; every entry can be traced."""

from datetime import date, timedelta

import pytest

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.queries import in_force, upcoming

CITED_BY_PLAYBOOKS = [
    "eu.gdpr.22",
    "eu.gdpr.28.3",
    "eu.gdpr.30",
    "eu.gdpr.33",
    "eu.gdpr.44",
    "eu.dora.30",
    "eu.data-act.25",
    "eu.commercial-agents.17",
    "eu.ai-act.4",
    "eu.ai-act.12",
    "eu.ai-act.13",
    "eu.ai-act.14",
    "eu.ai-act.26",
    "eu.ai-act.50",
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


@pytest.mark.parametrize("id", CITED_BY_PLAYBOOKS)
def test_what_playbooks_cite_is_there(catalogue, id):
    assert id in catalogue.ids


def test_every_entry_asks_for_a_lawyer_and_says_what_is_missing(catalogue):
    for duty in catalogue.obligations:
        assert duty.confirm_with_counsel, duty.key
        assert duty.gaps, duty.key
        assert "2026-11-21" in duty.read_at, duty.key


def test_entries_are_summaries_and_not_the_text_of_the_law(catalogue):
    assert all(len(duty.text) < 450 for duty in catalogue.obligations)


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
    assert after >= {"us.reg-b.1002.9", "us.fcra.615"}


def test_high_risk_duties_moved_from_august_2026_to_december_2027(catalogue):
    moved = {"eu.ai-act.12", "eu.ai-act.13", "eu.ai-act.14", "eu.ai-act.26"}
    known = {"tags": ["annex-iii"], "data_labels": []}

    def on(day, **others):
        return ids(catalogue, day, ["DE"], **known, **others) & moved

    assert on(date(2026, 11, 21)) == set()
    assert on(date(2027, 12, 1)) == set()
    assert on(date(2027, 12, 2)) == moved
    assert on(date(2026, 11, 21), as_known_on=date(2026, 5, 1)) == moved
    days = {item.day for item in upcoming(catalogue, date(2026, 11, 21), 400, jurisdictions=["DE"], **known)}
    assert days == {date(2027, 12, 2)}


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
