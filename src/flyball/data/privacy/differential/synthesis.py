"""Synthetic tables: rows of nobody, drawn from noisy marginals along a tree.

Three steps, all on exact counts of cells:

1. The count of every column (with the target, where one is named).
2. A tree over the columns: one edge after the other, each chosen by noisy maximum among the pairs
   that join two parts, scored by how far their joint count lies from that of independent columns.
3. The joint count of every edge (with the target).

Without a target this is the tree of McKenna, Miklau and Sheldon 2021 (arXiv:2108.04978, "MST"); with
one it is the tree-augmented naive Bayes of Friedman, Geiger and Goldszmidt 1997, so that what a
column says about the target survives. Rows are then drawn from the noisy counts, which costs nothing
more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flyball.core.digests import digest_of_bytes
from flyball.data.labels.columns import require_learnable
from flyball.data.privacy.differential.accounting import Spend
from flyball.data.privacy.differential.columns import Coded, cells, encode, shape_of
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import Integers, choose_largest, noisy
from flyball.data.privacy.differential.private_table import PrivateTable, Released

__all__ = ["synthesize"]

MOST_ROWS = 10_000_000
_LARGEST_EDGE = 200_000
_SHARES = (2, 2, 6)  # of the cost: columns, tree, edges


@dataclass(frozen=True, slots=True)
class _Edge:
    parent: int
    child: int
    counts: NDArray[np.float64]  # shape (target codes, parent codes, child codes)


def synthesize(
    table: PrivateTable,
    columns: Sequence[Coded],
    *,
    epsilon: float,
    target: Coded | None = None,
    rows: int | None = None,
    seed: int = 0,
) -> Released[pa.Table]:
    """Make a table of artificial rows with about the same counts of columns and related pairs.

    Parameters
    ----------
    table : PrivateTable
    columns : sequence of Categories and Bins
        At least two, without the target. What is not listed is not in the result.
    epsilon : float
        Of this release alone.
    target : Categories or Bins, optional
        A column that the others should predict as they do in truth.
    rows : int, optional
        How many to draw; by default the noisy number of rows.
    seed : int
        Of the drawing of rows out of the noisy counts, which is no part of the privacy: the noise
        itself has no seed.

    Returns
    -------
    Released of a table
        The columns with the types that they have, the target last. Numbers are drawn evenly within
        their bin; codes for missing become null.

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    NotForTraining
        A column is labelled so; nothing was spent.

    Notes
    -----
    Sensitivity. Let k be the rows of a unit, m the columns, and neighbours differ in the rows of one
    unit. Step 1: a row lies in one cell of each of m counts, so a unit moves them by L1 = km and
    L2 = k sqrt(m). Step 2: expected counts come from step 1 and do not move; each row moves the sum of
    distances to them by 1, so every score moves by k at most. Step 3: as step 1, with m - 1 edges.
    """
    _must_be_possible(table, columns, target, rows)
    k = table.rows_per_unit
    every = [*columns, target] if target else list(columns)
    kinds = [table.rows.schema.field(column.name).type for column in every]
    require_learnable(table.rows.select([column.name for column in every]))

    def answer(private: pa.Table, spend: Spend) -> tuple[pa.Table, float]:
        codes = encode(private, every)
        if target is None:
            codes = np.column_stack([codes, np.zeros(len(codes), dtype=np.int64)])
        sizes = [column.size for column in columns]
        classes = target.size if target else 1
        for_columns, for_tree, for_edges = spend.split(*_SHARES)
        singles = _singles(codes, sizes, classes, k, for_columns)
        n = max(1, round(float(np.mean([single.sum() for single in singles]))))
        tree = _tree(codes, sizes, classes, singles, n, k, for_tree)
        edges = _edges(codes, sizes, classes, tree, n, k, for_edges)
        draw = np.random.default_rng(seed)
        drawn = _draw(singles, edges, min(rows or n, MOST_ROWS), draw)
        arrays = [
            column.decode(drawn[:, place], kind, draw)
            for place, (column, kind) in enumerate(zip(every, kinds, strict=True))
        ]
        return pa.table(dict(zip([column.name for column in every], arrays, strict=True))), 0.0

    return table.release(
        f"synthetic table of {', '.join(column.name for column in every)}",
        answer,
        epsilon=epsilon,
        mechanism="noisy marginals along a tree: discrete "
        + ("Laplace" if table.budget.declaration.composition == "basic" else "Gaussian")
        + ", report noisy max",
        bounds=f"{sum(column.size for column in every)} codes known beforehand, {k} row(s) per unit",
        digest=_digest,
    )


def _must_be_possible(
    table: PrivateTable, columns: Sequence[Coded], target: Coded | None, rows: int | None
) -> None:
    every = [*columns, target] if target else list(columns)
    if len(columns) < 2 or len({column.name for column in every}) < len(every):
        raise BadPrivateQuery(
            f"A synthetic table needs at least two different columns, got {len(columns)}.",
            fix="List each column once; the target is not among them.",
        )
    if rows is not None and not 1 <= rows <= MOST_ROWS:
        raise BadPrivateQuery(f"Cannot draw {rows} rows.", fix=f"Between 1 and {MOST_ROWS}.", rows=rows)
    largest = sorted(columns, key=lambda column: column.size)[-2:]
    shape_of([*largest, target] if target else largest, largest=_LARGEST_EDGE)
    encode(table.rows.slice(0, 0), every)
    for column in every:  # a bin that the column's type cannot hold is found before anything is spent
        kind = table.rows.schema.field(column.name).type
        try:
            column.decode(np.arange(column.size), kind, np.random.default_rng(0))
        except pa.ArrowException as err:
            raise BadPrivateQuery(
                f"The column {column.name!r} holds {kind}, which cannot take every declared value.",
                fix="Choose edges or values within its type, or cast the column.",
                column=column.name,
            ) from err


def _singles(
    codes: Integers, sizes: list[int], classes: int, k: int, spend: Spend
) -> list[NDArray[np.float64]]:
    """Return the noisy count of each column with the target, shapes (classes, size), nowhere below 0."""
    exact = [cells(codes[:, [-1, place]], (classes, size)) for place, size in enumerate(sizes)]
    m = len(sizes)
    flat = np.concatenate([one.ravel() for one in exact])
    found = noisy(flat, l1=k * m, l2_squared=k * k * m, spend=spend).values
    pieces = np.split(found, np.cumsum([one.size for one in exact])[:-1])
    n = max(1.0, float(np.mean([piece.sum() for piece in pieces])))
    return [_on_simplex(piece, n).reshape(one.shape) for piece, one in zip(pieces, exact, strict=True)]


def _tree(
    codes: Integers,
    sizes: list[int],
    classes: int,
    singles: list[NDArray[np.float64]],
    n: int,
    k: int,
    spend: Spend,
) -> list[tuple[int, int]]:
    """Return edges (parent, child) of a tree over the columns, parents first."""
    m = len(sizes)
    pairs = [(one, other) for one in range(m) for other in range(one + 1, m)]
    per_class = np.maximum(singles[0].sum(axis=1), 1.0)
    scores = []
    for one, other in pairs:
        joint = cells(codes[:, [-1, one, other]], (classes, sizes[one], sizes[other]))
        expected = singles[one][:, :, None] * singles[other][:, None, :] / per_class[:, None, None]
        scores.append(int(np.abs(joint - np.rint(expected).astype(np.int64)).sum()))
    part = list(range(m))
    chosen: list[tuple[int, int]] = []
    for share in spend.split(*[1] * (m - 1)):
        open_pairs = [place for place, (one, other) in enumerate(pairs) if part[one] != part[other]]
        best = pairs[
            open_pairs[
                choose_largest(
                    np.asarray([scores[place] for place in open_pairs], dtype=np.int64),
                    sensitivity=k,
                    spend=share,
                )
            ]
        ]
        chosen.append(best)
        gone, kept = part[best[1]], part[best[0]]
        part = [kept if one == gone else one for one in part]
    return _from_root(chosen)


def _from_root(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Point every edge away from column 0, in the order in which they are reached."""
    reached, left, ordered = {0}, list(edges), []
    while left:
        edge = next(edge for edge in left if (edge[0] in reached) != (edge[1] in reached))
        left.remove(edge)
        parent, child = edge if edge[0] in reached else (edge[1], edge[0])
        ordered.append((parent, child))
        reached.add(child)
    return ordered


