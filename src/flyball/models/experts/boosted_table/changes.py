"""Changes: what would have changed the result, of what a person can change; each is asked of the model."""

import numpy as np
import numpy.typing as npt

from flyball.models.experts.boosted_table.reasons import Reason, Reasons
from flyball.models.experts.boosted_table.trees import Trees
from flyball.models.experts.changes import Change, smallest_move

__all__ = ["smallest_change"]

Floats = npt.NDArray[np.float64]


def smallest_change(
    row: Floats, trees: Trees, reasons: Reasons, spread: Floats, *, reach: float
) -> tuple[Change, ...] | None:
    """Return the smallest change of a row that lifts its sum of trees to `reach`.

    Columns are moved only in the direction and as far as the table of reasons allows, few before many; see
    `smallest_move`.

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

    def enough(places: tuple[int, ...], grid: Floats) -> npt.NDArray[np.bool_]:
        asked = np.repeat(row[None], len(grid), axis=0)
        asked[:, list(places)] = grid
        return trees.sum(asked) >= reach

    best = smallest_move(row, steps, spread, enough)
    if best is None:
        return None
    told = [(reasons.rows[place], value) for place, value in best]
    return tuple(Change(one.column, value, one.change_words) for one, value in told)


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
