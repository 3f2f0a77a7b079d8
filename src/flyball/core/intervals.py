"""Intervals of shares and counts, written once for every room that counts hits."""

import math
from collections.abc import Callable

__all__ = ["Z95", "solve_rising", "wilson"]

Z95 = 1.959963984540054
"""Deviations of a normal value that 95 % lie within, two-sided."""


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Return both ends of the 95 % interval of a share.

    Parameters
    ----------
    hits, n : float
        Of `n`, above 0.

    Returns
    -------
    low, high : float
        In [0, 1], with the share between them; (0, 0.278) for 0 of 10.

    Source: Wilson 1927, JASA 22, page 209.
    """
    share, zz = hits / n, Z95 * Z95
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + zz / (4 * n * n)) / (1 + zz / n)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def solve_rising(rising: Callable[[float], float], target: float, *, high: float) -> float:
    """Return where a function that rises from 0 to `high` meets a value; for exact limits.

    Parameters
    ----------
    rising : callable
        Of a number in [0, high].
    target : float
        Where the function is nowhere so high, `high` is returned; where nowhere so low, 0.
    high : float
    """
    low, middle = 0.0, high / 2.0
    while low < middle < high:  # until no number lies between
        if rising(middle) < target:
            low = middle
        else:
            high = middle
        middle = (low + high) / 2.0
    return middle
