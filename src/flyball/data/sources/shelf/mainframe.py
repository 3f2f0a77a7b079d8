"""Mainframe: files of COBOL records, read by their copybook."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.sources.errors import BadSource, NothingThere, SourceGone, UnknownStream
from flyball.data.sources.mainframe.aliases import ALIASES
from flyball.data.sources.mainframe.errors import BadCopybook
from flyball.data.sources.mainframe.pieces import Place
from flyball.data.sources.mainframe.reading import Reader
from flyball.data.sources.mainframe.records import data_files
from flyball.data.sources.mainframe.settings import OPTIONS, MainframeSettings, settings_from
from flyball.data.sources.source import Batch, Stream

__all__ = ["ALIASES", "OPTIONS", "MainframeSource", "mainframe"]

_LOG = logging.getLogger(__name__)
_KNOWN_BYTES = 1 << 16
_CURSOR = "file and byte"


@dataclass(frozen=True, slots=True)
class _Done:
    """How far a file has been read; `whole` is to the end of its `size`, `before` knows the bytes."""

    place: Place
    size: int
    whole: bool
    before: str


@dataclass(frozen=True)
class MainframeSource:
    """The records of one file, or of all files of a folder or pattern.

    A file that has grown is read on from where it ended; a new file is read whole. The state knows
    the bytes behind which it stands, so that a file with other content is not taken for a longer one.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    settings : MainframeSettings
    keys : mapping of str to tuple of str
        The streams that are wanted, each with the columns of its key; none means all of them.
    """

    name: str
    settings: MainframeSettings
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self) -> Mapping[str, str]:
        """Read the copybook and the first records; return what was found."""
        files = self._files()
        reader = self._reader
        facts = {
            "files": str(len(files)),
            "copybook": f"{len(reader.decoder.schema)} columns, {reader.layout.size} bytes at most",
            "code page": reader.decoder.page.name,
        }
        for number, (name, path) in enumerate(files[:1]):
            facts["records"] = reader.describe(path)
            for chunk in reader.chunks(path, name=name, file=number):
                facts["first file"] = f"{name}: the first {len(chunk.rows)} records can be read"
                break
        return facts

    def streams(self) -> tuple[Stream, ...]:
        """Return "records", or one stream for each group of the setting `segments`."""
        schema = self._reader.schema
        parts = self._segment_columns if self.settings.segment_streams else {"records": schema.names}
        by_default = ("file", "record_number") if self.settings.record_ids else ()
        found = []
        for name in sorted(parts):
            key = self.keys.get(name) or by_default
            missing = [column for column in key if column not in parts[name]]
            if missing:
                raise BadSource(
                    f"Stream {name} of source {self.name} has no column {missing[0]} for its key.",
                    fix=f"It has: {', '.join(parts[name])}.",
                    source=self.name,
                )
            columns = pa.schema([schema.field(column) for column in parts[name]])
            if not self.keys or name in self.keys:
                found.append(Stream(name, columns, key, _CURSOR))
        return tuple(found)

    def batches(self, stream: str = "records", state: str = "") -> Iterator[Batch]:
        """Yield the records in the order of the files and of each file."""
        known = {one.name: one for one in self.streams()}
        if stream not in known:
            raise UnknownStream(
                f"Source {self.name} has no stream {stream!r}.",
                fix=f"Known: {', '.join(known)}.",
                source=self.name,
            )
        done = _read_state(self.name, state)
        for number, (name, path) in enumerate(self._files()):
            began, size = done.get(name), path.stat().st_size
            if began is not None and began.whole and began.size == size:
                continue
            place = Place()
            if began is not None:
                self._check_same(name, path, began)
                place = began.place
            for chunk in self._reader.chunks(path, name=name, file=number, begin=place):
                place = chunk.after
                done[name] = _Done(place, size, False, _digest_before(path, place.offset))
                yield Batch(self._of_stream(stream, chunk.rows), _written(done))
            done[name] = _Done(place, size, True, _digest_before(path, place.offset))
            self._tell_problems(name)
        yield Batch(pa.RecordBatch.from_pylist([], schema=known[stream].schema), _written(done))

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.settings)

    @cached_property
    def _segment_columns(self) -> dict[str, list[str]]:
        """Return the columns of each segment: those of all records, and its own group."""
        names = self._reader.schema.names
        groups = {group: self._column_of(group) for group in self.settings.segments}
        others = set(groups.values())
        return {
            group: [name for name in names if name == own or name not in others]
            for group, own in groups.items()
        }

    def _column_of(self, group: str) -> str:
        for name in self._reader.schema.names:
            if name.replace("-", "_").upper() == group.replace("-", "_").upper():
                return str(name)
        raise BadCopybook(
            f"Group {group} is not at the top of its record, so it cannot be a stream.",
            fix="Set segment_streams = false.",
        )

    def _of_stream(self, stream: str, rows: pa.RecordBatch) -> pa.RecordBatch:
        if not self.settings.segment_streams:
            return rows
        own = rows.column(self._column_of(stream))
        return rows.select(self._segment_columns[stream]).filter(pc.is_valid(own))

    def _files(self) -> list[tuple[str, Path]]:
        if not self.settings.path:
            raise NothingThere(f"Source {self.name} has no path.", fix='For instance: path = "accounts.dat".')
        return data_files(self.settings.path)

    def _check_same(self, name: str, path: Path, began: _Done) -> None:
        offset = began.place.offset
        if _digest_before(path, offset) != began.before:
            raise SourceGone(
                f"{name} has other bytes before byte {offset} than when it was read up to there.",
                fix="Load the source from the beginning, or give a new delivery a new file name.",
                source=self.name,
                file=name,
                byte=offset,
            )

    def _tell_problems(self, name: str) -> None:
        counts = self._reader.decoder.problems.counts
        for column, count in sorted(counts.items()):
            _LOG.warning("%s: %s: %d values were no numbers and are null", name, column, count)
        counts.clear()


def mainframe(name: str, settings: Mapping[str, object]) -> MainframeSource:
    """Open a mainframe source; `flyball.data.sources.mainframe.OPTIONS` lists its settings.

    Raises
    ------
    BadSource, NothingThere
    """
    given = dict(settings)
    keys = _keys(name, given.pop("streams", {}))
    checked = settings_from(name, given)
    if not checked.path:
        raise BadSource(
            f"Source {name} has no path.", fix='For instance: path = "accounts.dat".', source=name
        )
    return MainframeSource(name, checked, keys)


def _keys(source: str, streams: object) -> dict[str, tuple[str, ...]]:
    """Read which streams are wanted: {"records": {"key": ["ACCOUNT-ID"]}}."""
    found: dict[str, tuple[str, ...]] = {}
    wanted = streams.items() if isinstance(streams, Mapping) else [("streams", streams)]
    for stream, one in wanted:
        key = one.get("key", ()) if isinstance(one, Mapping) else None
        known = (
            isinstance(one, Mapping)
            and set(one) <= {"key", "cursor"}
            and one.get("cursor", "") in ("", _CURSOR)
        )
        if not known or not isinstance(key, list | tuple):
            raise BadSource(
                f"Source {source}: stream {stream} = {one!r} is not possible.",
                fix="A stream has a key, a list of columns; changes are found by file and byte.",
                source=source,
            )
        found[str(stream)] = tuple(map(str, key))
    return found


def _read_state(source: str, state: str) -> dict[str, _Done]:
    try:
        found = json.loads(state or "{}")
        return {
            name: _Done(
                **{**one, "place": Place(**{**one["place"], "segments": tuple(one["place"]["segments"])})}
            )
            for name, one in found.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise BadSource(
            f"The state of source {source} is none of a mainframe source.",
            fix="Load it from the beginning.",
            source=source,
        ) from err


def _written(done: Mapping[str, _Done]) -> str:
    return json.dumps({name: asdict(one) for name, one in done.items()}, sort_keys=True)


def _digest_before(path: Path, offset: int) -> str:
    """Return the digest of the first and the last bytes before an offset."""
    with path.open("rb") as file:
        first = file.read(min(offset, _KNOWN_BYTES))
        file.seek(max(0, offset - _KNOWN_BYTES))
        last = file.read(min(offset, _KNOWN_BYTES))
    return hashlib.sha256(first + last).hexdigest()
