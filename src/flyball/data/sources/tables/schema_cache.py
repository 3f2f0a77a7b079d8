"""Schemas of files that have not changed since, so that they are not read again to find their types."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path

import msgspec
import pyarrow as pa

__all__ = ["SchemaCache"]

_Entry = tuple[str, str, str]


class SchemaCache:
    """Schemas by file, its version, and what was declared when it was read.

    Kept in one JSON file. A cache that cannot be read or written costs time, never truth.

    Parameters
    ----------
    path : Path or None
        None keeps them for this process only.
    declared : str
        Digest of the settings that a schema depends on.
    """

    def __init__(self, path: Path | None, declared: str) -> None:
        self._path, self._declared = path, declared
        self._entries: dict[str, _Entry] = {}
        if path is not None:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                self._entries = msgspec.json.decode(path.read_bytes(), type=dict[str, _Entry])

    def get(self, where: str, version: str) -> pa.Schema | None:
        """Return the schema of a file in this version; None where it is not known."""
        entry = self._entries.get(where)
        if entry is None or entry[:2] != (version, self._declared):
            return None
        with contextlib.suppress(ValueError, OSError, pa.ArrowException):
            return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(entry[2])))
        return None

    def put(self, where: str, version: str, schema: pa.Schema) -> None:
        """Keep a schema."""
        text = base64.b64encode(schema.serialize().to_pybytes()).decode()
        self._entries[where] = (version, self._declared, text)

    def save(self, kept: set[str]) -> None:
        """Write the schemas of the files in `kept` for the next time."""
        if self._path is None:
            return
        self._entries = {where: entry for where, entry in self._entries.items() if where in kept}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".schemas-")
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(self._entries))
            os.replace(name, self._path)
