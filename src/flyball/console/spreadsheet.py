"""Rows for spreadsheets: CSV in which no text is run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["csv_rows"]

Cell = str | int | float | bool | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV in UTF-8; a text that a spreadsheet would run begins with an apostrophe."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_still(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8", "replace")


def _still(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell
