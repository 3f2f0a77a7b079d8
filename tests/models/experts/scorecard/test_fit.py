"""A scorecard, by hand: the flag is up for 90 of 100 rows with colour red and 10 of 100 with blue.

Its log odds are ln(9) = 2.197 and -2.197, so a card without noise gives 0.9 and 0.1.
"""

import numpy as np
import pyarrow as pa
import pytest

from flyball.data.labels.columns import labelled
from flyball.data.labels.errors import NotForTraining
from flyball.data.privacy.differential import Bins, Budget, Categories, Declaration, protect
from flyball.data.privacy.differential.errors import BadPrivateQuery, BudgetExhausted
from flyball.ledger import open_ledger
from flyball.models.experts.scorecard import Scorecard, fit_private
from flyball.models.experts.scorecard.fit import learn
from flyball.models.experts.scorecard.model import POINT, STEPS, chances

COLOUR = Categories("colour", ("red", "blue"))
SIZE = Bins("size", (0.0, 1.0, 2.0))
FLAG = Categories("flag", (False, True))


def rows(times=1):
    colours = (["red"] * 100 + ["blue"] * 100) * times
    flags = ([True] * 90 + [False] * 10 + [True] * 10 + [False] * 90) * times
    return pa.table({"colour": colours, "size": [0.5, 1.5] * (100 * times), "flag": flags})


@pytest.fixture
def private(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", origin="example.com/cards") as ledger:
        terms = Declaration("cards", "holders", "one row", epsilon=2.0, delta=1e-6)
        yield protect(rows(20), Budget(terms, ledger))


def test_without_noise_it_finds_the_odds():
    codes = np.array([[0]] * 100 + [[1]] * 100)
    labels = np.array([1] * 90 + [0] * 10 + [1] * 10 + [0] * 90)
    points = learn(codes, labels, [3], rows_per_unit=1, spend=None, rounds=400)
    assert points[0][:2] / POINT == pytest.approx([2.197, -2.197], abs=0.05)


def test_trained_privately_it_is_about_as_right(private):
    made = fit_private(private, [COLOUR, SIZE], target=FLAG, epsilon=2.0)
    scores = made.value.scores(pa.table({"colour": ["red", "blue"], "size": [0.5, 0.5]}))
    assert scores[0] > 0.75
    assert scores[1] < 0.25
    assert (made.guarantee.epsilon, made.guarantee.delta) == (2.0, 5e-7)
    with pytest.raises(BudgetExhausted):
        fit_private(private, [COLOUR], target=FLAG, epsilon=0.5)


def test_a_row_moves_the_gradient_no_further_than_the_proof_says():
    """For any points, one row's residual is at most 1024 steps, in each of its m codes."""
    sums = np.arange(-100 * POINT, 100 * POINT, 37)
    found = chances(sums)
    assert found.min() == 0
    assert found.max() == STEPS
    assert (np.diff(found) >= 0).all()
    assert chances(np.array([0])) == STEPS // 2


def test_the_chance_of_a_row_does_not_depend_on_its_company():
    sums = np.random.default_rng(0).integers(-20 * POINT, 20 * POINT, 1001)
    together = chances(sums)
    assert [int(chances(sums[place : place + 1])[0]) for place in range(1001)] == together.tolist()


def test_it_is_read_back_as_it_was_written(private, tmp_path):
    made = fit_private(private, [COLOUR, SIZE], target=FLAG, epsilon=1.0, field="is_good").value
    made.save(tmp_path / "card")
    again = Scorecard.load(tmp_path / "card")
    assert again.card == made.card
    assert again.guarantee == made.guarantee
    assert again.card.fields == ("is_good",)
    assert "epsilon 1, delta 5e-07" in again.card.summary


@pytest.mark.parametrize(
    ("columns", "target", "rounds"),
    [
        ([], FLAG, 10),
        ([COLOUR, COLOUR], FLAG, 10),
        ([COLOUR, FLAG], FLAG, 10),
        ([COLOUR], Categories("flag", (True,)), 10),
        ([COLOUR], FLAG, 0),
        ([Categories("shape", ("round",))], FLAG, 10),
    ],
)
def test_what_cannot_be_trained_spends_nothing(private, columns, target, rounds):
    with pytest.raises(BadPrivateQuery):
        fit_private(private, columns, target=target, epsilon=1.0, rounds=rounds)
    assert private.budget.statement()["epsilon_spent"] == 0.0


def test_nothing_is_learned_from_a_column_that_is_not_for_training(private):
    closed = labelled(private.rows.schema, {"size": ["no-training"]})
    table = protect(private.rows.cast(closed), private.budget)
    with pytest.raises(NotForTraining, match="learned from size"):
        fit_private(table, [COLOUR, SIZE], target=FLAG, epsilon=1.0)
    assert private.budget.statement()["epsilon_spent"] == 0.0
    assert fit_private(table, [COLOUR], target=FLAG, epsilon=1.0).guarantee.epsilon == 1.0
