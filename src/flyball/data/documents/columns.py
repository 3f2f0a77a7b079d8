"""Columns of a row as places: where each stands in the text that the row is.

Why: docs/decisions/0012-a-row-is-a-document.md.
"""

import re
from collections.abc import Iterator

import msgspec

__all__ = ["ROW_MEDIA_TYPE", "columns_of"]

ROW_MEDIA_TYPE = "application/vnd.flyball.row+json"

_PIECE = re.compile(r'\{?("(?:[^"\\]|\\.)*"):(?:"(?:[^"\\]|\\.)*"|[^",}]*)[,}]', re.DOTALL)


def columns_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of each column in the text of a row; together they cover it.

    Parameters
    ----------
    text : str
        As `document_of_row` writes it: flat, without white space.
    """
    at = 0
    while found := _PIECE.match(text, at):
        yield at, found.end(), msgspec.json.decode(found[1], type=str)
        at = found.end()
