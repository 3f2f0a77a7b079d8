"""Six months, 25 months, three, six and ten years, each by the duty in force or the label of the data."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flyball.governance.obligations.catalogue import load_catalogue
from flyball.governance.obligations.records import Demand
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


def named(id):
    return load_catalogue().versions(id)[-1]


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
        "us.co.admt.1703": 36,
    }


def test_every_shipped_rule_holds_by_a_duty_of_the_catalogue_and_says_where_it_is_written():
    known = {one.id for one in load_catalogue().obligations}
    for rule in load_rules():
        assert rule.obligation in known
        assert rule.source
        assert rule.confirm_with_counsel


def longest_days(months):
    starts = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(4 * 366))
    return max((after_months(start, months) - start).days for start in starts)


def test_rules_and_the_demands_of_their_duties_say_the_same_in_months_and_in_days():
    """By hand: 25 months are at most 366 + 365 + 31 days, 762."""
    demanded = {
        (duty.id, demand.at_least)
        for duty in load_catalogue().obligations
        for demand in duty.demands
        if demand.of.endswith(".kept_days")
    }
    assert demanded == {(one.obligation, longest_days(one.months)) for one in load_rules()}
    assert ("us.reg-b.1002.12", 762) in demanded


def test_a_duty_of_the_house_that_demands_days_is_kept_to_without_a_rule_of_its_own(tmp_path):
    """By hand: 10 years are 3,653 days at most; 121 months are never shorter, 120 may be a day shorter."""
    duty = replace(
        named("us.reg-b.1002.12"), id="own.keep", demands=(Demand("record.kept_days", at_least=3653),)
    )
    kept = rules_in_force(load_rules(), duties=[duty], labels=[])
    assert (kept["texts"].months, kept["ledger"].months, kept["releases"].months) == (121, 121, 0)
    assert [one.id for one in kept["texts"].rules] == ["own.keep#1"]
    shortest = replace(duty, demands=(Demand("record.kept_days", at_most=365), Demand("other", must=True)))
    assert rules_in_force(load_rules(), duties=[shortest], labels=[])["texts"].months == 0


@pytest.mark.parametrize("days", [1, 28, 29, 31, 59, 365, 366, 730, 1096, 2192, 3653])
def test_months_made_of_days_are_never_shorter_than_them(days):
    duty = replace(named("us.reg-b.1002.12"), id="own", demands=(Demand("record.kept_days", at_least=days),))
    months = rules_in_force((), duties=[duty], labels=[])["texts"].months
    starts = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(4 * 366))
    spans = [(after_months(start, months) - start).days for start in starts]
    assert days <= min(spans) <= days + 35


def test_a_demand_that_nobody_can_keep_is_refused():
    duty = replace(named("us.reg-b.1002.12"), id="own", demands=(Demand("record.kept_days", at_least=10**9),))
    with pytest.raises(BadRetentionRule, match="own#1 demands that records stay 1,000,000,000 days"):
        rules_in_force((), duties=[duty], labels=[])


def test_a_rule_by_a_duty_that_is_not_in_the_catalogue_is_refused(tmp_path):
    text = OWN.replace('label = "claims"', 'obligation = "us.hippa.164.316"')
    with pytest.raises(BadRetentionRule, match=r"holds by .us\.hippa\.164\.316., which is no duty"):
        load_rules(own(tmp_path, text), known=load_catalogue().ids)


def test_the_longest_rule_that_holds_counts_and_those_of_other_duties_do_not():
    duties = [named("eu.ai-act.26"), named("us.hipaa.164.316")]
    kept = rules_in_force(load_rules(), duties=duties, labels=[])
    assert (kept["ledger"].months, [one.months for one in kept["ledger"].rules]) == (72, [72, 6])
    assert kept["texts"].months == 0
    assert rules_in_force(load_rules(), duties=[], labels=[])["ledger"].months == 0


def test_a_rule_of_the_house_holds_by_the_label_of_the_data(tmp_path):
    rules = load_rules(own(tmp_path, OWN))
    assert rules_in_force(rules, duties=[], labels=["claims"])["texts"].months == 72
    assert rules_in_force(rules, duties=[], labels=["other"])["texts"].months == 0


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