def _edges(
    codes: Integers,
    sizes: list[int],
    classes: int,
    tree: list[tuple[int, int]],
    n: int,
    k: int,
    spend: Spend,
) -> list[_Edge]:
    shapes = [(classes, sizes[parent], sizes[child]) for parent, child in tree]
    exact = [
        cells(codes[:, [-1, parent, child]], shape)
        for (parent, child), shape in zip(tree, shapes, strict=True)
    ]
    flat = np.concatenate([one.ravel() for one in exact])
    found = noisy(flat, l1=k * len(tree), l2_squared=k * k * len(tree), spend=spend).values
    pieces = np.split(found, np.cumsum([one.size for one in exact])[:-1])
    return [
        _Edge(parent, child, _on_simplex(piece, float(n)).reshape(shape))
        for (parent, child), piece, shape in zip(tree, pieces, shapes, strict=True)
    ]


def _on_simplex(values: Integers, whole: float) -> NDArray[np.float64]:
    """Return the nearest vector without negative values that adds up to `whole`.

    Source: Duchi et al. 2008, "Efficient projections onto the l1-ball", figure 1.
    """
    falling = np.sort(values.astype(np.float64))[::-1]
    over = (np.cumsum(falling) - whole) / np.arange(1, len(falling) + 1)
    last = np.flatnonzero(falling > over)[-1]
    return np.asarray(np.maximum(values - over[last], 0.0), dtype=np.float64)


