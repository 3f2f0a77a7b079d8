"""Forty cases. The champion errs on b in 20 of them ("-+a"), the challenger in none.

Accuracy: champion 60/80 = .75, challenger 1. Difference +.25; false findings 500 per 1,000 against 0.
"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.compare import NotComparable, compare
from flyball.evaluation.table import render_comparison

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WORSE = [*["++a -+a"] * 20, *["++a --a"] * 20]
BETTER = ["++a --a"] * 40


def test_a_better_challenger_wins_with_the_paired_difference(cases_of):
    found = compare(cases_of(WORSE), cases_of(BETTER), metrics=["accuracy", "false_positives_per_1000_cases"])
    gain = found.differences["accuracy"]
    assert isinstance(gain.difference, Estimate)
    assert gain.difference.value == pytest.approx(0.25)
    assert 0.0 < gain.difference.low < 0.25 < gain.difference.high
    assert gain.p_value == pytest.approx(1 / 2001)
    assert gain.p_adjusted == pytest.approx(2 / 2001)
    assert gain.winner == "challenger"
    fewer = found.differences["false_positives_per_1000_cases"]
    assert fewer.difference.value == -500.0
    assert fewer.winner == "challenger", "lower is better here"


def test_exchanging_the_two_turns_the_sign_and_the_winner(cases_of):
    there = compare(cases_of(WORSE), cases_of(BETTER), metrics=["accuracy"]).differences["accuracy"]
    back = compare(cases_of(BETTER), cases_of(WORSE), metrics=["accuracy"]).differences["accuracy"]
    assert back.difference.value == pytest.approx(-there.difference.value)
    assert (there.winner, back.winner) == ("challenger", "champion")


def test_one_case_of_difference_is_not_called_a_win(cases_of):
    """One of 40 cases: the other 39 say nothing about which of the two is better."""
    found = compare(cases_of(["++a -+a", *BETTER[1:]]), cases_of(BETTER), metrics=["accuracy"])
    one = found.differences["accuracy"]
    assert one.difference.value == pytest.approx(1 / 80)
    assert one.difference.low < 0.0
    assert one.winner == "not shown"


def test_the_verdict_says_it_in_words(cases_of):
    found = compare(
        cases_of(WORSE),
        cases_of(BETTER),
        metrics=["accuracy", "automated_share", "cpu_ms_per_case"],
        clock=lambda: NOON,
    )
    assert found.verdict == (
        "On the same 40 cases, at 95%: the challenger is better in “Right answers” and worse in "
        "nothing; in 1 measure no difference is shown (which does not prove equality). 1 measure could "
        "not be compared."
    )
    assert found.measured_at == NOON


def test_what_one_side_did_not_measure_is_not_compared(cases_of):
    timed = cases_of(BETTER, cpu_ms=np.full(40, 5.0))
    one = compare(cases_of(BETTER), timed, metrics=["cpu_ms_per_case"]).differences["cpu_ms_per_case"]
    assert one.difference == NotMeasured("champion: processor time was not recorded")
    assert isinstance(one.challenger, Estimate)
    assert (one.p_value, one.winner) == (None, "not shown")


def test_the_order_of_cases_may_differ(cases_of):
    turned = cases_of(BETTER).take(list(reversed(range(40))))
    assert (
        compare(cases_of(WORSE), turned, metrics=["accuracy"], clock=lambda: NOON).differences
        == compare(cases_of(WORSE), cases_of(BETTER), metrics=["accuracy"], clock=lambda: NOON).differences
    )


def test_other_cases_are_refused(cases_of):
    with pytest.raises(NotComparable) as caught:
        compare(cases_of(WORSE), cases_of(BETTER[:39]))
    assert str(caught.value) == (
        "[evaluation.not_comparable] 1 case scored for one of the two only, first c0039. "
        "Score both on the same cases."
    )


def test_other_fields_are_refused(cases_of):
    with pytest.raises(NotComparable, match="decide different fields: b"):
        compare(cases_of(WORSE), cases_of(["++a"] * 40))


def test_other_labels_are_refused(cases_of):
    relabelled = cases_of(["++a ++a", *BETTER[1:]])
    with pytest.raises(NotComparable, match="1 label differs between the two"):
        compare(cases_of(WORSE), relabelled)


def test_many_metrics_raise_the_bar_for_each(cases_of):
    """Holm: with m metrics the smallest p-value is multiplied by m."""
    champion, challenger = cases_of(WORSE), cases_of(BETTER)
    alone = compare(champion, challenger, metrics=["accuracy"]).differences["accuracy"]
    among = compare(champion, challenger).differences
    judged = [one for one in among.values() if one.p_value is not None]
    assert among["accuracy"].p_value == alone.p_value
    assert min(one.p_adjusted for one in judged) == pytest.approx(len(judged) / 2001)


def test_people_can_read_it(cases_of):
    champion = replace(cases_of(WORSE), cost_eur=np.zeros(40))
    text = render_comparison(compare(champion, cases_of(BETTER), names=("7f3a", "9b1c")))
    assert text.startswith("9b1c against 7f3a: 40 cases\n")
    assert "Right answers" in text
    assert "75.0%" in text
    assert "+25.0 points" in text
    assert text.endswith("could not be compared.")
