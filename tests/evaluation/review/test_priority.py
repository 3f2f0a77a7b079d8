"""By hand: equal weights give 25 points each; 60 % sure is doubt .4, so .8 of 25 = 20; risk .5 gives 12.5."""

import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.review.priority import aged, points_of
from flyball.evaluation.review.settings import FieldReview, ReviewSettings, Weights

PLAIN = ReviewSettings()
MONEY = ReviewSettings(field={"cap": FieldReview(wrong_eur=10_000, risk=0.9, due_hours=24)}, urgent_from=60)


def test_points_are_the_sum_of_their_parts_and_each_says_why():
    found = points_of(["cap"], 0.6, PLAIN)
    assert found.total == pytest.approx(32.5)
    assert [(one.name, round(one.points, 1)) for one in found.parts] == [
        ("doubt", 20.0), ("risk", 12.5), ("money", 0.0)
    ]  # fmt: skip
    assert found.parts[0].why == "the least sure answer is 60% sure"
    assert found.parts[1].why == "a wrong answer to cap weighs 0.5, of 1 at most"


def test_a_field_is_told_by_its_title():
    risk = points_of(["cap"], 0.6, PLAIN, titles={"cap": "Cap on liability"}).parts[1]
    assert risk.why == "a wrong answer to Cap on liability weighs 0.5, of 1 at most"


def test_money_is_what_a_wrong_answer_costs_times_how_likely_it_is():
    money = next(one for one in points_of(["cap"], 0.6, MONEY).parts if one.name == "money")
    assert money.points == pytest.approx(25 * 0.4)
    assert money.why == "4,000 euros expected: 10,000 at stake, 40% likely wrong"
    more = points_of(["cap"], 0.6, MONEY, amount_eur=1e9)
    assert next(one for one in more.parts if one.name == "money").points == 25


def test_what_the_gate_refused_has_full_risk_and_no_answer_full_doubt():
    found = points_of(["cap"], None, PLAIN, allowed=False)
    assert [(one.name, one.points) for one in found.parts] == [("risk", 25), ("doubt", 25), ("money", 0)]


def test_age_counts_up_to_its_time_and_no_further():
    at_once = points_of(["cap"], 0.6, PLAIN)
    assert aged(at_once, 36, 72, PLAIN).total == pytest.approx(at_once.total + 12.5)
    assert aged(at_once, 500, 72, PLAIN).total == pytest.approx(at_once.total + 25)
    assert aged(at_once, -5, 72, PLAIN).total == pytest.approx(at_once.total)


def test_the_shortest_time_counts_and_urgent_cases_have_less():
    assert PLAIN.hours_of(["cap"], 99) == 72
    assert MONEY.hours_of(["cap", "other"], 10) == 24
    assert MONEY.hours_of(["cap"], 60) == 8


def test_a_part_without_weight_is_left_out_and_something_must_count():
    settings = ReviewSettings(weights=Weights(money=0, risk=0, age=0))
    assert points_of(["cap"], 0.0, settings).total == 100
    with pytest.raises(BadInput, match=r"review\.weights are all 0"):
        Weights(money=0, risk=0, doubt=0, age=0)


@pytest.mark.parametrize(
    "given",
    [
        {"claim_minutes": 0}, {"readers": 0}, {"second_share": 1.5}, {"second_share": float("nan")},
        {"due_hours": -1}, {"full_eur": 0}, {"escalate_to": ()}, {"turn_after_labels": -1},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused_by_name(given):
    with pytest.raises(BadInput, match=rf"review\.{next(iter(given))}"):
        ReviewSettings(**given)
