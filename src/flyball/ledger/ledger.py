"""The ledger: appended to by many, written by one, readable while it grows.

Every caller of `append` waits until its entry is on disk. Meanwhile one thread collects what all
of them want to write and commits it at once, so that a hundred waiting callers cost one fsync.
"""

import logging
import os
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from flyball.core.clock import Clock, utc_now
from flyball.core.digests import canonical_json
from flyball.core.errors import FlyballError
from flyball.core.tracing import span
from flyball.ledger.anchor import read_anchor, write_anchor
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint, read_unverified, sign_checkpoint
from flyball.ledger.errors import (
    AnchorFailed,
    BadCheckpoint,
    KeyReused,
    LedgerClosed,
    LedgerRewritten,
    NoSigningKey,
    NoSuchEntry,
    NotWritten,
)
from flyball.ledger.merkle import consistency_path, inclusion_path, leaf_hash
from flyball.ledger.notes import SigningKey
from flyball.ledger.records import Draft, Entry, Prepared, Receipt, entry_of
from flyball.ledger.store import LedgerStore, Row, Tile, Writing
from flyball.ledger.tiles import TileReader, TileTree

__all__ = ["Ledger"]

_LOG = logging.getLogger(__name__)
_MOST_PER_COMMIT = 2048


class _Request:
    """Drafts that one caller wants written together, and the lock on which it waits."""

    __slots__ = ("checkpoint", "done", "drafts", "error", "receipts")

    def __init__(self, drafts: list[Prepared], *, checkpoint: bool = False) -> None:
        self.drafts = drafts
        self.checkpoint: Checkpoint | bool = checkpoint
        self.receipts: list[Receipt] = []
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Ledger:
    """An append-only record of facts. Open one with `open_ledger`.

    Parameters
    ----------
    store : LedgerStore
        Holds a ledger already.
    origin : str
        Its name in checkpoints.
    key : SigningKey or None
        Signs checkpoints. None: entries can be appended and read, nothing can be signed.
    checkpoint_every : int
        Sign by itself whenever this many entries have come since the last checkpoint. 0: only
        when `checkpoint` is called.
    anchor : Path or None
        A file outside the database that keeps the last checkpoint. The ledger refuses to open or
        to sign when it no longer agrees with it.
    clock : Clock
        Gives the time of entries.
    """

    def __init__(
        self,
        store: LedgerStore,
        *,
        origin: str,
        key: SigningKey | None = None,
        checkpoint_every: int = 1024,
        anchor: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._origin = origin
        self._key = key
        self._every = checkpoint_every
        self._anchor = anchor
        self._clock = clock
        self._process = os.getpid()
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards _writer and _closed
        self._writer: threading.Thread | None = None
        self._closed = False
        self._tree: TileTree | None = None  # used by the writer thread alone, as is _signed
        self._signed: Checkpoint | None = None
        if key and anchor and (anchored := read_anchor(anchor, key.verifier)):
            self._must_contain(anchored, store.size())

    # Writing

    def append(
        self, *, kind: str, body: object, actor: str, refs: Iterable[str] = (), key: str | None = None
    ) -> Receipt:
        """Write one entry and wait until it is on disk.

        Parameters
        ----------
        kind : str
            What sort of fact it is: "decision", "release", "approval".
        body : object
            A record or a dict; it must become a JSON object.
        actor : str
            Who or what did it: "system:turn", "person:jane".
        refs : iterable of str
            Digests of blobs that belong to it.
        key : str or None
            Name of this write. The same content again under the same key is written once only.

        Returns
        -------
        Receipt

        Raises
        ------
        BadDraft, BadInput
            The entry cannot be written in this form.
        KeyReused
            The key stands for another content already.
        NotWritten
            Nothing was written; trying again may help.
        OutcomeUnknown
            The connection broke during the commit; repeat with the same key.
        LedgerClosed
            The ledger was closed.
        """
        return self._written([Prepared.of(Draft(kind, body, actor, tuple(refs), key))])[0]

    def append_many(self, drafts: Iterable[Draft]) -> list[Receipt]:
        """Write several entries, all or none, and wait until they are on disk.

        Raises the same errors as `append`; then none of them is written.
        """
        prepared = [Prepared.of(draft) for draft in drafts]
        return self._written(prepared) if prepared else []

    def checkpoint(self) -> Checkpoint:
        """Sign the size and root of the ledger as it is now, and keep the checkpoint.

        Where nothing has come since the last one, that one is returned.

        Raises
        ------
        NoSigningKey
            The ledger was opened without a key.
        LedgerRewritten
            What an earlier checkpoint signed is no longer there. Nothing is signed.
        """
        if self._key is None:
            raise NoSigningKey(
                f"The ledger {self._origin!r} was opened without a signing key.",
                fix="Open it with key=load_or_create_key(...).",
                origin=self._origin,
            )
        signed = self._wait(_Request([], checkpoint=True)).checkpoint
        if not isinstance(signed, Checkpoint):  # pragma: no cover - the writer answers or fails
            raise NotWritten("No checkpoint was signed.", fix="Try again.")
        return signed

    def close(self) -> None:
        """Write what is waiting, then release everything. Closing twice is harmless."""
        with self._lock:
            already, self._closed = self._closed, True
            writer = self._writer
            if writer and not already:
                self._queue.put(None)
        if self._process != os.getpid():
            return
        if writer:
            writer.join()
        self._store.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Reading

    @property
    def origin(self) -> str:
        """Name of the ledger in its checkpoints."""
        return self._origin

    @property
    def place(self) -> str:
        """Where it is stored, for people; never with a password."""
        return self._store.place

    @property
    def key(self) -> SigningKey | None:
        """The key that signs, None where there is none."""
        return self._key

    @property
    def store(self) -> LedgerStore:
        """The store behind it, for verification and export."""
        return self._store

    def size(self) -> int:
        """Return the number of entries."""
        return self._store.size()

    def entries(self, kind: str | None = None, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Yield entries in order: of one kind or all, from `start`, up to the present end or `stop`."""
        end = self._store.size() if stop is None else stop
        for row in self._store.rows(start, end, kind=kind):
            yield entry_of(row.leaf)

    def entry(self, index: int) -> Entry:
        """Return one entry.

        Raises
        ------
        NoSuchEntry
            The ledger is not that long.
        """
        return entry_of(self._row(index).leaf)

    def entry_by_key(self, key: str) -> Entry | None:
        """Return the entry written under a key, None where there is none."""
        return self.entries_by_key([key]).get(key)

    def entries_by_key(self, keys: Sequence[str]) -> dict[str, Entry]:
        """Return the entries written under keys, in one look; a key without one is left out."""
        return {key: entry_of(row.leaf) for key, row in self._store.rows_by_key(keys).items()}

    def leaf(self, index: int) -> bytes:
        """Return the exact bytes of one entry, as hashed."""
        return self._row(index).leaf

    def checkpoints(self) -> list[Checkpoint]:
        """Return all checkpoints, shortest first, read without checking their signatures."""
        return [read_unverified(note) for _, note in self._store.checkpoints()]

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` entries, by default all, from the stored hashes."""
        return TileReader(self._store).root(self._known_size(size))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the hashes that prove entry `index` under the root of the first `size` entries."""
        whole = self._known_size(size)
        if not 0 <= index < whole:
            raise _no_such_entry(index, whole)
        return inclusion_path(index, whole, TileReader(self._store).node)

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """Return the hashes that prove that nothing before `first` changed up to `second` entries."""
        whole = self._known_size(second)
        if not 0 <= first <= whole:
            raise _no_such_entry(first, whole)
        return consistency_path(first, whole, TileReader(self._store).node) if first else []

    def _known_size(self, size: int | None) -> int:
        present = self._store.size()
        if size is not None and not 0 <= size <= present:
            raise _no_such_entry(size, present)
        return present if size is None else size

    def _row(self, index: int) -> Row:
        for row in self._store.rows(index, index + 1):
            return row
        raise _no_such_entry(index, self._store.size())

    # The writer thread

    def _written(self, drafts: list[Prepared]) -> list[Receipt]:
        """Wait until all are on disk; the trace that is going on is then found by their entries."""
        with span("ledger commit") as told:
            told.set("flyball.ledger.kind", drafts[0].kind)
            told.set("flyball.ledger.entries", len(drafts))
            receipts = self._wait(_Request(drafts)).receipts
            told.wrote([one.index for one in receipts])
            return receipts

    def _wait(self, request: _Request) -> _Request:
        with self._lock:
            if self._closed or self._process != os.getpid():
                raise LedgerClosed(
                    f"The ledger {self._origin!r} was closed, or opened before this process was forked.",
                    fix="Open it again here with open_ledger.",
                    origin=self._origin,
                )
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="ledger-writer", daemon=True)
                self._writer.start()
            self._queue.put(request)
        request.done.acquire()
        if request.error is None:
            return request
        if isinstance(request.error, FlyballError):
            raise request.error
        raise NotWritten(
            f"The ledger {self._origin!r} could not be written: {request.error!r}.",
            fix="Try again; if it happens again, report it with this message.",
            origin=self._origin,
        ) from request.error

    def _write(self) -> None:
        going = True
        while going:
            batch: list[_Request] = []
            entries = 0
            request = self._queue.get()
            while request is not None:
                batch.append(request)
                entries += len(request.drafts)
                if entries >= _MOST_PER_COMMIT:
                    break
                try:
                    request = self._queue.get_nowait()
                except queue.Empty:
                    break
            going = request is not None
            try:
                self._commit(batch)
            except BaseException as err:  # noqa: BLE001 - raised again in every thread that waits
                self._tree = self._signed = None  # read again what is really there
                for request in batch:
                    request.error = request.error or err
            for waiting in batch:
                waiting.done.release()

    def _commit(self, batch: list[_Request]) -> None:
        if not batch:
            return
        signed: Checkpoint | None = None
        with self._store.writing() as writing:
            size = writing.size()
            if self._tree is None or self._tree.size != size:  # another process has written
                self._tree = TileTree.load(self._store, size)
            self._place(batch, writing, self._tree)
            asked = [request for request in batch if request.checkpoint]
            if self._key and (asked or self._is_due(self._tree.size)):
                signed = self._sign(self._key, writing, self._tree)
        if signed:
            self._signed = signed
            for request in asked:
                request.checkpoint = signed
            self._keep_outside(signed, asked)

    def _place(self, batch: list[_Request], writing: Writing, tree: TileTree) -> None:
        """Give every draft its index, leave out repeated ones, insert the rest."""
        keys = [draft.key for request in batch for draft in request.drafts if draft.key]
        known = writing.rows_by_key(keys) if keys else {}
        at = canonical_json(self._clock())
        rows: list[Row] = []
        tiles: list[Tile] = []
        for request in batch:
            placed: dict[str, Row] = {}
            fresh: list[Row] = []
            try:
                for draft in request.drafts:
                    earlier = (placed.get(draft.key) or known.get(draft.key)) if draft.key else None
                    if earlier is not None:
                        _must_repeat(draft, earlier)
                        receipt = Receipt(earlier.index, earlier.leaf_hash.hex(), repeated=True)
                        request.receipts.append(receipt)
                        continue
                    index = tree.size + len(fresh)
                    leaf = draft.leaf(at, index)
                    row = Row(index, draft.kind, draft.key, leaf, leaf_hash(leaf))
                    fresh.append(row)
                    if draft.key:
                        placed[draft.key] = row
                    request.receipts.append(Receipt(index, row.leaf_hash.hex()))
            except KeyReused as err:  # this caller's mistake alone; nothing of its request is written
                request.error = err
                continue
            known.update(placed)
            rows += fresh
            for row in fresh:
                tiles += tree.append(row.leaf_hash)
        if rows:
            writing.insert(rows, tiles)

    # Signing

    def _is_due(self, size: int) -> bool:
        if self._every <= 0:
            return False
        last = self._signed.size if self._signed else (self._store.last_checkpoint() or (0, ""))[0]
        return size - last >= self._every

    def _sign(self, key: SigningKey, writing: Writing, tree: TileTree) -> Checkpoint:
        """Return the signed checkpoint of `tree`, after a look at the last one: both must agree."""
        found = self._store.last_checkpoint()
        if self._signed and (found is None or found[0] < self._signed.size):
            raise _rewritten(self._signed, "it was removed from the database")
        if found and (self._signed is None or self._signed.note != found[1]):
            try:
                last = read_checkpoint(found[1], key.verifier)
            except BadCheckpoint as err:
                raise LedgerRewritten(
                    f"The last checkpoint in the database is not ours: {err.message}",
                    fix="Run flyball verify with the last checkpoint that was kept elsewhere.",
                ) from err
            self._must_contain(last, tree.size)
            self._signed = last
        if self._signed and self._signed.size == tree.size:
            return self._signed
        signed = sign_checkpoint(tree.size, tree.root(), key)
        writing.insert_checkpoint(signed.size, signed.note, tree.edge())
        return signed

    def _must_contain(self, earlier: Checkpoint, size: int) -> None:
        """Refuse a ledger that does not begin with what `earlier` signed, by its stored hashes."""
        if earlier.size > size:
            raise _rewritten(earlier, f"only {size} entries are left")
        if TileReader(self._store).root(earlier.size) != earlier.root:
            raise _rewritten(earlier, "another root comes out")

    def _keep_outside(self, signed: Checkpoint, asked: list[_Request]) -> None:
        if not self._anchor:
            return
        try:
            write_anchor(self._anchor, signed)
        except OSError as err:  # the entries are written all the same; only the copy is not
            _LOG.exception("The checkpoint of %s entries could not be copied to the anchor", signed.size)
            for request in asked:
                request.error = AnchorFailed(
                    f"The checkpoint of {signed.size} entries was signed, but its copy was not "
                    f"written: {err}.",
                    fix=f"Make {self._anchor} writable, then sign again.",
                    size=signed.size,
                )


def _rewritten(earlier: Checkpoint, why: str) -> LedgerRewritten:
    return LedgerRewritten(
        f"The ledger {earlier.origin!r} does not contain the {earlier.size} entries of an earlier "
        f"checkpoint: {why}.",
        fix="Stop, keep the database as it is, and run flyball verify to see what was changed.",
        origin=earlier.origin,
        size=earlier.size,
    )


def _must_repeat(draft: Prepared, earlier: Row) -> None:
    """Refuse a key that stands for another content; time and place do not count."""
    told = msgspec.json.decode(earlier.leaf, type=_AtAndIndex)
    if draft.leaf(bytes(told.at), told.index) != earlier.leaf:
        raise KeyReused(
            f"The key {draft.key!r} stands for another content since entry {earlier.index}.",
            fix="Use a new key for new content, or repeat exactly what was written.",
            key=draft.key,
            index=earlier.index,
        )


class _AtAndIndex(msgspec.Struct):
    at: msgspec.Raw
    index: int


def _no_such_entry(index: int, size: int) -> NoSuchEntry:
    return NoSuchEntry(
        f"{index} is outside this ledger of {size} entries.",
        fix="Use an index from 0 to one less than the size.",
        index=index,
        size=size,
    )
