"""By hand: what numbers, money, moments and people look like on a page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from flyball.console import words
from flyball.core.estimates import Estimate

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "0.00"), ("0.0123", "0.0123"), ("0.5", "0.50"), (Decimal("1234567.891"), "1,234,567.89"),
     ("0.000000125", "0.000000125"), (-3, "-3.00"), ("2.0", "2.00")],
)  # fmt: skip
def test_money_keeps_the_digits_that_count(amount, told):
    assert words.euros(amount) == f"€\u00a0{told}"


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "–"), (float("nan"), "–"), (12345, "12,345"), (0.25, "0.25"), (1234.567, "1,235"),
     (0.00123, "0.0012"), (3.0, "3"), (1.50, "1.5"), (-0.5, "-0.5")],
)  # fmt: skip
def test_a_number_has_few_digits_and_none_is_a_dash(value, told):
    assert words.number(value) == told


def test_a_figure_carries_its_unit_and_an_interval_both_ends():
    assert words.figure(0.974, "share") == "97.4\u00a0%"
    assert words.figure(0.995, "share of requests answered") == "99.5\u00a0% of requests answered"
    assert words.interval(Estimate(0.95, 512, 0.93, 0.97), "share of answers") == "93.0\u00a0% to 97.0\u00a0%"
    assert words.figure(12, "EUR") == "€\u00a012.00"
    assert words.interval(Estimate(0.5, 10, 0.4, 0.6), "share") == "40.0\u00a0% to 60.0\u00a0%"
    assert words.interval(Estimate(0.5, 10, 0.4, 0.6), "EUR per case") == "0.4 to 0.6\u00a0EUR per case"
    assert words.interval(Estimate(0.5, 10)) == ""


def test_both_ends_of_an_interval_have_as_many_digits():
    assert words.interval(Estimate(1, 10, 0.9, 1.15), "EUR per case") == "0.90 to 1.15\u00a0EUR per case"
    assert words.interval(Estimate(1, 10, 1, 2.25)) == "1.00 to 2.25"
    assert words.interval(Estimate(1, 10, 0.5, 1234)) == "0.5 to 1,234"
    assert words.interval(Estimate(1, 10, 3, 4)) == "3 to 4"
    assert words.of_what("share of requests") == "of requests"
    assert words.of_what("share") == ""


@pytest.mark.parametrize(
    ("away", "told"),
    [(timedelta(seconds=5), "now"), (timedelta(minutes=3), "in 3 minutes"),
     (timedelta(hours=-1), "1 hour ago"),
     (timedelta(days=2), "in 2 days"), (timedelta(minutes=-59.7), "1 hour ago"),
     (timedelta(hours=36), "in 36 hours"), (timedelta(hours=60), "in 2 days")],
)  # fmt: skip
def test_a_moment_is_told_in_a_unit_that_fits(away, told):
    assert words.apart(NOW + away, NOW) == told


def test_people_and_programs_are_told_apart():
    assert words.person("person:anna") == "anna"
    assert words.person("key:billing") == "billing (a program)"
    assert words.person("system:turn") == "turn (system)"
    assert words.person("local") == "somebody at this machine"
