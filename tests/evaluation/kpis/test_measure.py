"""By hand; each number is computed in the docstring of its test."""

import sys

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.columns import Needs
from flyball.evaluation.kpis.formula import BadFormula

FALSE_ALARMS = "count(decisions where field('fraud') = true and outcome('fraud') = false)"
KNOWN = "count(decisions where outcome('fraud') is known)"


def test_the_cost_of_false_alarms_counts_those_of_which_the_truth_is_known(book):
    """Of 20 known, 4 alarms are false: 4 x 12 EUR / 20 = 2.40 EUR; 10 more alarms are not known yet."""
    alarms, quiet = book.decide(8, True), book.decide(12, False)
    book.report(alarms[:4], False)
    book.report(alarms[4:], True)
    book.report(quiet, False)
    book.decide(10, True)
    found = book.kpi(f"{FALSE_ALARMS} * 12 EUR / {KNOWN}", unit="EUR per transfer", better="lower")
    assert found.estimate.value == pytest.approx(2.4)
    assert found.estimate.n == 20
    assert found.estimate.low < 2.4 < found.estimate.high
    assert found.unknown == ((FALSE_ALARMS, 10),)
    assert found.entries == tuple(alarms[:4])


def test_division_by_nothing_is_a_gap_with_its_reason(book):
    book.decide(10)
    found = book.kpi("sum(cost_eur) / count(decisions where case = 'nobody')")
    assert found.estimate == NotMeasured(
        "there is nothing to divide by: count(decisions where case = 'nobody') is 0"
    )


def test_nothing_reported_is_no_zero(book):
    book.decide(10)
    assert book.kpi(FALSE_ALARMS).estimate == NotMeasured("nothing that can be used was reported about fraud")
    found = book.kpi("mean(outcome('loss') in EUR)")
    assert found.estimate == NotMeasured("nothing that can be used was reported about loss")


def test_without_decisions_or_with_few_nothing_is_said(book):
    assert book.kpi("count(decisions)").estimate == NotMeasured("no decision was made")
    book.decide(4)
    assert book.kpi("mean(cost_eur)").estimate == NotMeasured("4 cases; at least 5 are needed")


def test_what_is_false_anyway_needs_no_report(book):
    """`and` with a false side is false, `or` with a true side is true, whatever is not known."""
    book.decide(6, False)
    book.report(book.decide(6, True), True)
    both = book.kpi("count(decisions where field('fraud') = true and outcome('fraud') = true)")
    assert (both.estimate.value, both.unknown) == (6, ())
    either = book.kpi("count(decisions where field('fraud') = false or outcome('fraud') = true)")
    assert (either.estimate.value, either.unknown) == (12, ())
    negated = book.kpi("count(decisions where not outcome('fraud') = true)")
    assert (negated.estimate.value, negated.unknown[0][1]) == (0, 6)


def test_mean_sum_median_percentile_and_share(book):
    """Costs 1 to 10: sum 55, mean 5.5, median 5 (the fifth), 90 % at 9; 3 of 10 are above 7."""
    for cost in range(1, 11):
        book.decide(1, cost=str(cost))
    value = {
        formula: book.kpi(formula).estimate.value
        for formula in (
            "sum(cost_eur)",
            "mean(cost_eur)",
            "median(cost_eur)",
            "percentile(cost_eur, 90)",
            "share(cost_eur > 7 EUR)",
            "sum(cost_eur where cost_eur <= 2 EUR)",
            "-(sum(cost_eur) - 5 EUR) / 2",
        )
    }
    assert list(value.values()) == pytest.approx([55, 5.5, 5, 9, 0.3, 3, -25])


def test_minutes_are_what_people_said_and_nothing_where_none_had_to_look(book):
    """Of 15 referred 5 took 6 and 5 took 10 minutes, 5 wait; 25 took nobody's time: 80 among 35."""
    referred = book.decide(15, referred=True)
    book.decide(25)
    book.report(referred[:5], True, minutes=6.0)
    book.report(referred[5:10], True, minutes=10.0)
    found = book.kpi("sum(minutes) / count(decisions where minutes is known)", unit="minutes")
    assert found.estimate.value == pytest.approx(16 / 7)
    rate = book.kpi("share(referred) * mean(minutes where referred)", unit="minutes per transfer")
    assert rate.estimate.value == pytest.approx(3 / 8 * 8)
    assert rate.unknown == (("mean(minutes where referred)", 5),)
    hourly = book.kpi("count(decisions where referred) / sum(minutes)", unit="alerts per analyst-hour")
    assert hourly.estimate.value == pytest.approx(3 / (16 / 60))


