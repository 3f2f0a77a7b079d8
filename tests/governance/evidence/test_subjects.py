"""Frameworks and periods are found by the names that people give them.

By hand: 2026-Q1 ends on 31 March, 2026-12 on 31 December, February 2028 on the 29th; the last 365 days up to
30 November 2026 begin on 1 December 2025.
"""

from datetime import date

import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.governance.evidence.subjects import framework_for, frameworks_known, period_of
from flyball.governance.obligations.catalogue import load_catalogue

TODAY = date(2028, 11, 30)
CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026-Q1", (2026, 1, 1), (2026, 3, 31)),
        ("2026-q4", (2026, 10, 1), (2026, 12, 31)),
        ("2026-12", (2026, 12, 1), (2026, 12, 31)),
        ("2028-02", (2028, 2, 1), (2028, 2, 29)),
        ("2026-01-15..2026-02-03", (2026, 1, 15), (2026, 2, 3)),
        ("2026-01-15 to 2026-02-03", (2026, 1, 15), (2026, 2, 3)),
        ("2026-01..2026-06", (2026, 1, 1), (2026, 6, 30)),
        ("2025-Q4..2026", (2025, 10, 1), (2026, 12, 31)),
        ("2026Q3", (2026, 7, 1), (2026, 9, 30)),
        ("2026-11-30", (2026, 11, 30), (2026, 11, 30)),
    ],
)
def test_a_period_is_read_as_people_write_it(written, first, last):
    period = period_of(written, TODAY)
    assert (period.first, period.last) == (date(*first), date(*last))


def test_without_a_period_it_is_the_last_year():
    assert str(period_of("", date(2026, 11, 30))) == "2025-12-01 to 2026-11-30"


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "2026-13",
        "2026-Q5",
        "2026-1",
        "20261",
        "2026-02-30..2026-03-01",
        "2026-03-01..2026-02-01",
        "2026-03-01..",
        "..",
        "2026-00",
        "0000",
        "٢٠٢٦",
        "2030",
    ],
)
def test_what_is_no_period_is_refused_with_the_forms_that_are(written):
    with pytest.raises(BadInput) as caught:
        period_of(written, TODAY)
    assert caught.value.fix


def test_a_law_is_a_framework_whose_controls_are_its_duties():
    found = framework_for("EU-AI-Act", CATALOGUE, date(2026, 11, 30))
    assert found.id == "eu.ai-act"
    assert all(one.id.startswith("eu.ai-act.") for one in found.controls)
    assert len({one.id.partition("#")[0] for one in found.controls}) == len(found.controls)


def test_of_a_duty_that_was_put_off_the_version_that_comes_is_taken_and_said():
    duties = {one.id: one for one in framework_for("eu.ai-act", CATALOGUE, date(2026, 11, 30)).controls}
    assert "eu.ai-act.12#1" not in duties  # withdrawn before it began
    assert "Not in force on 2026-11-30: from 2027-12-02." in duties["eu.ai-act.12#2"].gaps
    later = {one.id: one for one in framework_for("eu.ai-act", CATALOGUE, date(2028, 1, 1)).controls}
    assert "Not in force" not in later["eu.ai-act.12#2"].gaps


def test_every_known_framework_can_be_had_and_has_controls():
    for name in frameworks_known(CATALOGUE):
        assert framework_for(name, CATALOGUE, date(2026, 11, 30)).controls


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SOC2", "soc-2"),
        ("SOC 2", "soc-2"),
        ("ISO 42001", "iso-42001"),
        ("ISO/IEC 42001:2023", "iso-42001"),
        ("iso27001", "iso-27001"),
        ("NIST AI RMF", "nist-ai-rmf"),
        ("NIST 800-53", "nist-sp-800-53"),
        ("EU AI Act", "eu.ai-act"),
        ("AI Act", "eu.ai-act"),
        ("us_sr-26-2", "us.sr-26-2"),
        ("SR 26-2", "us.sr-26-2"),
        ("GDPR", "eu.gdpr"),
        ("UK GDPR", "gb.uk-gdpr"),
        ("HIPAA", "us.hipaa"),
        ("Regulation B", "us.reg-b"),
        ("DORA", "eu.dora"),
    ],
)
def test_a_framework_is_found_as_people_spell_it(written, meant):
    assert framework_for(written, CATALOGUE, date(2026, 11, 30)).id == meant


@pytest.mark.parametrize(
    ("written", "could"),
    [
        ("NIST", "nist-ai-rmf, nist-sp-800-53"),
        ("ISO", "iso-27001, iso-42001"),
        ("BCBS 239", "eu.bcbs-239, us.bcbs-239"),
        ("Colorado", "us.co"),
    ],
)
def test_a_name_that_could_be_several_or_is_only_a_word_of_a_title_is_asked_back(written, could):
    with pytest.raises(UnknownName) as caught:
        framework_for(written, CATALOGUE, date(2026, 11, 30))
    assert caught.value.message.startswith(f"{written!r} could be {could.split(', ')[0]} (")
    assert caught.value.fix == f"Write one of: {could}."


@pytest.mark.parametrize("written", ["soc-3", "", "--", "NIST 800-171", "\x00", "a" * 5000])
def test_an_unknown_framework_is_told_the_known_ones(written):
    with pytest.raises(UnknownName) as caught:
        framework_for(written, CATALOGUE, date(2026, 11, 30))
    assert "soc-2" in caught.value.fix
