"""Kernel shares: how much each column did to a model that only answers, by asking it with columns left out.

The shares are Shapley values, estimated by weighted least squares over sets of columns that are there. They
always add up; whether a sum of shares is a good picture of the model is measured, on sets that the fit has
not seen, and stated.

Source: Lundberg and Lee 2017, arXiv:1705.07874, section 4.1 (Kernel SHAP); sets drawn in pairs with their
complement: Covert and Lee 2021, arXiv:2012.01536, section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import comb

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["KernelShares", "kernel_shares"]

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

_HELD_OUT = 5
"""Every fifth pair of sets is not fitted to, and measures the fit."""
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
        1 minus the part of the variation between sets that the shares miss, on sets that were not fitted to;
        1 means that the model is a sum over this case, 0 that a constant would do as well.
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
    pairs = np.arange(len(masks)) // 2
    held = np.zeros(len(masks), dtype=np.bool_) if whole else pairs % _HELD_OUT == _HELD_OUT - 1
    fit = ~held
    shares = _fitted(masks[fit], found[fit], weights[fit], base, output)
    judged = np.ones(len(masks), dtype=np.bool_) if whole else held
    fidelity = _fidelity(found[judged], base + masks[judged] @ shares, weights[judged], seed)
    return KernelShares(base, output, shares, fidelity, len(masks) + 2)


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
    """Return sets drawn as often as the kernel weighs them, each beside its complement."""
    draw = np.random.default_rng(seed)
    sizes = np.arange(1, columns)
    chance = 1.0 / (sizes * (columns - sizes))
    drawn = draw.choice(sizes, size=most // 2, p=chance / chance.sum())
    order = draw.random((len(drawn), columns)).argsort(axis=1)
    half = order < drawn[:, None]
    masks = np.empty((2 * len(half), columns), dtype=np.bool_)
    masks[0::2], masks[1::2] = half, ~half
    return masks, np.ones(len(masks))


def _fitted(masks: Masks, found: Floats, weights: Floats, base: float, output: float) -> Floats:
    """Return the shares of least squares under the constraint that they add up."""
    given = masks.astype(np.float64)
    last = given[:, -1:]
    target = found - base - last[:, 0] * (output - base)
    root = np.sqrt(weights)[:, None]
    rest, *_ = np.linalg.lstsq((given[:, :-1] - last) * root, target * root[:, 0], rcond=None)
    return np.append(rest, output - base - rest.sum())


def _fidelity(found: Floats, told: Floats, weights: Floats, seed: int) -> Measurement:
    draw = np.random.default_rng(seed)
    n = len(found)
    if n < 8:
        return NotMeasured(f"{n} sets of columns are too few to measure it")

    def part(of: npt.NDArray[np.int64]) -> float:
        weight, seen = weights[of], found[of]
        middle = float((weight * seen).sum() / weight.sum())
        spread = float((weight * (seen - middle) ** 2).sum())
        missed = float((weight * (seen - told[of]) ** 2).sum())
        return 1.0 - missed / spread if spread > 0.0 else float("nan")

    value = part(np.arange(n))
    if not np.isfinite(value):
        return NotMeasured("the model gives the same output whatever is left out")
    again = np.array([part(draw.integers(0, n, n)) for _ in range(_DRAWS)])
    again = again[np.isfinite(again)]
    low, high = (float(one) for one in np.quantile(again, [0.025, 0.975]))
    return Estimate(value, n=n, low=min(low, value), high=max(high, value))
