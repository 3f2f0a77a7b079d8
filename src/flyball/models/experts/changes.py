"""Changes: the smallest move of numbers within given steps that is enough, by whoever asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = ["Allowed", "Change", "Changeable", "Enough", "smallest_move"]

Floats = npt.NDArray[np.float64]
Enough = Callable[[tuple[int, ...], Floats], npt.NDArray[np.bool_]]
"""For places that move and a grid of their values, shape (n, n_places): which lines of it are enough."""

_MOST_COLUMNS = 3
_STEPS = 24


@dataclass(frozen=True, slots=True)
class Change:
    """One column that would have to be another.

    Parameters
    ----------
    column : str
    value : float
        To be reached.
    template : str
        How to say it, with {value}.
    """

    column: str
    value: float
    template: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """In which direction, and how far, a person can bring a column.

    Parameters
    ----------
    column : str
    direction : {"lower", "higher"}
    lowest, highest : float or None
    step : float
        Values are told in whole steps; 0: three digits.
    template : str
        How to say it, with {value}.
    """

    column: str
    direction: Literal["lower", "higher"]
    lowest: float | None
    highest: float | None
    step: float
    template: str


@runtime_checkable
class Changeable(Protocol):
    """An expert over rows that knows what a person can change, and what would be enough for it."""

    @property
    def changeable(self) -> tuple[Allowed, ...]:
        """What a person can change."""
        ...

    def smallest_change(self, text: str, least: float) -> tuple[Change, ...] | None:
        """Return the smallest change that lifts the chance of "true" to `least`; None where none does."""
        ...


def smallest_move(
    now: Floats, steps: Mapping[int, Sequence[float]], spread: Floats, enough: Enough
) -> tuple[tuple[int, float], ...] | None:
    """Return the places that have to move, and to which values.

    Few places come before many: one alone, then two together, then three. Among moves of as many places the
    one that moves least counts, each measured in its own spread.

    Parameters
    ----------
    now : ndarray of float64, shape (n_places,)
    steps : mapping of place to values
        Those that it may take, nearest first.
    spread : ndarray of float64, shape (n_places,)
        Typical difference between two cases; above 0.
    enough : callable

    Returns
    -------
    tuple of (place, value), or None
        None where no allowed move is enough.
    """
    for size in range(1, min(_MOST_COLUMNS, len(steps)) + 1):
        best: tuple[float, tuple[tuple[int, float], ...]] | None = None
        for places in combinations(steps, size):
            grid = (
                np.array(np.meshgrid(*(_thinned(steps[place], size) for place in places))).reshape(size, -1).T
            )
            holds = enough(places, grid)
            if not holds.any():
                continue
            moved = (np.abs(grid - now[list(places)]) / spread[list(places)]).sum(axis=1)
            chosen = int(np.where(holds, moved, np.inf).argmin())
            if best is None or moved[chosen] < best[0]:
                values = (float(one) for one in grid[chosen])
                best = (float(moved[chosen]), tuple(zip(places, values, strict=True)))
        if best is not None:
            return best[1]
    return None


def _thinned(values: Sequence[float], size: int) -> Sequence[float]:
    """Return fewer steps where several move together; the furthest is always among them."""
    most = _STEPS if size > 1 else len(values)
    if size > 2:
        most = _STEPS // 2
    if len(values) <= most:
        return values
    places = np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))
    return [values[place] for place in places]
