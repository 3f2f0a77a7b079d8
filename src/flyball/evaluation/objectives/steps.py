"""Steps in which durations are counted: at most an eighth wide, from 1 ms to 1,000 s."""

from bisect import bisect_left

__all__ = ["STEPS_MS", "step_of"]

_PER_DECADE = (*range(100, 200, 10), *range(200, 500, 25), *range(500, 1000, 50))
STEPS_MS = tuple(number * 10.0**power / 100 for power in range(6) for number in _PER_DECADE)
"""Upper ends in milliseconds; what is slower lies in a last step."""


def step_of(milliseconds: float) -> int:
    """Return the step of a duration: the first whose end is not below it."""
    return bisect_left(STEPS_MS, milliseconds)
