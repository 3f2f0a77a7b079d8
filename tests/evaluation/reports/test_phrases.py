"""By hand: 0.9996 is "99.9 %" and never "100 %", as a confidence is rounded down; 0.974 is "97.4 %"."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.estimates import Estimate, Failed, NotMeasured
from flyball.evaluation.reports.phrases import (
    answer_words,
    day,
    guess_words,
    measured,
    moment,
    percent,
    plain_reason,
    promise_basis,
    promise_sentence,
    sure_percent,
    sureness,
    value_words,
    visible,
)
from flyball.evaluation.reports.records import PromiseView
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.route import Prediction, route_field
from flyball.models.router.thresholds import NEVER, ExpertThresholds, Thresholds


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (1.0, "sure (100\u00a0%)"),
        (0.9996, "sure (99.9\u00a0%)"),
        (0.992, "sure (99.2\u00a0%)"),
        (0.9899, "sure (98\u00a0%)"),
        (0.95, "fairly sure (95\u00a0%)"),
        (0.75, "leaning (75\u00a0%)"),
        (0.29, "unsure (29\u00a0%)"),
        (0.0, "unsure (0\u00a0%)"),
    ],
)
def test_confidence_is_a_word_and_a_number_rounded_down(confidence, words):
    assert sureness(confidence) == words


@given(st.floats(0, 1))
def test_a_confidence_never_claims_more_than_there_is(confidence):
    assert float(sure_percent(confidence).removesuffix("\u00a0%")) <= 100 * confidence + 1e-6


def test_a_promise_is_one_sentence():
    assert promise_sentence(PromiseView(0.03, 0.95, 408)) == (
        "Of the decisions made by machine at most 3.0\u00a0% are wrong, with 95\u00a0% confidence, "
        "measured on 408 contracts."
    )


def test_a_promise_of_false_alarms_is_told_per_thousand():
    assert promise_sentence(PromiseView(8.0, 0.9, 1, "per_1000")) == (
        "In 1,000 contracts the machine claims at most 8.0 clauses that are not there, "
        "with 90\u00a0% confidence, measured on 1 contract."
    )


def test_a_promise_that_cannot_be_kept_says_so():
    assert promise_sentence(PromiseView(0.03, 0.95, 40, kept=False)) == (
        "It cannot be promised that of the decisions made by machine at most 3.0\u00a0% are wrong. "
        "Nothing is left to the machine on this ground."
    )


def test_how_a_promise_is_known_is_told_without_the_name_of_a_procedure():
    assert promise_basis(PromiseView(0.03, 0.95, 408, method="Learn then Test")) == (
        "The machine was tried on 408 contracts whose answers were already known and from which it had not "
        "learnt. How sure it must be before it decides alone was then set so high that the promise holds. It "
        "speaks of contracts like those: in at most about 5\u00a0% of such trials chance alone would make it "
        "promise too much. For contracts of another kind it says nothing."
    )


def test_how_it_is_known_that_nothing_can_be_promised_is_told_too():
    assert promise_basis(PromiseView(0.03, 0.95, 1, kept=False)).endswith(
        "on 1 contract whose answers were already known and from which it had not learnt. However sure it "
        "had to be, too many answers were wrong, or too few were left to tell."
    )


@pytest.mark.parametrize(
    ("state", "words", "told"),
    [
        ("present", "present", "in the contract"),
        ("absent", "absent", "not in the contract"),
        ("answered", "lease", "lease"),
    ],
)
def test_a_guess_is_told_as_people_say_it(state, words, told):
    assert guess_words(state, words) == told


@pytest.mark.parametrize(
    ("least", "plain"),
    [
        (0.9975, ("99.8\u00a0%", "")),
        (0.87, ("87\u00a0%", "")),
        (
            NEVER,
            (
                "",
                "A person always decides this: however sure the machine is, the promise could not be kept.",
            ),
        ),
    ],
)
def test_the_reasons_that_the_router_gives_are_told_in_plain_words(least, plain):
    card = ExpertCard("e", "1", "learned", ("f",), "Answers f.")
    thresholds = Thresholds({"e": ExpertThresholds(least, least)})
    for said in ("", "Low income."):
        routed = route_field("f", {"e": Prediction("true", 0.5, (), said)}, [card], thresholds)
        assert plain_reason(routed.reason) == plain


def test_any_other_reason_stays_as_it_is():
    assert plain_reason("The experts disagree.") == ("", "The experts disagree.")


def test_a_figure_comes_with_its_interval_and_what_it_rests_on():
    assert measured(Estimate(0.9762, 408, 0.9731, 0.979), "share", "contracts") == (
        "97.6\u00a0%",
        "97.3\u00a0% to 97.9\u00a0% (95\u00a0% interval), on 408 contracts",
    )


def test_a_figure_without_an_interval_claims_none():
    assert measured(Estimate(6.4, 408), "per_1000", "contracts") == ("6.4 per 1,000", "on 408 contracts")


@pytest.mark.parametrize(
    ("unit", "words"),
    [("minutes", "58.3 min"), ("milliseconds", "58.3 ms"), ("number", "58.3"), ("share", "5830.0\u00a0%")],
)
def test_each_unit_has_its_words(unit, words):
    assert measured(Estimate(58.3, 9), unit, "contracts")[0] == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [(NotMeasured("no labels"), "not measured: no labels"), (Failed("disk full"), "failed: disk full")],
)
def test_a_gap_in_knowledge_is_told_and_is_no_number(gap, words):
    assert measured(gap, "share", "contracts") == (words, "")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("true", ("present", "present")),
        ("false", ("absent", "absent")),
        ("null", ("absent", "absent")),
        ("12", ("answered", "12")),
        ('"Delaware"', ("answered", "Delaware")),
        ('["a", 1]', ("answered", "a, 1")),
        ("not json", ("answered", "not json")),
    ],
)
def test_an_answer_is_told_in_words(answer, told):
    assert answer_words(answer) == told


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "days", ""),
        (True, "", "yes"),
        (False, "", "no"),
        (1, "years", "1 year"),
        (12, "months", "12 months"),
        (180, "days", "180 days"),
        (365.0, "days", "365 days (1 year)"),
        (1825, "days", "1,825 days (5 years)"),
        (250000.0, "USD", "250,000 USD"),
        (2.5, "%", "2.5 %"),
        ("2026-03-02", "date", "2 March 2026"),
        ("2026-13-02", "date", "2026-13-02"),
        ("Delaware", "place", "Delaware"),
    ],
)
def test_a_value_is_told_with_its_unit(value, unit, words):
    assert value_words(value, unit) == words


def test_days_and_moments_are_written_out():
    assert day(date(2026, 11, 1)) == "1 November 2026"
    assert moment(datetime(2026, 11, 1, 9, 5, tzinfo=UTC)) == "1 November 2026, 09:05 UTC"
    assert moment(datetime(2026, 11, 1, 9, 5, tzinfo=timezone(timedelta(hours=1)))) == (
        "1 November 2026, 09:05 UTC+01:00"
    )


def test_shares_are_percentages():
    assert percent(0.974) == "97.4\u00a0%"
    assert percent(0.95, 0) == "95\u00a0%"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\x00b", "a[U+0000]b"),
        ("a\x1bb", "a[U+001B]b"),
        ("a\x7fb", "a[U+007F]b"),
        ("a\x9fb", "a[U+009F]b"),
        ("a\r\nb", "a\nb"),
        ("a\x0cb\u2028c", "a\nb\nc"),
        ("pay \u202etxet\u202c", "pay [U+202E]txet[U+202C]"),
        ("a\u2066b\u2069", "a[U+2066]b[U+2069]"),
        ("hid\U000e0041den", "hid[U+E0041]den"),
        ("half \ud83d", "half \ufffd"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("שלום, Köln \u200f½", "שלום, Köln \u200f½"),
    ],
)
def test_characters_that_hide_or_reorder_words_become_visible(hidden, shown):
    assert visible(hidden) == shown


@given(st.text())
def test_what_is_shown_can_always_be_written(text):
    visible(text).encode("utf-8")
