"""Aggregates, by hand.

With epsilon 1 under delta 0 and k = 2 rows per unit, a count has Laplace noise of scale 2, so a deviation
of 2 sqrt(2) = 2.83; a sum within [0, 100] has scale 200 and a deviation of 282.8. At epsilon 50 a count is
off by more than 3 about once in e^75.
"""

import math

import pyarrow as pa
import pytest

from flyball.data.privacy.differential import (
    Bins,
    Bounds,
    Categories,
    count,
    count_found_keys,
    even_bins,
    mean,
    protect,
    quantile,
    total,
)
from flyball.data.privacy.differential.errors import BadPrivateQuery, BudgetExhausted

ROWS = pa.table(
    {
        "sex": ["f", "m", None, "f"] * 100,
        "age": [20.0, 40.0, 60.0, math.nan] * 100,
        "who": [str(number // 2) for number in range(400)],
        "text": ["x"] * 400,
    }
)
SEX = Categories("sex", ("f", "m"))
AGE = Bins("age", (0.0, 30.0, 50.0, 100.0))


@pytest.fixture
def loose(budget):
    return protect(ROWS, budget(epsilon=100.0))


@pytest.fixture
def private(budget):
    return protect(ROWS, budget(epsilon=4.0, unit_column="who", rows_per_unit_at_most=2))


def test_with_much_epsilon_a_count_is_nearly_right(loose):
    assert count(loose, epsilon=50.0).value.column("count")[0].as_py() == pytest.approx(400, abs=3)


def test_groups_come_out_whole_with_their_labels(loose):
    told = count(loose, epsilon=50.0, by=[SEX, AGE]).value
    assert told.num_rows == 3 * 4
    found = {(row["sex"], row["age"]): row["count"] for row in told.to_pylist()}
    assert found["f", "[0, 30)"] == pytest.approx(100, abs=3)
    assert found["f", "(missing)"] == pytest.approx(100, abs=3)
    assert found["m", "[0, 30)"] == pytest.approx(0, abs=3)
    assert found["(missing)", "[50, 100)"] == pytest.approx(100, abs=3)


def test_sums_and_means_by_group_are_nearly_right(loose):
    sums = total(loose, Bounds("age", 0.0, 50.0), epsilon=30.0, by=[SEX]).value.to_pylist()
    assert sums[1] == {"sex": "m", "total": pytest.approx(4000, abs=60)}
    assert sums[2]["total"] == pytest.approx(5000, abs=60)  # 60 is clipped to 50
    means = mean(loose, Bounds("age", 0.0, 100.0), epsilon=60.0, by=[SEX]).value.to_pylist()
    assert means[0]["mean"] == pytest.approx(20.0, abs=2.0)
    assert means[0]["count"] == pytest.approx(100, abs=3)  # the 100 without age do not count


def test_a_quantile_is_one_of_the_candidates(loose):
    found = quantile(loose, "age", 0.5, candidates=range(0, 101, 5), epsilon=50.0)
    assert found.value in (35.0, 40.0, 45.0)


def test_the_noise_is_that_of_two_rows_per_unit(private):
    assert count(private, epsilon=1.0).deviation == pytest.approx(2 * math.sqrt(2))
    assert total(private, Bounds("age", 0.0, 100.0), epsilon=1.0).deviation == pytest.approx(
        200 * math.sqrt(2), rel=1e-5
    )


def test_everything_released_says_what_is_promised(private):
    promised = count(private, epsilon=0.5, by=[SEX]).guarantee
    assert promised.dataset == "loans"
    assert promised.group == "applicants"
    assert promised.unit == "one loan"
    assert promised.neighbouring == "add_remove"
    assert promised.rows_per_unit_at_most == 2
    assert (promised.epsilon, promised.delta, promised.composition) == (0.5, 0.0, "basic")
    assert promised.mechanism == "discrete Laplace"
    assert promised.bounds == "sex: 2 categories; 2 row(s) per unit"


def test_under_zcdp_the_stated_delta_is_half_of_the_budget_s(budget):
    promised = count(protect(ROWS, budget(delta=1e-6)), epsilon=0.5).guarantee
    assert (promised.delta, promised.composition, promised.mechanism) == (5e-7, "zcdp", "discrete Gaussian")


def test_a_refused_query_has_spent_nothing(private):
    told = private.budget.statement
    for ask in (
        lambda: count(private, epsilon=1.0, by=[Categories("colour", ("red",))]),
        lambda: count(private, epsilon=1.0, by=[SEX, SEX]),
        lambda: total(private, Bounds("text", 0.0, 1.0), epsilon=1.0),
        lambda: quantile(private, "age", 1.5, candidates=(0, 1), epsilon=1.0),
        lambda: quantile(private, "text", 0.5, candidates=(0, 1), epsilon=1.0),
        lambda: count_found_keys(private, "sex", epsilon=1.0, delta=1e-8),
        lambda: count_found_keys(private, "colour", epsilon=1.0, delta=1e-8),
        lambda: even_bins(private, AGE, parts=0, epsilon=1.0),
    ):
        with pytest.raises(BadPrivateQuery):
            ask()
    assert told()["epsilon_spent"] == 0.0


def test_an_aggregate_beyond_the_budget_is_refused(private):
    count(private, epsilon=4.0)
    with pytest.raises(BudgetExhausted):
        mean(private, Bounds("age", 0.0, 100.0), epsilon=0.1)


def test_found_keys_come_out_only_where_they_are_many(budget):
    rows = pa.table({"city": ["Ghent"] * 300 + ["Ypres"] + [None] * 5})
    found = count_found_keys(protect(rows, budget(delta=1e-4)), "city", epsilon=1.0, delta=1e-6)
    assert found.value.column("city").to_pylist() == ["Ghent"]
    assert found.guarantee.delta == pytest.approx(5.1e-5)


@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_an_empty_table_is_answered_like_any_other(budget, delta):
    empty = protect(ROWS.slice(0, 0), budget(epsilon=10.0, delta=delta))
    assert abs(count(empty, epsilon=2.0).value.column("count")[0].as_py()) < 100
    assert mean(empty, Bounds("age", 0.0, 100.0), epsilon=2.0, by=[SEX]).value.num_rows == 3
    assert quantile(empty, "age", 0.5, candidates=(0, 50, 100), epsilon=2.0).value in (0.0, 50.0, 100.0)
