"""A source of rows from files, whatever the files hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from flyball.core.text import count, size
from flyball.data.sources.errors import BadSource, UnknownStream
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import FileReader, read_files
from flyball.data.sources.source import Batch, Stream

__all__ = ["FileRows", "FileStream", "RowFiles"]


@dataclass(frozen=True, slots=True)
class FileStream:
    """One stream, the files that it is read from, and how.

    Parameters
    ----------
    schema : Schema
    files : sequence of Found
        Sorted by name.
    reader : FileReader
    """

    schema: pa.Schema
    files: Sequence[Found]
    reader: FileReader


class FileRows(Protocol):
    """What a kind of file offers: its streams."""

    def streams(self, files: tuple[Found, ...]) -> Mapping[str, FileStream]:
        """Return the streams of some files by name.

        Raises
        ------
        BadRecord, FileLies, SourceGone
        """
        ...


@dataclass(frozen=True, slots=True)
class RowFiles:
    """Rows from the files of a place.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    place : Place
    rows : FileRows
    only_new : bool
        Whether each file is read once and never again; otherwise all are read when one changed.
    keys : mapping of str to tuple of str
        The key columns of streams, as declared.
    """

    name: str
    place: Place
    rows: FileRows
    only_new: bool
    keys: Mapping[str, tuple[str, ...]]
    _known: dict[tuple[Found, ...], Mapping[str, FileStream]] = field(default_factory=dict, repr=False)

    def check(self) -> Mapping[str, str]:
        """List the files and return facts for people; none is opened."""
        found = self.place.found()
        return {
            **self.place.facts(),
            "files": count(len(found), "file"),
            "size": size(sum(one.size for one in found)),
        }

    def streams(self) -> tuple[Stream, ...]:
        """Return what the files offer; their types are found from every row, so all are read."""
        return tuple(
            Stream(name, one.schema, self._key(name, one.schema), "new files" if self.only_new else "")
            for name, one in sorted(self._streams().items())
        )

    def batches(self, stream: str, state: str = "") -> Iterator[Batch]:
        """Yield rows file by file, in order of their names."""
        offered = self._streams()
        if stream not in offered:
            raise UnknownStream(
                f"Source {self.name} has no stream {stream!r}.",
                fix=f"Known: {', '.join(sorted(offered)) or 'none'}.",
                source=self.name,
                stream=stream,
            )
        one = offered[stream]
        yield from read_files(
            one.files, one.reader, one.schema, state, only_new=self.only_new, source=self.name
        )

    def _streams(self) -> Mapping[str, FileStream]:
        found = self.place.found()
        if found not in self._known:
            self._known.clear()  # one listing is remembered: the last
            self._known[found] = self.rows.streams(found)
        return self._known[found]

    def _key(self, stream: str, schema: pa.Schema) -> tuple[str, ...]:
        key = self.keys.get(stream, ())
        missing = [column for column in key if column not in schema.names]
        if missing and len(schema):
            raise BadSource(
                f"Source {self.name}: the key of {stream} names {', '.join(missing)}, which is not there.",
                fix=f"Its columns: {', '.join(schema.names)}.",
                source=self.name,
                stream=stream,
            )
        return key if len(schema) else ()
