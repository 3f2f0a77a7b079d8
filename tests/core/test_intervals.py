"""By hand, z = 1.96: 0 of 10 ends at zz / (n + zz) = 3.8415 / 13.8415; 10 of 10 is its mirror."""

import pytest

from flyball.core.intervals import difference_ends, ratio_ends, wilson


def test_the_ends_are_those_of_the_formula():
    assert wilson(0, 10) == pytest.approx((0.0, 3.841459 / 13.841459))
    assert wilson(10, 10) == pytest.approx((1.0 - 3.841459 / 13.841459, 1.0))
    assert wilson(5, 10) == pytest.approx((0.236593, 0.763407), abs=1e-6)


@pytest.mark.parametrize("n", [1, 3, 7, 1_000_003])
def test_the_share_lies_between_them(n):
    for hits in {0, 1, n // 2, n - 1, n}:
        low, high = wilson(hits, n)
        assert 0.0 <= low <= hits / n <= high <= 1.0


def share(hits, n):
    return hits / n, *wilson(hits, n)


def test_a_difference_of_shares_has_the_ends_that_newcombe_printed():
    """Newcombe 1998, table II, method 10."""
    assert difference_ends(share(56, 70), share(48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert difference_ends(share(9, 10), share(3, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert difference_ends(share(10, 10), share(0, 20)) == pytest.approx((0.6791, 1.0), abs=5e-5)


def test_a_ratio_of_shares_has_ends_where_its_logarithm_has_none():
    """By the logarithm (Katz): 30 of 50 over 80 of 100 is .586 to .960, 0 of 50 nothing, all of all 1."""
    low, high = ratio_ends(share(30, 50), share(80, 100))
    assert (low, high) == pytest.approx((0.586, 0.960), abs=0.03)
    assert ratio_ends(share(0, 50), share(80, 100))[0] == 0.0
    low, high = ratio_ends(share(50, 50), share(100, 100))
    assert low < 1.0 < high


@pytest.mark.parametrize("n", [1, 2, 5, 30, 1_000])
@pytest.mark.parametrize("m", [1, 2, 5, 30, 1_000])
def test_a_ratio_lies_between_its_ends_however_small_the_shares(n, m):
    for hits in {0, 1, n // 2, n}:
        for others in {1, m // 2, m} - {0}:
            low, high = ratio_ends(share(hits, n), share(others, m))
            assert 0.0 <= low <= (hits / n) / (others / m) <= high
