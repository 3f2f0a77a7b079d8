"""The contract of a source: what it offers, and everything that is new since a state."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from flyball.core.shelves import Shelf

__all__ = [
    "SOURCES",
    "Batch",
    "FileListing",
    "Item",
    "Listing",
    "Skipped",
    "Source",
    "SourceMaker",
    "Stream",
]

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
class Stream:
    """One thing that a source can be read by: a table, an entity set, a kind of record.

    Parameters
    ----------
    name : str
        Stable: "public.accounts", "Books", "files".
    schema : Schema
        Of every batch. A type is one that keeps the value: a decimal stays a decimal, a date a date.
    key : tuple of str
        The columns that name a row; () where nothing is known to be unique.
    cursor : str
        How changes are found: a column ("updated_at"), or a mechanism ("delta link"). "" means not at
        all: every load is a whole load.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...] = ()
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a stream, and the state from which the next call goes on.

    Parameters
    ----------
    rows : RecordBatch
        May hold no rows, to hand on a state alone.
    state : str
        Opaque text for `Source.batches`: goes on directly behind this batch. Never a secret, never
        a value of a column other than the cursor's or the key's.
    removed : RecordBatch, optional
        The key columns of rows that the source says are gone.
    anew : bool
        The source lost track of what had changed, and everything comes again from here on: what came
        before, and is not among it, is gone.
    """

    rows: pa.RecordBatch
    state: str
    removed: pa.RecordBatch | None = None
    anew: bool = False


@runtime_checkable
class Source(Protocol):
    """Anything that rows come from.

    Making one reads nothing and connects to nothing. Everything that goes wrong is one of the errors
    in `errors.py`; a secret is in none of them.
    """

    @property
    def name(self) -> str:
        """Its name in flyball.toml."""
        ...

    def check(self) -> Mapping[str, str]:
        """Connect and sign in; return facts for people: server, version, user.

        Raises
        ------
        CannotConnect, BadCredentials, NothingThere, MissingExtra
        """
        ...

    def streams(self) -> tuple[Stream, ...]:
        """Return what can be read, sorted by name, as the source describes it now."""
        ...

    def batches(self, stream: str, state: str = "") -> Iterator[Batch]:
        """Yield rows in Arrow batches of the stream's schema.

        With "" it begins at the beginning. With the state of a batch it goes on directly behind that
        batch, after a crash too. With the state of the last batch of a finished load, a stream with a
        cursor yields what has changed since; one without yields nothing as long as nothing changed,
        and everything again when something has (or when it cannot tell). Memory is that of one batch.

        Raises
        ------
        UnknownStream, SourceGone, BadRecord
        """
        ...


@runtime_checkable
class FileListing(Protocol):
    """A source of whole files, which a reader of documents opens one by one."""

    def listing(self) -> Listing:
        """Say what is there; its digest tells whether anything changed."""
        ...


SourceMaker = Callable[[str, Mapping[str, object]], Source]
"""(name, settings) -> Source; the object that a module of the shelf offers under the module's name.

Settings are those of `[[source]]` in flyball.toml as plain values: `path` (absolute) or `url` where
written, then everything below `[source.settings]`; a reference to a secret is a `Secret` already.
`streams`, where written, maps the names of the wanted streams to {"key": [...], "cursor": "..."}.
An unknown setting is an error (`BadSource`) that lists the known ones.
"""
