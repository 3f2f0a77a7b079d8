"""Ten cases of two kinds; estimates from chosen cases over many draws, against what is true of all."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.evaluation.review.quality import Drawn, binomial_interval, quality_of
from flyball.evaluation.review.selection import select


def test_unsure_cases_are_taken_one_of_each_kind_before_a_second_of_one():
    features = np.array([[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5)
    doubt = np.array([0.9, 0.8, 0.1, 0.1, 0.1, 0.7, 0.6, 0.1, 0.1, 0.1])
    found = select(features, doubt, 2, drawn_share=0.0)
    assert {one.place for one in found.chosen} == {0, 5}
    assert all((one.how, one.chance) == ("teaches", 1.0) for one in found.chosen)


def test_the_drawn_part_has_one_chance_and_nobody_is_taken_twice():
    rng = np.random.default_rng(0)
    found = select(rng.random((50, 4)), rng.random(50), 10, drawn_share=0.3, seed=5)
    places = [one.place for one in found.chosen]
    assert len(set(places)) == len(places) == 10
    drawn = [one for one in found.chosen if one.how == "drawn"]
    assert (len(drawn), {one.chance for one in drawn}) == (3, {3 / 43})


def test_the_same_seed_chooses_the_same_and_more_than_there_are_takes_all():
    features, doubt = np.eye(6), np.linspace(0, 1, 6)
    assert select(features, doubt, 4, seed=1) == select(features, doubt, 4, seed=1)
    everything = select(features, doubt, 99, seed=1)
    assert sorted(one.place for one in everything.chosen) == list(range(6))
    assert {one.chance for one in everything.chosen} == {1.0}
    assert select(np.zeros((0, 3)), np.zeros(0), 5).chosen == ()


@pytest.mark.parametrize(
    ("features", "doubt", "share"),
    [
        (np.eye(3), np.zeros(2), 0.3),
        (np.eye(3), np.zeros(3), 1.5),
        (np.eye(3), np.array([0, np.nan, 0]), 0.3),
        (np.full((3, 3), np.inf), np.zeros(3), 0.3),
    ],
)
def test_what_cannot_be_chosen_from_is_refused(features, doubt, share):
    with pytest.raises(BadInput):
        select(features, doubt, 2, drawn_share=share)


def test_estimates_from_chosen_cases_are_unbiased_although_the_hard_ones_were_chosen():
    rng = np.random.default_rng(0)
    doubt = rng.beta(1, 6, 400)
    right = rng.random(400) > doubt
    values, covered, plain = [], 0, []
    for seed in range(300):
        made = select(rng.random((400, 2)), doubt, 60, drawn_share=0.5, seed=seed).chosen
        found = quality_of([Drawn(one.chance, bool(right[one.place])) for one in made], 400)
        values.append(found.value)
        covered += found.low <= right.mean() <= found.high
        plain.append(np.mean([right[one.place] for one in made]))
    assert np.mean(values) == pytest.approx(right.mean(), abs=0.01)
    assert np.mean(plain) < right.mean() - 0.05
    assert covered >= 285


def test_known_ones_are_known_and_the_drawn_speak_for_the_rest():
    """2 of 2 certain ones wrong, 3 of 4 drawn right, of 10: (0 + 8 * 3/4) / 10."""
    drawn = [Drawn(1.0, False)] * 2 + [Drawn(0.5, True)] * 3 + [Drawn(0.5, False)]
    found = quality_of(drawn, 10)
    assert (found.value, found.n) == (pytest.approx(0.6), 6)
    assert (found.low, found.high) == pytest.approx((0.8 * 0.1941, 0.8 * 0.9937), abs=1e-4)


def test_who_does_not_answer_counts_against_both_ends():
    sure = quality_of([Drawn(0.1, True)] * 20, 200)
    open_ones = quality_of([Drawn(0.1, True)] * 10 + [Drawn(0.1, None)] * 10, 200)
    assert sure.low > 0.83
    assert (open_ones.low < 0.3, open_ones.high) == (True, 1.0)


def test_nothing_is_said_where_nothing_is_known():
    assert isinstance(quality_of([], 10), NotMeasured)
    assert "none of 1 cases drawn at random" in quality_of([Drawn(1.0, True), Drawn(0.1, None)], 10).reason
    assert quality_of([Drawn(1.0, True), Drawn(1.0, False)], 2).value == 0.5
    for drawn, n in (
        ([Drawn(0.0, True)], 5),
        ([Drawn(1.0, True)] * 3, 2),
        ([Drawn(0.1, True), Drawn(0.2, True)], 9),
    ):
        with pytest.raises(BadInput):
            quality_of(drawn, n)


def test_the_exact_interval_by_its_closed_forms():
    """0 of 10: 1 - .025 ** .1; 10 of 10 the mirror image."""
    assert binomial_interval(0, 10, 0.95) == (0.0, pytest.approx(1 - 0.025**0.1, abs=1e-9))
    assert binomial_interval(10, 10, 0.95) == (pytest.approx(0.025**0.1, abs=1e-9), 1.0)
    assert binomial_interval(5, 10, 0.95) == pytest.approx((0.18709, 0.81291), abs=1e-5)
    assert binomial_interval(500, 100_000, 0.95) == pytest.approx((0.004572, 0.005457), abs=2e-6)
