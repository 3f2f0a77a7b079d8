"""Thousands of comparisons, simulated, and each looked at after every case."""

import math
import random

import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.sequential import MeanSequence, verdict_of

RUNS, LENGTH = 300, 600


def ends_of(seed, observe, *, error_rate=0.05):
    """Yield the interval after each observation: looked at every time."""
    draw, sequence = random.Random(seed), MeanSequence(error_rate)  # noqa: S311 - a simulation
    for number in range(LENGTH):
        value, within = observe(draw, number)
        sequence.add(value, within=within)
        yield sequence.interval


def pairs(better, worse):
    def observe(draw, number):
        at = draw.random()
        return (1.0 if at < better else -1.0 if at < better + worse else 0.0), 1.0

    return observe


def drifting(draw, number):
    """No difference, while the share of cases on which the two disagree goes from 2 % to 40 % and back."""
    apart = 0.02 + 0.38 * math.sin(math.pi * number / LENGTH)
    return pairs(apart / 2, apart / 2)(draw, number)


def trial(share):
    """A canary that is as good as the champion, while cases get harder; weighed as the comparison does."""
    state = {}

    def observe(draw, number):
        if number == 0:
            state.update(expected=0.5, counted=1.0)
        right = float(draw.random() < 0.95 - 0.4 * number / LENGTH)
        surprise = right - state["expected"] / state["counted"]
        state["expected"] += right
        state["counted"] += 1
        weight = 1 / share if draw.random() < share else -1 / (1 - share)
        return surprise * weight, 1 / min(share, 1 - share)

    return observe


@pytest.mark.parametrize(
    "observe", [pairs(0.1, 0.1), pairs(0.01, 0.01), drifting, trial(0.5), trial(0.1)], ids=range(5)
)
def test_looking_after_every_case_raises_no_more_false_alarms_than_stated(observe):
    alarms = sum(any(low > 0 or high < 0 for low, high in ends_of(seed, observe)) for seed in range(RUNS))
    # At most 5 % of 300 is 15; 25 more would come up by chance less than once in 100 such tests.
    assert alarms <= 25


def test_a_fixed_interval_looked_at_as_often_would_raise_many_more():
    def fixed(seed):
        draw, total, squares = random.Random(seed), 0.0, 0.0  # noqa: S311 - a simulation
        for number in range(1, LENGTH + 1):
            value, _ = pairs(0.1, 0.1)(draw, number)
            total, squares = total + value, squares + value * value
            variance = squares / number - (total / number) ** 2
            if number >= 30 and abs(total / number) > 1.96 * math.sqrt(variance / number):
                return True
        return False

    assert sum(fixed(seed) for seed in range(RUNS)) > 0.15 * RUNS


def test_a_clear_difference_is_found_soon_and_on_the_right_side():
    def first(observe):
        found = []
        for seed in range(60):
            said = [verdict_of(low, high, 0.02) for low, high in ends_of(seed, observe)]
            found.append(next(((word, at) for at, word in enumerate(said) if word != "not yet"), ("", 0)))
        return found

    worse = first(pairs(0.02, 0.17))
    assert {word for word, _ in worse} == {"worse"}
    assert sorted(at for _, at in worse)[30] < 200
    assert {word for word, _ in first(pairs(0.17, 0.02))} == {"better"}


def test_two_that_never_differ_are_called_equal_beyond_the_margin():
    said = [verdict_of(low, high, 0.05) for low, high in ends_of(1, pairs(0.0, 0.0))]
    assert said[0] == "not yet"
    assert said[-1] == "no difference"


def test_the_bound_of_each_observation_may_differ():
    plain, scaled = MeanSequence(0.05), MeanSequence(0.05)
    draw = random.Random(7)  # noqa: S311 - a simulation
    for _ in range(200):
        value = draw.uniform(-1, 1)
        plain.add(value)
        scaled.add(3 * value, within=3.0)
    assert scaled.interval == pytest.approx([3 * end for end in plain.interval])


def test_before_the_first_observation_nothing_is_known_and_nonsense_is_refused():
    sequence = MeanSequence(0.05)
    assert sequence.interval == (-math.inf, math.inf)
    for value, within in ((1.5, 1.0), (math.nan, 1.0), (0.0, 0.0)):
        with pytest.raises(BadInput, match="does not lie within"):
            sequence.add(value, within=within)
    with pytest.raises(BadInput, match="error rate"):
        MeanSequence(1.0)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.001, 0.5, "better"),
        (-0.5, -0.001, "worse"),
        (-0.019, 0.019, "no difference"),
        (-0.021, 0.001, "not yet"),
        (-math.inf, math.inf, "not yet"),
        (0.0, 0.0, "no difference"),
    ],
)
def test_what_an_interval_lets_one_say(low, high, said):
    assert verdict_of(low, high, 0.02) == said
