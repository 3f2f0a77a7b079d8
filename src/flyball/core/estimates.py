"""Numbers that say how sure they are, and gaps in knowledge that are not numbers."""

import math
from dataclasses import dataclass
from typing import Literal

from flyball.core.errors import BadInput

__all__ = ["Better", "Estimate", "Failed", "Measurement", "NotMeasured", "as_plain"]

Better = Literal["higher", "lower"]
"""Which direction of a number is the good one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured number with the cases behind it and, where one can be had, an interval.

    Parameters
    ----------
    value : float
        Finite. 0 is a measurement, never "unknown".
    n : int
        Cases (or decisions) that the value rests on, at least 1.
    low, high : float or None
        Ends of the interval; both or neither.
    level : float
        Coverage that the interval aims at, in (0, 1).
    """

    value: float
    n: int
    low: float | None = None
    high: float | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(math.isfinite(number) for number in [self.value, *ends]):
            raise BadInput(
                f"An estimate must be finite, got {self.value} [{self.low}, {self.high}].",
                fix="Return NotMeasured(reason) for what could not be measured.",
                value=self.value,
            )
        if self.n < 1:
            raise BadInput(
                f"An estimate needs at least one case, got n={self.n}.",
                fix="Return NotMeasured(reason) instead.",
                n=self.n,
            )
        if len(ends) == 1 or (len(ends) == 2 and ends[0] > ends[1]):
            raise BadInput(
                f"An interval needs both ends in order, got [{self.low}, {self.high}].",
                fix="Give low <= high, or neither.",
                low=self.low,
                high=self.high,
            )

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.4g} (n={self.n})"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}] (n={self.n})"


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Unknown, with the reason; never 0, NaN, None or an empty dict."""

    reason: str
    kind: Literal["not_measured"] = "not_measured"

    def __str__(self) -> str:
        return f"not measured: {self.reason}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A measurement that crashed, with the error as text."""

    error: str
    kind: Literal["failed"] = "failed"

    def __str__(self) -> str:
        return f"failed: {self.error}"


Measurement = Estimate | NotMeasured | Failed


def as_plain(measurement: Measurement) -> dict[str, object]:
    """Return the outside form: `value`, `low`, `high`, `n`; and `reason` where there is no value."""
    if isinstance(measurement, Estimate):
        return {
            "value": measurement.value,
            "low": measurement.low,
            "high": measurement.high,
            "n": measurement.n,
        }
    reason = measurement.reason if isinstance(measurement, NotMeasured) else measurement.error
    return {"value": None, "low": None, "high": None, "n": 0, "reason": reason}
