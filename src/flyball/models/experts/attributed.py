"""What each column did to the output of a model: the record, and the contracts of experts that know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.documents.rows import Value

__all__ = ["Attributed", "Attributes", "Stated", "Worded", "counted_against"]


@dataclass(frozen=True, slots=True)
class Attributed:
    """One output of a model, taken apart.

    Parameters
    ----------
    columns : tuple of str
    shares : tuple of float
        What each column added to the output, in `unit`; 0 means that it changed nothing.
    base : float
        The output where nothing is known of a case.
    output : float
        The output of the case, worked out apart from the shares: `base` and all shares add up to it.
    unit : str
        "log odds", "chance".
    """

    columns: tuple[str, ...]
    shares: tuple[float, ...]
    base: float
    output: float
    unit: str


@runtime_checkable
class Attributes(Protocol):
    """An expert over rows that takes its own output apart exactly."""

    def attributed(self, rows: Sequence[Mapping[str, Value]]) -> list[Attributed]:
        """Return what each column did to the output for each row, in the order of the rows."""
        ...

    def outputs(self, rows: Sequence[Mapping[str, Value]]) -> npt.NDArray[np.float64]:
        """Return the outputs alone, shape (n_rows,): higher speaks for "true"."""
        ...


@runtime_checkable
class Worded(Protocol):
    """An expert over rows that can say what a column means for a person."""

    def words_of(self, column: str, value: Value, *, raised: bool) -> str:
        """Return what this column, with this value, says: a clause that may be told.

        `raised` says whether it raised the output; words that explain a loss do not explain a gain.
        """
        ...


@runtime_checkable
class Stated(Protocol):
    """A model from elsewhere that says how sure it is, in its own numbers."""

    @property
    def remote(self) -> bool:
        """Whether cases leave this machine when it is asked."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a row that it is told; () for all."""
        ...

    def stated(self, cases: pa.RecordBatch, field: str, answer: str) -> npt.NDArray[np.float64]:
        """Return how sure it says it is of this answer for each case, in [0, 1]; NaN where asking failed."""
        ...


def counted_against(words: Sequence[str], shares: Sequence[float]) -> list[tuple[float, str]]:
    """Return what lowered an output and by how much, worst first; columns with the same words are one."""
    together: dict[str, float] = {}
    for said, share in zip(words, shares, strict=True):
        together[said] = together.get(said, 0.0) + float(share)
    return sorted((share, said) for said, share in together.items() if share < 0.0)