def test_minutes_that_machines_took_over_are_those_of_the_fields(book):
    """Two fields of 5 and 2 minutes: one decision of both, five of the first: mean (7 + 5 x 5) / 6."""
    yes = ("fraud", True, "automated", 0.9, "m")
    book.decide(1, fields=(yes, ("amount", 5, "automated", 0.9, "m")))
    book.decide(5, fields=(yes, ("amount", 5, "referred", 0.9, "m")))
    found = book.kpi(
        "mean(minutes_automated)",
        unit="minutes",
        fields=("fraud", "amount"),
        minutes={"fraud": 5.0, "amount": 2.0},
    )
    assert found.estimate.value == pytest.approx(32 / 6)


def test_time_to_decision_ends_with_a_persons_last_word(book):
    entries = book.decide(6, referred=True)
    times = [book.review(entry) for entry in entries[:5]]
    found = book.kpi("mean(time_to_decision where referred)", unit="seconds")
    decided = book.history.decisions_table(Wanted()).column("decided_at").to_pylist()
    expected = sum((at - then).total_seconds() for at, then in zip(times, decided, strict=False)) / 5
    if expected < 0:  # the builders decide in the future of a slow clock
        expected = 0.0
    assert found.estimate.value == pytest.approx(expected, abs=0.01)
    assert found.unknown == (("mean(time_to_decision where referred)", 1),)


def test_wrong_and_falsely_yes_are_counted_over_all_fields(book):
    """Per decision two automated fields; reported on both of 5: 3 wrong, of which 2 are falsely yes."""
    fields = (("fraud", True, "automated", 0.9, "m"), ("amount", 5, "automated", 0.9, "m"))
    entries = book.decide(7, fields=fields)
    book.report(entries[:2], False)
    book.report(entries[2:5], True)
    book.report(entries[:1], 6, name="amount")
    book.report(entries[1:5], 5.0, name="amount")
    both = ("fraud", "amount")
    assert book.kpi("sum(fields_checked)", fields=both).estimate.value == 10
    assert book.kpi("sum(fields_wrong) / sum(fields_checked)", fields=both).estimate.value == 0.3
    found = book.kpi("mean(fields_false)", fields=both)
    assert (found.estimate.value, found.estimate.n) == (0.4, 5)


def test_what_reviewers_answered_about_hard_cases_is_not_held_against_all(book):
    book.report(book.decide(5), True)
    book.report(book.decide(3), False, by="person:anna", source="review")
    assert book.kpi("sum(fields_wrong) / sum(fields_checked)").estimate.value == 0
    assert book.kpi("sum(fields_checked)").estimate.value == 5
    assert book.kpi("count(decisions where outcome('fraud') = false)").estimate.value == 3


def test_where_people_disagree_nothing_stands_until_it_is_settled(book):
    entries = book.decide(8)
    book.report(entries, True)
    book.report(entries[:2], False, by="person:ben")
    found = book.kpi("count(decisions where outcome('fraud') = true)")
    assert found.estimate.value == 6
    assert found.notes[-1] == "2 decisions: reports about fraud disagree; left out."
    book.report(entries[:1], False, by="person:eve", source="settled")
    book.report(entries[1:2], True, by="person:ben")  # Ben changes his mind
    assert book.kpi("count(decisions where outcome('fraud') = true)").estimate.value == 7


def test_money_is_told_in_one_currency_and_times_in_any_unit(book):
    entries = book.decide(6)
    book.report(entries[:5], 10, name="loss", kind="business", unit="EUR")
    book.report(entries[5:], 99, name="loss", kind="business", unit="USD")
    found = book.kpi("sum(outcome('loss') in EUR)", unit="EUR")
    assert found.estimate.value == 50
    assert "in 'USD' were left out" in found.notes[-1]
    bare = book.kpi("sum(outcome('loss'))")
    assert bare.estimate == NotMeasured("every report about loss is in another unit: EUR, USD")
    book.report(entries[:3], 2, name="delay", kind="business", unit="hours")
    book.report(entries[3:], 120, name="delay", kind="business", unit="minutes")
    assert book.kpi("mean(outcome('delay') in days)", unit="hours").estimate.value == pytest.approx(2)


def test_an_answer_is_compared_as_json_not_as_text(book):
    book.report(book.decide(6, 5), 5.0)
    assert book.kpi("share(field('fraud') = outcome('fraud'))").estimate.value == 1.0
    assert book.kpi("share(field('fraud') = 5)").estimate.value == 1.0
    book.report(book.decide(6, "DE"), "FR")
    assert book.kpi("share(field('fraud') != outcome('fraud'))").estimate.value == 0.5
    assert book.kpi("count(decisions where field('fraud') = 'DE')").estimate.value == 6


