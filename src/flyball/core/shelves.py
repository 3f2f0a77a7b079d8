"""Shelves: extensions found by name, imported only when asked for.

Nothing registers itself. A shelf is a package (one file per extension, file name = extension name)
plus the entry-point group of the same name for extensions from elsewhere. See style guide, section 6.
"""

import importlib
import pkgutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from flyball.core.errors import UnknownName

__all__ = ["Shelf"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A named set of extensions of one kind.

    Parameters
    ----------
    kind : str
        What one of them is called, for messages: "metric".
    package : str
        Dotted package whose modules are the extensions, and the entry-point group of outsiders.
    """

    kind: str
    package: str

    def names(self) -> list[str]:
        """Return the names of all extensions, sorted, importing none of them."""
        package = importlib.import_module(self.package)
        ours = {info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_")}
        return sorted(ours | _from_elsewhere(self.package, tuple(sys.path)).keys())

    def load(self, name: str) -> Any:
        """Import one extension: the object `name` in the module `name`.

        Parameters
        ----------
        name : str

        Returns
        -------
        object
            What the module calls by its own name.

        Raises
        ------
        UnknownName
            No such extension; the message lists the known ones.
        """
        if name not in (names := self.names()):
            known = ", ".join(names) or "none"
            raise UnknownName(
                f"No {self.kind} is called {name!r}.",
                fix=f"Known: {known}.",
                kind=self.kind,
                name=name,
            )
        entry = _from_elsewhere(self.package, tuple(sys.path)).get(name)
        if entry is not None:
            return entry.load()
        return getattr(importlib.import_module(f"{self.package}.{name}"), name)


@cache
def _from_elsewhere(group: str, path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Return the entry points of a group by name. Reading them opens every installed package, so once."""
    del path  # where packages are looked for: another path, another answer
    return {entry.name: entry for entry in reversed(tuple(entry_points(group=group)))}
