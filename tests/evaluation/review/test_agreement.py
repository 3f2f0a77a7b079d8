"""Krippendorff 2011, examples B to D: two readers of ten; four readers of twelve with missing answers."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.review.agreement import krippendorff_alpha, percent_agreement, table_of

NONE = np.nan
TWO = np.array(
    [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float
)  # his example A: by hand 1 - 19 * 4 * 2 / (14 * 6 * 2) = 0.095
FOUR = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)


def alpha(values, scale, fewest=2):
    found = krippendorff_alpha(np.asarray(values, float), scale, fewest=fewest)
    assert isinstance(found, Estimate), found
    return found


def test_two_readers_of_ten_binary_units():
    assert alpha(TWO, "nominal").value == pytest.approx(1 - 19 * 8 / 168, abs=1e-9)


@pytest.mark.parametrize(
    ("scale", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_four_readers_with_missing_answers_give_the_published_values(scale, published):
    found = alpha(FOUR, scale)
    assert found.value == pytest.approx(published, abs=0.0006)
    assert found.n == 11  # the twelfth unit has one answer only
    assert found.low <= found.value <= found.high


def test_readers_who_agree_have_one_and_who_differ_always_have_less_than_nothing():
    assert alpha([[0, 1, 0, 1], [0, 1, 0, 1]], "nominal").value == 1.0
    assert alpha([[0, 1, 0, 1], [1, 0, 1, 0]], "nominal").value < 0


def test_neither_order_of_readers_nor_of_units_nor_names_of_answers_count():
    rng = np.random.default_rng(3)
    mixed = FOUR[rng.permutation(4)][:, rng.permutation(12)]
    for scale in ("nominal", "ordinal", "interval"):
        assert alpha(mixed, scale).value == pytest.approx(alpha(FOUR, scale).value, abs=1e-12)
    assert alpha(7 - FOUR * 3, "nominal").value == pytest.approx(alpha(FOUR, "nominal").value)
    assert alpha(FOUR * 10 + 1e6, "interval").value == pytest.approx(alpha(FOUR, "interval").value, abs=1e-9)
    assert alpha(FOUR**3, "ordinal").value == pytest.approx(alpha(FOUR, "ordinal").value)


def test_what_cannot_be_known_is_said():
    few = krippendorff_alpha(TWO[:, :9], "nominal")
    assert str(few) == "not measured: 9 cases have two readers; 10 are needed"
    same = krippendorff_alpha(np.ones((2, 20)), "nominal")
    assert isinstance(same, NotMeasured)
    assert "nothing could differ" in same.reason
    assert isinstance(krippendorff_alpha(np.full((1, 20), 1.0), "nominal"), NotMeasured)
    assert isinstance(krippendorff_alpha(np.zeros((0, 0)), "nominal"), NotMeasured)
    many = np.array([np.arange(100.0), np.arange(100.0)])
    assert "more than the 60" in krippendorff_alpha(many, "ordinal").reason


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Two readers who copy a coin with 80 %: alpha is 0.8 * 0.8 + 0.2 * 0.2 = .68 same, so 0.36."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        truth = rng.integers(0, 2, 80)
        values = np.array([np.where(rng.random(80) < 0.8, truth, 1 - truth) for _ in range(2)], float)
        found = alpha(values, "nominal")
        covered += found.low <= 0.36 <= found.high
    assert covered >= 180


def test_percent_counts_pairs_of_answers():
    found = percent_agreement(np.array([[1, 1, NONE], [1, 2, 3], [1, NONE, 3]], float), fewest=3)
    assert (found.value, found.n) == (pytest.approx(4 / 5), 5)
    assert isinstance(percent_agreement(np.array([[1.0, 2.0]])), NotMeasured)
    one = percent_agreement(np.array([[1.0, 2.0], [1.0, NONE]]))
    assert str(one) == "not measured: 1 case has two readers; 10 are needed"


def test_that_nobody_differed_does_not_mean_that_nobody_will():
    """By hand: at most 3.689 of 12 cases (Poisson), 24 answers, 288 ordered pairs that differ."""
    same = np.array([[0, 1] * 6, [0, 1] * 6], float)
    for scale in ("nominal", "interval", "ordinal"):
        found = alpha(same, scale)
        assert (found.value, found.high) == (1.0, 1.0)
        assert found.low == pytest.approx(1 - 23 * 2 * 3.6889 / 288, abs=1e-3)
    percent = percent_agreement(same)
    assert (percent.value, percent.low) == (1.0, pytest.approx(1 - 3.6889 / 12, abs=1e-3))


def test_the_interval_of_readers_who_seldom_differ_holds_the_truth():
    """Each of two readers errs in 2 % of 60 cases: 96.08 % are the same, so alpha is .9216."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        truth = rng.permutation(np.arange(60) % 2)
        values = np.array([np.where(rng.random(60) < 0.98, truth, 1 - truth) for _ in range(2)], float)
        found = alpha(values, "nominal")
        covered += found.low <= 0.9216 <= found.high
    assert covered >= 188


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
def test_many_cases_in_groups_give_the_value_of_the_cases(scale):
    """Half of the answers are copies and half are chance, so alpha is about a half."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 50, (2, 30_000)).astype(float)
    values[1, ::2] = values[0, ::2]
    found = alpha(values, scale)
    assert found.value == pytest.approx(0.5, abs=0.02)
    assert found.low < found.value < found.high < found.low + 0.03


def test_the_last_word_of_a_reader_counts_and_an_order_makes_ranks():
    said = [("a", 7, "low"), ("b", 7, "high"), ("a", 9, "mid"), ("a", 7, "mid"), ("b", 9, "else")]
    values, readers, units = table_of(said, "ordinal", order=("low", "mid", "high"))
    assert (readers, units) == (["a", "b"], [7, 9])
    assert np.array_equal(values, [[1, 1], [2, NONE]], equal_nan=True)
    with pytest.raises(BadInput, match="is no number"):
        table_of([("a", 1, "x")], "interval")
