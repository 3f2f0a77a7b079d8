"""Intervals of shares and counts, written once for every room that counts hits."""

import math
from collections.abc import Callable

__all__ = ["Z95", "difference_ends", "ratio_ends", "solve_rising", "wilson"]

Z95 = 1.959963984540054
"""Deviations of a normal value that 95 % lie within, two-sided."""


def wilson(hits: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Return both ends of the interval of a share, at 95 % unless another `z` is given.

    Parameters
    ----------
    hits, n : float
        Of `n`, above 0.
    z : float
        Deviations of a normal value that the interval is wide, two-sided.

    Returns
    -------
    low, high : float
        In [0, 1], with the share between them; (0, 0.278) for 0 of 10.

    Source: Wilson 1927, JASA 22, page 209.
    """
    share, zz = hits / n, z * z
    middle = (share + zz / (2 * n)) / (1 + zz / n)
    half = z * math.sqrt(share * (1 - share) / n + zz / (4 * n * n)) / (1 + zz / n)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def difference_ends(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float]:
    """Return both ends of the interval of a difference, one minus other, of two independent figures.

    Parameters
    ----------
    one, other : tuple of float
        The value and both ends of its own interval, all at one level.

    Source: Newcombe 1998, Statistics in Medicine 17:873, method 10, for shares with Wilson's ends; Zou and
    Donner 2008, Statistics in Medicine 27:1693, for any two figures.
    """
    (p, low, high), (q, below, above) = one, other
    return p - q - math.hypot(p - low, above - q), p - q + math.hypot(high - p, q - below)


def ratio_ends(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float]:
    """Return both ends of the interval of a ratio, one over other, of two independent shares.

    Parameters
    ----------
    one, other : tuple of float
        The share and both ends of its own interval (`wilson`), all at one level. `other` is above 0, and so
        is its lower end. Unlike a logarithm it also serves a share of 0, and is no point where both are 1.

    Source: Donner and Zou 2012, Statistical Methods in Medical Research 21:347, equation 9.
    """
    (p, low, high), (q, below, above) = one, other
    both = p * q
    inside = both * both - low * above * (2 * p - low) * (2 * q - above)
    outside = both * both - high * below * (2 * p - high) * (2 * q - below)
    bent = above * (2 * q - above)
    if p == 0.0:
        least = 0.0
    elif abs(bent) > 1e-12:
        least = (both - math.sqrt(max(inside, 0.0))) / bent
    else:  # the other share is so unsure that its upper end is twice as high: the limit of the line above
        least = low * (2 * p - low) / (2 * both)
    most = (both + math.sqrt(max(outside, 0.0))) / (below * (2 * q - below))
    return max(0.0, min(least, p / q)), max(most, p / q)


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
