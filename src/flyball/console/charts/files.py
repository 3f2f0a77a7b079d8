"""A chart as files of its own: SVG with its colours inside, and the table as CSV."""

from importlib.resources import files

from flyball.console.charts.ink import attribute, label
from flyball.console.charts.records import Chart
from flyball.console.spreadsheet import csv_rows

__all__ = ["chart_style", "csv_file", "svg_file"]

_HEAD = 30


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
    """Return the table behind a chart as CSV, in which no text is run as a formula."""
    return csv_rows((chart.columns, *chart.rows)).decode()
