"""Learning a scorecard under a privacy budget: logistic regression by noisy gradients."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flyball.core.digests import digest_of
from flyball.data.labels.columns import require_learnable
from flyball.data.privacy.differential.accounting import Spend
from flyball.data.privacy.differential.columns import Categories, Coded, encode
from flyball.data.privacy.differential.errors import BadPrivateQuery
from flyball.data.privacy.differential.noise import Integers, Noisy, noisy
from flyball.data.privacy.differential.private_table import Guarantee, PrivateTable, Released
from flyball.models.experts.scorecard.model import POINT, STEPS, Scorecard, chances, points_of

__all__ = ["fit_private", "learn"]

ROUNDS = 40
_SHARE_OF_COUNTS = 1
_SHARE_OF_GRADIENTS = 9

Floats = NDArray[np.float64]


def fit_private(
    table: PrivateTable,
    columns: Sequence[Coded],
    *,
    target: Categories,
    epsilon: float,
    name: str = "scorecard",
    field: str = "",
    rounds: int = ROUNDS,
) -> Released[Scorecard]:
    """Train a scorecard so that it says little about any one unit.

    Parameters
    ----------
    table : PrivateTable
    columns : sequence of Categories and Bins
        What the card may look at, without the target.
    target : Categories with two values
        No, then yes. Rows with any other value are left out, which moves no other row.
    epsilon : float
        Of the whole training.
    name, field : str
        Of the expert and of the flag that it answers; the field defaults to the target's name.
    rounds : int
        Gradients, between 1 and 1000; the cost is divided among them.

    Returns
    -------
    Released of Scorecard

    Raises
    ------
    BudgetExhausted, BudgetChanged, BudgetUnreadable, BadPrivateQuery
    NotForTraining
        A column is labelled so; nothing was spent.

    Notes
    -----
    Sensitivity. With one code per column, a row has m ones among the inputs of the regression. The
    gradient of its log likelihood adds its residual r to the m codes it has: whole steps with
    |r| <= R = 1024, because both the label and the chance lie in [0, R]. No clipping is needed. A
    unit of k rows moves the sum over all rows by at most L1 = k m R and L2 = k R sqrt(m): every row
    moves it by a vector of length at most R sqrt(m), and lengths add up. The counts that set the step
    sizes move by L1 = k m, L2 = k sqrt(m). Chances are looked up by whole numbers, so that a row's
    residual depends on that row and the released points alone. Rounds are composed: epsilons add up
    under a budget with delta 0, rhos under one with zCDP.

    Source: Song, Chaudhuri and Sarwate 2013, doi:10.1109/GlobalSIP.2013.6736861, with full batches;
    Bun and Steinke 2016, arXiv:1605.02065, lemma 1.7, for adaptive composition.
    """
    every = [*columns, target]
    if not columns or len({one.name for one in every}) < len(every) or len(target.values) != 2:
        raise BadPrivateQuery(
            f"A scorecard needs different columns and a target with two values, got {len(columns)} columns "
            f"and {len(target.values)} values.",
            fix="List each column once, and the target's values as (no, yes).",
        )
    if not 1 <= rounds <= 1000:
        raise BadPrivateQuery(f"Cannot train in {rounds} rounds.", fix="Between 1 and 1000.", rounds=rounds)
    encode(table.rows.slice(0, 0), every)
    require_learnable(table.rows.select([one.name for one in every]))
    k = table.rows_per_unit
    sizes = [one.size for one in columns]

    def answer(rows: pa.Table, spend: Spend) -> tuple[tuple[Integers, ...], float]:
        codes = encode(rows, every)
        labelled = codes[codes[:, -1] < 2]
        return learn(
            labelled[:, :-1], labelled[:, -1], sizes, rows_per_unit=k, spend=spend, rounds=rounds
        ), 0.0

    released = table.release(
        f"scorecard for {target.name} from {', '.join(one.name for one in columns)}",
        answer,
        epsilon=epsilon,
        mechanism=f"{rounds} noisy gradients of a logistic regression, noisy counts of codes",
        bounds=f"{sum(sizes)} codes known beforehand, {k} row(s) per unit",
        digest=lambda points: digest_of([one.tolist() for one in points]),
    )
    guarantee: Guarantee = released.guarantee
    made = Scorecard(name, field or target.name, tuple(columns), released.value, target.name, guarantee)
    return Released(made, guarantee)


def learn(
    codes: Integers,
    labels: Integers,
    sizes: Sequence[int],
    *,
    rows_per_unit: int,
    spend: Spend | None,
    rounds: int,
) -> tuple[Integers, ...]:
    """Return points for each code of each column.

    Parameters
    ----------
    codes : int64 array of shape (n_rows, m)
    labels : int64 array of shape (n_rows,), 0 or 1
    sizes : sequence of int
        Codes of each column.
    rows_per_unit : int
    spend : Spend or None
        None draws no noise at all: for comparison only, the result is not private.
    rounds : int

    Notes
    -----
    Nesterov's accelerated descent, each coordinate with a step by its own noisy count; 1/4 bounds the
    curvature of the logistic loss, and m that of m ones in a row. The last half of the rounds is
    averaged, which costs nothing and takes noise out.
    """
    k, m = rows_per_unit, len(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    whole = int(sum(sizes))
    places = codes + starts
    for_counts, for_gradients = spend.split(_SHARE_OF_COUNTS, _SHARE_OF_GRADIENTS) if spend else (None, None)
    exact = np.stack([_by_place(places[labels == label], whole) for label in (0, 1)])
    counts = _with_noise(exact, k * m, k * k * m, for_counts).values
    per_label = np.maximum(counts.reshape(2, whole).sum(axis=1) / m, 1.0)
    seen = np.maximum(counts.sum(axis=0), 0.0).astype(np.float64)

    weights = np.full(whole, math.log(per_label[1] / per_label[0]) / m)
    ahead, before, kept = weights.copy(), weights, []
    shares = for_gradients.split(*[1] * rounds) if for_gradients else [None] * rounds
    for turn, share in enumerate(shares):
        points = _whole(ahead, sizes)
        residuals = labels * STEPS - chances(points_of(codes, points))
        gradient = np.zeros(whole, dtype=np.int64)
        for place in range(m):
            np.add.at(gradient, places[:, place], residuals)
        found = _with_noise(gradient, k * m * STEPS, (k * STEPS) ** 2 * m, share)
        doubt = 1.0 + found.deviation / STEPS  # rows that the noise is worth: fewer teach nothing
        pull = found.values / STEPS - 0.01 * doubt * (ahead - ahead.mean())
        step = pull / (m * (seen / 4.0 + doubt))
        after = ahead + step
        ahead = after + (turn / (turn + 3.0)) * (after - before)
        before = after
        if turn >= rounds // 2:
            kept.append(after)
    return _whole(np.mean(kept, axis=0), sizes)


def _by_place(places: Integers, whole: int) -> Integers:
    return np.bincount(places.ravel(), minlength=whole).astype(np.int64)


def _with_noise(exact: Integers, l1: int, l2_squared: int, spend: Spend | None) -> Noisy:
    if spend is None:
        return Noisy(exact, 0.0, "discrete Gaussian")
    return noisy(exact, l1=l1, l2_squared=l2_squared, spend=spend)


def _whole(weights: Floats, sizes: Sequence[int]) -> tuple[Integers, ...]:
    """Return log odds as whole points, at most 8 units of log odds in size."""
    points = np.rint(np.clip(weights, -8.0, 8.0) * POINT).astype(np.int64)
    return tuple(np.split(points, np.cumsum(sizes)[:-1]))
