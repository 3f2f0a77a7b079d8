"""The files of an export, read back in pieces; whatever is wrong with them is left for others to judge."""

import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from flyball.ledger.errors import LedgerMissing
from flyball.ledger.records import LARGEST_LEAF

__all__ = ["DAMAGED", "PIECE", "leaves_in", "notes_in", "recorded_file", "recorded_hashes"]

PIECE = 4096
"""Leaves to a piece; a multiple of the tile width."""

DAMAGED = (OSError, EOFError, zlib.error)
"""What reading a damaged file or archive raises."""


def leaves_in(folder: Path) -> Callable[[], Generator[list[bytes], None, None]]:
    """Return a reader that yields leaves in pieces."""
    plain, packed = folder / "entries.jsonl", folder / "entries.jsonl.gz"
    if plain.exists() == packed.exists():
        what = "both entries.jsonl and entries.jsonl.gz" if plain.exists() else "no entries.jsonl"
        raise LedgerMissing(
            f"{folder} is not an exported ledger: it holds {what}.",
            fix="Give the folder that `flyball ledger export` wrote.",
            folder=folder,
        )
    if plain.exists():
        return lambda: _pieces(plain.open("rb", buffering=1 << 20))
    return lambda: _pieces(io.BufferedReader(gzip.GzipFile(packed, "rb"), 1 << 20))


def _pieces(file: BinaryIO) -> Generator[list[bytes], None, None]:
    with file:
        read = partial(file.readline, LARGEST_LEAF + 2)
        piece: list[bytes] = []
        try:
            for line in iter(read, b""):
                # A line without its newline was half written; it keeps a mark so that no hash fits.
                piece.append(line[:-1] if line.endswith(b"\n") else line + b"\n")
                if len(piece) == PIECE:
                    yield piece
                    piece = []
        except DAMAGED:
            yield piece
            raise
        if piece:
            yield piece


@contextmanager
def recorded_file(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open the recorded leaf hashes; a missing file reads as an empty one."""
    file: io.BufferedIOBase = path.open("rb") if path.is_file() else io.BytesIO()
    with file:
        yield file


def recorded_hashes(path: Path) -> Iterator[list[bytes]]:
    """Yield the recorded leaf hashes in pieces; half a hash at the end is left out."""
    with recorded_file(path) as file:
        while data := file.read(32 * PIECE):
            yield [data[at : at + 32] for at in range(0, len(data) - 31, 32)]


class _Line(msgspec.Struct):
    note: str


def notes_in(folder: Path) -> Iterator[str]:
    """Yield the checkpoints as text; "" for a line that cannot be read, which no key has signed."""
    path = folder / "checkpoints.jsonl"
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield msgspec.json.decode(line, type=_Line).note
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield ""
