"""A relation among entities: who stands next to whom. Compressed rows, and sums over neighbours.

Two relations (the same device, the same address) are two of these. They are never merged: what the neighbours
in one say may mean the opposite in another.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput

__all__ = ["Relation", "relation_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Relation:
    """Neighbours of each entity, in both directions, each once.

    Parameters
    ----------
    name : str
    starts : ndarray of int64, shape (n + 1,)
        Where the neighbours of each entity begin in `ends`.
    ends : ndarray of int64
    """

    name: str
    starts: Integers
    ends: Integers

    @property
    def n(self) -> int:
        """Entities."""
        return len(self.starts) - 1

    @cached_property
    def degree(self) -> Floats:
        """Neighbours of each entity."""
        return np.diff(self.starts).astype(np.float64)

    @cached_property
    def _filled(self) -> Integers:
        """Entities with neighbours: only for them are there sums."""
        return np.flatnonzero(np.diff(self.starts))

    def sums(self, values: Floats) -> Floats:
        """Return the sum over the neighbours of each entity.

        Parameters
        ----------
        values : ndarray of float64, shape (n,) or (n, width)

        Returns
        -------
        ndarray of the same shape
            0 where there are no neighbours.
        """
        found = np.zeros_like(values, dtype=np.float64)
        if len(self._filled):
            at = self.starts[self._filled]
            if values.ndim == 1:
                found[self._filled] = np.add.reduceat(values[self.ends], at)
            else:  # column by column: a gathered matrix of all pairs would not fit into the cache
                for column in range(values.shape[1]):
                    taken = np.ascontiguousarray(values[:, column])[self.ends]
                    found[self._filled, column] = np.add.reduceat(taken, at)
        return found

    def means(self, values: Floats) -> Floats:
        """Return the mean over the neighbours of each entity; 0 where there are none."""
        below = np.maximum(self.degree, 1.0)
        found: Floats = self.sums(values) / (below if values.ndim == 1 else below[:, None])
        return found


def relation_of(name: str, pairs: Integers, n: int) -> Relation:
    """Return the relation that pairs make.

    Parameters
    ----------
    name : str
    pairs : ndarray of int64, shape (n_pairs, 2)
        In any order, either way round, even twice; nobody is a neighbour of itself.
    n : int
        Entities; their numbers are 0 to n - 1.

    Raises
    ------
    BadInput
        A number outside.
    """
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs.size and (pairs.min() < 0 or pairs.max() >= n)):
        raise BadInput(
            f"The pairs of {name} have the shape {pairs.shape} and name up to {pairs.max(initial=0)}; "
            f"there are {n} entities, from 0.",
            fix="Give two numbers below the number of entities for each pair.",
        )
    both = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
    keys = np.unique(both[:, 0] * n + both[:, 1])
    source, target = keys // n, keys % n
    apart = source != target
    source, target = source[apart], target[apart]
    starts = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))])
    return Relation(name, starts.astype(np.int64), target)
