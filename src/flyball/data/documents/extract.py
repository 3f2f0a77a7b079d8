"""Extract text: one document, or very many of which some are bad."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from flyball.core.errors import FlyballError
from flyball.core.text import sayable
from flyball.data.documents.errors import Missing, NotAFile
from flyball.data.documents.reading import read_bytes, refuse_size
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.data.documents.workers import read_in_processes

__all__ = ["DEFAULT_LIMITS", "Named", "Progress", "extract", "extract_many", "read_file"]

DEFAULT_LIMITS = Limits()

Progress = Callable[[int, int], None]
"""(documents done, documents in all)."""

Named = Path | tuple[str, Path]
"""A path, or the name that people know it by and the path."""


def extract(source: Path | bytes, *, name: str = "", limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read one document.

    Parameters
    ----------
    source : Path or bytes
        A file, or its bytes.
    name : str
        For people; the file name where it is "".
    limits : Limits

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        One class for each cause, each with its own code: see docs/data.md.
    """
    if isinstance(source, bytes):
        return read_bytes(source, name or "document", limits)
    name = sayable(name or source.name)
    return read_bytes(read_file(source, name, limits), name, limits)


def extract_many(
    paths: Sequence[Named],
    *,
    workers: int = 1,
    isolated: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Iterator[Document | Unreadable]:
    """Read many documents, in order; a bad one becomes a record and stops nothing.

    Parameters
    ----------
    paths : sequence of Path, or of (name, Path)
    workers : int
        Processes. 1 reads in this process, unless `isolated`.
    isolated : bool
        Read in processes even with one worker. In a process of its own, a file that crashes its
        reader, or takes too much time or memory, is an error of that file alone. Starting one takes
        about half a second.
    limits : Limits
    progress : callable, optional
        Called after each document.

    Yields
    ------
    Document or Unreadable
        One for each path, in the order of `paths`.
    """
    given = [(path.name, path) if isinstance(path, Path) else path for path in paths]
    named = [(sayable(name), path) for name, path in given]
    if named and (isolated or (workers > 1 and len(named) > 1)):
        results = read_in_processes(named, _extracted, workers=min(workers, len(named)), limits=limits)
    else:
        results = (_extracted(name, path, limits) for name, path in named)
    for done, result in enumerate(results, start=1):
        if progress is not None:
            progress(done, len(named))
        yield result


def read_file(path: Path, name: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the bytes of a regular file; its size is looked at before it is read.

    Raises
    ------
    Missing, NotAFile, TooLarge
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as err:
        raise Missing(f"There is no file {name}.", fix="Check the path.", name=name) from err
    except PermissionError as err:
        raise Missing(
            f"{name} may not be read by this user.", fix="Give read permission.", name=name
        ) from err
    except (OSError, ValueError) as err:  # ELOOP, ENXIO, a name with a NUL, a name that is too long
        raise NotAFile(
            f"{name} cannot be opened ({err}).",
            fix="Give a regular file; links must not lead in a circle.",
            name=name,
        ) from err
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NotAFile(
                f"{name} is no regular file but a {_kind(status.st_mode)}.", fix="Give a file.", name=name
            )
        refuse_size(status.st_size, name, limits)
        with open(handle, "rb", closefd=False) as file:
            data = file.read(limits.file_bytes + 1)
    finally:
        os.close(handle)
    refuse_size(len(data), name, limits)  # it may have grown meanwhile
    return data


def _extracted(name: str, path: Path, limits: Limits) -> Document | Unreadable:
    try:
        return extract(path, name=name, limits=limits)
    except FlyballError as err:
        return Unreadable.from_error(name, err)


def _kind(mode: int) -> str:
    for check, kind in (
        (stat.S_ISDIR, "folder"),
        (stat.S_ISFIFO, "pipe"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISCHR, "device"),
        (stat.S_ISBLK, "device"),
    ):
        if check(mode):
            return kind
    return "special file"
