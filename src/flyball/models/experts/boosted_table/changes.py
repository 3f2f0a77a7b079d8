"""Changes: what would have changed the result, of what a person can change; each is asked of the model."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from flyball.models.experts.boosted_table.reasons import Reason, Reasons
from flyball.models.experts.boosted_table.trees import Trees

__all__ = ["Change", "smallest_change"]

Floats = npt.NDArray[np.float64]

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
    words : str
        How to say it.
    """

    column: str
    value: float
    words: str


def smallest_change(
    row: Floats, trees: Trees, reasons: Reasons, spread: Floats, *, reach: float
) -> tuple[Change, ...] | None:
    """Return the smallest change of a row that lifts its sum of trees to `reach`.

    Few columns come before many: one column is tried alone, then two together, then three. Among changes of
    as many columns the one that moves least counts, each column measured in its own spread. Columns are
    moved only in the direction and as far as the table of reasons allows.

    Parameters
    ----------
    row : ndarray of float64, shape (n_columns,)
    trees : Trees
    reasons : Reasons
    spread : ndarray of float64, shape (n_columns,)
        Typical difference between two rows, by column; above 0.
    reach : float

    Returns
    -------
    tuple of Change, or None
        () where nothing has to change; None where no allowed change is enough.
    """
    if float(trees.sum(row[None])[0]) >= reach:
        return ()
    steps = {
        place: found for place, one in enumerate(reasons.rows) if (found := _steps(row, trees, place, one))
    }
    for size in range(1, min(_MOST_COLUMNS, len(steps)) + 1):
        best: tuple[float, tuple[tuple[int, float], ...]] | None = None
        for places in combinations(steps, size):
            grid = (
                np.array(np.meshgrid(*(_thinned(steps[place], size) for place in places))).reshape(size, -1).T
            )
            asked = np.repeat(row[None], len(grid), axis=0)
            asked[:, list(places)] = grid
            enough = trees.sum(asked) >= reach
            if not enough.any():
                continue
            moved = (np.abs(grid - row[list(places)]) / spread[list(places)]).sum(axis=1)
            chosen = int(np.where(enough, moved, np.inf).argmin())
            if best is None or moved[chosen] < best[0]:
                best = (
                    float(moved[chosen]),
                    tuple(zip(places, (float(one) for one in grid[chosen]), strict=True)),
                )
        if best is not None:
            return tuple(_told(reasons.rows[place], value) for place, value in best[1])
    return None


def _steps(row: Floats, trees: Trees, place: int, reason: Reason) -> list[float]:
    """Return the values at which the model may change its mind, nearest first."""
    if reason.change == "no" or np.isnan(row[place]):
        return []
    thresholds = np.unique(
        trees.threshold[(trees.feature == place) & (trees.left != np.arange(len(trees.left)))]
    )
    now = row[place]
    if reason.change == "lower":
        found = [_rounded(float(one), up=False) for one in thresholds[::-1] if one < now]
    else:
        found = [_rounded(float(one), up=True) for one in thresholds if one >= now]
    lowest = -np.inf if reason.lowest is None else reason.lowest
    highest = np.inf if reason.highest is None else reason.highest
    return [one for one in dict.fromkeys(found) if lowest <= one <= highest]


def _rounded(value: float, *, up: bool) -> float:
    """Return a value of three digits at most at a threshold, or above it, so that what is said is enough."""
    digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 2
    whole = np.floor(round(value * 10.0**digits, 6)) + (1 if up else 0)
    return float(round(whole / 10.0**digits, max(digits, 0)))


def _thinned(values: list[float], size: int) -> list[float]:
    """Return fewer steps where several columns move together; the furthest is always among them."""
    most = _STEPS if size > 1 else len(values)
    if size > 2:
        most = _STEPS // 2
    if len(values) <= most:
        return values
    places = np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))
    return [values[place] for place in places]


def _told(reason: Reason, value: float) -> Change:
    said = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return Change(reason.column, value, reason.change_words.replace("{value}", said))
