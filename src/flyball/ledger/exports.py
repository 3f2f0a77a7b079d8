"""Exports: the whole ledger as plain files, for whoever must check it without our database."""

import gzip
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from flyball.core.digests import canonical_json
from flyball.ledger.blobs import Blobs
from flyball.ledger.checkpoints import Checkpoint, read_unverified
from flyball.ledger.errors import ExportExists, NoSigningKey
from flyball.ledger.exported import PIECE
from flyball.ledger.files import sync_folder, write_whole
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import VerifierKey
from flyball.ledger.tiles import recorded_hashes

__all__ = ["Export", "export"]

_README = """\
An exported ledger of {origin}: {size} entries.

entries.jsonl      one entry per line, in order; the first is entry 0
leaf_hashes.bin    32 bytes per entry: SHA-256 of a zero byte and the line without its newline
checkpoints.jsonl  every signed checkpoint: size and root of the ledger at that moment
checkpoint         the last one as plain text (https://c2sp.org/tlog-checkpoint)
verifier.vkey      the public key that signed them (name+hash+base64)
blobs/             where included: files named by their SHA-256

To check it:  flyball verify FOLDER
Without Flyball: hash the lines, build the Merkle tree of RFC 9162 over the hashes, and compare its
root with the third line of `checkpoint`, whose signature any C2SP or Go sumdb/note tool can check.
Compare verifier.vkey with a copy that did not come with this folder.
"""


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported.

    Parameters
    ----------
    folder : Path
    checkpoint : Checkpoint
        Covers every exported entry.
    blobs : int
        Blobs copied; erased ones are not counted.
    left_out : int
        Entries after the last checkpoint, left out because no key was there to sign them.
    """

    folder: Path
    checkpoint: Checkpoint
    blobs: int
    left_out: int


def export(
    ledger: Ledger,
    folder: Path | str,
    *,
    blobs: Blobs | None = None,
    compress: bool = False,
    vkey: VerifierKey | None = None,
) -> Export:
    """Write a ledger into a new folder that proves itself.

    Ends at a signed checkpoint: a fresh one where the ledger was opened with its key, else the last.

    Parameters
    ----------
    ledger : Ledger
    folder : Path or str
        Must not exist, or be empty.
    blobs : Blobs or None
        Copy the blobs that entries refer to.
    compress : bool
        Write `entries.jsonl.gz`.
    vkey : VerifierKey or None
        The public key, where the ledger was opened without its private one.

    Returns
    -------
    Export

    Raises
    ------
    ExportExists
        The folder holds something.
    NoSigningKey
        Nothing was ever signed, or there is no public key to include.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportExists(
            f"{folder} exists already.", fix="Give a new folder: an export is never mixed.", folder=folder
        )
    key = vkey or (ledger.key.verifier if ledger.key else None)
    checkpoint = ledger.checkpoint() if ledger.key else _last(ledger)
    if key is None or checkpoint is None:
        raise NoSigningKey(
            f"The ledger {ledger.origin!r} has nothing signed to export, or no public key was given.",
            fix="Open it with key=load_or_create_key(...), or give vkey=load_verifier(...).",
            origin=ledger.origin,
        )
    size = ledger.size()
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
    part.mkdir(mode=0o700)
    try:
        refs = _write_entries(ledger, part, checkpoint.size, compress=compress, with_refs=blobs is not None)
        copied = _copy_blobs(blobs, Blobs(part / "blobs"), refs) if blobs else 0
        notes = [one for one in ledger.store.checkpoints() if one[0] <= checkpoint.size]
        lines = [canonical_json({"note": note, "size": known}) + b"\n" for known, note in notes]
        write_whole(part / "checkpoints.jsonl", b"".join(lines))
        write_whole(part / "checkpoint", checkpoint.note.encode())
        write_whole(part / "verifier.vkey", f"{key}\n".encode())
        readme = _README.format(origin=ledger.origin, size=checkpoint.size)
        write_whole(part / "README.txt", readme.encode())
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    return Export(folder, checkpoint, copied, size - checkpoint.size if size > checkpoint.size else 0)


def _last(ledger: Ledger) -> Checkpoint | None:
    found = ledger.store.last_checkpoint()
    return read_unverified(found[1]) if found else None


class _Refs(msgspec.Struct):
    refs: list[str]


def _write_entries(ledger: Ledger, part: Path, size: int, *, compress: bool, with_refs: bool) -> set[str]:
    """Write what is stored, as it is stored: an export must show an altered entry, not repair it."""
    refs: set[str] = set()
    with (part / "leaf_hashes.bin").open("wb") as hashes:
        for start in range(0, size, PIECE):
            hashes.write(b"".join(recorded_hashes(ledger.store, start, min(size, start + PIECE))))
    with _entries_file(part, compress) as entries:
        for row in ledger.store.rows(0, size):
            entries.write(row.leaf + b"\n")
            if with_refs and not row.leaf.endswith(b'"refs":[]}'):
                refs.update(msgspec.json.decode(row.leaf, type=_Refs).refs)
    return refs


@contextmanager
def _entries_file(part: Path, compress: bool) -> Iterator[BinaryIO]:
    if not compress:
        with (part / "entries.jsonl").open("wb", buffering=1 << 20) as file:
            yield file
        return
    with (part / "entries.jsonl.gz").open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        yield cast("BinaryIO", packed)


def _copy_blobs(source: Blobs, target: Blobs, refs: set[str]) -> int:
    copied = 0
    target.folder.mkdir()
    for digest in sorted(refs):
        status = source.status(digest)
        if status == "present":
            with source.path(digest).open("rb") as file:
                target.put_file(file)
            copied += 1
        elif (stone := source.tombstone(digest)) is not None:
            place = target.path(digest)
            place.parent.mkdir(exist_ok=True)
            write_whole(place.with_name(place.name + ".erased"), canonical_json(stone))
    return copied
