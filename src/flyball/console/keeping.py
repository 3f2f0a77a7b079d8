"""Charts of a page as files to keep: the picture as SVG, the numbers as CSV."""

from collections.abc import Callable, Mapping

from flyball.console.charts.files import csv_file, svg_file
from flyball.console.charts.records import Chart
from flyball.console.page import Asked, File, NoSuchPage

__all__ = ["chart_files"]

Charts = Callable[[Asked], Mapping[str, Chart]]


def chart_files(charts: Charts, *names: str) -> dict[str, Callable[[Asked], File]]:
    """Return the files of a page's charts, for its card.

    Parameters
    ----------
    charts : callable
        Returns the charts of the page by name, for what was asked.
    *names : str
        Of the charts that the page can show.
    """
    files: dict[str, Callable[[Asked], File]] = {}
    for name in names:
        files[f"{name}.svg"] = _file(charts, name, "svg", "image/svg+xml")
        files[f"{name}.csv"] = _file(charts, name, "csv", "text/csv; charset=utf-8")
    return files


def _file(charts: Charts, name: str, form: str, media_type: str) -> Callable[[Asked], File]:
    def made(asked: Asked) -> File:
        found = charts(asked).get(name)
        if found is None:
            raise NoSuchPage(f"There is no chart {name} here now.", fix="Load the page again.")
        text = svg_file(found) if form == "svg" else csv_file(found)
        return File(text.encode(), f"{name}.{form}", media_type)

    return made
