"""The contract of a recogniser: a kind of number, told by its shape, its check and the words around it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from flyball.core.shelves import Shelf

__all__ = ["RECOGNISERS", "Check", "Recogniser", "all_recognisers"]

RECOGNISERS = Shelf(kind="recogniser", package="flyball.data.privacy.detection.recognisers")

Check = Callable[[str], bool | None]
"""What matched -> True: its own check holds; False: it cannot be one; None: the shape says all there is."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One kind of personal data.

    Parameters
    ----------
    kind : str
        Presidio's name of the entity.
    patterns : tuple of (str, float)
        Expressions of RE2 (no look-around; case is ignored), each with the score of a match that has
        nothing but its shape. A group, where there is one, is the finding. Letters and digits may not
        adjoin a match, nor may it be a part of a longer number.
    check : Check, optional
    checked : float
        Score where the check holds. Below 1 where one number in ten passes by chance.
    context : tuple of str
        Words, lower case, that raise the score by .35 and to at least .6 if one begins near by.
    cut : callable (str) -> int, optional
        How many leading characters of a match belong to it; 0: none. For numbers that say their length.
    everywhere : bool
        Whether a match has neither digit nor "@" nor a stop within a word, so that all text must be searched.
    """

    kind: str
    patterns: tuple[tuple[str, float], ...]
    check: Check | None = None
    checked: float = 1.0
    context: tuple[str, ...] = ()
    cut: Callable[[str], int] | None = None
    everywhere: bool = False


@cache
def all_recognisers() -> tuple[Recogniser, ...]:
    """Return the recognisers of all families on the shelf, in the order of their names."""
    return tuple(one for name in RECOGNISERS.names() for one in RECOGNISERS.load(name))