def test_too_few_of_those_that_it_divides_by_are_a_gap(book):
    entries = book.decide(60)
    book.report(entries[:4], True)
    known = "count(decisions where outcome('fraud') is known)"
    why = NotMeasured(f"4 cases in {known}; at least 5 are needed")
    assert book.kpi(f"count(decisions where outcome('fraud') = false) / {known}").estimate == why
    found = book.kpi("share(outcome('fraud') = true)").estimate
    assert found == NotMeasured("4 cases in share(outcome('fraud') = true); at least 5 are needed")
    assert book.kpi("count(decisions where outcome('fraud') = true)").estimate.value == 4


def test_a_case_that_makes_up_much_of_a_sum_is_told(book):
    """Of 99 losses of 1 EUR and one of 33, the one is a quarter of 132 EUR; one of 2 EUR is no such case."""
    entries = book.decide(100)
    book.report(entries[:99], 1, name="loss", kind="business", unit="EUR")
    book.report(entries[99:], 33, name="loss", kind="business", unit="EUR")
    found = book.kpi("mean(outcome('loss') in EUR)")
    said = "One case makes up 25 % of mean(outcome('loss') in EUR): the interval is likely too short."
    assert found.notes == (said,)
    book.report(entries[99:], 2, name="loss", kind="business", unit="EUR")
    assert book.kpi("mean(outcome('loss') in EUR)").notes == ()


def test_a_count_of_none_keeps_an_upper_end(book):
    """No alarm among 60: up to 3.69 at 5 EUR each, by the exact Poisson limit."""
    book.decide(60)
    found = book.kpi("count(decisions where referred) * 5 EUR", unit="EUR")
    assert (found.estimate.value, found.estimate.low) == (0.0, 0.0)
    assert found.estimate.high == pytest.approx(3.689 * 5, rel=0.001)


def test_none_seen_is_not_certainty(book):
    """A share of 0 among 60 keeps an upper end: 3.69 / 60 by the exact Poisson limit."""
    book.decide(60)
    found = book.kpi("share(referred)")
    assert (found.estimate.value, found.estimate.low) == (0.0, 0.0)
    assert found.estimate.high == pytest.approx(3.689 / 60, rel=0.01)
    nothing = book.kpi("sum(cost_eur where referred) / count(decisions)")
    assert (nothing.estimate.value, nothing.estimate.low) == (0.0, None)
    assert nothing.notes[0].startswith("None was seen, so no interval can be drawn: up to 3.7 among 60")


def test_an_interval_is_drawn_over_cases_not_over_decisions(book):
    """Each of 20 cases decided 25 times alike: the interval is that of 20 cases, not of 500."""
    for case in range(20):
        for _ in range(25):
            book.decide(1, case < 10, first_case=case)
    clustered = book.kpi("share(field('fraud') = true)").estimate
    assert clustered.value == 0.5
    assert clustered.n == 500
    assert clustered.high - clustered.low > 0.35


def test_a_case_that_was_decided_again_can_be_counted_once(book, monkeypatch):
    """Twelve cases, ten of them decided three times: 32 decisions, 12 of them the last about their case."""
    for _ in range(3):
        book.decide(10, first_case=0)
    book.decide(2, first_case=50)
    cases = "count(decisions where not decided_again)"
    assert book.kpi("count(decisions)").estimate.value == 32
    assert book.kpi(cases).estimate.value == 12
    for size in ("_WINDOW", "_SMALLEST_WINDOW"):
        monkeypatch.setattr(f"flyball.evaluation.kpis.measure.{size}", 7)
    assert book.kpi(cases).estimate.value == 12


def test_periods_begin_at_midnight_weeks_on_monday(book, day):
    """2026-11-01 was a Sunday: its decisions and those of Monday stand in two weeks and one month."""
    book.decide(6, day=0)
    book.decide(8, day=1)
    book.decide(10, day=7)
    weekly = book.kpi("count(decisions)", by="week").series
    assert [(one.since, one.estimate.value) for one in weekly] == [(day(-6), 6), (day(1), 18)]
    assert [one.estimate.value for one in book.kpi("count(decisions)", by="month").series] == [24]
    assert [one.since for one in book.kpi("count(decisions)", by="day").series] == [day(0), day(1), day(7)]
    within = Wanted(since=day(1), until=day(2))
    assert book.kpi("count(decisions)", wanted=within).estimate.value == 8


