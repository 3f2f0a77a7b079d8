"""The contract of a place: what lies there, and how it is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

__all__ = ["Found", "Place"]


@dataclass(frozen=True, slots=True)
class Found:
    """One file or object.

    Parameters
    ----------
    name : str
        For people, and stable: the path below the place, with "/".
    where : str
        What the place opens it by.
    size : int
        Bytes.
    modified_ns : int
        Nanoseconds since 1970; 0 where the place does not tell.
    """

    name: str
    where: str
    size: int
    modified_ns: int

    @property
    def version(self) -> str:
        """Size and time: the same as long as nobody wrote the file.

        A program that changes a file and sets size and time back goes unseen, as with rsync and make.
        """
        return f"{self.size:x}-{self.modified_ns:x}"


class Place(Protocol):
    """Where files lie. Making one reads nothing and connects to nothing."""

    def found(self) -> tuple[Found, ...]:
        """Return what is there, sorted by name.

        Raises
        ------
        NothingThere, CannotConnect, BadCredentials
        """
        ...

    def open(self, one: Found) -> pa.NativeFile:
        """Open one for reading, from any byte.

        Raises
        ------
        SourceGone, BadCredentials
        """
        ...

    def facts(self) -> Mapping[str, str]:
        """Return facts for people, none of them secret."""
        ...
