"""Files on this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from flyball.data.sources.errors import SourceGone
from flyball.data.sources.objects.place import Found
from flyball.data.sources.shelf.files import FileSource

__all__ = ["LocalPlace"]


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """Folders, files and patterns, searched as the source of whole files does.

    Files and folders whose names begin with "_" are left out too: marks and leftovers of Spark and Hive.

    Parameters
    ----------
    source : str
        Name of the source, for messages.
    paths : sequence of Path
    """

    source: str
    paths: Sequence[Path]

    def found(self) -> tuple[Found, ...]:
        """Return the files, sorted by name; nothing is opened."""
        items = FileSource(self.source, self.paths).listing(digests=False).items
        return tuple(
            Found(item.name, str(item.path), item.size, item.modified_ns)
            for item in items
            if not any(part.startswith("_") for part in item.name.split("/"))
        )

    def open(self, one: Found) -> pa.NativeFile:
        """Open a file."""
        try:
            return pa.OSFile(one.where, "rb")
        except OSError as err:
            raise SourceGone(
                f"{one.name} cannot be opened: {type(err).__name__}.",
                fix="Check that it is still there and may be read; then run the same again.",
                source=self.source,
                file=one.name,
            ) from err

    def facts(self) -> Mapping[str, str]:
        """Return where it looks."""
        return {"place": "this machine", "path": ", ".join(str(path) for path in self.paths)}
