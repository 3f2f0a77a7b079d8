"""Twenty cases of "++a --a": 100 % right, at least 1 - 3.6889/40 = 90.8 %."""

from dataclasses import replace

from flyball.evaluation.evaluate import evaluate
from flyball.evaluation.metric import METRICS
from flyball.evaluation.records import LeftOut, Subject
from flyball.evaluation.table import render_table
from flyball.models.router.thresholds import Guarantee

PROMISE = Guarantee("At most 3 % wrong.", 0.03, "share of automated answers", 0.95, 408, 0.02, "crc", True)


def test_people_read_names_and_not_variables(cases_of):
    text = render_table(evaluate(cases_of(["++a --a"] * 20), subject=Subject("contract-review")))
    assert text.startswith("contract-review: 20 cases, 40 labelled decisions\n")
    for name in METRICS.names():
        assert METRICS.load(name).title in text
        assert name == "precision" or name == "recall" or name not in text


def test_a_row_shows_what_was_seen_the_interval_and_how_many(cases_of):
    text = render_table(evaluate(cases_of(["++a --a"] * 20), metrics=["accuracy"]))
    [row] = [line for line in text.splitlines() if line.startswith("Right answers")]
    assert row.split() == ["Right", "answers", "100.0%", "90.8%", "to", "100.0%", "40", "decisions"]


def test_a_gap_is_shown_with_its_reason_and_not_as_0(cases_of):
    text = render_table(evaluate(cases_of(["++r"] * 20), metrics=["automated_accuracy"]))
    assert "not measured: no labelled decision is automated" in text


def test_the_promise_and_what_was_left_out_are_said_in_words(cases_of):
    cases = replace(
        cases_of(["++a --a"] * 20),
        left_out=(LeftOut("case", "k1", "has no label"), LeftOut("case", "k2", "has no label")),
    )
    text = render_table(evaluate(cases, subject=Subject(promises=(PROMISE,))))
    assert "Promise: At most 3 % wrong." in text
    assert "kept on these cases; too few of them to show it for sure" in text
    assert "Left out: 2 cases (has no label)." in text
    assert "How: 40 labelled decisions in 20 cases." in text


def test_fields_are_listed_on_request(cases_of):
    report = evaluate(cases_of(["++a -+a"] * 20))
    assert "false per 1,000" not in render_table(report)
    lines = render_table(report, fields=True).splitlines()
    [row] = [line for line in lines if line.startswith("b ")]
    assert row.split() == ["b", "100%", "0%", "-", "0%", "-", "1000.0"]


def test_every_line_of_numbers_fits_a_terminal(cases_of):
    text = render_table(evaluate(cases_of(["++a --a"] * 20)), fields=True)
    assert (
        max(len(line) for line in text.splitlines() if "not measured" not in line and line[:4] != "How:")
        <= 110
    )
