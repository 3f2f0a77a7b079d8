"""How far one unit moves what is released: no further than the noise is made for, at no more than was paid.

Every release is run twice, on a table and on the same table without one unit. The first run notes each exact
vector that noise is added to, with its stated sensitivities and its price; the second gets the answers of the
first, so that both ask the same, and its vectors are held against those of the first. The unit is a bad one:
its 3 rows are all in one cell, at the edge of the bounds, of the rare label.

By hand, for 3 rows and the two columns of a synthetic table: L1 = 3 * 2 and L2^2 = 9 * 2 are reached exactly.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest

from flyball.data.privacy.differential import (
    Bins,
    Bounds,
    Categories,
    aggregates,
    count,
    even_bins,
    mean,
    protect,
    quantile,
    synthesis,
    synthesize,
    total,
)
from flyball.data.privacy.differential.accounting import ATTO, spend_of
from flyball.data.privacy.differential.noise import Noisy, noisy_keys, opendp
from flyball.models.experts.scorecard import fit
from flyball.models.experts.scorecard.fit import fit_private

K = 3
REGION = Categories("region", ("north", "south"))
AGE = Bins("age", (0.0, 25.0, 50.0, 100.0))
INCOME = Bounds("income", -10.0, 50.0)
LATE = Categories("late", (0, 1))
ASKED = {
    "count": lambda table: count(table, epsilon=0.5, by=[REGION]),
    "count of all": lambda table: count(table, epsilon=0.5),
    "total": lambda table: total(table, INCOME, epsilon=0.5, by=[REGION]),
    "mean": lambda table: mean(table, INCOME, epsilon=0.5, by=[REGION]),
    "bins": lambda table: even_bins(table, AGE, parts=2, epsilon=0.5),
    "synthetic": lambda table: synthesize(table, [REGION, AGE], epsilon=0.5),
    "synthetic, with a target": lambda table: synthesize(
        table, [REGION, AGE, Bins("income", (-10.0, 0.0, 50.0))], target=LATE, epsilon=0.5
    ),
    "scorecard": lambda table: fit_private(table, [REGION, AGE], target=LATE, epsilon=0.5, rounds=4),
}


@dataclass
class Notes:
    """Stands where noise is drawn: notes what is asked, and answers as the run before did."""

    before: "Notes | None" = None
    vectors: list = field(default_factory=list)
    stated: list = field(default_factory=list)
    paid: int = 0

    def answer(self, exact, stated, spend):
        """Note a vector; return that of the run before."""
        self.vectors.append(np.array(exact).ravel())
        self.stated.append(stated)
        self.paid += spend.loss
        return self.before.vectors[len(self.vectors) - 1] if self.before else self.vectors[-1]

    def noisy(self, exact, *, l1, l2_squared, spend):
        """Answer as `noise.noisy`, without noise."""
        found = self.answer(exact, {"l1": l1, "l2_squared": l2_squared}, spend)
        return Noisy(found.reshape(np.shape(exact)), 1.0, "discrete Gaussian")

    def choose_largest(self, scores, *, sensitivity, spend):
        """Answer as `noise.choose_largest`, without noise."""
        return int(self.answer(scores, {"largest": sensitivity}, spend).argmax())


def rows(*, with_bad_unit):
    """60 people with one row each; a bad unit has 3."""
    n = 60
    whole = {
        "who": [f"p{i}" for i in range(n)],
        "region": ["north" if i % 3 else "south" for i in range(n)],
        "age": [float(i) for i in range(n)],
        "income": [float(i % 40) for i in range(n)],
        "late": [int(i % 20 == 0) for i in range(n)],
    }
    bad = {"who": "bad", "region": "south", "age": 99.0, "income": 1e9, "late": 1}
    return pa.table({name: values + [bad[name]] * K * with_bad_unit for name, values in whole.items()})


def noted(monkeypatch, budget, ask, *, with_bad_unit, before=None, **terms):
    notes = Notes(before)
    for room in (aggregates, synthesis, fit):
        monkeypatch.setattr(room, "noisy", notes.noisy)
    monkeypatch.setattr(synthesis, "choose_largest", notes.choose_largest)
    terms = {"unit_column": "who", "rows_per_unit_at_most": K, "group": f"{with_bad_unit}", **terms}
    found = ask(protect(rows(with_bad_unit=with_bad_unit), budget(**terms)))
    return notes, found.guarantee


@pytest.mark.parametrize("delta", [0.0, 1e-6])
@pytest.mark.parametrize("name", ASKED)
def test_one_unit_moves_nothing_further_than_stated_and_no_part_costs_more_than_was_paid(
    monkeypatch, budget, name, delta
):
    one, paid = noted(monkeypatch, budget, ASKED[name], with_bad_unit=True, delta=delta)
    other, _ = noted(monkeypatch, budget, ASKED[name], with_bad_unit=False, before=one, delta=delta)
    assert one.stated == other.stated
    assert one.stated
    for here, there, stated in zip(one.vectors, other.vectors, one.stated, strict=True):
        moved = np.abs(here - there)
        found = {"l1": moved.sum(), "l2_squared": (moved**2).sum(), "largest": moved.max()}
        assert all(found[measure] <= most for measure, most in stated.items()), (found, stated)
    assert one.paid == other.paid
    assert one.paid / 10**12 <= paid.loss * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("count", {"l1": 3, "l2_squared": 9}),
        ("total", {"l1": 3 * 50 / 2**6 * 2**20, "l2_squared": (3 * 50 / 2**6 * 2**20) ** 2}),
        ("synthetic", {"l1": 6, "l2_squared": 18}),
    ],
)
def test_the_bad_unit_is_as_bad_as_can_be(monkeypatch, budget, name, first):
    one, _ = noted(monkeypatch, budget, ASKED[name], with_bad_unit=True)
    other, _ = noted(monkeypatch, budget, ASKED[name], with_bad_unit=False, before=one)
    moved = np.abs(one.vectors[0] - other.vectors[0])
    assert {"l1": moved.sum(), "l2_squared": (moved**2).sum()} == first == one.stated[0]


def test_a_quantile_is_asked_for_all_rows_of_a_unit(monkeypatch, budget):
    asked = []

    class Watching:
        def __getattr__(self, name):
            return getattr(opendp(), name)

        def binary_search_param(self, build, *, d_in, d_out):
            asked.append(d_in)
            return opendp().binary_search_param(build, d_in=d_in, d_out=d_out)

    monkeypatch.setattr(aggregates, "opendp", Watching)
    terms = {"unit_column": "who", "rows_per_unit_at_most": K}
    private = protect(rows(with_bad_unit=True), budget(**terms))
    quantile(private, "age", 0.5, candidates=range(0, 100, 5), epsilon=0.5)
    assert asked == [K]


def test_keys_of_one_unit_alone_come_out_with_no_more_than_delta():
    """Its 3 rows stand under 3 new keys, or all under one: a normal tail gives the chance of either."""
    delta = 1e-8
    paid = spend_of(1.0, delta, budget_delta=1e-6)
    _, scale, threshold = noisy_keys(["common"] * 1000, rows_per_unit=K, spend=paid)

    def passes(rows_under_a_key):
        return 0.5 * math.erfc((threshold - 0.5 - rows_under_a_key) / scale / math.sqrt(2.0))

    assert paid.delta / ATTO == delta
    assert passes(K) <= delta
    assert K * passes(1) <= delta
    assert scale >= K / math.sqrt(2.0 * paid.amount)
