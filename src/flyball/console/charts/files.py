"""A chart as files of its own: SVG with its colours inside, and the table as CSV."""

import csv
import io
from importlib.resources import files

from flyball.console.charts.ink import attribute, label
from flyball.console.charts.records import Cell, Chart

__all__ = ["chart_style", "csv_file", "svg_file"]

_HEAD = 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def chart_style() -> str:
    """Return the style sheet that the elements of charts need."""
    return files("flyball.console.charts").joinpath("charts.css").read_text(encoding="utf-8")


def svg_file(chart: Chart) -> str:
    """Return a chart as an SVG file that needs nothing else; it follows light and dark of its reader."""
    drawing = chart.wide
    width, height = drawing.width + 24, drawing.height + _HEAD + 16
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart ch-alone" role="img" '
        f"aria-label={attribute(f'{chart.title}. {chart.description}')} "
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{chart_style()}</style>"
        f'<rect class="ch-paper" width="{width}" height="{height}"/>'
        f"{label(12, 22, chart.title, 'ch-title')}"
        f'<g transform="translate(12 {_HEAD})">{drawing.body}</g></svg>\n'
    )


def csv_file(chart: Chart) -> str:
    """Return the table behind a chart as CSV; a text that a spreadsheet would run is quoted with '."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([_cell(one) for one in chart.columns])
    writer.writerows([_cell(one) for one in row] for row in chart.rows)
    return written.getvalue()


def _cell(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
