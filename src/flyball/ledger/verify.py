"""Verification: is the ledger what it was when it was signed? Offline, from an export, or live."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.ledger.blobs import Blobs
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.errors import BadCheckpoint, BadKeyFile
from flyball.ledger.exported import DAMAGED, PIECE, leaves_in, notes_in, recorded_file, recorded_hashes
from flyball.ledger.keys import load_verifier
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import VerifierKey
from flyball.ledger.records import Verification
from flyball.ledger.sequence import Fault, Walk, find_fault
from flyball.ledger.store import Row
from flyball.ledger.tiles import TileTree
from flyball.ledger.tiles import recorded_hashes as stored_hashes

__all__ = ["ERASURE", "verify_export", "verify_ledger"]

ERASURE = "erasure"
"""Kind of the entries that say that the blobs in their refs were erased on purpose."""


class _Refs(msgspec.Struct):
    kind: str
    refs: list[str]


_refs = msgspec.json.Decoder(_Refs).decode


class _Signed:
    """The checkpoints that are to hold, and what is wrong with the others."""

    def __init__(self, notes: Iterable[str], vkey: VerifierKey | None, known: Sequence[str]) -> None:
        self.valid: list[Checkpoint] = []
        self.invalid: list[str] = []
        self.vkey = vkey
        for note in notes:
            self._add(note)
        for note in known:
            self._add(note)
        self.valid.sort(key=lambda one: one.size)

    def _add(self, note: str) -> None:
        if self.vkey is None:
            self.invalid.append("there is no verifier key to check it with")
            return
        try:
            self.valid.append(read_checkpoint(note, self.vkey))
        except BadCheckpoint as err:
            self.invalid.append(err.message)

    @property
    def sizes(self) -> list[int]:
        return [one.size for one in self.valid]

    def contradiction(self) -> str:
        """Say where two valid signatures cover different histories of one size, "" where none do."""
        for one, other in zip(self.valid, self.valid[1:], strict=False):
            if one.size == other.size and one.root != other.root:
                return f"two different roots were signed for {one.size} entries"
        return ""


def verify_export(
    folder: Path | str,
    *,
    vkey: VerifierKey | None = None,
    known_checkpoints: Sequence[str] = (),
) -> Verification:
    """Check an exported ledger with nothing but its files.

    Every leaf is hashed again, the tree is built again, and its roots are compared with every
    signed checkpoint; that also proves each checkpoint consistent with the ones before it. Blobs
    are checked where the export holds them.

    Parameters
    ----------
    folder : Path or str
        As written by `export`.
    vkey : VerifierKey or None
        The key that the ledger is known to sign with. None takes the one in the folder: then the
        export is proven whole and unchanged, but not whose it is.
    known_checkpoints : sequence of str
        Checkpoints kept from earlier, as text. They reveal a ledger that was cut short or written
        anew, which no export can tell about itself.

    Returns
    -------
    Verification

    Raises
    ------
    LedgerMissing
        The folder holds no export.
    """
    folder = Path(folder)
    lines = leaves_in(folder)
    checks: list[Check] = []
    if vkey is None:
        try:
            vkey = load_verifier(folder / "verifier.vkey")
            checks.append(
                Check("key", True, f"{vkey} came with the export: compare it with a copy you trust")
            )
        except BadKeyFile as err:
            checks.append(Check("key", False, err.message))
    else:
        checks.append(Check("key", True, f"{vkey} was given"))
    signed = _Signed(notes_in(folder), vkey, known_checkpoints)
    walk = Walk(signed.sizes)
    evidence = _Evidence(Blobs(folder / "blobs")) if (folder / "blobs").is_dir() else None
    damage = ""
    recorded = folder / "leaf_hashes.bin"
    with recorded_file(recorded) as hashes:
        try:
            with closing(lines()) as pieces:
                for leaves in pieces:
                    walk.take(leaves, hashes.read(32 * len(leaves)))
                    if evidence:
                        evidence.note(leaves)
        except DAMAGED as err:
            damage = f"the file of entries cannot be read after entry {walk.count - 1}: {err}"
        left = len(hashes.read(32))
    fault = find_fault(walk, signed.valid, lambda: recorded_hashes(recorded), open_end=False)
    if evidence is None:
        checks.append(
            Check("blobs", True, "this export holds no texts: flyball ledger export --blobs takes them along")
        )
    return _verdict(walk, signed, fault, checks, damage=damage, spare_hashes=left > 0, evidence=evidence)


def verify_ledger(
    ledger: Ledger,
    *,
    vkey: VerifierKey | None = None,
    known_checkpoints: Sequence[str] = (),
    blobs: Blobs | None = None,
) -> Verification:
    """Check a ledger in its database: entries, stored hashes, tiles, checkpoints.

    Parameters
    ----------
    ledger : Ledger
    vkey : VerifierKey or None
        By default that of the key with which the ledger was opened.
    known_checkpoints : sequence of str
        Checkpoints kept from earlier, as text.
    blobs : Blobs or None
        Where the blobs are, to check them as well.

    Returns
    -------
    Verification
        Entries after the last checkpoint are allowed; `signed` says how many are covered.
    """
    store = ledger.store
    notes = [note for _, note in store.checkpoints()]
    end = store.size()  # after the checkpoints: others may be writing
    checks: list[Check] = []
    key = vkey or (ledger.key.verifier if ledger.key else None)
    checks.append(Check("key", key is not None, f"{key or 'no verifier key'} was given"))
    signed = _Signed(notes, key, known_checkpoints)
    walk = Walk(signed.sizes)
    evidence = _Evidence(blobs) if blobs else None
    tree = TileTree()
    wrong_tiles: list[str] = []
    wrong_columns: list[int] = []
    rows = store.rows(0, end)
    while piece := list(islice(rows, PIECE)):
        leaves = [row.leaf for row in piece]
        recorded = stored_hashes(store, walk.count, walk.count + len(piece))
        hashes = walk.take(leaves, b"".join(recorded))
        if evidence:
            evidence.note(leaves)
        for row, found in zip(piece, hashes, strict=True):
            if row.leaf_hash != found or not _is_filed_right(row):
                wrong_columns.append(row.index)
            wrong_tiles += [
                f"{tile.level}/{tile.index}"
                for tile in tree.append(found)
                if store.tile(tile.level, tile.index) != tile
            ]
    recorded_end = max([end, *signed.sizes[-1:]])  # what was recorded may outlive the rows
    fault = find_fault(walk, signed.valid, lambda: _all_stored_hashes(ledger, recorded_end), open_end=True)
    checks.append(
        Check(
            "tiles",
            not wrong_tiles,
            f"stored tiles of the tree that differ from the entries: {', '.join(wrong_tiles[:5])}"
            if wrong_tiles
            else "every stored tile of the tree is the one that the entries give",
        )
    )
    checks.append(
        Check(
            "columns",
            not wrong_columns,
            f"filed under another kind, key or hash than their own: "
            f"{count(len(wrong_columns), 'entry', 'entries')}, the first is entry {wrong_columns[0]}"
            if wrong_columns
            else "every entry is filed under its own kind, key and hash",
        )
    )
    return _verdict(walk, signed, fault, checks, evidence=evidence)


class _Columns(msgspec.Struct):
    key: str
    kind: str


_columns = msgspec.json.Decoder(_Columns).decode


def _is_filed_right(row: Row) -> bool:
    try:
        told = _columns(row.leaf)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return told.key == row.key and told.kind == row.kind


class _Evidence:
    """Which blobs the entries refer to, and which of them were erased on record."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._wanted: set[str] = set()
        self._erased: set[str] = set()

    def note(self, leaves: Sequence[bytes]) -> None:
        for leaf in leaves:
            if leaf.endswith(b'"refs":[]}'):
                continue
            try:
                entry = _refs(leaf)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # the walk reports it
            self._wanted.update(entry.refs)
            if entry.kind == ERASURE:
                self._erased.update(entry.refs)

    def check(self) -> Check:
        wrong: list[str] = []
        erased = 0
        for digest in sorted(self._wanted):
            try:
                status = self._blobs.status(digest)
            except BadInput as err:
                wrong.append(err.message)
                continue
            if status == "erased" and digest not in self._erased:
                wrong.append(f"{digest} was erased without an entry that says so")
            elif status == "erased" or (status == "missing" and digest in self._erased):
                erased += 1
            elif status != "present":
                wrong.append(f"{digest} is {status}")
        if wrong:
            more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            return Check("blobs", False, "; ".join(wrong[:5]) + more)
        detail = f"{count(len(self._wanted) - erased, 'blob')} unchanged, {erased} erased on record"
        return Check("blobs", True, detail)


