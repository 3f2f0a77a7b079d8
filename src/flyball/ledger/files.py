"""Files that are either whole or not there, also after a power cut."""

import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

__all__ = ["sync_folder", "write_all", "write_new", "write_whole"]

_MOST_OPEN = 256
_SYNCING = 16

Item = TypeVar("Item")


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that readers see the old or the new content, never a mixture."""
    temporary = _written_beside(path, data, mode)
    try:
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_all(files: Sequence[tuple[Path, bytes]], mode: int) -> None:
    """Write several files whole, with their folders; wait for the disk once everything is on its way.

    Killed in between, each single file is whole or not there.
    """
    folders = {path.parent for path, _ in files}
    waiting: list[tuple[int, Path, Path]] = []
    try:
        for path, data in files:
            temporary = _beside(path)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            waiting.append((handle, temporary, path))
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            if len(waiting) == _MOST_OPEN:
                _finish(waiting)
        _finish(waiting)
    except BaseException:
        for handle, temporary, _ in waiting:
            os.close(handle)
            temporary.unlink(missing_ok=True)
        raise
    _at_once(sync_folder, sorted(folders | {folder.parent for folder in folders}))


def write_new(path: Path, data: bytes, *, mode: int) -> bool:
    """Write a file unless one is there; say whether it was written. Never overwrites."""
    temporary = _written_beside(path, data, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _finish(waiting: list[tuple[int, Path, Path]]) -> None:
    _at_once(os.fsync, [handle for handle, _, _ in waiting])
    while waiting:
        handle, temporary, path = waiting[-1]
        os.replace(temporary, path)
        os.close(handle)
        waiting.pop()


def _at_once(sync: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Wait for the disk for many things together: the file system then needs few commits, not one each."""
    if len(items) < 2:
        for item in items:
            sync(item)
        return
    with ThreadPoolExecutor(_SYNCING) as threads:
        for done in [threads.submit(sync, item) for item in items]:
            done.result()


def _beside(path: Path) -> Path:
    return path.parent / f".{path.name}.{secrets.token_hex(8)}.part"


def _written_beside(path: Path, data: bytes, mode: int) -> Path:
    temporary = _beside(path)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
