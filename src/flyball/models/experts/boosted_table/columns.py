"""The columns that a boosted table looks at, and rows of them as numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.data.documents.rows import Value

__all__ = ["BadColumns", "Column", "ColumnKind", "bounded", "columns_of", "encode", "why_not"]

ColumnKind = Literal["number", "flag", "category"]
Floats = npt.NDArray[np.float64]

_MOST_CATEGORIES = 1_000


class BadColumns(BadInput):
    """A row lacks a column that the expert looks at, or holds another kind of value in it."""

    code = "boosted_table.bad_columns"


@dataclass(frozen=True, slots=True)
class Column:
    """One column and how it may count.

    Parameters
    ----------
    name : str
    kind : {"number", "flag", "category"}
        A flag is yes or no, and counts as 1 or 0.
    monotone : {-1, 0, 1}
        1: a higher value never lowers the chance of "true"; -1: never raises it; 0: free. 0 for categories.
    categories : tuple of str
        Known values, most frequent first.
    may_miss : bool
        Whether rows without it were learned from. Where not, such a row is not answered.
    least, most : float or None
        A number below or above was not learned from, and such a row is not answered. None: no limit.
    others : bool
        Whether values that are none of the categories were learned from. Where not, such a row is not
        answered.
    """

    name: str
    kind: ColumnKind = "number"
    monotone: Literal[-1, 0, 1] = 0
    categories: tuple[str, ...] = ()
    may_miss: bool = False
    least: float | None = None
    most: float | None = None
    others: bool = True

    def __post_init__(self) -> None:
        if self.kind == "category" and (self.monotone or len(self.categories) > _MOST_CATEGORIES):
            raise BadColumns(
                f"The column {self.name} has {len(self.categories)} categories, direction {self.monotone}.",
                fix=f"Categories have no order, so monotone is 0; at most {_MOST_CATEGORIES:,} of them.",
                column=self.name,
            )
        if self.monotone not in (-1, 0, 1):
            raise BadColumns(
                f"The column {self.name} has the direction {self.monotone}.", fix="Write -1, 0 or 1."
            )


def columns_of(
    rows: Sequence[Mapping[str, Value]],
    *,
    monotone: Mapping[str, Literal[-1, 0, 1]] | None = None,
    only: Sequence[str] = (),
) -> tuple[Column, ...]:
    """Return how the columns of rows look.

    Parameters
    ----------
    rows : sequence of mapping
    monotone : mapping of str to -1, 0 or 1, optional
    only : sequence of str
        Columns wanted, in this order; () means all but those that name each row differently.

    Returns
    -------
    tuple of Column

    Raises
    ------
    BadColumns
        Numbers and texts in one column, or nothing in it at all.
    """
    monotone = monotone or {}
    names = list(only) or sorted({name for row in rows for name in row})
    found = []
    for name in names:
        values = [row.get(name) for row in rows]
        there = [value for value in values if value is not None]
        kinds = {_kind(value) for value in there}
        if len(kinds) != 1:
            what = " and ".join(sorted(kinds)) or "nothing"
            raise BadColumns(
                f"The column {name} holds {what}, so it cannot be learned from.",
                fix="Give each column one kind of value, or leave it out.",
                column=name,
            )
        kind = kinds.pop()
        categories: tuple[str, ...] = ()
        if kind == "category":
            counts: dict[str, int] = {}
            for value in there:
                counts[str(value)] = counts.get(str(value), 0) + 1
            if not only and (len(counts) > _MOST_CATEGORIES or len(counts) > 0.5 * len(there)):
                continue  # a name of the row, not a property of it
            categories = tuple(sorted(counts, key=lambda one: (-counts[one], one)))
        found.append(Column(name, kind, monotone.get(name, 0), categories, len(there) < len(values)))
    return tuple(found)


def encode(
    rows: Sequence[Mapping[str, Value]], columns: Sequence[Column]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return rows as numbers, and which of them can be answered.

    Parameters
    ----------
    rows : sequence of mapping
    columns : sequence of Column

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)
        NaN where a value is missing or a category unknown.
    ndarray of bool, shape (n_rows,)
        False where a value is missing that was never missing in training, or is outside what it held.

    Raises
    ------
    BadColumns
        A row does not have a column at all, or another kind of value in it.
    """
    found = np.full((len(rows), len(columns)), np.nan)
    answerable = np.ones(len(rows), dtype=np.bool_)
    for place, column in enumerate(columns):
        try:
            values = [row[column.name] for row in rows]
        except KeyError:
            lacking = sum(column.name not in row for row in rows)
            raise BadColumns(
                f"{lacking} of {len(rows)} rows have no column {column.name!r}.",
                fix=f"Give every row these columns, null where a value is missing: "
                f"{', '.join(one.name for one in columns)}.",
                column=column.name,
            ) from None
        numbers = found[:, place] = _numbers(values, column)
        missing = np.array([value is None for value in values], dtype=np.bool_)
        if not column.may_miss:
            answerable &= ~missing
        if not column.others:
            answerable &= missing | ~np.isnan(numbers)
        if column.least is not None:
            answerable &= ~(numbers < column.least)
        if column.most is not None:
            answerable &= ~(numbers > column.most)
    return found, answerable


