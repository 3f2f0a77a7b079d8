"""By hand: 2 of 10 seeds fall in all of their 5 disguises: 10 of 50 attempts, 10 pieces of knowledge."""

import pytest

from flyball.core.estimates import NotMeasured
from flyball.core.intervals import wilson
from flyball.governance.redteam.measuring import figures_of, rate_of
from flyball.governance.redteam.records import Attack, Result


def result(seed, outcome, draw=0, family="injection_direct", by=""):
    return Result(Attack(family, f"seed{seed}", 1, draw=draw), outcome, by)


def test_attempts_of_one_seed_count_as_one_piece_of_knowledge_where_they_end_alike():
    tried = [result(n, "succeeded" if n < 2 else "held", draw) for n in range(10) for draw in range(5)]
    rate = rate_of(tried)
    assert (rate.value, rate.n) == (0.2, 50)
    low, high = wilson(2, 10)
    assert rate.low == pytest.approx(low, abs=0.03)
    assert rate.high == pytest.approx(high, abs=0.03)
    assert rate.high - rate.low > 2 * (wilson(10, 50)[1] - wilson(10, 50)[0]) * 0.9


def test_attempts_that_end_independently_of_their_seed_count_each():
    tried = [
        result(n, "succeeded" if draw == n % 5 else "held", draw) for n in range(10) for draw in range(5)
    ]
    assert (rate_of(tried).low, rate_of(tried).high) == pytest.approx(wilson(10, 50))


def test_where_nothing_worked_only_seeds_count():
    tried = [result(n, "held", draw) for n in range(10) for draw in range(20)]
    assert rate_of(tried).high == pytest.approx(wilson(0, 10)[1])


def test_without_an_attempt_nothing_is_known():
    assert rate_of([]) == NotMeasured("nothing was tried")


def test_what_could_not_be_carried_out_is_no_attempt_and_is_told():
    some = [result(1, "held", by="guard"), result(2, "failed"), result(3, "void"), result(4, "succeeded")]
    figures = figures_of(some)["injection_direct"]
    assert (figures.attempts, figures.successes, figures.failed) == (2, 1, 1)
    assert (figures.seeds, figures.seeds_succeeded, figures.held_by) == (2, 1, {"guard": 1})
