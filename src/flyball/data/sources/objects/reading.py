"""Reading: files of one stream one after the other, with a state to go on from.

The state is small whatever the number of files: while a load runs it names the last file that was read
whole with a digest over all before it, and the position in the file at hand.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec
import pyarrow as pa

from flyball.core.text import count
from flyball.data.sources.objects.errors import BadState, FileChanged, FileLies
from flyball.data.sources.objects.place import Found
from flyball.data.sources.source import Batch

__all__ = ["FileReader", "Position", "read_files"]

Position = tuple[int, ...]
"""Where in a file reading goes on; () at its beginning. Its meaning is the reader's."""

FileReader = Callable[[Found, Position], Iterator[tuple[pa.RecordBatch, Position]]]
"""(file, from where) -> rows, and where to go on behind them."""

_MAX_STATE = 64 << 20


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known to be read.

    Parameters
    ----------
    whole : str
        Digest of all files that a finished whole load read; "" while one runs.
    seen : str
        Packed {name: version} of the files of earlier loads; "" where all are read every time.
    upto, chain : str
        Last file that this load has read whole, and the digest over it and those before it.
    name, version : str
        The file at hand.
    at : tuple of int
        Position in it.
    """

    whole: str = ""
    seen: str = ""
    upto: str = ""
    chain: str = ""
    name: str = ""
    version: str = ""
    at: Position = ()


def read_files(
    files: Sequence[Found],
    reader: FileReader,
    schema: pa.Schema,
    state: str,
    *,
    only_new: bool,
    source: str,
) -> Iterator[Batch]:
    """Yield the rows of files in order of their names, and the state behind each batch.

    Parameters
    ----------
    files : sequence of Found
        Sorted by name.
    reader : FileReader
    schema : Schema
        Of the batches.
    state : str
        "" or the state of a batch.
    only_new : bool
        True reads each file once, ever; a file that changed after it was read is an error. False reads
        all files again as soon as one was added, removed or changed, and nothing where none was.
    source : str
        For messages.

    Raises
    ------
    FileChanged
        A file that was read already has changed.
    BadState
    """
    _refuse_same_names(files, source)
    before = _read_state(state, source)
    listing = _chain("", files)
    if before.whole == listing:
        if only_new:  # it was loaded as a whole until now, and nothing changed since
            yield Batch(_no_rows(schema), _text(_State(seen=_packed(files))))
        return
    if before.whole and only_new:
        raise _changed(source, "it was loaded as a whole until now, and files have changed since")
    if before.seen and not only_new and before.name + before.upto:
        raise _changed(source, "only_new was taken away while a load was under way")
    seen = _unpacked(before.seen, source)
    if before.whole or (seen and not only_new):
        before, seen = _State(), {}
    if only_new:
        _refuse_changed(files, seen, source)
    pending = [one for one in files if one.name not in seen]
    rest = _not_yet_read(pending, before, source)
    upto, chain = before.upto, before.chain
    for one in rest:
        start = before.at if one.name == before.name else ()
        for rows, position in reader(one, start):
            now = _State(
                seen=before.seen, upto=upto, chain=chain, name=one.name, version=one.version, at=position
            )
            yield Batch(rows, _text(now))
        upto, chain = one.name, _chain(chain, [one])
    if rest or not state:
        done = _State(seen=_packed(files)) if only_new else _State(whole=listing)
        yield Batch(_no_rows(schema), _text(done))


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _text(state: _State) -> str:
    return msgspec.json.encode(state).decode()


def _read_state(text: str, source: str) -> _State:
    if not text:
        return _State()
    try:
        return msgspec.json.decode(text, type=_State)
    except msgspec.MsgspecError as err:
        raise _bad_state(source) from err


def _bad_state(source: str) -> BadState:
    return BadState(
        f"The saved state of source {source} cannot be read.",
        fix="Load it from the beginning: flyball source sync --again.",
        source=source,
    )


def _not_yet_read(pending: list[Found], before: _State, source: str) -> list[Found]:
    done = [one for one in pending if one.name <= before.upto]
    rest = pending[len(done) :]
    same = _chain("", done) == before.chain if before.upto else not before.chain
    at_hand = next((one for one in rest if one.name == before.name), None)
    if before.name and (at_hand is None or at_hand.version != before.version):
        raise _changed(source, f"{before.name} was written, renamed or removed while it was being read")
    if before.name and rest and rest[0].name != before.name:
        raise _changed(source, f"{rest[0].name} appeared before a file that was being read")
    if not same:
        raise _changed(source, f"a file up to {before.upto} was changed, added or removed after it was read")
    return rest


def _refuse_same_names(files: Sequence[Found], source: str) -> None:
    """Refuse two files of one name: of two whose names no text can hold, one would be taken for read."""
    for one, other in pairwise(files):
        if one.name == other.name:
            raise FileLies(
                f"Source {source}: two files are both called {one.name}.",
                fix="Rename one of them.",
                source=source,
                file=one.name,
            )


def _refuse_changed(files: Sequence[Found], seen: dict[str, str], source: str) -> None:
    changed = [one.name for one in files if seen.get(one.name, _mark(one)) != _mark(one)]
    if changed:
        raise _changed(
            source, f"{count(len(changed), 'file')} changed after being read, {changed[0]} first of them"
        )


def _changed(source: str, what: str) -> FileChanged:
    return FileChanged(
        f"Source {source}: {what}.",
        fix="Load the whole again, flyball source sync --again, or put the file back as it was.",
        source=source,
    )


def _chain(before: str, files: Sequence[Found]) -> str:
    """Return one digest of files in order; of none it is the digest before."""
    for one in files:
        before = hashlib.sha256(f"{before}\n{one.name}\n{one.version}".encode()).hexdigest()
    return before


def _mark(one: Found) -> str:
    return hashlib.sha256(one.version.encode()).hexdigest()[:8]


def _packed(files: Sequence[Found]) -> str:
    plain = msgspec.json.encode({one.name: _mark(one) for one in files})
    return base64.b64encode(zlib.compress(plain)).decode()


def _unpacked(text: str, source: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(base64.b64decode(text, validate=True), _MAX_STATE)
        return msgspec.json.decode(plain, type=dict[str, str])
    except (ValueError, zlib.error, msgspec.MsgspecError) as err:
        raise _bad_state(source) from err
