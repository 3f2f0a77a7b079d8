"""Two experts of which the second is good at what the first has answered already, and bad at what is left.

Of four questions three are easy: the first is wrong 3.5 times in 100, the second once. The fourth is hard:
the first says so (its confidence is .6), the second does not (.95 as ever) and is wrong 12 times in 100.
Alone the second is wrong 3.75 times in 100. Believed after the first, both together are wrong
(3 * 3.5 + 12) / 4 = 5.6 times.
"""

import numpy as np
import pyarrow as pa
import pytest

from flyball.models.router.cascade import (
    Before,
    before_of,
    open_questions,
    share_of,
    thresholds_in_cascade,
)
from flyball.models.router.risk_control import Promise, calibration_of, choose_thresholds
from flyball.models.router.thresholds import NEVER, ExpertThresholds

PROMISE = Promise(wrong_share_at_most=0.05, confidence=0.9)
SCHEMA = ("case_id", "field", "answer", "confidence", "right")


FIELDS = ("easy", "easier", "easiest", "hard")


def world(random, n=600):
    """Return the answers of both experts to the questions of `n` cases."""
    first, second = [], []
    for case in range(n):
        for field in FIELDS:
            hard = field == "hard"
            sure, wrong = (0.6, 0.3) if hard else (0.99, 0.035)
            first.append((f"c{case}", field, "true", sure, random.random() > wrong))
            second.append((f"c{case}", field, "true", 0.95, random.random() > (0.12 if hard else 0.01)))
    return table(first), table(second)


def table(rows):
    return pa.table(dict(zip(SCHEMA, map(list, zip(*rows, strict=True)), strict=True)))


def chosen(first, second):
    """Return the thresholds of both in a cascade."""
    mine = share_of(PROMISE, 2)
    one = thresholds_in_cascade(first, [], mine, asked_openly=False).thresholds
    before = [before_of("first", FIELDS, first, one)]
    two = thresholds_in_cascade(second, before, mine, asked_openly=False)
    return one, two.thresholds


def wrong_share(first, second, one, two):
    """Return the share of wrong among all answers that either automates, the first one asked first."""
    wrong, n = 0, 0
    for a, b in zip(first.to_pylist(), second.to_pylist(), strict=True):
        for row, thresholds in ((a, one), (b, two)):
            if row["confidence"] >= thresholds.least(row["field"], row["answer"]):
                wrong, n = wrong + (not row["right"]), n + 1
                break
    return wrong / max(n, 1), n


def alone(table):
    return choose_thresholds(
        calibration_of(
            *(table.column(one).to_pylist() for one in ("case_id", "answer", "confidence", "right"))
        ),
        PROMISE,
    ).thresholds


def test_an_expert_that_keeps_the_promise_alone_can_break_it_on_what_is_left():
    first, second = world(np.random.default_rng(0))
    naive = alone(first), alone(second)
    assert (naive[0].present <= 0.99, naive[1].present <= 0.95) == (True, True)
    assert wrong_share(*world(np.random.default_rng(9), 5_000), *naive)[0] > PROMISE.wrong_share_at_most
    one, two = chosen(first, second)
    assert one.present <= 0.99
    assert two.present == NEVER


def test_all_automated_answers_together_keep_the_promise_as_often_as_it_says():
    """Of 60 draws at most 10 % may break it; 12 would come by chance once in 60."""
    random = np.random.default_rng(1)
    broken = automated = 0
    new = world(random, 5_000)
    for _ in range(60):
        share, n = wrong_share(*new, *chosen(*world(random, 300)))
        broken += share > PROMISE.wrong_share_at_most
        automated += n > 0
    assert broken <= 11
    assert automated >= 20


def test_an_expert_that_is_good_on_what_is_left_is_believed_there():
    random = np.random.default_rng(2)
    first, _ = world(random, 800)
    good = table(
        [(f"c{case}", field, "true", 0.95, random.random() > 0.01) for case in range(800) for field in FIELDS]
    )
    _, two = chosen(first, good)
    assert two.present <= 0.95


def test_what_is_known_of_those_before_decides_which_answers_count():
    before = Before(
        "a",
        frozenset({"x"}),
        {("c1", "x"): ("true", 0.9), ("c2", "x"): ("true", 0.4)},
        ExpertThresholds(0.8, 0.8),
    )
    rows = pa.table({"case_id": ["c1", "c2", "c3", "c1"], "field": ["x", "x", "x", "y"]})
    assert open_questions(rows, [before], asked_openly=False) == [False, True, False, True]
    assert open_questions(rows, [before], asked_openly=True) == [False, True, True, True]


def test_where_no_answer_is_known_to_reach_an_expert_nothing_is_promised_for_it():
    first, second = world(np.random.default_rng(3))
    elsewhere = second.set_column(0, "case_id", pa.array([f"other{n}" for n in range(second.num_rows)]))
    one = alone(first)
    before = [before_of("first", FIELDS, first, one)]
    assert thresholds_in_cascade(elsewhere, before, share_of(PROMISE, 2), asked_openly=False) is None


@pytest.mark.parametrize("n", [1, 2, 4])
def test_doubt_and_false_positives_are_shared_out(n):
    promise = Promise(0.05, 0.9, false_positives_per_1000_at_most=20.0, false_positives_confidence=0.0)
    mine = share_of(promise, n)
    assert mine.confidence == pytest.approx(1 - 0.1 / n)
    assert mine.false_positives_per_1000_at_most == 20.0 / n
    assert mine.false_positives_confidence == 0.0
    assert share_of(PROMISE, n).false_positives_per_1000_at_most is None
