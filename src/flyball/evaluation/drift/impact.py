"""What the change of a column means for the outcome, if the outcome goes on to depend on it as it did."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.drift.kinds import Kind, kind_of, numbers_of

__all__ = ["Outcome", "impact", "outcome_of"]

_GROUPS = 20
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What turned out, in the sampled rows of the reference.

    Parameters
    ----------
    values : ndarray
        NaN where it is not known.
    """

    values: npt.NDArray[np.float64]


def outcome_of(reference: pa.Table, name: str) -> Outcome:
    """Return the outcome of the reference as numbers; yes and no as 1 and 0.

    Raises
    ------
    BadInput
        There is no such column, or it holds neither numbers nor two different values.
    """
    if name not in reference.column_names:
        raise BadInput(
            f"The reference has no column {name!r} for the outcome.",
            fix=f"Columns: {', '.join(reference.column_names[:50])}.",
            column=name,
        )
    array = reference.column(name).combine_chunks()
    values = np.full(len(array), np.nan)
    if kind_of(array.type) == "number":
        known = np.asarray(array.is_valid())
        plain = array.filter(pa.array(known)).cast(pa.float64()).to_numpy(zero_copy_only=False)
        values[known] = plain
        values[~np.isfinite(values)] = np.nan
    elif kind_of(array.type) == "category":
        coded = array.cast(pa.string()).dictionary_encode()
        names = coded.dictionary.to_pylist()
        if len(names) > 2:
            raise BadInput(
                f"The outcome {name!r} has {len(names)} different values, and they are no numbers.",
                fix="Name a column of numbers, or of yes and no.",
                column=name,
            )
        known = np.asarray(coded.is_valid())
        values[known] = np.array([one == max(names) for one in coded.drop_null().to_pylist()], np.float64)
    else:
        raise BadInput(
            f"The outcome {name!r} is of the kind {kind_of(array.type)}.",
            fix="Name a column of numbers, or of yes and no.",
            column=name,
        )
    return Outcome(values)


def impact(reference: pa.Array, current: pa.Array, kind: Kind, outcome: Outcome) -> Estimate | NotMeasured:
    """Return by how much the mean outcome moves with the change of one column.

    The rows are put into up to twenty groups by the column. Each group keeps the mean outcome that it has in
    the reference; only the shares of the groups change. What the outcome does otherwise is not in it.

    Returns
    -------
    Estimate or NotMeasured
        In the unit of the outcome, with a normal 95 % interval.
    """
    if kind not in ("number", "time", "category"):
        return NotMeasured(f"a column of the kind {kind} is not put into groups")
    known = ~np.isnan(outcome.values)
    if known.sum() < _FEWEST or len(current) < _FEWEST:
        return NotMeasured(f"too few rows with an outcome: {int(known.sum())}, at least {_FEWEST} are needed")
    ours, theirs = _grouped([reference, current], kind)
    size = int(max(ours.max(), theirs.max())) + 1
    n, m = len(ours), len(theirs)
    rows = np.bincount(ours[known], minlength=size).astype(np.float64)
    total = np.bincount(ours[known], weights=outcome.values[known], minlength=size)
    squares = np.bincount(ours[known], weights=outcome.values[known] ** 2, minlength=size)
    overall = float(outcome.values[known].mean())
    spread = float(outcome.values[known].var())
    means = np.where(rows > 0, total / np.maximum(rows, 1), overall)
    variances = np.where(rows > 1, np.maximum(squares / np.maximum(rows, 1) - means**2, 0.0), spread)
    before, now = (np.bincount(side, minlength=size) / len(side) for side in (ours, theirs))
    moved = now - before
    value = float(moved @ means)
    error = float((moved**2 * variances / np.maximum(rows, 1)).sum())
    error += (
        float(now @ means**2 - (now @ means) ** 2) / m + float(before @ means**2 - (before @ means) ** 2) / n
    )
    half = 1.959964 * math.sqrt(max(error, 0.0))
    return Estimate(value, n + m, value - half, value + half)


def _grouped(sides: list[pa.Array], kind: Kind) -> list[npt.NDArray[np.int64]]:
    if kind == "category":
        texts = [one.cast(pa.string()) if pa.types.is_boolean(one.type) else one for one in sides]
        coded = pa.concat_arrays([one.cast(pa.large_binary()) for one in texts]).dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        rows = np.bincount(codes + 1)
        rank = np.empty(len(rows), np.int64)
        rank[np.argsort(-rows, kind="stable")] = np.arange(len(rows))
        groups = np.minimum(rank[codes + 1], _GROUPS - 1)
    else:
        values = np.concatenate([_filled(one) for one in sides])
        known = values[: len(sides[0])]
        known = known[~np.isnan(known)]
        cuts = np.linspace(0, 1, _GROUPS + 1)[1:-1]
        edges = np.unique(np.quantile(known, cuts)) if len(known) else np.empty(0)
        groups = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    return list(np.split(groups.astype(np.int64), [len(sides[0])]))


def _filled(side: pa.Array) -> npt.NDArray[np.float64]:
    valid = np.asarray(side.is_valid())
    values = np.full(len(side), np.nan)
    plain = side.filter(pa.array(valid))
    if kind_of(side.type) == "time":
        values[valid] = numbers_of(plain)[0]
    else:
        values[valid] = plain.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values
