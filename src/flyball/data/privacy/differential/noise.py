"""Noise for vectors of whole numbers, drawn by OpenDP and held against the cost it was charged.

Everything that Flyball releases is first an exact vector of int64: counts, or sums of numbers on a
fixed grid. Integer sums do not depend on the order of rows, so the sensitivities that are stated are
exact, and noise on integers has no trailing bits that give a value away (Mironov 2012, "On
significance of the least significant bits for differential privacy"; Casacuberta et al. 2022,
arXiv:2207.10635). Noise has no seed: OpenDP draws it from the operating system.
"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flyball.core.extras import optional_import
from flyball.data.privacy.differential.accounting import ATTO, Spend
from flyball.data.privacy.differential.errors import BadPrivateQuery

__all__ = ["Integers", "Noisy", "choose_largest", "noisy", "noisy_keys", "opendp"]

Integers = NDArray[np.int64]
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Noisy:
    """A vector with noise.

    Parameters
    ----------
    values : int64 array, the shape that was given
        May be below 0 where the truth cannot be.
    scale : float
        Of the noise: the standard deviation of the discrete Gaussian; for the discrete Laplace,
        the standard deviation is close to 1.41 times this.
    mechanism : str
        "discrete Gaussian" or "discrete Laplace".
    """

    values: Integers
    scale: float
    mechanism: str

    @property
    def deviation(self) -> float:
        """Standard deviation of the noise on each value."""
        return self.scale if self.mechanism == "discrete Gaussian" else math.sqrt(2.0) * self.scale


def noisy(exact: Integers, *, l1: int, l2_squared: int, spend: Spend) -> Noisy:
    """Add noise to a vector of whole numbers.

    Parameters
    ----------
    exact : int64 array of any shape
        Computed with no rounding that depends on other rows. Values below 2^53 in size.
    l1, l2_squared : int
        How far the vector can move when all rows of one unit are added or removed: the sum of the
        sizes of the changes, and the sum of their squares. At least 1.
    spend : Spend
        What it may cost. Basic composition draws from the discrete Laplace by `l1`; zCDP from
        the discrete Gaussian by `l2_squared`.

    Raises
    ------
    BadPrivateQuery
        A sensitivity below 1, or OpenDP's own map finds a larger loss than was paid for.
    MissingExtra
        OpenDP is not installed: extra `dp`.
    """
    if l1 < 1 or l2_squared < 1:
        raise BadPrivateQuery(
            f"Sensitivities must be at least 1, got {l1} and {l2_squared}.",
            fix="A query that no unit can move needs no noise.",
        )
    dp = opendp()
    # Clamping is a function of each value alone and moves nothing further apart.
    flat = np.clip(exact.ravel(), -_LARGEST, _LARGEST).astype(np.int64)
    domain = dp.vector_domain(dp.atom_domain(T="i64"))
    if spend.composition == "zcdp":
        distance: float | int = math.nextafter(math.sqrt(l2_squared), math.inf)
        scale = _slightly_up(float(distance) / math.sqrt(2.0 * spend.amount))
        measurement = dp.m.make_gaussian(domain, dp.l2_distance(T=float), scale=scale)
        mechanism = "discrete Gaussian"
    else:
        distance = l1
        scale = _slightly_up(l1 / spend.amount)
        measurement = dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=scale)
        mechanism = "discrete Laplace"
    _must_fit(measurement.map(distance), spend)
    drawn = np.asarray(measurement([int(value) for value in flat]), dtype=np.int64)
    return Noisy(drawn.reshape(exact.shape), scale, mechanism)


def choose_largest(scores: Integers, *, sensitivity: int, spend: Spend) -> int:
    """Return the index of a score that is about the largest.

    Parameters
    ----------
    scores : int64 array of shape (n,), n at least 1
    sensitivity : int
        How far any one score can move when one unit is added or removed.
    spend : Spend

    Source: report noisy max, as in OpenDP's `make_noisy_max`; McSherry and Talwar 2007.
    """
    dp = opendp()
    measure = dp.zero_concentrated_divergence() if spend.composition == "zcdp" else dp.max_divergence()
    # Loss falls as noise grows: for pure DP as 2 s / scale, for zCDP no faster than (s / scale)^2 / 2.
    if spend.composition == "zcdp":
        scale = 2.0 * sensitivity / math.sqrt(8.0 * spend.amount)
    else:
        scale = 2.0 * sensitivity / spend.amount
    domain, metric = dp.vector_domain(dp.atom_domain(T="i64")), dp.linf_distance(T="i64")
    measurement = dp.m.make_noisy_max(domain, metric, measure, scale=_slightly_up(scale))
    _must_fit(measurement.map(sensitivity), spend)
    return int(measurement([int(score) for score in scores]))


def noisy_keys(keys: list[str], *, rows_per_unit: int, spend: Spend) -> tuple[dict[str, int], float, float]:
    """Count rows by keys that are not known beforehand, and leave out those with few rows.

    Parameters
    ----------
    keys : list of str, one per row
    rows_per_unit : int
        Rows, and so keys, that one unit can have.
    spend : Spend
        With a delta above 0: the chance that a key of a single unit comes out.

    Returns
    -------
    (dict of str to int, float, float)
        Noisy counts, the scale of the noise, and the threshold below which keys are left out.

    Source: Rogers 2023, arXiv:2309.09170, as in OpenDP's `make_gaussian_threshold`.
    """
    dp = opendp()
    k, delta = rows_per_unit, spend.delta / ATTO * (1.0 - 1e-12)
    space = (
        dp.map_domain(dp.atom_domain(T="String"), dp.atom_domain(T="i64")),
        dp.l02inf_distance(dp.absolute_distance(T="i64")),
    )
    # The k rows of a unit lie under at most k keys, and move no key, nor the whole vector, by more than k.
    distance = (k, k, k)
    scale = _slightly_up(k / math.sqrt(2.0 * spend.amount))

    def measurement(threshold: int) -> Any:
        return dp.m.make_gaussian_threshold(*space, scale=scale, threshold=threshold)

    low, high = k + 1, k + 2 + math.ceil(60.0 * scale)
    while low < high:
        middle = (low + high) // 2
        if measurement(middle).map(distance)[1] <= delta:
            high = middle
        else:
            low = middle + 1
    # OpenDP takes text up to the first NUL: two keys would become one, whose count jumps between theirs.
    counted = dict(Counter(key.replace("\0", "\ufffd") for key in keys))
    chosen = measurement(low)
    rho, lost = chosen.map(distance)
    _must_fit(rho, spend)
    if lost > delta:
        raise BadPrivateQuery(
            f"No threshold keeps delta below {delta:g} at this epsilon.",
            fix="Ask for a larger epsilon or delta.",
        )
    return {str(key): int(n) for key, n in chosen(counted).items()}, scale, float(low)


def opendp() -> Any:
    """Return OpenDP's prelude with the features that are used here, or say which extra brings it."""
    dp = optional_import("opendp.prelude", extra="dp")
    dp.enable_features("contrib")
    return dp


def _slightly_up(scale: float) -> float:
    """Make room for the directed rounding of OpenDP's own map."""
    return scale * (1.0 + 1e-9)


def _must_fit(loss: float, spend: Spend) -> None:
    if not loss <= spend.amount:
        raise BadPrivateQuery(
            f"The mechanism would lose {loss!r} where {spend.amount!r} was paid for.",
            fix="This is a fault of Flyball; report it with this message.",
        )
