"""Cases as columns: what was decided about each, what turned out, and to which groups it belongs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput

__all__ = ["MOST_GROUPS", "SMALLEST_GROUP", "BadFairnessCases", "GroupedCases", "Trait", "together"]

SMALLEST_GROUP = 30
"""Cases below which a group is not compared."""
MOST_GROUPS = 50
"""Groups that one trait may have; more are numbers or names, not groups."""

_MOST_COMBINED = 100_000

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.int8]


class BadFairnessCases(BadInput):
    """Cases cannot be compared by group as they are given."""

    code = "fairness.bad_cases"


@dataclass(frozen=True, slots=True, eq=False)
class Trait:
    """One way in which people are grouped.

    Parameters
    ----------
    name : str
    groups : tuple of str
    codes : ndarray of int32, shape (n_cases,)
        Place of the group of each case; -1 where it is not known.
    """

    name: str
    groups: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class GroupedCases:
    """Cases that were decided.

    Parameters
    ----------
    decision : ndarray of int8, shape (n_cases,)
        1 yes, 0 no. Yes is what people want.
    traits : tuple of Trait
    outcome : ndarray of int8, shape (n_cases,), optional
        1 where it turned out well (repaid, fit for the post), 0 where not, -1 where nobody knows.
    score : ndarray of float64, shape (n_cases,), optional
        Higher speaks for yes; NaN where there is none.
    weight : ndarray of float64, shape (n_cases,), optional
        Not below 0.

    Raises
    ------
    BadFairnessCases
        Columns of different lengths, no case, or values that cannot be.
    """

    decision: Flags
    traits: tuple[Trait, ...]
    outcome: Flags | None = None
    score: Floats | None = None
    weight: Floats | None = None
    _checked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if self._checked:
            return
        n = len(self.decision)
        columns: dict[str, npt.NDArray[np.generic]] = {one.name: one.codes for one in self.traits}
        for name in ("outcome", "score", "weight"):
            column = getattr(self, name)
            if column is not None:
                columns[name] = column
        wrong = [name for name, column in columns.items() if len(column) != n]
        if not n:
            raise BadFairnessCases("No case was decided.", fix="Give rows that hold a decision.")
        if wrong:
            raise BadFairnessCases(
                f"{n} decisions, but {len(columns[wrong[0]])} values of {wrong[0]}.",
                fix="Give one value of every column for each decision.",
            )
        if not np.isin(self.decision, (0, 1)).all():
            raise BadFairnessCases("A decision is neither 0 nor 1.", fix="Leave out what is not decided.")
        if self.weight is not None and not (np.isfinite(self.weight).all() and self.weight.min() >= 0.0):
            raise BadFairnessCases(
                "A weight is missing, endless or below 0.", fix="Give each row a weight of 0 or more."
            )
        if self.weight is not None and not self.weight.any():
            raise BadFairnessCases("Every weight is 0.", fix="Give rows that count a weight above 0.")

    def __len__(self) -> int:
        return len(self.decision)

    def at(self, kept: npt.NDArray[np.bool_]) -> "GroupedCases":
        """Return some of the cases."""
        return replace(
            self,
            decision=self.decision[kept],
            traits=tuple(replace(one, codes=one.codes[kept]) for one in self.traits),
            outcome=None if self.outcome is None else self.outcome[kept],
            score=None if self.score is None else self.score[kept],
            weight=None if self.weight is None else self.weight[kept],
        )


def together(traits: Sequence[Trait]) -> Trait:
    """Return several traits as one, whose groups are their combinations.

    Raises
    ------
    BadFairnessCases
        There are more than a hundred thousand of them.
    """
    if (many := math.prod(len(one.groups) for one in traits)) > _MOST_COMBINED:
        raise BadFairnessCases(
            f"{' and '.join(one.name for one in traits)} have {many:,} combinations; {_MOST_COMBINED:,} are "
            "the most.",
            fix="Combine fewer traits (--together 2), or give fewer groups.",
        )
    codes, names = traits[0].codes.astype(np.int64), list(traits[0].groups)
    for one in traits[1:]:
        unknown = (codes < 0) | (one.codes < 0)
        codes = codes * len(one.groups) + one.codes
        codes[unknown] = -1
        names = [f"{first} and {second}" for first in names for second in one.groups]
    return Trait(" and ".join(one.name for one in traits), tuple(names), codes.astype(np.int32))
