"""Estimates under their names: one dot each, with its interval as a line through it."""

from collections.abc import Sequence

from flyball.console.charts.axes import bottom_axis
from flyball.console.charts.ink import dot, fitted, label, rect, rule, text_width
from flyball.console.charts.measured import MEASURED_COLUMNS, cells_of, words_of
from flyball.console.charts.records import Chart, Dot, Drawing, Reference
from flyball.console.charts.scale import Scale, as_number, number_scale, said
from flyball.core.estimates import Estimate

__all__ = ["dots"]

_WIDE, _NARROW = 720, 340
_ROW = 26


def dots(
    rows: Sequence[Dot],
    *,
    name: str,
    title: str,
    description: str,
    unit: str = "",
    column: str = "what",
    references: Sequence[Reference] = (),
    from_zero: bool = False,
) -> Chart:
    """Draw estimates one below the other on one scale; a row that was not measured says why.

    Parameters
    ----------
    rows : sequence of Dot
        In the order in which they stand.
    name, title, description
        See `Chart`.
    unit : str
        "share" is shown in per cent.
    column : str
        What the labels name.
    references : sequence of Reference
        Values to compare with: a dashed line downwards.
    from_zero : bool

    Returns
    -------
    Chart
    """
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=_drawn(rows, _WIDE, unit, references, from_zero),
        narrow=_drawn(rows, _NARROW, unit, references, from_zero),
        columns=(column, *MEASURED_COLUMNS, "note"),
        rows=tuple((one.label, *cells_of(one.value), one.note) for one in rows),
        hrefs=tuple(one.href for one in rows),
    )


def _drawn(
    rows: Sequence[Dot], width: int, unit: str, references: Sequence[Reference], from_zero: bool
) -> Drawing:
    above = width < 480  # there is no room for labels to the left
    known = [one.value for one in rows if isinstance(one.value, Estimate)]
    if not rows:
        return Drawing(width, 60, label(width / 2, 34, "Nothing to show yet.", "ch-tick", anchor="middle"))
    values = [number for one in known for number in (one.value, one.low, one.high) if number is not None]
    values += [as_number(one.at) for one in references]
    widest = max(text_width(one.label) for one in rows)
    left = 8.0 if above else min(widest + 12, width * 0.38)
    right = width - (12.0 if above else 64.0)
    x = number_scale(values, start=left, end=right, unit=unit, from_zero=from_zero, most=4 if above else 6)
    top = 22.0 if references else 8.0
    height = _ROW + 16 if above else _ROW
    bottom = top + height * len(rows)
    parts = [rect(0, top + number * height, width, height, "ch-stripe") for number in range(1, len(rows), 2)]
    parts += bottom_axis(x, bottom, top=top, edge=width)
    for mark in references:  # under the words
        at = x(mark.at)
        half = text_width(mark.label) / 2
        parts.append(rule(at, top - 4, at, bottom, "ch-reference"))
        words = fitted(mark.label, width - 8)
        parts.append(label(min(max(at, half), width - half), top - 9, words, "ch-tick", anchor="middle"))
    for number, one in enumerate(rows):
        y = top + number * height + (height - _ROW if above else 0) + _ROW / 2
        label_y = y - _ROW / 2 - 1 if above else y + 4
        words = fitted(one.label, width - 12 if above else left - 12)
        parts.append(label(2, label_y, words, "ch-text ch-halo"))
        parts += _dot(one, x, y, unit, width, above)
    return Drawing(width, int(bottom + 26), "".join(parts))


def _dot(one: Dot, x: Scale, y: float, unit: str, width: int, above: bool) -> list[str]:
    if not isinstance(one.value, Estimate):
        return [label(x.start + 4, y + 4, fitted(str(one.value), width - x.start - 8), "ch-tick ch-halo")]
    parts = []
    value = one.value
    if value.low is not None and value.high is not None:
        parts.append(rule(x(value.low), y, x(value.high), y, "ch-line ch-s1"))
        parts += [rule(x(end), y - 5, x(end), y + 5, "ch-cap ch-s1") for end in (value.low, value.high)]
    parts.append(dot(x(value.value), y, "ch-dot ch-s1", said=f"{one.label}: {words_of(value, unit)}"))
    if not above:
        parts.append(label(width - 2, y + 4, said(value.value, unit), anchor="end"))
    return parts
