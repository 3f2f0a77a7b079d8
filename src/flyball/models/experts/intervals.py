"""Shares of cases as estimates, with the interval of Wilson."""

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import wilson

__all__ = ["share"]


def share(hits: int, n: int) -> Measurement:
    """Return hits of n with its 95 % interval; not measured where n is 0.

    Source: Wilson 1927, JASA 22:209.
    """
    if n == 0:
        return NotMeasured("no case")
    return Estimate(hits / n, n, *wilson(hits, n))
