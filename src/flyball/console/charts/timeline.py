"""Periods one below the other, from the day on which each begins until the day on which it ends."""

from collections.abc import Sequence
from datetime import date, timedelta

from flyball.console.charts.axes import bottom_axis
from flyball.console.charts.ink import fitted, label, rect, rule, text_width
from flyball.console.charts.records import Chart, Drawing, Period, Reference
from flyball.console.charts.scale import Scale, as_number, time_scale

__all__ = ["timeline"]

_WIDE, _NARROW = 720, 340
_ROW = 22


def timeline(
    rows: Sequence[Period],
    *,
    name: str,
    title: str,
    description: str,
    first: date,
    last: date,
    marks: Sequence[Reference] = (),
    column: str = "what",
) -> Chart:
    """Draw periods between two days; what goes on beyond an end is open at that end.

    Parameters
    ----------
    rows : sequence of Period
    name, title, description
        See `Chart`.
    first, last : date
        Ends of the picture; `last` is after `first`.
    marks : sequence of Reference
        Days, such as today.
    column : str
        What the labels name.

    Returns
    -------
    Chart
    """
    last = max(last, first + timedelta(days=1))
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=_drawn(rows, _WIDE, first, last, marks),
        narrow=_drawn(rows, _NARROW, first, last, marks),
        columns=(column, "from", "no longer from", "on the day asked about", "note"),
        rows=tuple(
            (one.label, one.start.isoformat(), one.end.isoformat() if one.end else "", _on(one), one.note)
            for one in rows
        ),
        hrefs=tuple(one.href for one in rows),
    )


def _on(one: Period) -> str:
    return "in force" if one.on else "not in force"


def _drawn(
    rows: Sequence[Period], width: int, first: date, last: date, marks: Sequence[Reference]
) -> Drawing:
    if not rows:
        return Drawing(width, 60, label(width / 2, 34, "Nothing to show yet.", "ch-tick", anchor="middle"))
    above = width < 480
    left = 4.0 if above else min(max(text_width(one.label) for one in rows) + 14, width * 0.46)
    x = time_scale([first, last], start=left, end=width - 8.0, most=3 if above else 6)
    places = _label_rows(marks, x, width)
    top = 6.0 + 16.0 * max(places, default=0)
    height = _ROW + 16 if above else _ROW
    bottom = top + height * len(rows) + 4
    parts = bottom_axis(x, bottom, top=top, edge=width)
    for number, one in enumerate(rows):
        y = top + number * height + (height - _ROW)
        parts.append(_period(one, x.start, x.end, x(one.start), x(one.end or last), y + 4))
    for mark, row in zip(marks, places, strict=True):
        if not row:
            continue
        at = x(mark.at)
        middle = _middle(mark, x, width)
        parts.append(rule(at, top - 3 - 16 * (row - 1), at, bottom, "ch-reference"))
        parts.append(label(middle, top - 7 - 16 * (row - 1), mark.label, "ch-tick", anchor="middle"))
    for number, one in enumerate(rows):  # over the lines
        y = top + number * height + (height - _ROW)
        words = fitted(one.label, width - 8 if above else left - 12)
        parts.append(label(2, y + (0 if above else 15), words, "ch-text ch-halo"))
    return Drawing(width, int(bottom + 26), "".join(parts))


def _label_rows(marks: Sequence[Reference], x: Scale, width: int) -> list[int]:
    """Return the row, from 1 on, in which each mark says its words so that none covers another; 0: none."""
    ends: list[float] = []
    rows = [0] * len(marks)
    for number, mark in sorted(enumerate(marks), key=lambda one: as_number(one[1].at)):
        if not x.low <= as_number(mark.at) <= x.high:
            continue
        middle, half = _middle(mark, x, width), text_width(mark.label) / 2
        row = next((place for place, end in enumerate(ends) if middle - half > end + 6), len(ends))
        ends[row:] = [middle + half, *ends[row + 1 :]]
        rows[number] = row + 1
    return rows


def _middle(mark: Reference, x: Scale, width: int) -> float:
    half = text_width(mark.label) / 2
    return min(max(x(mark.at), half), width - half)


def _period(one: Period, left: float, right: float, start: float, end: float, y: float) -> str:
    until = f"no longer from {one.end}" if one.end else "no end known"
    told = f"{one.label}: from {one.start}, {until}; {_on(one)}"
    look = "ch-period ch-on" if one.on else "ch-period"
    if end <= left or start >= right:  # wholly outside: a mark at the side where it lies
        at = left if end <= left else right - 3
        return rect(at, y + 2, 3, _ROW - 12, "ch-period", said=told)
    return rect(start, y, max(end - start, 3), _ROW - 8, look, said=told)
