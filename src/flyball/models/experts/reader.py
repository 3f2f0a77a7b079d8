"""The contract of a value reader: one value out of one quoted passage, or nothing."""

from dataclasses import dataclass
from typing import Protocol

from flyball.core.shelves import Shelf

__all__ = ["LONGEST_PASSAGE", "READERS", "ReadValue", "ValueReader"]

READERS = Shelf(kind="reader", package="flyball.models.experts.readers")

LONGEST_PASSAGE = 20_000
"""Characters of a passage that a reader looks at; a clause is shorter."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A value that stands in a passage.

    Parameters
    ----------
    value : str or float
        A number in `unit`, a place by its usual English name, or a day as YYYY-MM-DD.
    unit : str
        "days", "USD", "percent", "months of fees", "place", "date".
    start, end : int
        Where it stands in the passage, in code points.
    """

    value: str | float
    unit: str
    start: int
    end: int


class ValueReader(Protocol):
    """Reads one value. Deterministic, and linear in the length of the passage."""

    def __call__(self, text: str, /) -> ReadValue | None:
        """Return the value; None where nothing is read for certain. None is never 0."""
        ...
