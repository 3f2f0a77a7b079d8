"""Pieces: the raw records of a batch, with the place behind each of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.sources.mainframe.text import Block

__all__ = ["Kinds", "Piece", "Place"]

Int64 = npt.NDArray[np.int64]

Kinds = Callable[[Block], pa.Array]
"""From raw records to the kind of each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on in a file.

    Parameters
    ----------
    offset : int
        Byte of the file; 0 is its begin, header included.
    record : int
        How many records lie before it.
    block_end : int
        Where the block ends that it lies in; 0 without blocks.
    segments : tuple of int
        What `SegmentIds` has counted so far.
    """

    offset: int = 0
    record: int = 0
    block_end: int = 0
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """Records of one batch.

    Parameters
    ----------
    block : uint8 of shape (records, bytes of the layout)
    sizes : int64 of shape (records,), optional
        Bytes that each record really has; None where all are whole.
    offsets : int64 of shape (records,)
        Byte of the file at which each begins.
    behind : callable
        From the number of a record in this piece to the place behind it.
    """

    block: Block
    sizes: Int64 | None
    offsets: Int64
    behind: Callable[[int], Place]

    @property
    def after(self) -> Place:
        """The place behind the last record."""
        return self.behind(len(self.block) - 1)

    def rows(self, begin: int, end: int) -> "Piece":
        """Return some of the records."""
        sizes = None if self.sizes is None else self.sizes[begin:end]
        place = self.behind
        return Piece(
            self.block[begin:end], sizes, self.offsets[begin:end], lambda number: place(number + begin)
        )

    def followed_by(self, other: "Piece") -> "Piece":
        """Return the records of both."""
        sizes = None
        if self.sizes is not None or other.sizes is not None:
            parts = [
                np.full(len(one.block), one.block.shape[1], np.int64) if one.sizes is None else one.sizes
                for one in (self, other)
            ]
            sizes = np.concatenate(parts)
        own, first, last = len(self.block), self.behind, other.behind
        return Piece(
            np.concatenate([self.block, other.block]),
            sizes,
            np.concatenate([self.offsets, other.offsets]),
            lambda number: first(number) if number < own else last(number - own),
        )