def _verdict(
    walk: Walk,
    signed: _Signed,
    fault: Fault | None,
    checks: list[Check],
    *,
    damage: str = "",
    spare_hashes: bool = False,
    evidence: _Evidence | None = None,
) -> Verification:
    covered = signed.sizes[-1] if signed.valid else 0
    good = [one.size for one in signed.valid if walk.roots.get(one.size) == one.root]
    if signed.invalid:
        detail = f"{count(len(signed.invalid), 'checkpoint')} invalid: {signed.invalid[0]}"
        checks.append(Check("signatures", False, detail))
    elif not signed.valid:
        checks.append(Check("signatures", False, "there is no signed checkpoint, so nothing is proven"))
    else:
        checks.append(Check("signatures", True, f"{count(len(good), 'checkpoint')} valid"))
    contradiction = signed.contradiction()
    if not contradiction and fault and any(size >= fault.before for size in good):
        contradiction = (
            f"a valid checkpoint of {good[-1]} entries contradicts another valid one: whoever holds the "
            f"key signed two histories"
        )
    detail = contradiction or "the signed checkpoints tell one history"
    checks.append(Check("one history", not contradiction, detail))
    entries = Check(
        "entries",
        fault is None and not damage,
        damage or (fault.reason if fault else f"{count(walk.count, 'entry', 'entries')} as signed"),
    )
    checks.append(entries)
    if fault is None:
        differs = walk.differs is not None or spare_hashes
        detail = "the recorded leaf hashes were altered, the entries were not" if differs else "as computed"
        checks.append(Check("leaf hashes", not differs, detail))
    if evidence:
        checks.append(evidence.check())
    failed = [check for check in checks if not check.passed]
    if not failed:
        loose = walk.count - covered
        tail = (
            f"; {count(loose, 'entry', 'entries')} after the last checkpoint not signed yet" if loose else ""
        )
        reason = f"{count(covered, 'entry', 'entries')} as signed{tail}"
    else:
        reason = contradiction or (failed[0].detail if entries.passed else entries.detail)
    return Verification(
        ok=not failed,
        entries=walk.count,
        first_bad=fault.first if fault else None,
        bad_before=fault.before if fault else None,
        signed=min(fault.first, covered) if fault else covered,
        reason=reason,
        origin=signed.valid[-1].origin if signed.valid else "",
        checks=tuple(checks),
    )


def _all_stored_hashes(ledger: Ledger, end: int) -> Iterator[list[bytes]]:
    for start in range(0, end, PIECE):
        yield stored_hashes(ledger.store, start, min(end, start + PIECE))
