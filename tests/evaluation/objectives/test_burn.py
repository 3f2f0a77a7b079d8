"""By hand: a budget of 0.1 %; 2 of 100 bad burn it 20 times as fast as it may be."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from flyball.evaluation.objectives.burn import NOISE, RULES, Timeline, burn_of, evidence, threshold

START = datetime(2026, 11, 1, tzinfo=UTC)
BUDGET = 0.001


def traffic(minutes, per_minute, share_bad, seed=0):
    """Requests minute by minute; `share_bad` is a number, or a function of the minute."""
    drawn = np.random.default_rng(seed)
    n = drawn.poisson(per_minute, minutes)
    shares = np.array([share_bad(one) if callable(share_bad) else share_bad for one in range(minutes)])
    bad = drawn.binomial(n, shares)
    at = int(START.timestamp()) + 60 * np.arange(minutes, dtype=np.int64)
    return Timeline(at, (n - bad).astype(float), bad.astype(float))


def until(timeline, now):
    """What was known at a time."""
    last = np.searchsorted(timeline.at, now.timestamp())
    return Timeline(timeline.at[:last], timeline.good[:last], timeline.bad[:last])


def said(timeline, now, budget=BUDGET, smallest_n=10):
    found = [burn_of(timeline, rule, budget, now, smallest_n=smallest_n) for rule in RULES]
    return next((one.rule.severity for one in found if one.speaks), "")


def first(timeline, begin, end, budget=BUDGET, severity="page"):
    """Return after how many minutes somebody is told, looking once a minute."""
    for minute in range(begin, end):
        now = START + timedelta(minutes=minute + 1)
        if said(until(timeline, now), now, budget) == severity:
            return minute + 1 - begin
    return None


def test_a_rate_of_twenty_is_two_of_a_hundred_at_a_budget_of_one_in_a_thousand():
    at = np.array([int(START.timestamp())], np.int64)
    burn = burn_of(Timeline(at, np.array([98.0]), np.array([2.0])), RULES[0], BUDGET, START, smallest_n=10)
    assert burn.long.value == pytest.approx(20)
    assert burn.long.n == 100
    assert burn.long.low < 20 < burn.long.high


def test_evidence_is_a_bound_and_grows_with_every_fault():
    assert evidence(1000, 0, BUDGET) == 1.0
    assert evidence(9, 1, BUDGET) > 1e-3  # one of ten proves nothing
    assert evidence(1, 4, BUDGET) < NOISE  # four of five do, at one in a thousand
    assert evidence(1_000_000, 1000, BUDGET) == 1.0
    assert evidence(0, 10_000, 0.5) == pytest.approx(np.exp(-700), rel=1)


def test_chance_alone_gives_such_evidence_no_more_often_than_it_says():
    drawn = np.random.default_rng(1)
    for n, budget in ((50, 0.01), (2000, 0.01), (300, 0.1)):
        bad = drawn.binomial(n, budget, 20_000)
        values, counts = np.unique(bad, return_counts=True)
        few = sum(c for b, c in zip(values, counts, strict=True) if evidence(n - b, b, budget) <= 0.01)
        assert few / 20_000 <= 0.01


def test_a_large_budget_can_still_be_burnt_too_fast():
    assert threshold(14.4, 0.001) == pytest.approx(0.0144)
    assert threshold(14.4, 0.1) == pytest.approx(0.55)


@pytest.mark.parametrize("per_minute", [0.05, 2, 60])
@pytest.mark.parametrize("share", [0.0, 0.0005, 0.001])
def test_thirty_days_of_sound_traffic_raise_nothing(per_minute, share):
    """Looked at every five minutes; at 0.001 the whole budget is used, and not more."""
    timeline = traffic(30 * 1440, per_minute, share, seed=7)
    looks = [START + timedelta(minutes=minute) for minute in range(5, 30 * 1440, 5)]
    assert [now for now in looks if said(timeline, now)] == []


def test_when_everything_fails_somebody_is_paged_within_two_minutes():
    timeline = traffic(2000, 60, lambda minute: 1.0 if minute >= 1900 else 0.0)
    assert first(timeline, 1900, 1990) <= 2


def test_when_five_percent_fail_somebody_is_paged_within_half_an_hour():
    timeline = traffic(3000, 60, lambda minute: 0.05 if minute >= 2800 else 0.0)
    assert first(timeline, 2800, 2990) <= 30


def test_when_one_percent_fails_somebody_is_paged_within_five_hours():
    timeline = traffic(4000, 60, lambda minute: 0.01 if minute >= 3500 else 0.0)
    assert first(timeline, 3500, 3990) <= 300


def test_a_slow_burn_becomes_a_ticket_and_no_page():
    timeline = traffic(12_000, 60, lambda minute: 0.002 if minute >= 6000 else 0.0)
    assert first(timeline, 6000, 12_000, severity="page") is None
    assert first(timeline, 6000, 12_000, severity="ticket") <= 3 * 1440


def test_with_a_request_every_ten_minutes_three_faults_in_a_row_page_and_a_single_one_does_not():
    at = int(START.timestamp()) + 600 * np.arange(1000, dtype=np.int64)
    bad = np.zeros(1000)
    bad[500] = 1
    one = Timeline(at, 1 - bad, bad)
    looks = [START + timedelta(minutes=minute) for minute in range(4900, 6000)]
    assert [now for now in looks if said(one, now, smallest_n=3)] == []
    bad = bad.copy()
    bad[501:504] = 1
    several = Timeline(at, 1 - bad, bad)
    assert "page" in [said(several, now, smallest_n=3) for now in looks]


def test_when_traffic_stops_nothing_can_be_said():
    timeline = traffic(100, 60, 0.5)
    now = START + timedelta(minutes=120)
    burn = burn_of(timeline, RULES[0], BUDGET, now, smallest_n=10)
    assert burn.speaks is None
    assert burn.long.value > 100


def test_a_clock_that_jumps_ahead_finds_nothing_and_one_that_goes_back_sees_no_future():
    timeline = traffic(600, 60, lambda minute: 1.0 if minute >= 590 else 0.0)
    ahead = burn_of(timeline, RULES[0], BUDGET, START + timedelta(days=40), smallest_n=10)
    assert (ahead.speaks, str(ahead.long)) == (None, "not measured: no event in this time")
    back = burn_of(timeline, RULES[0], BUDGET, START + timedelta(minutes=500), smallest_n=10)
    assert back.speaks is False
    assert back.long.value == 0


def test_the_rules_are_those_of_the_published_table():
    """Workbook, table 5-8: 2 % of 30 days' budget in an hour, 5 % in six hours, 10 % in three days."""
    spent = {
        (rule.long_minutes // 60, rule.short_minutes, rule.factor, rule.severity): round(
            rule.factor * rule.long_minutes / (30 * 1440), 6
        )
        for rule in RULES
    }
    assert spent == {
        (1, 5, 14.4, "page"): 0.02,
        (6, 30, 6.0, "page"): 0.05,
        (72, 360, 1.0, "ticket"): 0.1,
    }
    assert all(rule.short_minutes * 12 == rule.long_minutes for rule in RULES)  # one twelfth, as it advises


@pytest.mark.parametrize(("share", "minutes"), [(1.0, 1), (0.144, 6), (0.0288, 30), (0.0145, 60)])
def test_a_page_comes_when_the_published_formula_says(share, minutes):
    """Workbook: a page comes after factor x budget / share x window: .864 minutes where everything fails."""
    per_minute, sound = 10_000.0, 600
    n = np.full(sound + 90, per_minute)
    bad = np.where(np.arange(len(n)) >= sound, share * per_minute, 0.0)
    at = int(START.timestamp()) + 60 * np.arange(len(n), dtype=np.int64)
    for minute in range(sound, len(n)):
        seen = Timeline(at[: minute + 1], (n - bad)[: minute + 1], bad[: minute + 1])
        now = START + timedelta(minutes=minute + 1) - timedelta(seconds=1)
        if burn_of(seen, RULES[0], 0.001, now, smallest_n=10).speaks:
            break
    assert minute + 1 - sound == pytest.approx(minutes, abs=1)
    assert minutes == pytest.approx(max(14.4 * 0.001 / share * 60, 1), abs=1)
