"""Pieces of work inside a whole, by when each began and how long it took."""

from collections.abc import Sequence

from flyball.console.charts.axes import bottom_axis
from flyball.console.charts.ink import fitted, label, rect, text_width
from flyball.console.charts.records import Chart, Drawing, Step
from flyball.console.charts.scale import Scale, number_scale

__all__ = ["waterfall"]

_WIDE, _NARROW = 720, 340
_ROW = 22
_INDENT = 12


def waterfall(
    rows: Sequence[Step], *, name: str, title: str, description: str, column: str = "what"
) -> Chart:
    """Draw steps in the order given; a failed one is striped, and the table says it.

    Parameters
    ----------
    rows : sequence of Step
    name, title, description
        See `Chart`.
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
        wide=_drawn(rows, _WIDE),
        narrow=_drawn(rows, _NARROW),
        columns=(column, "began (s)", "took (s)", "ended", "note"),
        rows=tuple(
            (one.label, one.start, one.seconds, "failed" if one.failed else "well", one.note) for one in rows
        ),
        hrefs=tuple(one.href for one in rows),
    )


def _drawn(rows: Sequence[Step], width: int) -> Drawing:
    if not rows:
        return Drawing(width, 60, label(width / 2, 34, "No step was kept.", "ch-tick", anchor="middle"))
    above = width < 480
    indents = [_INDENT * min(one.depth, 6) for one in rows]
    widest = max(text_width(one.label) + indent for one, indent in zip(rows, indents, strict=True))
    left = 4.0 if above else min(widest + 14, width * 0.4)
    right = width - 74.0
    whole = max(one.start + one.seconds for one in rows)
    unit, times = ("s", 1.0) if whole >= 2 else ("ms", 1000.0)
    x = number_scale([0.0, whole * times], start=left, end=right, from_zero=True, most=4)
    x = Scale(x.low, x.high, x.start, x.end, tuple((at, f"{words} {unit}") for at, words in x.ticks))
    height = _ROW + 16 if above else _ROW
    bottom = 6.0 + height * len(rows) + 4
    parts = bottom_axis(x, bottom, top=6.0, edge=width)
    for number, (one, indent) in enumerate(zip(rows, indents, strict=True)):
        y = 6.0 + number * height + (height - _ROW)
        parts.append(
            label(
                2 + indent,
                y + (1 if above else 15),
                fitted(one.label, left - 12 - indent if not above else width - 12 - indent),
            )
        )
        start, end = x(one.start * times), x((one.start + one.seconds) * times)
        look = "ch-bar ch-failed" if one.failed else "ch-bar ch-s1"
        took = _took(one.seconds)
        told = f"{one.label}: {took}, began after {_took(one.start)}{'; failed' if one.failed else ''}"
        parts.append(rect(start, y + 4, max(end - start, 1.5), _ROW - 8, look, said=told))
        parts.append(
            label(max(end, start + 1.5) + 5, y + 15, took + (" failed" if one.failed else ""), "ch-tick")
        )
    return Drawing(width, int(bottom + 26), "".join(parts))


def _took(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{1000 * seconds:.1f} ms" if seconds >= 0.0001 else f"{1_000_000 * seconds:.0f} µs"
