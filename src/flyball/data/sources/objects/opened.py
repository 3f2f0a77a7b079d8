"""Open: a file as a stream of bytes, decompressed, and held against what its name says."""

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.sources.errors import BadRecord, SourceGone
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.place import Found, Place

__all__ = ["COMPRESSIONS", "ByteStream", "bare_ending", "open_bytes", "text_begins"]

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}

_PACKED_BEGINS = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd", "bz2": b"BZh"}
_MOST_UNPACKED, _UNPACKED_UNSUSPECTED = 300, 64 << 20
"""Rows pack to a tenth of their size, seldom to a hundredth; what unpacks to more is made to fill disks."""

_SIGNATURES = (
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "a zip archive, such as an Excel workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"ARROW1", "Arrow"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"<!DOCTYPE", "HTML or XML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def bare_ending(name: str) -> str:
    """Return the ending below a compression: ".csv" for "a.csv.gz", "" where there is none."""
    stem, ending = os.path.splitext(name.lower())
    return os.path.splitext(stem)[1] if ending in COMPRESSIONS else ending


def _is_broken(err: OSError) -> bool:
    """Return whether Arrow could not decompress; otherwise it could not read."""
    return any(sign in str(err) for sign in ("ompressed stream", "inflate", "ZSTD", "bz2"))


@dataclass(slots=True)
class ByteStream:
    """Bytes of one file in order, after decompression.

    Parameters
    ----------
    name : str
        Of the file.
    stream : NativeFile
    at : int
        Bytes handed out or skipped so far.
    most : int, optional
        Bytes that may be in it; None for any number.
    """

    name: str
    stream: pa.NativeFile
    at: int = 0
    most: int | None = None

    def read(self, n_bytes: int) -> bytes:
        """Return the next bytes, b"" at the end.

        Raises
        ------
        BadRecord
            The compressed data is broken, ends too early, or unpacks to far more than rows do.
        SourceGone
            The file or the connection broke off.
        """
        try:
            got: bytes = self.stream.read(n_bytes)
        except OSError as err:
            if _is_broken(err):
                raise BadRecord(
                    f"{self.name} is broken or cut off: its compressed data cannot be read on behind "
                    f"byte {self.at:,} (of what is inside).",
                    fix="Fetch the file again; what lies before that byte was read.",
                    file=self.name,
                    byte=self.at,
                ) from err
            raise SourceGone(
                f"{self.name} broke off behind byte {self.at:,}: {type(err).__name__}.",
                fix="Run the same again: it goes on behind what was read.",
                file=self.name,
                byte=self.at,
            ) from err
        self.at += len(got)
        if self.most is not None and self.at > self.most:
            raise BadRecord(
                f"{self.name} unpacks to more than {_MOST_UNPACKED} times its size: stopped at byte "
                f"{self.at:,} (of what is inside), before it fills the disk.",
                fix="If it is what you expect, unpack it yourself and name the unpacked file.",
                file=self.name,
                byte=self.at,
            )
        return got

    def skip_to(self, byte: int) -> None:
        """Go to a byte, reading over what cannot be jumped."""
        if not isinstance(self.stream, pa.CompressedInputStream):
            self.stream.seek(byte)
            self.at = byte
        while self.at < byte:
            if not self.read(min(byte - self.at, 1 << 20)):
                return


def text_begins(place: Place, one: Found, encoding: str) -> tuple[str, int]:
    """Return the encoding without a byte order mark, and the byte at which the text begins.

    Parameters
    ----------
    place : Place
    one : Found
    encoding : str
        As declared, in the spelling of `codecs.lookup`.

    Raises
    ------
    FileLies
        A byte order mark says something else.
    """
    with open_bytes(place, one, expected="text") as stream:
        first = stream.read(4)
    for mark, means in _BOMS:
        if first.startswith(mark):
            if encoding not in (means, means.rpartition("-")[0], f"{means}-sig"):
                raise FileLies(
                    f"{one.name} is read as {encoding}, but its first bytes say that it is {means}.",
                    fix=f'Set encoding = "{means}".',
                    file=one.name,
                    byte=0,
                )
            return means, len(mark)
    return {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(encoding, encoding), 0


@contextmanager
def open_bytes(place: Place, one: Found, *, expected: str) -> Iterator[ByteStream]:
    """Open a file of text and check by its first bytes that it is none of the well-known others.

    Parameters
    ----------
    place : Place
    one : Found
    expected : str
        What it should be, for the message: "CSV".

    Raises
    ------
    FileLies
        It is something else.
    """
    with place.open(one) as raw:
        packing = COMPRESSIONS.get(os.path.splitext(one.name.lower())[1])
        if packing:
            _refuse_unpacked(raw, one, packing)
        stream = pa.CompressedInputStream(raw, packing) if packing else raw
        first = ByteStream(one.name, stream).read(16)
        for signature, what in _SIGNATURES:
            if first.startswith(signature):
                raise FileLies(
                    f"{one.name} is read as {expected}, but its first bytes say that it is {what}.",
                    fix="Name the file after what it is, or set format to what it is.",
                    file=one.name,
                    byte=0,
                )
        if packing:
            with place.open(one) as again, pa.CompressedInputStream(again, packing) as unpacked:
                most = max(_MOST_UNPACKED * one.size, _UNPACKED_UNSUSPECTED)
                yield ByteStream(one.name, unpacked, most=most)
        else:
            raw.seek(0)
            yield ByteStream(one.name, raw)


def _refuse_unpacked(raw: pa.NativeFile, one: Found, packing: str) -> None:
    begins = _PACKED_BEGINS[packing]
    first = ByteStream(one.name, raw).read(len(begins))
    raw.seek(0)
    if first and first != begins[: len(first)]:
        raise FileLies(
            f"{one.name} is named as if it were packed with {packing}, but does not begin as {packing} does.",
            fix="Take the ending off its name, or fetch the file again.",
            file=one.name,
            byte=0,
        )
