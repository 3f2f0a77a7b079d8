"""Measurements as cells of a table and as words."""

from flyball.console.charts.records import Cell
from flyball.console.charts.scale import said
from flyball.core.estimates import Estimate, Measurement

__all__ = ["MEASURED_COLUMNS", "cells_of", "words_of"]

MEASURED_COLUMNS = ("value", "low", "high", "cases", "why not")


def cells_of(one: Measurement) -> tuple[Cell, ...]:
    """Return value, both ends of the interval, number of cases, and the reason where there is no value."""
    if isinstance(one, Estimate):
        return one.value, one.low, one.high, one.n, ""
    return None, None, None, None, str(one)


def words_of(one: Measurement, unit: str) -> str:
    """Return a measurement in one line: "81.2 % (78 % to 84 %), 420 cases"."""
    if not isinstance(one, Estimate):
        return str(one)
    between = ""
    if one.low is not None and one.high is not None:
        between = f" ({said(one.low, unit)} to {said(one.high, unit)})"
    return f"{said(one.value, unit)}{between}, n = {one.n:,}"
