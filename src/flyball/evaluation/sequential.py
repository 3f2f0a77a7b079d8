"""Sequential comparison: an interval for a mean difference that holds however often one looks."""

import math
from dataclasses import dataclass
from typing import Literal

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured

__all__ = ["MeanSequence", "SequentialVerdict", "verdict_of"]

SequentialVerdict = Literal["better", "worse", "no difference", "not yet"]

_LARGEST_BET = 0.5


@dataclass(slots=True)
class MeanSequence:
    """A confidence sequence for the mean of bounded observations that come one by one.

    With probability at least 1 - `error_rate` the interval holds the mean after the first, the second,
    and every further observation at once: it may be looked at all the time, and looking may decide when
    to stop. Nothing is assumed about the observations but their bounds and that each has the mean given
    what came before it; they need not be alike, nor independent.

    Parameters
    ----------
    error_rate : float
        In (0, 1).

    Source: Waudby-Smith and Ramdas 2024, JRSS B 86(1), theorem 2 (predictable plug-in empirical
    Bernstein), a refinement of Howard, Ramdas, McAuliffe and Sekhon 2021, arXiv:1810.08240, theorem 4.
    """

    error_rate: float
    n: int = 0
    _sum: float = 0.0
    _squares: float = 0.0
    _weighted: float = 0.0
    _weights: float = 0.0
    _spread: float = 0.0
    _mean: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 < self.error_rate < 1.0:
            raise BadInput(
                f"The error rate must lie between 0 and 1, got {self.error_rate}.", fix="Write 0.05 for 5 %."
            )

    def add(self, value: float, *, within: float = 1.0) -> None:
        """Take one observation.

        Parameters
        ----------
        value : float
            In [-within, within].
        within : float
            Its bound, known before it came.

        Raises
        ------
        BadInput
            It lies outside.
        """
        if not abs(value) <= within * (1 + 1e-12) or not within > 0.0:
            raise BadInput(f"{value} does not lie within {within}.", fix="Give the bound of the observation.")
        self.n += 1
        log_term = 2.0 * math.log(2.0 / self.error_rate)
        variance = (0.25 + self._squares) / self.n
        bet = min(math.sqrt(log_term / (variance * self.n * math.log(1.0 + self.n))), _LARGEST_BET)
        unit = min(max((value / within + 1.0) / 2.0, 0.0), 1.0)
        surprise = (unit - self._mean) ** 2
        self._weighted += bet * (unit - 0.5)
        self._weights += bet / (2.0 * within)
        self._spread += surprise * (-math.log1p(-bet) - bet)
        self._sum += unit
        self._mean = (0.5 + self._sum) / (self.n + 1)
        self._squares += (unit - self._mean) ** 2

    @property
    def interval(self) -> tuple[float, float]:
        """The ends that hold now; (-inf, inf) before the first observation."""
        if not self.n:
            return -math.inf, math.inf
        half = (math.log(2.0 / self.error_rate) + self._spread) / self._weights
        middle = self._weighted / self._weights
        return middle - half, middle + half


def verdict_of(low: float, high: float, margin: float) -> SequentialVerdict:
    """Return what an interval for "challenger minus champion" lets one say; higher is better.

    Parameters
    ----------
    low, high : float
    margin : float
        Difference that does not matter, above 0.
    """
    if low > 0.0:
        return "better"
    if high < 0.0:
        return "worse"
    return "no difference" if -margin < low and high < margin else "not yet"


def measured(value: float, n: int, low: float, high: float) -> Estimate | NotMeasured:
    """Return a difference with the part of its interval that a share can reach."""
    if not n:
        return NotMeasured("no outcome was reported yet")
    return Estimate(value, n, max(low, -1.0), min(high, 1.0))
