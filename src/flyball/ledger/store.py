"""The contract of a place that keeps a ledger: rows, leaf hashes in tiles, checkpoints.

A store keeps what it is given and computes nothing; the tree and the signatures are the ledger's.
Several threads and several processes may use one store at once: `writing()` lets one in at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from flyball.core.shelves import Shelf

__all__ = ["STORES", "LedgerStore", "Row", "Tile", "Writing"]

STORES = Shelf(kind="ledger store", package="flyball.ledger.stores")
"""A store is one file, named after the scheme of its URL."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as stored.

    Parameters
    ----------
    index : int
    kind, key : str
        Copied out of the leaf for look-ups; "" is no key.
    leaf : bytes
        Canonical JSON of the entry: the evidence.
    leaf_hash : bytes
        32 bytes.
    """

    index: int
    kind: str
    key: str
    leaf: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """256 neighbouring hashes of one level of the tree, and their common root.

    Parameters
    ----------
    level : int
        0 holds leaf hashes, 1 the roots of tiles of level 0, and so on.
    index : int
        Place within the level, from 0.
    root : bytes
        32 bytes.
    hashes : bytes
        256 times 32 bytes.
    """

    level: int
    index: int
    root: bytes
    hashes: bytes


class Writing(Protocol):
    """A write transaction: alone, and durable once its block has been left without an error."""

    def size(self) -> int:
        """Return the number of entries, those of other processes included."""
        ...

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows that carry one of the keys."""
        ...

    def insert(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        """Add entries and completed tiles."""
        ...

    def insert_checkpoint(self, size: int, note: str, edge: bytes) -> None:
        """Add a signed checkpoint, with the leaf hashes of the tile that is not full yet."""
        ...


class LedgerStore(Protocol):
    """A place that keeps a ledger."""

    @property
    def place(self) -> str:
        """Where it is, for people: never with a password."""
        ...

    def origin(self) -> str | None:
        """Return the name of the ledger, None where there is no ledger yet."""
        ...

    def create(self, origin: str) -> str:
        """Create the ledger unless it is there; return the name that it has."""
        ...

    def size(self) -> int:
        """Return the number of entries."""
        ...

    def rows(self, start: int, stop: int, *, kind: str | None = None) -> Iterator[Row]:
        """Yield the rows with `start <= index < stop`, in order, of one kind or of all."""
        ...

    def rows_by_key(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows that carry one of the keys."""
        ...

    def kinds(self, start: int, stop: int) -> dict[str, int]:
        """Return how many entries `[start, stop)` there are of each kind."""
        ...

    def leaf_hashes(self, start: int, stop: int) -> list[bytes]:
        """Return the stored leaf hashes of entries `[start, stop)`."""
        ...

    def tile(self, level: int, index: int) -> Tile | None:
        """Return a completed tile."""
        ...

    def tile_roots(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the roots of the tiles `[start, stop)` of a level."""
        ...

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return size and note of all checkpoints, shortest first."""
        ...

    def last_checkpoint(self) -> tuple[int, str] | None:
        """Return size and note of the longest checkpoint."""
        ...

    def edge(self, size: int) -> bytes:
        """Return the leaf hashes that were kept with the checkpoint of a size; b"" without one."""
        ...

    def writing(self) -> AbstractContextManager[Writing]:
        """Open a write transaction.

        Leaving the block commits and waits for the disk; an error inside rolls back.

        Raises
        ------
        NotWritten
            Nothing was written; trying again may help.
        OutcomeUnknown
            The connection broke during the commit.
        """
        ...

    def close(self) -> None:
        """Release all connections."""
        ...
