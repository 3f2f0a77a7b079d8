"""The interval of a share, written once for every room that counts hits."""

import math

__all__ = ["Z95", "wilson"]

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
