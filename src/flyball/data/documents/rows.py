"""A row is a document: one row of a table as text, with the place of every value in it.

Why: docs/decisions/0012-a-row-is-a-document.md.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import msgspec

from flyball.core.digests import digest_of_bytes
from flyball.data.documents.columns import ROW_MEDIA_TYPE
from flyball.data.documents.errors import DocumentError
from flyball.data.documents.records import Document

__all__ = ["ROW_MEDIA_TYPE", "BadRow", "Value", "document_of_row", "places_of_columns", "row_of"]

Value = str | int | float | bool | None

_MOST_COLUMNS = 4_096
_LONGEST = 1_000_000
_WHOLE = 2.0**53
_JSON = msgspec.json.Encoder(order="sorted")
_ROW = msgspec.json.Decoder(dict[str, Value])


class BadRow(DocumentError):
    """A row that cannot be a case."""

    code = "documents.bad_row"


def document_of_row(row: Mapping[str, object], *, name: str) -> Document:
    """Return a row as a document: its text is the row as JSON, columns sorted, without white space.

    Equal rows give equal text, whichever way they came: 5 and 5.0 are written 5, a decimal as a number, a
    day as "2026-11-30".

    Parameters
    ----------
    row : mapping of str to value
        Flat: numbers, text, yes and no, days and times; None is a missing value, and so is NaN.
    name : str
        For people: "application 4711".

    Returns
    -------
    Document
        Of media type `ROW_MEDIA_TYPE`; each column is a place of it.

    Raises
    ------
    BadRow
        No column, a nested value, a number that is not finite, or more than a row may hold.
    """
    if not row or len(row) > _MOST_COLUMNS:
        raise BadRow(
            f"{name} has {len(row)} columns; a row has 1 to {_MOST_COLUMNS:,}.",
            fix='Give one flat object per case, such as {"income": 52000, "term_months": 36}.',
            name=name,
        )
    plain: dict[str, Value] = {str(key): _plain(value, str(key), name) for key, value in row.items()}
    try:
        text = _JSON.encode(plain).decode()
    except UnicodeEncodeError:  # half a character cannot be written: a question mark stands for it
        text = _JSON.encode({_whole(key): _whole(value) for key, value in plain.items()}).decode()
    if len(text) > _LONGEST:
        raise BadRow(
            f"{name} has {len(text):,} characters; a row has at most {_LONGEST:,}.",
            fix="Long texts are documents of their own; leave them out of the row.",
            name=name,
        )
    digest = digest_of_bytes(text.encode())
    return Document(name, ROW_MEDIA_TYPE, digest, digest, text, ())


def row_of(text: str) -> dict[str, Value] | None:
    """Return the row that a text is, None where it is none."""
    if not text.startswith("{"):
        return None
    try:
        return _ROW.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def places_of_columns(text: str, columns: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return where columns stand in the text of a row, name and value, as offsets.

    A quotation mark inside a text is written with a backslash, and rows are flat: so a column's name in
    quotation marks with a colon behind it stands there once.
    """
    found = {}
    for column in columns:
        head = _written(column) + ":"
        start = text.find(head)
        while start > 0 and text[start - 1] not in "{,":
            start = text.find(head, start + 1)
        if start > 0:
            found[column] = (start, _end(text, start + len(head)))
    return found


def _end(text: str, at: int) -> int:
    """Return where the value that begins here ends."""
    if text[at] != '"':
        ends = [end for end in (text.find(",", at), text.find("}", at)) if end >= 0]
        return min(ends)
    at += 1
    while text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _written(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _plain(value: object, column: str, name: str) -> Value:
    """Return a value as it is written: 5.0 as 5, a decimal as a number, a day as text, NaN as nothing."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | Decimal):
        if math.isfinite(value):
            return int(value) if -_WHOLE < value < _WHOLE and value == int(value) else float(value)
        if math.isnan(value):
            return None
        raise _bad(name, column, "an infinite number")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise _bad(name, column, f"a value of the type {type(value).__name__}")


def _whole(value: Value) -> Value:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _bad(name: str, column: str, what: str) -> BadRow:
    return BadRow(
        f"{name}, column {column}, is {what}, which a row cannot hold.",
        fix="Rows are flat: numbers, text, yes and no, days and times, or nothing.",
        name=name,
        column=column,
    )
