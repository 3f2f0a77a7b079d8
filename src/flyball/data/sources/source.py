"""The contract of a source: what is there now, and everything that is new since a state."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from flyball.core.shelves import Shelf

__all__ = ["SOURCES", "Batch", "Item", "Listing", "Skipped", "Source", "SourceMaker"]

SOURCES = Shelf(kind="source", package="flyball.data.sources.shelf")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source holds.

    Parameters
    ----------
    name : str
        For people, and stable: the path below the source, with "/".
    path : Path
        Where it can be read on this machine; in no digest.
    size : int
        Bytes.
    modified_ns : int
        Nanoseconds since 1970, as the file system says; in no digest.
    digest : str
        sha256 of the content; "" where it was not asked for or cannot be read.
    """

    name: str
    path: Path
    size: int
    modified_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that lies in the source and is not read, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source holds at one moment.

    Parameters
    ----------
    source : str
    items : tuple of Item
        Sorted by name.
    digest : str
        Of the names and contents: the same as long as nothing changed, whoever touched the files.
        "" where contents were not looked at.
    skipped : tuple of Skipped
    """

    source: str
    items: tuple[Item, ...]
    digest: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a source, and the state from which the next call goes on.

    Parameters
    ----------
    rows : RecordBatch
    state : str
        Opaque; handed back to `Source.batches` after a break.
    """

    rows: pa.RecordBatch
    state: str


@runtime_checkable
class Source(Protocol):
    """Anything that cases come from."""

    @property
    def name(self) -> str:
        """Its name in flyball.toml."""
        ...

    def listing(self) -> Listing:
        """Say what is there; its digest tells whether anything changed."""
        ...

    def batches(self, state: str = "") -> Iterator[Batch]:
        """Yield what is there in Arrow batches of one schema.

        Parameters
        ----------
        state : str
            "" begins at the beginning; the state of a batch goes on behind it.
        """
        ...


SourceMaker = Callable[[str, Mapping[str, object]], Source]
"""(name, plain settings with absolute paths) -> Source; the object that a module of the shelf offers."""
