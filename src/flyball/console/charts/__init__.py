"""Charts: numbers with their intervals as pictures that can be read, and as the table behind the picture.

In:       records of points, dots, bars and times: plain values and `core.estimates`
Out:      a `Chart`: two drawings in SVG (wide, narrow), one table of the same numbers
Imports:  core, and how the console writes rows for spreadsheets
Add one:  a kind of chart is one file with one function that returns a `Chart`; copy `dots.py`
"""

from flyball.console.charts.bars import bars
from flyball.console.charts.dots import dots
from flyball.console.charts.files import csv_file, svg_file
from flyball.console.charts.histograms import histograms
from flyball.console.charts.line import line
from flyball.console.charts.records import (
    Bar,
    Bins,
    Chart,
    Dot,
    Drawing,
    Link,
    Period,
    Point,
    Reference,
    Series,
    Step,
)
from flyball.console.charts.sparkline import sparkline
from flyball.console.charts.timeline import timeline
from flyball.console.charts.waterfall import waterfall

__all__ = [
    "Bar",
    "Bins",
    "Chart",
    "Dot",
    "Drawing",
    "Link",
    "Period",
    "Point",
    "Reference",
    "Series",
    "Step",
    "bars",
    "csv_file",
    "dots",
    "histograms",
    "line",
    "sparkline",
    "svg_file",
    "timeline",
    "waterfall",
]
