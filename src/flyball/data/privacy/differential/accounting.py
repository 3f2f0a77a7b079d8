"""Accounting: what a release costs, in whole numbers, and what costs add up to.

Two ways to compose, chosen by the delta of the budget:

* delta = 0: **basic** composition of pure differential privacy. Epsilons add up.
* delta > 0: **zero-concentrated** differential privacy (zCDP). Every release is charged its rho,
  rhos add up, and the sum is converted to epsilon at half of delta. The other half pays for
  releases of keys that were not known before, whose own deltas add up (approximate zCDP).

Costs are whole numbers (10^-12 of an epsilon or rho, 10^-18 of a delta), so sums are exact and no
order of releases slips past the limit. They are rounded down, and noise is calibrated to the rounded
cost: what is charged is what is lost.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from flyball.data.privacy.differential.errors import BadPrivateQuery

__all__ = ["ATTO", "PICO", "Composition", "Spend", "epsilon_of_rho", "rho_of_epsilon", "spend_of"]

Composition = Literal["basic", "zcdp"]

PICO = 10**12
ATTO = 10**18
SMALLEST_EPSILON = 1e-4
LARGEST_EPSILON = 100.0
SMALLEST_DELTA = 1e-16
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class Spend:
    """What a release may cost.

    Parameters
    ----------
    composition : "basic" or "zcdp"
        Whether `loss` counts epsilon or rho.
    loss : int
        In units of 10^-12, above 0.
    delta : int
        In units of 10^-18; 0 except for releases of keys that were not known before.
    """

    composition: Composition
    loss: int
    delta: int = 0

    @property
    def amount(self) -> float:
        """Epsilon or rho as a number, never above `loss`."""
        return _down(Fraction(self.loss, PICO))

    def split(self, *weights: int) -> tuple["Spend", ...]:
        """Divide the loss by weights; the parts never add up to more than the whole. Delta is left out."""
        whole = sum(weights)
        parts = tuple(Spend(self.composition, self.loss * weight // whole) for weight in weights)
        if any(part.loss < 1 for part in parts):
            raise BadPrivateQuery(
                f"A cost of {self.amount:g} cannot be divided into {len(weights)} parts.",
                fix="Ask for a larger epsilon, or fewer steps.",
            )
        return parts


def spend_of(epsilon: float, delta: float, *, budget_delta: float) -> Spend:
    """Return what a release of `epsilon` (and a `delta` of its own) costs a budget.

    Parameters
    ----------
    epsilon : float
        Of this release alone, at half of the delta of the budget where that is above 0.
    delta : float
        0, or what a release of unknown keys may take.
    budget_delta : float
        0 chooses basic composition, anything above zCDP.

    Raises
    ------
    BadPrivateQuery
        Epsilon is not between 0.0001 and 100, or delta neither 0 nor in [1e-16, 1).
    """
    if not SMALLEST_EPSILON <= epsilon <= LARGEST_EPSILON:
        raise BadPrivateQuery(
            f"Epsilon must lie in [{SMALLEST_EPSILON:g}, {LARGEST_EPSILON:g}], got {epsilon}.",
            fix="Most releases take between 0.1 and 2.",
            epsilon=epsilon,
        )
    if not (delta == 0.0 or SMALLEST_DELTA <= delta < 1.0) or (delta > 0.0 and budget_delta == 0.0):
        raise BadPrivateQuery(
            f"A release with delta {delta} cannot be paid by a budget with delta {budget_delta}.",
            fix="Declare a budget with a delta, well below one over the number of units, and ask for one of "
            f"{SMALLEST_DELTA:g} or more.",
            delta=delta,
        )
    if budget_delta == 0.0:
        return Spend("basic", math.floor(_as_written(epsilon) * PICO))
    rho = rho_of_epsilon(epsilon, budget_delta / 2.0)
    return Spend("zcdp", math.floor(rho * PICO), math.floor(_as_written(delta) * ATTO))


def epsilon_of_rho(rho: float, delta: float) -> float:
    """Return an epsilon such that rho-zCDP implies (epsilon, delta)-differential privacy.

    Parameters
    ----------
    rho : float
        At least 0; 0 gives 0.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        At least 0. The bound holds for every order alpha above 1 that the search may stop at, so
        a poor search could only make it larger than needed.

    Source: Canonne, Kamath and Steinke 2020, arXiv:2004.00010, proposition 12.
    """
    if rho <= 0.0:
        return 0.0

    def bound(log_order: float) -> float:
        over = math.exp(log_order)  # alpha - 1
        alpha = 1.0 + over
        return rho * alpha + (-math.log(delta) - math.log(alpha)) / over + math.log(over / alpha)

    low, high = -20.0, 30.0
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = bound(left), bound(right)
    for _ in range(70):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = bound(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = bound(right)
    return max(0.0, min(at_left, at_right) * (1.0 + 1e-9))


def rho_of_epsilon(epsilon: float, delta: float) -> float:
    """Return the largest rho found with `epsilon_of_rho(rho, delta) <= epsilon`, from below."""
    low, high = 0.0, epsilon + 1.0
    while high - low > 1e-11 * high:
        middle = (low + high) / 2.0
        if epsilon_of_rho(middle, delta) <= epsilon:
            low = middle
        else:
            high = middle
    return low


def _as_written(number: float) -> Fraction:
    """Return 1/10 for 0.1: five releases of 0.1 fit into 0.5."""
    return Fraction(repr(float(number)))


def _down(exact: Fraction) -> float:
    value = float(exact)
    return math.nextafter(value, 0.0) if Fraction(value) > exact else value
