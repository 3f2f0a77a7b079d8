"""Aggregates: counts, sums, means and quantiles that say little about any one unit.

Each function makes one release. Sensitivities are proved where they are used: k stands for the rows
that one unit can have, and neighbouring tables differ in all rows of one unit.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import digest_of
from flyball.data.privacy.differential.accounting import Spend
from flyball.data.privacy.differential.columns import (
    Bins,
    Bounds,
    Categories,
    Coded,
    cells,
    column_of,
    encode,
    shape_of,
)
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import Integers, noisy, noisy_keys, opendp
from flyball.data.privacy.differential.private_table import PrivateTable, Released

__all__ = ["count", "count_found_keys", "even_bins", "mean", "quantile", "total"]

LARGEST_TABLE = 1_000_000
"""Cells of a release by groups."""


def count(table: PrivateTable, *, epsilon: float, by: Sequence[Coded] = ()) -> Released[pa.Table]:
    """Count rows, by groups known beforehand; a histogram where `by` is one `Bins`.

    Each row lies in one cell, so the k rows of a unit move the vector of counts by k at most in sum,
    and by k at most in length (all in one cell): L1 = k, L2 = k.

    Parameters
    ----------
    table : PrivateTable
    epsilon : float
        Of this release alone.
    by : sequence of Categories and Bins
        Empty for one number. Every combination gets its row, empty ones too.

    Returns
    -------
    Released of a table with one text column per group and the column `count` (int64)
        A count may come out below 0: it is not cut off, so that sums of counts stay right.

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    """
    shape, k = _checked(table, by), table.rows_per_unit

    def answer(rows: pa.Table, spend: Spend) -> tuple[pa.Table, float]:
        found = noisy(_cells(rows, by, shape), l1=k, l2_squared=k * k, spend=spend)
        return _labelled(by, shape, {"count": found.values}), found.deviation

    return table.release(
        f"count{_by(by)}",
        answer,
        epsilon=epsilon,
        mechanism=_mechanism(table),
        bounds=_known(by, f"{k} row(s) per unit"),
        digest=_digest,
    )


def total(
    table: PrivateTable, column: Bounds, *, epsilon: float, by: Sequence[Coded] = ()
) -> Released[pa.Table]:
    """Add up a column with known bounds, by groups known beforehand.

    Values are clipped to the bounds and rounded to whole steps m of a grid, |m| <= M. A unit has k
    rows, each in one cell, so it moves the vector by kM at most: L1 = kM, L2 = kM. Missing values
    count as 0.

    Returns
    -------
    Released of a table with the groups and the column `total` (float64), in the unit of the column

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    """
    shape, k = _checked(table, by), table.rows_per_unit
    _, step, most, _ = column.on_grid(_empty(table, column))

    def answer(rows: pa.Table, spend: Spend) -> tuple[pa.Table, float]:
        steps, _, _, _ = column.on_grid(column_of(rows, column.name))
        exact = _sums(rows, by, shape, steps)
        found = noisy(exact, l1=k * most, l2_squared=(k * most) ** 2, spend=spend)
        return _labelled(by, shape, {"total": found.values * step}), found.deviation * step

    return table.release(
        f"total of {column.name}{_by(by)}",
        answer,
        epsilon=epsilon,
        mechanism=_mechanism(table),
        bounds=_known(by, f"{column.name} in [{column.low:g}, {column.high:g}], {k} row(s) per unit"),
        digest=_digest,
    )


def mean(
    table: PrivateTable, column: Bounds, *, epsilon: float, by: Sequence[Coded] = ()
) -> Released[pa.Table]:
    """Average a column with known bounds, by groups known beforehand.

    Half of the cost counts the rows with a value, half adds up their distances from the middle of
    the bounds, at most half a width each. The quotient is moved into the bounds.

    Returns
    -------
    Released of a table with the groups and the columns `mean` (float64) and `count` (int64)
        `mean` is null where the noisy count is below 1: not measured. The deviation is that of the
        mean in a group of the noisy size of the largest group; in smaller groups it is larger.

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    """
    shape, k = _checked(table, by), table.rows_per_unit
    middle = (column.low + column.high) / 2.0
    _, step, most, _ = column.on_grid(_empty(table, column), around=middle)

    def answer(rows: pa.Table, spend: Spend) -> tuple[pa.Table, float]:
        steps, _, _, counts = column.on_grid(column_of(rows, column.name), around=middle)
        for_counts, for_sums = spend.split(1, 1)
        n = noisy(_sums(rows, by, shape, counts.astype(np.int64)), l1=k, l2_squared=k * k, spend=for_counts)
        distances = noisy(
            _sums(rows, by, shape, steps), l1=k * most, l2_squared=(k * most) ** 2, spend=for_sums
        )
        safe = np.maximum(n.values, 1)
        means = np.clip(middle + distances.values * step / safe, column.low, column.high)
        values = pa.array(means.ravel(), mask=(n.values < 1).ravel())
        return (
            _labelled(by, shape, {"mean": values, "count": n.values}),
            distances.deviation * step / float(safe.max()),
        )

    return table.release(
        f"mean of {column.name}{_by(by)}",
        answer,
        epsilon=epsilon,
        mechanism=_mechanism(table),
        bounds=_known(by, f"{column.name} in [{column.low:g}, {column.high:g}], {k} row(s) per unit"),
        digest=_digest,
    )


def quantile(
    table: PrivateTable, name: str, q: float, *, candidates: Sequence[float], epsilon: float
) -> Released[float]:
    """Return the candidate that lies nearest to a quantile of a column, about.

    Parameters
    ----------
    table : PrivateTable
    name : str
        Column of numbers; missing ones are left out, which moves no other row.
    q : float
        In (0, 1); 0.5 is the median.
    candidates : sequence of float
        Possible answers, known beforehand, rising.
    epsilon : float

    Returns
    -------
    Released of float
        One of the candidates, in the unit of the column. An empty column gives any of them.

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery

    Source: Smith 2011, https://doi.org/10.1145/1993636.1993743, as in OpenDP's `make_private_quantile`.
    """
    offered = [float(one) for one in candidates]
    if (
        not 0.0 < q < 1.0
        or len(offered) < 2
        or not np.isfinite(offered).all()
        or (np.diff(offered) <= 0).any()
    ):
        raise BadPrivateQuery(
            "A quantile needs q in (0, 1) and at least two finite rising candidates, "
            f"got q={q} and {len(offered)} of them.",
            fix="For instance q=0.5 with candidates from 0 to 1000 in steps of 10.",
        )
    _empty(table, Bounds(name, 0.0, 1.0))
    k = table.rows_per_unit

    def answer(rows: pa.Table, spend: Spend) -> tuple[float, float]:
        dp = opendp()
        column = column_of(rows, name).cast(pa.float64(), safe=False).drop_null()
        values = np.nan_to_num(np.asarray(column.filter(pc.is_finite(column)).to_numpy(), dtype=np.float64))
        space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.symmetric_distance()
        measure = dp.zero_concentrated_divergence() if spend.composition == "zcdp" else dp.max_divergence()

        def build(scale: float) -> object:
            return dp.m.make_private_quantile(*space, measure, candidates=offered, alpha=q, scale=scale)

        scale = dp.binary_search_param(build, d_in=k, d_out=spend.amount)
        return float(build(scale)(values.tolist())), 0.0  # type: ignore[operator]

    return table.release(
        f"quantile {q:g} of {name}",
        answer,
        epsilon=epsilon,
        mechanism="exponential mechanism over candidates",
        bounds=f"{len(offered)} candidates in [{offered[0]:g}, {offered[-1]:g}], {k} row(s) per unit",
    )


def count_found_keys(table: PrivateTable, name: str, *, epsilon: float, delta: float) -> Released[pa.Table]:
    """Count rows by the values of a text column that are not known beforehand.

    A value comes out only if its noisy count passes a threshold, so that the value of a single unit
    comes out with a chance of at most `delta`.

    Parameters
    ----------
    table : PrivateTable
        Under a budget with a delta.
    name : str
        Column; values are read as text, missing ones are left out.
    epsilon, delta : float
        Of this release alone; delta comes out of the half that the budget keeps for it.

    Returns
    -------
    Released of a table with the column `name` (text, sorted) and `count` (int64)

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    """
    if delta <= 0.0:
        raise BadPrivateQuery(
            f"Keys that are not known beforehand cannot be released with delta {delta}.",
            fix="Give a delta, for instance 1e-8, or the keys as Categories.",
        )
    kind = column_of(table.rows, name).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise BadPrivateQuery(
            f"The column {name!r} holds {kind}, not text or whole numbers.",
            fix="Give the keys as Categories, or cast the column.",
            column=name,
        )
    k = table.rows_per_unit

    def answer(rows: pa.Table, spend: Spend) -> tuple[pa.Table, float]:
        keys = column_of(rows, name).cast(pa.string()).drop_null().to_pylist()
        found, scale, _ = noisy_keys(keys, rows_per_unit=k, spend=spend)
        names = sorted(found)
        return pa.table({name: pa.array(names, pa.string()), "count": [found[one] for one in names]}), scale

    return table.release(
        f"count by found values of {name}",
        answer,
        epsilon=epsilon,
        delta=delta,
        mechanism="discrete Gaussian with a threshold",
        bounds=f"{k} row(s) per unit",
        digest=_digest,
    )


def even_bins(table: PrivateTable, fine: Bins, *, parts: int, epsilon: float) -> Released[Bins]:
    """Merge fine bins into coarser ones with about as many rows each.

    For columns of which only the range is known beforehand. One release, of the count by fine bins;
    the merging costs nothing more.

    Parameters
    ----------
    table : PrivateTable
    fine : Bins
        A grid known beforehand that covers what is plausible.
    parts : int
        Bins wanted, at least 1; fewer come out where one fine bin holds more than its share.
    epsilon : float
        Of this release alone.

    Returns
    -------
    Released of Bins
        Its edges are among those of `fine`, the first and the last kept.

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    """
    if parts < 1:
        raise BadPrivateQuery(f"Cannot make {parts} bins.", fix="Ask for at least 1.", parts=parts)
    counted = count(table, epsilon=epsilon, by=[fine])
    rows = counted.value.column("count").to_numpy()[:-1]
    return Released(fine.merged(rows, parts), counted.guarantee)


def _checked(table: PrivateTable, by: Sequence[Coded]) -> tuple[int, ...]:
    """Refuse what cannot be asked before anything is spent: only schema and declarations are looked at."""
    shape = shape_of(by, largest=LARGEST_TABLE)
    if len({column.name for column in by}) < len(by) or {column.name for column in by} & {
        "count",
        "total",
        "mean",
    }:
        raise BadPrivateQuery(
            f"Groups must be different columns, none called count, total or mean, got {_by(by)}.",
            fix="Name each column once, and rename those.",
        )
    if by:
        encode(table.rows.slice(0, 0), by)
    return shape


def _empty(table: PrivateTable, column: Bounds) -> pa.ChunkedArray:
    """Return the column without rows, whose type is checked before anything is spent."""
    empty = column_of(table.rows, column.name).slice(0, 0)
    column.on_grid(empty)
    return empty


def _cells(rows: pa.Table, by: Sequence[Coded], shape: tuple[int, ...]) -> Integers:
    return cells(encode(rows, by), shape) if by else np.asarray([rows.num_rows], dtype=np.int64)


def _sums(rows: pa.Table, by: Sequence[Coded], shape: tuple[int, ...], steps: Integers) -> Integers:
    """Add whole numbers by cell, exactly: int64, at most 2^20 a row."""
    if not by:
        return np.asarray([steps.sum()], dtype=np.int64)
    exact = np.zeros(int(np.prod(shape)), dtype=np.int64)
    np.add.at(exact, np.ravel_multi_index(tuple(encode(rows, by).T), shape), steps)
    return exact.reshape(shape)


def _labelled(by: Sequence[Coded], shape: tuple[int, ...], values: dict[str, object]) -> pa.Table:
    places = np.unravel_index(np.arange(int(np.prod(shape))), shape) if by else ()
    columns: dict[str, object] = {
        column.name: pa.array(column.labels()).take(pa.array(place))
        for column, place in zip(by, places, strict=True)
    }
    for name, value in values.items():
        columns[name] = value.ravel() if isinstance(value, np.ndarray) else value
    return pa.table(columns)


def _by(by: Sequence[Coded]) -> str:
    return f" by {', '.join(column.name for column in by)}" if by else ""


def _known(by: Sequence[Coded], rest: str) -> str:
    sizes = [
        f"{column.name}: {len(column.values)} categories"
        if isinstance(column, Categories)
        else f"{column.name}: {len(column.edges) - 1} bins in [{column.edges[0]:g}, {column.edges[-1]:g}]"
        for column in by
    ]
    return "; ".join([*sizes, rest])


def _mechanism(table: PrivateTable) -> str:
    basic = table.budget.declaration.composition == "basic"
    return "discrete Laplace" if basic else "discrete Gaussian"


def _digest(value: pa.Table) -> str:
    return digest_of(value.to_pydict())
