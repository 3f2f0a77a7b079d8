"""Digests of files that have not changed since, by size, modification time and inode."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

__all__ = ["DigestCache"]

_SETTLED_NS = 2_000_000_000  # a file changed less than two seconds ago may change again unseen

_Entry = tuple[int, int, int, str]


class DigestCache:
    """Digests kept in one JSON file. A cache that cannot be read or written costs time, never truth.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._before: dict[str, _Entry] = {}
        self._after: dict[str, _Entry] = {}
        if path is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self._before = msgspec.json.decode(path.read_bytes(), type=dict[str, _Entry])

    def digest(self, path: Path, status: os.stat_result, compute: Callable[[Path], str]) -> str:
        """Return the digest of a file, computed anew unless size, time and inode are as they were."""
        key = os.path.abspath(path)
        facts = (status.st_size, status.st_mtime_ns, status.st_ino)
        known = self._before.get(key)
        if known is not None and known[:3] == facts:
            self._after[key] = known
            return known[3]
        now = time.time_ns()
        digest = compute(path)
        if digest and now - status.st_mtime_ns > _SETTLED_NS:
            self._after[key] = (*facts, digest)
        return digest

    def save(self) -> None:
        """Write the cache for the next time; entries of files that are gone are dropped."""
        if self._path is None or self._after == self._before:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".digests-")
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(self._after))
            os.replace(name, self._path)