def bounded(columns: Sequence[Column], matrix: Floats, spread: Floats) -> tuple[Column, ...]:
    """Return the columns with what they may hold: what was learned from, numbers up to one spread beyond.

    What was never negative may not be. So a rate of 750 that was meant to be 7.5 is not answered, while a
    row a little beyond the others is. Limits that a column has already stay.

    Parameters
    ----------
    columns : sequence of Column
    matrix : ndarray of float64, shape (n_rows, n_columns)
        Rows that were learned from.
    spread : ndarray of float64, shape (n_columns,)
        How far apart rows usually are in each column.
    """
    found = []
    for place, column in enumerate(columns):
        there = matrix[:, place][~np.isnan(matrix[:, place])]
        if column.kind == "category":
            column = replace(column, others=len(there) < len(matrix))
        elif column.kind == "number" and len(there):
            low, high = float(there.min()), float(there.max())
            least = low - spread[place] if low < 0.0 else max(0.0, low - spread[place])
            column = replace(
                column,
                least=_plain(least) if column.least is None else column.least,
                most=_plain(high + spread[place]) if column.most is None else column.most,
            )
        found.append(column)
    return tuple(found)


def why_not(row: Mapping[str, Value], columns: Sequence[Column]) -> str:
    """Return why a row is not answered, for people: columns and limits, none of its values."""
    missing, strange = [], []
    for one in columns:
        value = row.get(one.name)
        if value is None:
            if not one.may_miss:
                missing.append(one.name)
        elif one.kind == "category":
            if not one.others and value not in one.categories:
                strange.append(one.name)
        elif one.kind == "number" and isinstance(value, int | float):
            low = -math.inf if one.least is None else one.least
            high = math.inf if one.most is None else one.most
            if not low <= value <= high:
                strange.append(f"{one.name} ({low:g} to {high:g})")
    said = (
        [f"Not known: {', '.join(missing)}. It was never missing where this model learned."]
        if missing
        else []
    )
    if strange:
        said.append(f"Outside what this model learned from: {', '.join(strange)}.")
    return " ".join(said)


def _plain(value: float) -> float:
    return float(f"{value:.9g}")


def _kind(value: Value) -> ColumnKind:
    if isinstance(value, bool):
        return "flag"
    return "category" if isinstance(value, str) else "number"


def _numbers(values: Sequence[Value], column: Column) -> Floats:
    """Return one column as numbers: categories by their place in the list."""
    wrong = next((one for one in values if one is not None and _kind(one) != column.kind), None)
    if wrong is not None:
        shown = f"the text {wrong[:30]!r}" if isinstance(wrong, str) else repr(wrong)
        wanted = {"number": "a number", "flag": "yes or no", "category": "a text"}[column.kind]
        raise BadColumns(
            f"The column {column.name} holds {shown}, where {wanted} is expected.",
            fix=f"Write {wanted} there, or null where it is missing.",
            column=column.name,
        )
    if column.kind == "category":
        codes = {name: float(code) for code, name in enumerate(column.categories)}
        return np.array([codes.get(str(one), np.nan) for one in values], dtype=np.float64)
    return np.array([np.nan if one is None else float(one) for one in values], dtype=np.float64)
