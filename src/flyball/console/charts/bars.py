"""Counts or amounts under their names: one bar each, from 0."""

import math
from collections.abc import Sequence

from flyball.console.charts.ink import fitted, label, rect, rule, text_width
from flyball.console.charts.records import Bar, Chart, Drawing
from flyball.console.charts.scale import number_scale, said

__all__ = ["bars"]

_WIDE, _NARROW = 720, 340
_ROW = 24


def bars(
    rows: Sequence[Bar], *, name: str, title: str, description: str, unit: str = "", column: str = "what"
) -> Chart:
    """Draw amounts one below the other, each with its number beside it.

    Parameters
    ----------
    rows : sequence of Bar
        In the order in which they stand.
    name, title, description
        See `Chart`.
    unit : str
        "share" is shown in per cent.
    column : str
        What the labels name.

    Returns
    -------
    Chart
    """
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=_drawn(rows, _WIDE, unit),
        narrow=_drawn(rows, _NARROW, unit),
        columns=(column, f"value ({unit})" if unit else "value"),
        rows=tuple((one.label, one.value if math.isfinite(one.value) else None) for one in rows),
        hrefs=tuple(one.href for one in rows),
    )


def _drawn(rows: Sequence[Bar], width: int, unit: str) -> Drawing:
    if not rows:
        return Drawing(width, 60, label(width / 2, 34, "Nothing to show yet.", "ch-tick", anchor="middle"))
    above = width < 480
    words = [said(one.value, unit) for one in rows]
    left = 2.0 if above else min(max(text_width(one.label) for one in rows) + 12, width * 0.38)
    right = width - max(text_width(one) for one in words) - 12
    x = number_scale([one.value for one in rows], start=left, end=right, unit=unit, from_zero=True)
    height = _ROW + 16 if above else _ROW
    parts = []
    for number, (one, shown) in enumerate(zip(rows, words, strict=True)):
        y = number * height + (height - _ROW)
        parts.append(
            label(2, y + (-1 if above else 16), fitted(one.label, width - 8 if above else left - 12))
        )
        end = left
        if math.isfinite(one.value):
            end = x(one.value)
            parts.append(rect(left, y + 5, max(end - left, 1 if one.value else 0), _ROW - 10, "ch-bar ch-s1"))
        parts.append(label(end + 6, y + 16, shown))
    bottom = height * len(rows) + 2
    parts.append(rule(left, 2, left, bottom, "ch-axis"))
    return Drawing(width, int(bottom + 4), "".join(parts))
