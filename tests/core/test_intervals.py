"""By hand, z = 1.96: 0 of 10 ends at zz / (n + zz) = 3.8415 / 13.8415; 10 of 10 is its mirror."""

import pytest

from flyball.core.intervals import wilson


def test_the_ends_are_those_of_the_formula():
    assert wilson(0, 10) == pytest.approx((0.0, 3.841459 / 13.841459))
    assert wilson(10, 10) == pytest.approx((1.0 - 3.841459 / 13.841459, 1.0))
    assert wilson(5, 10) == pytest.approx((0.236593, 0.763407), abs=1e-6)


@pytest.mark.parametrize("n", [1, 3, 7, 1_000_003])
def test_the_share_lies_between_them(n):
    for hits in {0, 1, n // 2, n - 1, n}:
        low, high = wilson(hits, n)
        assert 0.0 <= low <= hits / n <= high <= 1.0