def _draw(
    singles: list[NDArray[np.float64]], edges: list[_Edge], n: int, draw: np.random.Generator
) -> Integers:
    """Draw codes of shape (n, columns + 1), the class last."""
    drawn = np.zeros((n, len(singles) + 1), dtype=np.int64)
    by_class = np.mean([single.sum(axis=1) for single in singles], axis=0)
    drawn[:, -1] = _pick(np.tile(by_class, (1, 1)), np.zeros(n, dtype=np.int64), draw)
    drawn[:, 0] = _pick(singles[0], drawn[:, -1], draw)
    for edge in edges:
        classes, parents, children = edge.counts.shape
        table = edge.counts.reshape(classes * parents, children).copy()
        empty = table.sum(axis=1) <= 0.0  # nothing is known of this parent: take the column by itself
        table[empty] = np.repeat(singles[edge.child], parents, axis=0)[empty]
        drawn[:, edge.child] = _pick(table, drawn[:, -1] * parents + drawn[:, edge.parent], draw)
    return drawn


def _pick(table: NDArray[np.float64], rows: Integers, draw: np.random.Generator) -> Integers:
    """Draw one code for each row: `table[rows[i]]` are the weights for i. All-zero weights are even."""
    weights = np.where(table.sum(axis=1, keepdims=True) > 0.0, table, 1.0)
    ends = np.cumsum(weights, axis=1)
    ends /= ends[:, -1:]
    ends[:, -1] = 1.0
    order = np.argsort(rows, kind="stable")
    points = draw.random(len(rows))
    picked = np.zeros(len(rows), dtype=np.int64)
    starts = np.searchsorted(rows[order], np.arange(len(table) + 1))
    for row in range(len(table)):
        mine = order[starts[row] : starts[row + 1]]
        picked[mine] = np.searchsorted(ends[row], points[mine], side="right")
    return np.asarray(np.minimum(picked, table.shape[1] - 1), dtype=np.int64)


def _digest(value: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_table(value)
    return digest_of_bytes(sink.getvalue().to_pybytes())
