"""By hand: five calls are enough to judge, half of them failed opens, the rest is 5 seconds, then 10."""

import asyncio
import contextlib
import threading

import pytest

from flyball.core.errors import BadInput
from flyball.models.router.breaker import BreakerOptions, CircuitBreaker
from flyball.models.router.errors import CircuitOpen


class Hand:
    """A clock that a test moves by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def opened():
    hand = Hand()
    breaker = CircuitBreaker("mistral-large", clock=hand)
    for _ in range(5):
        breaker.ask().failed()
    return breaker, hand


def test_four_failures_are_too_few_to_judge_and_the_fifth_opens():
    hand = Hand()
    breaker = CircuitBreaker("m", clock=hand)
    for _ in range(4):
        breaker.ask().failed()
    assert breaker.state == "closed"
    breaker.ask().failed()
    assert breaker.state == "open"
    assert not breaker.ready()


def test_one_failure_in_three_leaves_it_closed_and_one_in_two_opens_it():
    breaker = CircuitBreaker("m", clock=Hand())
    for _ in range(10):
        breaker.ask().succeeded()
        breaker.ask().succeeded()
        breaker.ask().failed()
    assert breaker.state == "closed"
    for _ in range(10):
        if breaker.state == "closed":
            breaker.ask().failed()
    assert breaker.state == "open"


def test_the_message_names_the_endpoint_and_how_long_it_rests():
    breaker, hand = opened()
    hand.now += 1.5
    with pytest.raises(CircuitOpen) as refused:
        breaker.ask()
    assert refused.value.message == (
        "mistral-large failed too often and is left alone for another 3.5 seconds."
    )
    assert refused.value.retry


def test_after_the_rest_one_call_at_a_time_tries_and_two_good_ones_close():
    breaker, hand = opened()
    hand.now += 5.0
    assert breaker.state == "half_open"
    first = breaker.ask()
    assert first.trial
    with pytest.raises(CircuitOpen):
        breaker.ask()
    first.succeeded()
    assert breaker.state == "half_open"
    breaker.ask().succeeded()
    assert breaker.state == "closed"
    assert not breaker.ask().trial


def test_a_bad_try_opens_for_twice_as_long_each_time_and_never_longer_than_the_longest():
    breaker, hand = opened()
    for rest in (5, 10, 20, 40, 80, 160, 300, 300):
        hand.now += rest - 0.001
        assert breaker.state == "open", rest
        hand.now += 0.001
        breaker.ask().failed()
    hand.now += 299
    assert breaker.state == "open"


def test_what_the_endpoint_asks_for_is_kept_to_but_not_beyond_the_longest_rest():
    hand = Hand()
    breaker = CircuitBreaker("m", clock=hand)
    for _ in range(5):
        breaker.ask().failed(rest_seconds=60)
    hand.now += 59
    assert breaker.state == "open"
    hand.now += 1
    breaker.ask().failed(rest_seconds=1e9)
    hand.now += 300
    assert breaker.state == "half_open"


def test_answers_to_calls_from_before_it_opened_change_nothing():
    hand = Hand()
    breaker = CircuitBreaker("m", clock=hand)
    late = [breaker.ask() for _ in range(10)]
    for permit in late[:5]:
        permit.failed()
    assert breaker.state == "open"
    hand.now += 5
    trial = breaker.ask()
    for permit in late[5:]:
        permit.failed()
    trial.succeeded()
    breaker.ask().succeeded()
    assert breaker.state == "closed"


def test_a_try_that_never_reports_does_not_block_for_ever():
    breaker, hand = opened()
    hand.now += 5
    lost = breaker.ask()
    hand.now += 119
    with pytest.raises(CircuitOpen):
        breaker.ask()
    hand.now += 1
    breaker.ask().succeeded()
    lost.failed()
    breaker.ask().succeeded()
    assert breaker.state == "closed"


def test_a_caller_that_hangs_up_says_nothing_about_the_endpoint():
    breaker, hand = opened()
    hand.now += 5
    breaker.ask().cancelled()
    assert breaker.state == "half_open"
    with pytest.raises(asyncio.CancelledError), breaker.ask():
        raise asyncio.CancelledError
    assert breaker.state == "half_open"
    assert breaker.ready()


def test_a_with_statement_says_success_at_its_end_and_failure_for_an_exception():
    breaker, hand = opened()
    hand.now += 5
    with breaker.ask():
        pass
    with pytest.raises(ConnectionError), breaker.ask():
        raise ConnectionError
    assert breaker.state == "open"


def test_old_failures_are_forgotten():
    hand = Hand()
    breaker = CircuitBreaker("m", clock=hand)
    for _ in range(4):
        breaker.ask().failed()
    hand.now += 61
    breaker.ask().failed()
    assert breaker.state == "closed"


def test_what_is_said_twice_counts_once():
    breaker = CircuitBreaker("m", clock=Hand())
    permit = breaker.ask()
    for _ in range(9):
        permit.failed()
    assert breaker.state == "closed"


def test_of_many_threads_one_gets_the_try():
    breaker, hand = opened()
    hand.now += 5
    got, start = [], threading.Barrier(16)

    def ask():
        start.wait()
        with contextlib.suppress(CircuitOpen):
            got.append(breaker.ask())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"failed_share": 0.0},
        {"failed_share": 1.5},
        {"least_calls": 0},
        {"least_calls": 21},
        {"rest_seconds": 0.0},
        {"window_seconds": float("nan")},
        {"good_tries": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadInput):
        BreakerOptions(**wrong)
