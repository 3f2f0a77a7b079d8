"""What charts are made from, and what comes out of them."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from flyball.console.charts.ink import attribute
from flyball.core.estimates import Measurement

__all__ = [
    "Bar",
    "Bins",
    "Cell",
    "Chart",
    "Dot",
    "Drawing",
    "Link",
    "Period",
    "Place",
    "Point",
    "Reference",
    "Series",
    "Step",
]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

Place = float | date | datetime
"""Where something stands on an axis: a number, or a time."""

Cell = str | float | int | None
"""One cell of the table behind a chart; None where nothing is known."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series.

    Parameters
    ----------
    x : float, date or datetime
    value : Measurement
        What was not measured leaves a gap in the line and its reason in the table.
    href : str
        Address of the records behind it; "" for none.
    """

    x: Place
    value: Measurement
    href: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One line."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A value to compare with, such as an objective; or a moment, such as a promotion.

    Parameters
    ----------
    at : float, date or datetime
        On the axis of values, or of times where the chart says so.
    label : str
    href : str
        Address of the record behind it; "" for none.
    """

    at: Place
    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """One estimate under its name.

    Parameters
    ----------
    label : str
    value : Measurement
    note : str
        Said beside it in the table.
    href : str
    """

    label: str
    value: Measurement
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One count or amount under its name, at least 0."""

    label: str
    value: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class Bins:
    """Shares of a set of values in bins that two sets have in common.

    Parameters
    ----------
    name : str
    shares : tuple of float
        One for each bin, each in [0, 1].
    n : int
        Values behind them.
    """

    name: str
    shares: tuple[float, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Period:
    """Something that lasts from a day until before another one.

    Parameters
    ----------
    label : str
    start : date
    end : date or None
        First day on which it lasts no longer; None: no end known.
    note : str
    href : str
    on : bool
        Whether it is in force on the day asked about; shown filled and said in the table.
    """

    label: str
    start: date
    end: date | None
    note: str = ""
    href: str = ""
    on: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work inside a longer one.

    Parameters
    ----------
    label : str
    start, seconds : float
        Seconds since the beginning of the whole.
    depth : int
        How far inside: 0 for the whole.
    failed : bool
    note : str
    href : str
    """

    label: str
    start: float
    seconds: float
    depth: int = 0
    failed: bool = False
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell of a table that leads to the record behind it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in SVG without its frame.

    Parameters
    ----------
    width, height : int
        In CSS pixels.
    body : str
        Elements; every text in it is escaped.
    """

    width: int
    height: int
    body: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with the numbers that it shows.

    Parameters
    ----------
    name : str
        Lower case letters, digits and hyphens; names files and elements of the page.
    title, description : str
        For people: what it shows, and in one sentence what is to be seen.
    wide, narrow : Drawing
        For a desk and for a phone.
    columns : tuple of str
    rows : tuple of tuple of Cell
        The same numbers as a table, in full precision.
    hrefs : tuple of str
        Address of the record behind each row; "" for none.
    """

    name: str
    title: str
    description: str
    wide: Drawing
    narrow: Drawing
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    hrefs: tuple[str, ...]

    @property
    def wide_svg(self) -> Markup:
        """The wide drawing as an element of a page."""
        return self._element(self.wide)

    @property
    def narrow_svg(self) -> Markup:
        """The narrow drawing as an element of a page."""
        return self._element(self.narrow)

    @property
    def filled(self) -> tuple[int, ...]:
        """The places of the columns in which anything stands."""
        return tuple(
            place
            for place in range(len(self.columns))
            if any(row[place] not in (None, "") for row in self.rows)
        )

    @property
    def table(self) -> tuple[tuple[tuple[str, bool], ...], ...]:
        """The rows in words, for a page: each cell with whether it is a number, of six digits at most."""
        return tuple(
            tuple((_in_words(one), not isinstance(one, str | None)) for one in row) for row in self.rows
        )

    def _element(self, drawing: Drawing) -> Markup:
        said = f"{self.title}. {self.description}" if self.description else self.title
        frame = (
            f'<svg class="chart" role="img" aria-label={attribute(said)} '
            f'viewBox="0 0 {drawing.width} {drawing.height}" '
            f'width="{drawing.width}" height="{drawing.height}">'
        )
        return Markup(frame + drawing.body + "</svg>")  # noqa: S704 - `ink` has escaped every text in it


def _in_words(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"{cell[:10]} {cell[11:16]}" if _MOMENT.fullmatch(cell) else cell
    return f"{cell:,.6g}" if isinstance(cell, float) else f"{cell:,}"
