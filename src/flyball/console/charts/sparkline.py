"""A line without axes, for beside a number."""

from collections.abc import Sequence
from itertools import pairwise

from flyball.console.charts.ink import dot, path
from flyball.console.charts.measured import MEASURED_COLUMNS, cells_of
from flyball.console.charts.records import Chart, Drawing
from flyball.core.estimates import Estimate, Measurement

__all__ = ["sparkline"]

_WIDTH, _HEIGHT = 120, 28


def sparkline(values: Sequence[Measurement], *, name: str, title: str, description: str) -> Chart:
    """Draw measurements at even distances, oldest first; the last one has a dot.

    Parameters
    ----------
    values : sequence of Measurement
    name, title, description
        See `Chart`.

    Returns
    -------
    Chart
    """
    drawn = _drawn(values)
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=drawn,
        narrow=drawn,
        columns=("place", *MEASURED_COLUMNS),
        rows=tuple((number, *cells_of(one)) for number, one in enumerate(values, start=1)),
        hrefs=("",) * len(values),
    )


def _drawn(values: Sequence[Measurement]) -> Drawing:
    known = [(number, one.value) for number, one in enumerate(values) if isinstance(one, Estimate)]
    if not known:
        return Drawing(_WIDTH, _HEIGHT, "")
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = (_WIDTH - 10) / max(len(values) - 1, 1)

    def place(number: int, value: float) -> tuple[float, float]:
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        return 4 + number * step, _HEIGHT - 5 - share * (_HEIGHT - 10)

    parts, run = [], [place(*known[0])]
    for (before, _), (number, value) in pairwise(known):
        if number > before + 1:
            parts.append(path(run, "ch-line ch-s1"))
            run = []
        run.append(place(number, value))
    parts.append(path(run, "ch-line ch-s1"))
    parts.append(dot(*place(*known[-1]), "ch-dot ch-s1", radius=2.5))
    return Drawing(_WIDTH, _HEIGHT, "".join(parts))
