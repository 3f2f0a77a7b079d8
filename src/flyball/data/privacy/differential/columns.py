"""Columns as they may be looked at: categories, bins and bounds that are known beforehand.

What is declared here must not come from the data: a category list or a maximum read off the rows
tells about them. No value of any row leads to an error; what does not fit is counted as missing or
moved to the nearest bound.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import Integers

__all__ = ["Bins", "Bounds", "Categories", "Coded", "cells", "encode", "shape_of"]

GRID = 2**20
"""Steps between 0 and the larger bound of a summed column."""

SMALLEST_REACH, LARGEST_REACH = 1e-200, 1e200
"""Sizes of a bound for which the steps of the grid are numbers that a computer holds exactly."""


@dataclass(frozen=True, slots=True)
class Categories:
    """A column with values known beforehand; every other value, and null, counts as missing.

    Parameters
    ----------
    name : str
    values : tuple of str, int, float or bool
        At least one, all different.
    """

    name: str
    values: tuple[str | int | float | bool, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) < len(self.values):
            raise BadPrivateQuery(
                f"The categories of {self.name!r} must be different and at least one.",
                fix="List each value that is known beforehand once.",
            )

    @property
    def size(self) -> int:
        """Codes: one per value, and the last for missing."""
        return len(self.values) + 1

    def labels(self) -> list[str]:
        """Return what each code stands for, for people."""
        return [str(value) for value in self.values] + ["(missing)"]

    def codes(self, column: pa.ChunkedArray) -> Integers:
        """Return the code of each row, shape (n_rows,)."""
        try:
            wanted = pa.array(self.values).cast(column.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as err:
            raise BadPrivateQuery(
                f"The categories of {self.name!r} are not of its type {column.type}.",
                fix="Write them in the type of the column.",
                column=self.name,
            ) from err
        found = pc.fill_null(pc.index_in(column, value_set=wanted), len(self.values))
        return np.asarray(found.to_numpy(), dtype=np.int64)

    def decode(self, codes: Integers, kind: pa.DataType, draw: np.random.Generator) -> pa.Array:
        """Return values for codes; missing becomes null."""
        del draw
        values = pa.array([*self.values, None]).cast(kind)
        return values.take(pa.array(codes))


@dataclass(frozen=True, slots=True)
class Bins:
    """A column of numbers, cut at edges known beforehand; values outside go to the end bins.

    Parameters
    ----------
    name : str
    edges : tuple of float
        At least two, finite, rising. Bin i holds edges[i] <= value < edges[i + 1].
    """

    name: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in zip(self.edges, self.edges[1:], strict=False))
        if len(self.edges) < 2 or not rising or not all(math.isfinite(edge) for edge in self.edges):
            raise BadPrivateQuery(
                f"The edges of {self.name!r} must be at least two finite rising numbers, got {self.edges}.",
                fix="Take round numbers that cover what is plausible; do not read them off the data.",
            )

    @property
    def size(self) -> int:
        """Codes: one per bin, and the last for missing."""
        return len(self.edges)

    def merged(self, rows: NDArray[np.int64], parts: int) -> "Bins":
        """Return at most `parts` bins with about as many rows each, given the rows of each bin.

        Counts below 0 are taken as 0. The first and the last edge stay.
        """
        found = np.maximum(rows.astype(np.float64), 0.0)
        below = np.cumsum(found)[:-1]  # rows below each inner edge
        wanted = np.arange(1, parts) * found.sum() / parts
        nearest = {int(np.abs(below - one).argmin()) + 1 for one in wanted} if len(below) else set()
        inner = (self.edges[place] for place in sorted(nearest))
        return Bins(self.name, (self.edges[0], *inner, self.edges[-1]))

    def labels(self) -> list[str]:
        """Return what each code stands for, for people."""
        pairs = zip(self.edges, self.edges[1:], strict=False)
        return [f"[{low:g}, {high:g})" for low, high in pairs] + ["(missing)"]

    def codes(self, column: pa.ChunkedArray) -> Integers:
        """Return the code of each row, shape (n_rows,)."""
        values = _numbers(column, self.name)
        found = np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, len(self.edges) - 2)
        found[np.isnan(values)] = len(self.edges) - 1
        return found.astype(np.int64)

    def decode(self, codes: Integers, kind: pa.DataType, draw: np.random.Generator) -> pa.Array:
        """Return values drawn evenly within each bin; missing becomes null."""
        missing = codes == len(self.edges) - 1
        low = np.asarray([*self.edges[:-1], 0.0])[codes]
        width = np.asarray([*np.diff(self.edges), 0.0])[codes]
        values = low + width * draw.random(len(codes))
        if pa.types.is_integer(kind):
            values = np.floor(values)
        return pa.array(values, mask=missing).cast(kind)


Coded = Categories | Bins


@dataclass(frozen=True, slots=True)
class Bounds:
    """A column of numbers to be added up, with bounds known beforehand; values outside are clipped.

    Parameters
    ----------
    name : str
    low, high : float
        Finite, low below high, the larger of them in size between 1e-200 and 1e200.
    """

    name: str
    low: float
    high: float

    def __post_init__(self) -> None:
        reach = max(abs(self.low), abs(self.high))
        if not (self.low < self.high and SMALLEST_REACH <= reach <= LARGEST_REACH):
            raise BadPrivateQuery(
                f"The bounds of {self.name!r} must be rising, and the larger one in [{SMALLEST_REACH:g}, "
                f"{LARGEST_REACH:g}] without its sign, got {self.low} and {self.high}.",
                fix="Take round numbers that cover what is plausible; do not read them off the data.",
            )

    def on_grid(
        self, column: pa.ChunkedArray, *, around: float = 0.0
    ) -> tuple[Integers, float, int, NDArray[np.bool_]]:
        """Return steps away from `around` as whole numbers, the step, their largest size, which rows count.

        Each row is clipped and rounded for itself, so that a sum of them is exact. Null and NaN give
        0 and do not count. A step is a power of two: at most 2^-20 of the larger bound, so rounding
        moves a value by at most half of that.
        """
        reach = max(abs(self.low - around), abs(self.high - around))
        step = 2.0 ** math.ceil(math.log2(reach)) / GRID
        most = math.ceil(reach / step)
        values = _numbers(column, self.name)
        counts = ~np.isnan(values)
        steps = np.rint((np.clip(values, self.low, self.high) - around) / step)
        steps = np.where(counts, steps, 0.0).astype(np.int64)
        return np.clip(steps, -most, most), step, most, counts


def encode(table: pa.Table, columns: Sequence[Coded]) -> Integers:
    """Return codes of shape (n_rows, n_columns).

    Raises
    ------
    BadPrivateQuery
        A column is not there, or not of the right type.
    """
    return np.stack([column.codes(column_of(table, column.name)) for column in columns], axis=1)


def shape_of(columns: Sequence[Coded], *, largest: int) -> tuple[int, ...]:
    """Return the number of codes of each column; refuse more than `largest` cells in all."""
    shape = tuple(column.size for column in columns)
    if math.prod(shape) > largest:
        raise BadPrivateQuery(
            f"{' x '.join(column.name for column in columns)} has {math.prod(shape)} cells, "
            f"more than {largest}.",
            fix="Take fewer columns, or coarser bins.",
        )
    return shape


def cells(codes: Integers, shape: tuple[int, ...]) -> Integers:
    """Count rows by cell: codes of shape (n_rows, len(shape)) give an array of shape `shape`."""
    if not shape:
        return np.asarray(len(codes), dtype=np.int64)
    flat = np.ravel_multi_index(tuple(codes.T), shape)
    return np.bincount(flat, minlength=math.prod(shape)).astype(np.int64).reshape(shape)


def column_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column, or say which there are."""
    if name not in table.column_names:
        raise BadPrivateQuery(
            f"The table has no column {name!r}.", fix=f"It has: {', '.join(table.column_names)}.", column=name
        )
    return table.column(name)


def _numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise BadPrivateQuery(
            f"The column {name!r} holds {kind}, not numbers.", fix="Take Categories for it.", column=name
        )
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
