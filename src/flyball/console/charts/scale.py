"""Scales: from values to places on the picture, with ticks at round numbers and round times."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flyball.console.charts.records import Place

__all__ = ["Scale", "as_number", "number_scale", "said", "time_scale"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORT_STEPS = (60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
_DAY = 86_400
_MOST = 1e300
"""Beyond it, the distance of two numbers is no number any more."""
_DAY_STEPS = (1, 2, 7, 14)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale.

    Parameters
    ----------
    low, high : float
        Ends in values; times as seconds since 1970, UTC.
    start, end : float
        Ends in pixels.
    ticks : tuple of (float, str)
        Values with their words.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]

    def __call__(self, value: Place) -> float:
        """Return the place of a value; beyond the ends it stays at the end."""
        number = min(max(as_number(value), self.low), self.high)
        return self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low)


def as_number(value: Place) -> float:
    """Return a place on an axis as a number; a day begins at midnight UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    return float(value)


def said(value: float, unit: str = "") -> str:
    """Return a number with its unit for people: "97.4 %" for shares, "1,250 EUR"."""
    if unit == "share":
        return f"{_plain(100 * value)}\u00a0%"
    return f"{_plain(value)}\u00a0{unit}" if unit else _plain(value)


def number_scale(
    values: Sequence[float],
    *,
    start: float,
    end: float,
    unit: str = "",
    from_zero: bool = False,
    most: int = 5,
    whole: bool = False,
) -> Scale:
    """Return a scale over values with about `most` ticks; shares end at 0 and 1, `whole` has no tick between.

    What is not finite is left out of the scale, and stands at its end on the picture.
    """
    values = [min(max(one, -_MOST), _MOST) for one in values if math.isfinite(one)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        spread = abs(low) * 0.1 or 1.0
        low, high = (0.0 if low >= 0 and from_zero else low - spread), high + spread
    step = _step(high - low, most)
    if whole:
        step = max(1.0, step if step.is_integer() else 2 * step)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if unit == "share" and values and min(values) >= 0 and max(values) <= 1:
        low, high = max(low, 0.0), min(high, 1.0)
    first = math.ceil(low / step - 1e-9)
    marks = [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]
    digits = max(0, -math.floor(math.log10(step * (100 if unit == "share" else 1)) + 1e-9))
    words = [_tick(one, digits, unit) for one in marks]
    if unit not in ("", "share"):
        words[-1] += f"\u00a0{unit}"  # once is enough
    return Scale(low, high, start, end, tuple(zip(marks, words, strict=True)))


def time_scale(times: Sequence[Place], *, start: float, end: float, most: int = 6) -> Scale:
    """Return a scale over times with at most about `most` ticks, at round moments in UTC."""
    numbers = [as_number(one) for one in times] or [0.0, float(_DAY)]
    low, high = min(numbers), max(numbers)
    if low == high:
        low, high = low - _DAY / 2, high + _DAY / 2
    return Scale(low, high, start, end, tuple(_time_ticks(low, high, most)))


def _time_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    span = high - low
    for step in _SHORT_STEPS:
        if span / step <= most:
            return [(at, _clock(at, step)) for at in _every(low, high, step)]
    for days in _DAY_STEPS:
        if span / (days * _DAY) <= most:
            return [(at, _day(at)) for at in _every(low, high, days * _DAY)]
    months = next((one for one in _MONTH_STEPS if span / (30.4 * _DAY * one) <= most), _MONTH_STEPS[-1])
    return _months(low, high, months)


def _every(low: float, high: float, step: float) -> list[float]:
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _clock(at: float, step: int) -> str:
    moment = _moment(at)
    return f"{moment:%H:%M}" if at % _DAY or step < 3600 else _day(at)


def _day(at: float) -> str:
    moment = _moment(at)
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def _months(low: float, high: float, step: int) -> list[tuple[float, str]]:
    first = _moment(low)
    month = (first.year * 12 + first.month - 1) // step * step
    found = []
    while month // 12 <= 9999:
        at = datetime(max(month // 12, 1), month % 12 + 1, 1, tzinfo=UTC).timestamp()
        if at > high:
            break
        if at >= low:
            name = _MONTHS[month % 12]
            found.append((at, str(month // 12) if step >= 12 else f"{name} {month // 12}"))
        month += step
    return found


def _moment(at: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)


def _step(span: float, most: int) -> float:
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next((one * power for one in (1, 2, 2.5, 5) if one * power >= rough * 0.999), 10 * power)


def _tick(value: float, digits: int, unit: str) -> str:
    number = 100 * value if unit == "share" else value
    words = f"{number + 0.0:,.{digits}f}"
    words = words.lstrip("-") if float(words.replace(",", "")) == 0 else words.replace("-", "−")
    return f"{words}\u00a0%" if unit == "share" else words


def _plain(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    words = f"{value:,.{min(digits, 6)}f}"
    words = words.rstrip("0").rstrip(".") if "." in words else words
    return words.replace("-", "−")
