"""Lines over time or over numbers, each with the band of its intervals."""

from collections.abc import Sequence
from datetime import date, datetime

from flyball.console.charts.axes import bottom_axis, left_axis, left_margin, legend, side_by_side
from flyball.console.charts.ink import dot, fitted, label, path, rule, text_width
from flyball.console.charts.measured import MEASURED_COLUMNS, cells_of, words_of
from flyball.console.charts.records import Chart, Drawing, Point, Reference, Series
from flyball.console.charts.scale import Scale, as_number, number_scale, time_scale
from flyball.core.estimates import Estimate

__all__ = ["line"]

_WIDE, _NARROW = (720, 260), (340, 230)
_DOTS_UP_TO = 80


def line(
    series: Sequence[Series],
    *,
    name: str,
    title: str,
    description: str,
    unit: str = "",
    x_title: str = "time (UTC)",
    references: Sequence[Reference] = (),
    events: Sequence[Reference] = (),
    from_zero: bool = False,
) -> Chart:
    """Draw series of measurements; a gap in a line is a gap in knowledge.

    Parameters
    ----------
    series : sequence of Series
        Points in the order of the axis. No point at all gives a picture that says so.
    name, title, description
        See `Chart`.
    unit : str
        Of the values; "share" is shown in per cent.
    x_title : str
        Column of the table for the places on the axis.
    references : sequence of Reference
        Values to compare with: a dashed line across.
    events : sequence of Reference
        Moments: a dashed line upwards, numbered where there is no room for words.
    from_zero : bool
        Whether the axis of values begins at 0.

    Returns
    -------
    Chart
    """
    rows = [(point, one.name) for one in series for point in one.points]
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=_drawn(series, _WIDE, unit, x_title, references, events, from_zero),
        narrow=_drawn(series, _NARROW, unit, x_title, references, events, from_zero),
        columns=("series", x_title, *MEASURED_COLUMNS),
        rows=tuple((of, _x_cell(point), *cells_of(point.value)) for point, of in rows),
        hrefs=tuple(point.href for point, _ in rows),
    )


def _drawn(
    series: Sequence[Series],
    size: tuple[int, int],
    unit: str,
    x_title: str,
    references: Sequence[Reference],
    events: Sequence[Reference],
    from_zero: bool,
) -> Drawing:
    width, height = size
    points = [point for one in series for point in one.points]
    known = [point.value for point in points if isinstance(point.value, Estimate)]
    if not known:
        return _nothing(width, "Nothing was measured yet.")
    values = [number for one in known for number in (one.value, one.low, one.high) if number is not None] + [
        as_number(one.at) for one in references
    ]
    looks = side_by_side(len(series))
    head, top = legend([one.name for one in series], looks, 8, width) if len(series) > 1 else ([], 0.0)
    top += 10 + (16 if events else 0)
    bottom = height - 24
    y = number_scale(values, start=bottom, end=top, unit=unit, from_zero=from_zero)
    left, right = left_margin(y), width - 8.0
    places = [point.x for point in points]
    timed = isinstance(places[0], date)
    most = max(2, int((right - left) / 90))
    if timed:
        x = time_scale(places, start=left, end=right, most=most)
    else:
        whole = all(isinstance(one, int) for one in places)
        x = number_scale([as_number(one) for one in places], start=left, end=right, most=most, whole=whole)
    parts = [*head, *left_axis(y, left, right), *bottom_axis(x, bottom, edge=width)]
    for one, look in zip(series, looks, strict=True):
        parts += _series(one, look, x, y, unit, x_title)
    for mark in references:
        at = y(mark.at)
        words = fitted(mark.label, (right - left) * 0.7)
        parts.append(rule(left, at, right, at, "ch-reference"))
        parts.append(label(right, at - 5 if at - top > 18 else at + 15, words, "ch-halo", anchor="end"))
    parts += _events(events, x, top, bottom)
    return Drawing(width, height, "".join(parts))


def _series(one: Series, look: str, x: Scale, y: Scale, unit: str, x_title: str) -> list[str]:
    colour = look.split()[1]
    parts = []
    for run in _runs(one.points):
        band = [
            (x(point.x), value) for point, value in run if value.low is not None and value.high is not None
        ]
        if len(band) > 1:
            upper = [(at, y(value.high)) for at, value in band if value.high is not None]
            lower = [(at, y(value.low)) for at, value in reversed(band) if value.low is not None]
            parts.append(path([*upper, *lower], f"ch-band {colour}", closed=True))
        if len(run) > 1:
            parts.append(path([(x(point.x), y(value.value)) for point, value in run], look))
        for point, value in run:
            alone = len(run) == 1 and value.low is not None and value.high is not None
            if alone:
                parts.append(rule(x(point.x), y(value.low or 0.0), x(point.x), y(value.high or 0.0), look))
            if len(one.points) <= _DOTS_UP_TO or alone:
                words = f"{one.name}, {_x_words(point, x_title)}: {words_of(value, unit)}"
                parts.append(dot(x(point.x), y(value.value), f"ch-dot {colour}", radius=3, said=words))
    return parts


def _runs(points: Sequence[Point]) -> list[list[tuple[Point, Estimate]]]:
    """Return the stretches between the gaps."""
    found: list[list[tuple[Point, Estimate]]] = [[]]
    for point in points:
        if isinstance(point.value, Estimate):
            found[-1].append((point, point.value))
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _events(events: Sequence[Reference], x: Scale, top: float, bottom: float) -> list[str]:
    parts: list[str] = []
    free_from = float("-inf")
    for number, one in enumerate(sorted(events, key=lambda one: as_number(one.at)), start=1):
        at = x(one.at)
        parts.append(rule(at, top - 4, at, bottom, "ch-event"))
        words = one.label if text_width(one.label) < (x.end - x.start) / max(len(events), 1) else str(number)
        half = text_width(words) / 2
        middle = min(max(at, x.start + half), x.end - half)
        if middle - half > free_from + 4:
            parts.append(label(middle, top - 8, words, "ch-tick", anchor="middle"))
            free_from = middle + half
    return parts


def _nothing(width: int, words: str) -> Drawing:
    return Drawing(width, 60, label(width / 2, 34, words, "ch-tick", anchor="middle"))


def _x_cell(point: Point) -> str | float:
    if isinstance(point.x, datetime):
        return point.x.isoformat(timespec="seconds")
    return point.x.isoformat() if isinstance(point.x, date) else point.x


def _x_words(point: Point, x_title: str) -> str:
    if isinstance(point.x, date):
        return point.x.isoformat()[:16].replace("T", " ")
    return f"{x_title} {point.x:g}"
