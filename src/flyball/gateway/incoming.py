"""Files that came in: read in a process of their own, and gone as soon as they were read."""

import base64
import binascii
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.data.documents.extract import extract_many
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.gateway.limits.owners import Owner, is_alive

__all__ = ["Incoming"]


class Incoming:
    """A folder for files while they are read. What a killed process left in it is removed.

    Parameters
    ----------
    folder : Path
        Made for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._owner = Owner(folder)
        for left in folder.iterdir():
            if left.is_dir() and not is_alive(folder, left.name):
                shutil.rmtree(left, ignore_errors=True)
        self._folder = folder / self._owner.name
        self._folder.mkdir(mode=0o700)

    def read(self, files: Sequence[tuple[str, str]], limits: Limits) -> list[Document | Unreadable]:
        """Read files, whatever they are; a bad one is a record and stops nothing.

        Parameters
        ----------
        files : sequence of (name, content in base64)
            The name is for people; no path is made of it.
        limits : Limits

        Returns
        -------
        list of Document or Unreadable
            One per file, in their order.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            found: dict[int, Document | Unreadable] = {}
            paths: dict[int, tuple[str, Path]] = {}
            for number, (name, content) in enumerate(files):
                path = Path(folder) / str(number)
                try:
                    path.write_bytes(base64.b64decode(content, validate=True))
                except (binascii.Error, ValueError):
                    error = BadInput(
                        f"{name} is not base64.",
                        fix="Send the bytes of the file in base64.",
                    )
                    found[number] = Unreadable.from_error(name, error)
                else:
                    paths[number] = (name, path)
            read = extract_many(list(paths.values()), isolated=True, limits=limits)
            found |= dict(zip(paths, read, strict=True))
        return [found[number] for number in range(len(files))]

    def close(self) -> None:
        """Remove the folder of this process."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._owner.close()