def test_many_decisions_are_read_in_windows_and_give_the_same(book, monkeypatch):
    """6,000 decisions over 3 days, a third of them referred, read in windows of at most 1,000."""
    for number in range(3):
        book.decide(2_000, number == 0, referred=number == 0, day=number)
    measure = sys.modules["flyball.evaluation.kpis.measure"]
    monkeypatch.setattr(measure, "_SMALLEST_WINDOW", 1_000)
    monkeypatch.setattr(measure, "_WINDOW", 1_000)
    found = book.kpi("share(referred)", by="day")
    assert found.estimate.value == pytest.approx(1 / 3)
    assert found.estimate.n == 6_000
    assert 0.31 < found.estimate.low < found.estimate.high < 0.36
    assert [one.estimate.value for one in found.series] == [1.0, 0.0, 0.0]
    median = book.kpi("median(cost_eur)")
    assert median.estimate.value == 0.5
    assert len(found.entries) == 50


def test_only_the_tenant_that_is_asked_about_counts(book):
    book.decide(6)
    book.decide(9, tenant="acme")
    assert book.kpi("count(decisions)", wanted=Wanted(tenant="acme")).estimate.value == 9
    assert book.kpi("count(decisions where tenant = 'acme')").estimate.value == 9


def test_answers_that_are_no_finite_numbers_are_not_known(book):
    entries = book.decide(7)
    for entry, answer in zip(entries, [1, 2, 3, 4, 5, "many", None], strict=True):
        book.report([entry], answer, name="loss", kind="business")
    found = book.kpi("mean(outcome('loss'))")
    assert isinstance(found.estimate, Estimate)
    assert (found.estimate.value, found.estimate.n, found.unknown[0][1]) == (3.0, 5, 2)


def test_numbers_beyond_what_can_be_computed_are_a_gap(book):
    entries = book.decide(6)
    book.report(entries, 1e308, name="loss", kind="business")
    too_large = NotMeasured("the numbers are too large to be put together")
    for formula in ("sum(outcome('loss'))", "sum(outcome('loss')) * 100", "mean(outcome('loss'))"):
        assert book.kpi(formula).estimate == too_large


def test_a_formula_made_of_another_kpi_needs_its_unit(book):
    with pytest.raises(BadFormula):
        book.kpi("kpi('it')")


def test_a_constant_may_be_written_with_an_exponent(book):
    book.decide(6)
    assert book.kpi("count(decisions) * 1e3").estimate.value == 6_000


def test_of_very_many_periods_the_last_are_shown_and_a_note_says_so(book):
    for number in range(402):
        book.decide(1, day=number)
    found = book.kpi("count(decisions)", by="day")
    assert len(found.series) == 400
    assert "Of 402 periods the last 400 are shown" in found.notes[-1]
    assert found.series[0].estimate == NotMeasured("1 case; at least 5 are needed")


def test_every_total_leads_to_all_of_its_decisions_page_by_page(book, monkeypatch):
    """3,000 decisions read in windows of at most 1,000: half said to be fraud, of 10 nobody knows."""
    measure = sys.modules["flyball.evaluation.kpis.measure"]
    monkeypatch.setattr(measure, "_SMALLEST_WINDOW", 1_000)
    monkeypatch.setattr(measure, "_WINDOW", 1_000)
    yes = [entry for number in range(3) for entry in book.decide(500, True, day=number)]
    no = [entry for number in range(3) for entry in book.decide(500, False, day=number)]
    book.report(yes[:-10] + no, True)
    formula = "count(decisions where outcome('fraud') = true) / count(decisions where field('fraud') = true)"
    found, after = [], -1
    while True:
        page = book.behind(formula, after=after, limit=700)
        found += page.entries
        after = found[-1]
        if not page.more:
            break
    assert found == sorted(yes[:-10] + no)
    assert page.n == 2_990
    assert book.behind(formula, unknown=True).entries == tuple(yes[-10:])
    below = book.behind(formula, part=2, limit=2_000)
    assert (below.entries, below.more) == (tuple(yes), False)
    assert book.kpi(formula).totals == ((page.part, 2_990), (below.part, 1_500))


def test_windows_are_smaller_where_all_answers_are_held_against_what_turned_out(book, monkeypatch):
    """5,000 decisions a day for 2 days; four fields are read: at most 10,000 answers a window, half a day."""
    measure = sys.modules["flyball.evaluation.kpis.measure"]
    monkeypatch.setattr(measure, "_SMALLEST_WINDOW", 100)
    monkeypatch.setattr(measure, "_WINDOW", 10_000)
    book.decide(3_000, day=0)
    book.decide(3_000, day=1)
    needs = [Needs((), True, False, checked) for checked in (False, True)]
    parts = [list(measure.windows_of(book.history, Wanted(), one, 4)) for one in needs]
    sizes = [[book.history.count(window).n for window in part] for part in parts]
    assert sizes[0] == [6_000]
    assert sum(sizes[1]) == 6_000
    assert max(sizes[1]) <= 3_000
