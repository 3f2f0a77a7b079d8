"""Kernel shares: how much each column did to a model that only answers, by asking it with columns left out.

The shares are Shapley values, estimated by weighted least squares over sets of columns that are there. They
always add up; whether a sum of shares is a good picture of the model is measured, on sets that the fit has
not seen, and stated.

Source: Lundberg and Lee 2017, arXiv:1705.07874, section 4.1 (Kernel SHAP); sets in pairs with their
complement: Covert and Lee 2021, arXiv:2012.01536, section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["KernelShares", "kernel_shares"]

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

_FOLDS = 5
_DRAWS = 400


@dataclass(frozen=True, slots=True)
class KernelShares:
    """What asking found.

    Parameters
    ----------
    base : float
        Output with every column left out.
    output : float
        Output of the case.
    shares : ndarray of float64, shape (n_columns,)
    fidelity : Measurement
        1 minus the part of the variation between sets that shares miss which were fitted without them (of
        all sets at once where every one was asked about); 1 means that the model is a sum over this case,
        0 that a constant would do as well.
    asks : int
        Sets asked about.
    """

    base: float
    output: float
    shares: Floats
    fidelity: Measurement
    asks: int


def kernel_shares(
    value: Callable[[Masks], Floats], columns: int, *, most_sets: int, seed: int
) -> KernelShares:
    """Return the share of each column in one output.

    Parameters
    ----------
    value : callable (masks of shape (n, columns)) -> ndarray of float64, shape (n,)
        The model's output where the columns that are True hold the case's own values.
    columns : int
        At least 1.
    most_sets : int
        Sets that may be asked about; where all 2^columns fit, all are, and the shares are exact for `value`.
    seed : int

    Returns
    -------
    KernelShares

    Raises
    ------
    BadInput
        Too few sets for so many columns, or an output that is no number.
    """
    ends = _asked(value, np.array([[False] * columns, [True] * columns]))
    base, output = float(ends[0]), float(ends[1])
    if columns == 1:
        alone = np.array([output - base])
        return KernelShares(base, output, alone, NotMeasured("one column alone leaves nothing to miss"), 2)
    whole = 2**columns - 2 <= most_sets
    if not whole and most_sets < 4 * columns:
        raise BadInput(
            f"{most_sets} questions are too few for {columns} columns.",
            fix=f"Allow at least {4 * columns}: most_asks of [explanation].",
            columns=columns,
        )
    masks, weights = _all(columns) if whole else _drawn(columns, most_sets, seed)
    found = _asked(value, masks)
    shares = _fitted(masks, found, weights, base, output)
    told = base + masks @ shares if whole else _told_unseen(masks, found, weights, base, output)
    return KernelShares(base, output, shares, _fidelity(found, told, weights, seed), len(masks) + 2)


def _asked(value: Callable[[Masks], Floats], masks: Masks) -> Floats:
    found = np.asarray(value(masks), dtype=np.float64)
    if found.shape != (len(masks),) or not np.isfinite(found).all():
        raise BadInput(
            f"A model gave {int((~np.isfinite(found)).sum())} outputs that are no numbers for {len(masks)} "
            "questions.",
            fix="It cannot be explained by asking; look at what it answers for cases with values left out.",
        )
    return found


def _all(columns: int) -> tuple[Masks, Floats]:
    """Return every set but the empty and the whole one, each beside its complement, with its weight."""
    half = np.array(list(product((False, True), repeat=columns - 1)), dtype=np.bool_)
    half = np.hstack([np.zeros((len(half), 1), dtype=np.bool_), half])[1:]
    masks = np.empty((2 * len(half), columns), dtype=np.bool_)
    masks[0::2], masks[1::2] = half, ~half
    sizes = masks.sum(axis=1)
    weight = np.array(
        [0.0]
        + [(columns - 1) / (comb(columns, size) * size * (columns - size)) for size in range(1, columns)]
    )
    return masks, weight[sizes]


def _drawn(columns: int, most: int, seed: int) -> tuple[Masks, Floats]:
    """Return sets, each beside its complement: whole sizes first, which weigh most, then drawn ones.

    A size is taken whole where half of what is left pays for it; the others are drawn as often as the kernel
    weighs them.
    """
    chance = np.array([0.0] + [1.0 / (size * (columns - size)) for size in range(1, columns)])
    chance /= chance.sum()
    found, weights, left, size = [], [], most, 1
    while 2 * size < columns and 2 * comb(columns, size) <= left / 2:
        half = np.zeros((comb(columns, size), columns), dtype=np.bool_)
        for line, places in enumerate(combinations(range(columns), size)):
            half[line, list(places)] = True
        found.append(half)
        weights.append(np.full(len(half), chance[size] / len(half)))
        chance[size] = chance[columns - size] = 0.0
        left -= 2 * len(half)
        size += 1
    draw = np.random.default_rng(seed)
    rest = float(chance.sum())
    drawn = draw.choice(columns, size=left // 2, p=chance / rest)
    found.append(draw.random((len(drawn), columns)).argsort(axis=1) < drawn[:, None])
    weights.append(np.full(len(drawn), 0.5 * rest / len(drawn)))
    half, weight = np.concatenate(found), np.concatenate(weights)
    masks = np.empty((2 * len(half), columns), dtype=np.bool_)
    masks[0::2], masks[1::2] = half, ~half
    return masks, np.repeat(weight, 2)


def _told_unseen(masks: Masks, found: Floats, weights: Floats, base: float, output: float) -> Floats:
    """Return what shares say of each set that were fitted without it, a fifth of the pairs at a time."""
    told, pairs = np.zeros(len(masks)), np.arange(len(masks)) // 2
    for fold in range(_FOLDS):
        out = pairs % _FOLDS == fold
        shares = _fitted(masks[~out], found[~out], weights[~out], base, output)
        told[out] = base + masks[out] @ shares
    return told


def _fitted(masks: Masks, found: Floats, weights: Floats, base: float, output: float) -> Floats:
    """Return the shares of least squares under the constraint that they add up."""
    given = masks.astype(np.float64)
    last = given[:, -1:]
    target = found - base - last[:, 0] * (output - base)
    root = np.sqrt(weights)[:, None]
    rest, *_ = np.linalg.lstsq((given[:, :-1] - last) * root, target * root[:, 0], rcond=None)
    return np.append(rest, output - base - rest.sum())


def _fidelity(found: Floats, told: Floats, weights: Floats, seed: int) -> Measurement:
    n = len(found)
    if n < 8:
        return NotMeasured(f"{n} sets of columns are too few to measure it")
    middle = float((weights * found).sum() / weights.sum())
    spread = (weights * (found - middle) ** 2).reshape(-1, 2).sum(axis=1)
    missed = (weights * (found - told) ** 2).reshape(-1, 2).sum(axis=1)
    if not spread.sum() > 0.0:
        return NotMeasured("the model gives the same output whatever is left out")
    value = 1.0 - float(missed.sum() / spread.sum())
    draws = np.random.default_rng(seed).integers(0, len(spread), (_DRAWS, len(spread)))  # pairs, not sets
    below = spread[draws].sum(axis=1)
    again = 1.0 - missed[draws].sum(axis=1)[below > 0.0] / below[below > 0.0]
    low, high = (float(one) for one in np.quantile(again, [0.025, 0.975]))
    return Estimate(value, n=n, low=min(low, value), high=max(high, value))
