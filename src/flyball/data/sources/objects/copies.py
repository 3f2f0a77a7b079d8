"""Copies: objects of a store as files on this machine, fetched when they are new or changed."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flyball.data.sources.errors import SourceGone
from flyball.data.sources.objects.opened import ByteStream
from flyball.data.sources.objects.place import Found
from flyball.data.sources.objects.stores import StorePlace

__all__ = ["Copies"]

_CHUNK = 4 << 20
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")
_OURS = re.compile(r"[0-9a-f]{32}(\.[A-Za-z0-9]{1,8})?")


@dataclass(frozen=True, slots=True)
class Copies:
    """A folder that mirrors the objects of a place.

    A copy is called after the digest of its object's name and version, so that no name of an object can
    lead out of the folder; only its ending stays. Copies of objects that are gone are removed.

    Parameters
    ----------
    place : StorePlace
    folder : Path
    """

    place: StorePlace
    folder: Path

    def fetched(self, progress: Callable[[int, int], None] | None = None) -> list[tuple[Found, Path]]:
        """Fetch what is new or changed; return every object with its copy, sorted by name.

        Raises
        ------
        SourceGone
            An object broke off; the copies made so far stay.
        """
        found = self.place.found()
        self.folder.mkdir(parents=True, exist_ok=True)
        copies = []
        for one in found:
            copy = self.folder / _name(one)
            if not copy.is_file() or copy.stat().st_size != one.size:
                self._fetch(one, copy)
            copies.append((one, copy))
            if progress is not None:
                progress(len(copies), len(found))
        kept = {copy.name for _, copy in copies}
        for old in self.folder.iterdir():
            if _OURS.fullmatch(old.name) and old.name not in kept:
                old.unlink()
        return copies

    def _fetch(self, one: Found, copy: Path) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".fetching-")
        try:
            with os.fdopen(handle, "wb") as file, self.place.open(one) as opened:
                stream = ByteStream(one.name, opened)
                while chunk := stream.read(_CHUNK):
                    file.write(chunk)
            if stream.at != one.size:
                raise SourceGone(
                    f"{one.name} broke off behind byte {stream.at:,} of {one.size:,}.",
                    fix="Run the same again.",
                    file=one.name,
                )
            os.replace(temporary, copy)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _name(one: Found) -> str:
    digest = hashlib.sha256(f"{one.name}\n{one.version}".encode()).hexdigest()[:32]
    ending = PurePosixPath(one.name).suffix
    return digest + (ending if _ENDING.fullmatch(ending) else "")
