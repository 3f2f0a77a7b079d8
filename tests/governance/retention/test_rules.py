"""Six months, 25 months, six years and ten years, each by the duty in force or the label of the data."""

from datetime import UTC, date, datetime

import pytest

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.retention.rules import BadRetentionRule, after_months, load_rules, rules_in_force

OWN = """
[[rule]]
id = "house.claims"
title = "Claims"
label = "claims"
records = ["texts"]
months = 72
source = "Schedule 4.2"
"""


def own(tmp_path, text):
    (tmp_path / "retention.toml").write_text(text)
    return tmp_path / "retention.toml"


def test_the_shipped_rules_ask_for_six_months_25_months_six_years_and_ten_years():
    months = {one.id: one.months for one in load_rules()}
    assert months == {
        "eu.ai-act.26.6": 6,
        "us.reg-b.1002.12.b": 25,
        "us.hipaa.164.316.b.2": 72,
        "eu.ai-act.18": 120,
    }


def test_every_shipped_rule_holds_by_a_duty_of_the_catalogue_and_says_where_it_is_written():
    known = {one.id for one in load_catalogue().obligations}
    for rule in load_rules():
        assert rule.obligation in known
        assert rule.source
        assert rule.confirm_with_counsel


def test_the_longest_rule_that_holds_counts_and_those_of_other_duties_do_not():
    kept = rules_in_force(load_rules(), obligations=["eu.ai-act.26", "us.hipaa.164.316"], labels=[])
    assert (kept["ledger"].months, [one.months for one in kept["ledger"].rules]) == (72, [72, 6])
    assert kept["texts"].months == 0
    assert rules_in_force(load_rules(), obligations=[], labels=[])["ledger"].months == 0


def test_a_rule_of_the_house_holds_by_the_label_of_the_data(tmp_path):
    rules = load_rules(own(tmp_path, OWN))
    assert rules_in_force(rules, obligations=[], labels=["claims"])["texts"].months == 72
    assert rules_in_force(rules, obligations=[], labels=["other"])["texts"].months == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('label = "claims"', "", "needs either an obligation or a label"),
        ("months = 72", "months = 0", "needs records and 1 to 1200 months, got 1 and 0"),
        ('records = ["texts"]', "records = []", "got 0 and 72"),
        ('"house.claims"', '"eu.ai-act.18"', "is there twice"),
        ('"Schedule 4.2"', '" "', "states no source"),
        ("months", "month", "retention.toml"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused_with_its_name(tmp_path, old, new, said):
    with pytest.raises(BadRetentionRule, match=said):
        load_rules(own(tmp_path, OWN.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2024, 2, 29), 72, date(2030, 2, 28)),
        (date(2026, 11, 30), 25, date(2028, 12, 30)),
        (date(2026, 12, 31), 120, date(2036, 12, 31)),
    ],
)
def test_months_are_those_of_the_calendar(day, months, then):
    at = datetime(day.year, day.month, day.day, 7, 30, tzinfo=UTC)
    assert after_months(at, months) == datetime(then.year, then.month, then.day, 7, 30, tzinfo=UTC)
