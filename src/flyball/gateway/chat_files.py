"""What conversations are answered with: the files that say it, as the server read them, and if they changed.

A server reads them once, when it begins. Whoever edits them, or puts another release live, has to start it
again; until then it says so in the log, in `/readyz` and as a metric, and every conversation names in the
ledger what it was answered with.
"""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from flyball.core.digests import digest_of, digest_of_bytes, short
from flyball.core.errors import FlyballError
from flyball.loop.kit import chat_files
from flyball.loop.releases import read_release
from flyball.loop.traffic import TrafficWatch
from flyball.loop.workshop import Workshop

__all__ = ["ChatFiles", "Standing"]

_LOG = logging.getLogger(__name__)
_SECONDS_APART = 1.0

Standing = Literal["as read", "folder changed", "not the live release"]


class ChatFiles:
    """The files of `[chat]`, as they were when this was made.

    Parameters
    ----------
    workshop : Workshop
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        files = chat_files(workshop.deployment)
        self._stamps = _stamps(files)
        self._read = _digests(files)
        self._traffic = TrafficWatch(workshop.ledger)
        self._told: Standing = "as read"
        self._last: Standing = "as read"
        self._next = 0.0
        self.release = self._same_as_live()

    @property
    def kit(self) -> str:
        """Digest of all of them."""
        return digest_of(self._read)

    def look(self) -> Standing:
        """Return how they stand now, and log it where that has changed; at most once a second."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS_APART
            self._last = self._standing()
            if self._last != self._told:
                self._tell(self._last)
        return self._last

    def _standing(self) -> Standing:
        files = chat_files(self._workshop.deployment)
        stamps = _stamps(files)
        if stamps != self._stamps:
            if _digests(files) != self._read:
                return "folder changed"
            self._stamps = stamps
        same = self._traffic.now().champion in ("", self.release) or self._same_as_live()
        return "as read" if same else "not the live release"

    def _same_as_live(self) -> str:
        """Return the live release if it signs the very files that conversations are answered with."""
        live = self._traffic.now().champion
        if not live:
            return ""
        try:
            signed = read_release(self._workshop.state, live, self._workshop.key.verifier).release.files
        except FlyballError:  # one that was altered vouches for nothing
            return ""
        return live if all(signed.get(name) == one for name, one in self._read.items()) else ""

    def _tell(self, standing: Standing) -> None:
        name = self._workshop.deployment.name
        if standing == "folder changed":
            _LOG.warning(
                "The files of [chat] of %s have changed since this server read them. It still answers with "
                "those of then (%s); start it again to take the new ones over",
                name,
                short(self.kit),
            )
        elif standing == "not the live release":
            _LOG.warning(
                "Conversations with %s are not answered with what its live release signs. Make a release of "
                "the folder with flyball turn, or put the files back, then start the server again",
                name,
            )
        else:
            _LOG.info("The files of [chat] of %s are again what this server answers with", name)
        self._told = standing


def _stamps(files: Mapping[str, Path]) -> dict[str, tuple[int, int, int]]:
    """Return what changes with each file, without reading it."""
    found = {}
    for name, path in files.items():
        try:
            seen = path.stat()
            found[name] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        except OSError:
            found[name] = (0, 0, 0)
    return found


def _digests(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the digest of each file; "" where one cannot be read."""
    found = {}
    for name, path in files.items():
        try:
            found[name] = digest_of_bytes(path.read_bytes())
        except OSError:
            found[name] = ""
    return found
