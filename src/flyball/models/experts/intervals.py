"""Shares of cases as estimates, with the interval of Wilson."""

import math

from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["share"]

_Z = 1.959963984540054


def share(hits: int, n: int) -> Measurement:
    """Return hits of n with its 95 % interval; not measured where n is 0.

    Source: Wilson 1927, JASA 22:209.
    """
    if n == 0:
        return NotMeasured("no case")
    p = hits / n
    middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    return Estimate(p, n=n, low=max(middle - half, 0.0), high=min(middle + half, 1.0))
