"""Selection: which cases teach most, with a part drawn at random, so that figures stay honest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flyball.core.errors import BadInput
from flyball.evaluation.bootstrap import Floats

__all__ = ["Selected", "Selection", "select"]

_WIDER = 5
"""Times as many candidates as are wanted are compared with one another."""
_MOST_COMPARED = 4_000


@dataclass(frozen=True, slots=True)
class Selected:
    """One chosen case.

    Parameters
    ----------
    place : int
        Among the candidates.
    how : {"teaches", "drawn"}
    chance : float
        With which it was taken: 1 for one that teaches; the same for all that were drawn.
    """

    place: int
    how: Literal["teaches", "drawn"]
    chance: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen out of how many.

    Parameters
    ----------
    chosen : tuple of Selected
        Those that teach first, the most telling one at the top.
    population : int
    """

    chosen: tuple[Selected, ...]
    population: int


def select(
    features: Floats,
    doubt: Floats,
    wanted: int,
    *,
    places: Sequence[int] | None = None,
    drawn_share: float = 0.3,
    seed: int = 0,
) -> Selection:
    """Choose cases to be labelled: unsure ones that are unlike one another and like many, and some at random.

    A case counts for its doubt times how much it is like the other candidates. Of the best, one after the
    other is taken that counts most times its distance to those that were taken. The rest is drawn from
    all others, each with the same chance, which is recorded: an estimate over all cases stays unbiased.

    Parameters
    ----------
    features : array of shape (n_compared, n_features)
        Of cases that can teach. Rows are scaled to length 1; a row of zeros is like nothing.
    doubt : array of shape (n_cases,)
        1 minus confidence.
    wanted : int
        How many; no more than there are are returned.
    places : sequence of int, optional
        Which cases the rows of `features` are, in rising order; others can be drawn, but do not teach.
        None: all of them.
    drawn_share : float
        Of those, in [0, 1].
    seed : int

    Returns
    -------
    Selection

    Raises
    ------
    BadInput
        Shapes that do not fit, a share outside [0, 1], numbers that are not finite.

    Source: doubt and density, Settles and Craven 2008 (EMNLP, section 3.4); farthest first, Sener and
    Savarese 2018, arXiv:1708.00489.
    """
    n = len(doubt)
    compared = np.arange(n) if places is None else np.asarray(places, np.int64)
    if features.ndim != 2 or len(features) != len(compared) or not 0.0 <= drawn_share <= 1.0 or wanted < 0:
        raise BadInput(
            f"Cannot choose {wanted} of {n} cases with features of shape {features.shape}, "
            f"{drawn_share} of them drawn.",
            fix="Give one row of features and one doubt for each case, and a share from 0 to 1.",
        )
    if not (np.isfinite(features).all() and np.isfinite(doubt).all()):
        raise BadInput("Features and doubts must be finite.", fix="Leave such cases out.")
    wanted = min(wanted, n)
    n_drawn = min(wanted, math.ceil(wanted * drawn_share))
    rng = np.random.default_rng(seed)
    telling = compared[_telling(features, doubt[compared], min(wanted - n_drawn, len(compared)), rng)]
    rest = np.setdiff1d(np.arange(n), telling)
    drawn = rng.choice(rest, size=n_drawn, replace=False) if n_drawn else rest[:0]
    chance = n_drawn / len(rest) if len(rest) else 1.0
    return Selection(
        tuple(Selected(int(at), "teaches", 1.0) for at in telling)
        + tuple(Selected(int(at), "drawn", chance) for at in drawn),
        n,
    )


def _telling(features: Floats, doubt: Floats, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of those that teach most, the most telling one first."""
    if not wanted:
        return np.zeros(0, dtype=np.int64)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, length, out=np.zeros_like(features), where=length > 0)
    likeness = np.clip(unit @ unit.mean(axis=0), 0.0, None)
    tie = rng.permutation(len(doubt))  # among equals, not the first in the list
    worth = np.clip(doubt, 0.0, None) * (likeness + 1e-9)
    best = np.lexsort((tie, -worth))[: min(len(worth), max(wanted, min(_WIDER * wanted, _MOST_COMPARED)))]
    near, weight = unit[best], worth[best] + 1e-12
    apart = np.ones(len(best))  # to the nearest that was taken; nothing yet
    taken = np.zeros(wanted, dtype=np.int64)
    for number in range(wanted):
        at = int(np.argmax(weight * apart))
        taken[number] = best[at]
        apart = np.minimum(apart, np.clip(1.0 - near @ near[at], 0.0, 2.0) + 1e-6)
        apart[at] = -1.0
    return taken
