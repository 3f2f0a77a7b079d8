"""Framing: where each record of a file begins and ends."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

from flyball.data.sources.errors import BadRecord, SourceGone
from flyball.data.sources.mainframe.errors import CopybookDoesNotFit
from flyball.data.sources.mainframe.settings import MainframeSettings

__all__ = ["Bdw", "Raw", "Rdw", "Window", "fitting_headers", "furthest", "records_in"]

_READ = 1 << 20
_LONGEST_RECORD = 100 << 20
_LONGEST_LINE = 1 << 20
_RECORDS_TRIED = 2_000
_SEGMENTS: tuple[Literal["whole", "first", "last", "middle"], ...] = ("whole", "first", "last", "middle")


class Raw(NamedTuple):
    """One record as it lies in the file; a tuple, as there are millions.

    Parameters
    ----------
    offset : int
        Byte of the file at which its data begin, behind any header.
    data : bytes
    after : int
        Byte at which the next header or record begins.
    block_end : int
        Byte at which the block around it ends; 0 without blocks.
    """

    offset: int
    data: bytes
    after: int
    block_end: int = 0


@dataclass(frozen=True, slots=True)
class Rdw:
    """How a record descriptor word is read: byte order, and what to add to it for the bytes behind it."""

    order: Literal["big", "little"]
    adjustment: int

    def length(self, header: bytes) -> int:
        """Return the bytes of the record behind a header of 4 bytes; Cobrix' files have it in either half."""
        half = header[:2]
        if half == b"\0\0":
            half = header[2:4]
        return int.from_bytes(half, self.order) + self.adjustment


@dataclass(frozen=True, slots=True)
class Bdw(Rdw):
    """The same of a block descriptor word; its first bit says that the length has 31 bits."""

    def length(self, header: bytes) -> int:
        """Return the bytes of the block behind a header of 4 bytes."""
        if self.order == "big" and header[:1] >= b"\x80":
            return (int.from_bytes(header, "big") & 0x7FFFFFFF) + self.adjustment
        return Rdw.length(self, header)


class Window:
    """A file, read forward in pieces; only what is asked for is kept.

    Parameters
    ----------
    file : binary file
    name : str
        For messages.
    begin, end : int
        Bytes of the file to read; `end` is where the records end.
    """

    def __init__(self, file: BinaryIO, name: str, begin: int, end: int) -> None:
        self.file, self.name, self.end = file, name, end
        self.place = begin
        self._buffer = b""
        self._buffer_begin = begin
        file.seek(begin)

    @property
    def left(self) -> int:
        """Bytes between here and the end."""
        return self.end - self.place

    def peek(self, size: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        at = self.place - self._buffer_begin
        if at + size > len(self._buffer):
            self._fill(at, size)
            at = 0
        return self._buffer[at : at + size]

    def take(self, size: int) -> bytes:
        """Return the next bytes and go on behind them."""
        data = self.peek(size)
        self.place += len(data)
        return data

    def find(self, mark: bytes) -> int:
        """Return how far the next mark is; -1 if there is none within the longest line."""
        size = 4096
        while True:
            found = self.peek(size).find(mark)
            if found >= 0 or size >= min(self.left, _LONGEST_LINE):
                return found
            size *= 8

    def _fill(self, at: int, size: int) -> None:
        rest = self._buffer[at:]
        wanted = min(max(size, _READ), self.left) - len(rest)
        try:
            fresh = self.file.read(wanted) if wanted > 0 else b""
        except OSError as err:
            raise _gone(self.name, self.place, err.strerror or "cannot be read") from err
        if len(fresh) < wanted:
            raise _gone(self.name, self.place + len(rest) + len(fresh), "is shorter than when it was opened")
        self._buffer = rest + fresh
        self._buffer_begin = self.place


def _gone(name: str, place: int, why: str) -> SourceGone:
    return SourceGone(
        f"{name} {why}, at byte {place}.",
        fix="Read on from the last state when it is whole.",
        file=name,
        byte=place,
    )


Lengths = Callable[[bytes], int]
"""From the first bytes of a record (or all that are left of the file) to its length; -1: cannot be told."""


def records_in(
    window: Window,
    settings: MainframeSettings,
    *,
    rdw: Rdw | None,
    bdw: Bdw | None = None,
    lengths: Lengths | None = None,
    longest: int = 0,
    block_end: int = 0,
) -> Iterator[Raw]:
    """Yield the records of a file of variable length, one behind the other.

    Parameters
    ----------
    window : Window
        At the begin of a record, header included.
    settings : MainframeSettings
    rdw : Rdw, optional
        For the formats "rdw" and "vb".
    bdw : Bdw, optional
        For the formats "vb" and "bdw".
    lengths : callable, optional
        For "length_field", "occurs", and "bdw".
    longest : int
        Bytes of a record that `lengths` may have to see.
    block_end : int
        Where the block ends in which the window stands; 0 at the begin of a block.

    Raises
    ------
    BadRecord
        A header says nothing sensible, or the last record is cut off; it names file, record and byte.
    """
    form = settings.record_format
    if form == "line":
        yield from _lines(window, settings)
        return
    spanned: list[Raw] = []
    header = b""
    while window.left > 0:
        if bdw is not None and window.place >= block_end:
            block_end = _block_end(window, bdw)
        begin = window.place
        end = min(block_end or window.end, window.end)
        if form in ("rdw", "vb") and rdw is not None:
            header = window.take(4)
            size = rdw.length(header) if len(header) == 4 else -1
            if size <= 0 and (size < 0 or header == b"\0\0\0\0"):
                why = f"its RDW is {header.hex(' ').upper()}, which gives {size} bytes"
                if _cut_off(window, settings, begin, why, len(header) < 4):
                    return
        else:
            size = _told(window, settings, lengths, longest)
            if size <= 0:
                return
        if window.place + size > end:
            why = f"it should have {size} bytes and {max(end - window.place, 0)} are left"
            if _cut_off(window, settings, begin, why, end == window.end):
                return
        offset, data = window.place, window.take(size)
        part = "whole" if header[2:] == b"\0\0" else _segment(header, rdw)
        if part == "whole" and not spanned:
            yield Raw(offset, data, window.place, block_end)
            continue
        if (part in ("first", "whole")) == bool(spanned):
            raise BadRecord(
                f"{window.name}, byte {begin}: the RDW {header.hex(' ').upper()} does not go on with the "
                "spanned record before it.",
                fix="Check record_format, and that the file is whole.",
                file=window.name,
                byte=begin,
            )
        spanned.append(Raw(offset, data, window.place, block_end))
        if part == "last":
            yield spanned[-1]._replace(offset=spanned[0].offset, data=b"".join(raw.data for raw in spanned))
            spanned.clear()
    if spanned:
        why = "it is spanned, and its last part is missing"
        _cut_off(window, settings, spanned[0].offset - 4, why, True)


def _segment(header: bytes, rdw: Rdw | None) -> Literal["whole", "first", "last", "middle"]:
    """Say which part of a spanned record (VBS) a header is for.

    Source: IBM z/OS DFSMS Using Data Sets, SC23-6855, "Spanned variable-length records".
    """
    if rdw is None or rdw.order != "big" or header[:2] == b"\0\0" or header[2] > 3 or header[3] != 0:
        return "whole"
    return _SEGMENTS[header[2]]


def _told(window: Window, settings: MainframeSettings, lengths: Lengths | None, longest: int) -> int:
    if lengths is None:
        raise CopybookDoesNotFit("The length of a record is not known.", fix="Set record_length.")
    size = lengths(window.peek(min(window.left, longest)))
    if size <= 0 or size > _LONGEST_RECORD:
        why = "its length cannot be told" if size < 0 else f"its length is {size}"
        _cut_off(window, settings, window.place, why, size < 0 and window.left < longest)
        return -1
    return size


def _block_end(window: Window, bdw: Bdw) -> int:
    begin = window.place
    header = window.take(4)
    size = bdw.length(header) if len(header) == 4 else -1
    if size <= 0 or window.place + size > window.end:
        raise BadRecord(
            f"{window.name}, byte {begin}: the BDW {header.hex(' ').upper()} gives a block of {size} bytes, "
            f"{window.left} are left.",
            fix="Check record_format, bdw_byte_order and bdw_includes_header, and that the file is whole.",
            file=window.name,
            byte=begin,
        )
    return window.place + size


def _lines(window: Window, settings: MainframeSettings) -> Iterator[Raw]:
    mark = bytes.fromhex(settings.line_end)
    while window.left > 0:
        begin = window.place
        size = window.find(mark)
        last = size < 0
        if last and window.left >= _LONGEST_LINE:
            raise BadRecord(
                f"{window.name}, byte {begin}: no {mark.hex().upper()} ends it in {_LONGEST_LINE} bytes.",
                fix="Check record_format and line_end.",
                file=window.name,
                byte=begin,
            )
        data = window.take(window.left if last else size)
        window.take(0 if last else len(mark))
        if mark == b"\n":
            data = data.removesuffix(b"\r")
        if data:
            yield Raw(begin, data, window.place)


def _cut_off(window: Window, settings: MainframeSettings, begin: int, why: str, last: bool) -> bool:
    """Return True where a record that is cut off is to be dropped; refuse it otherwise."""
    if last and settings.partial_record == "drop":
        return True
    raise BadRecord(
        f"{window.name}, byte {begin}: the record that begins here cannot be read: {why}.",
        fix="Check record_format and its settings, and that the file is whole; "
        'partial_record = "drop" leaves out a last record that is cut off.',
        file=window.name,
        byte=begin,
    )


def fitting_headers(
    file: BinaryIO, name: str, begin: int, end: int, settings: MainframeSettings, longest: int
) -> list[tuple[Bdw | None, Rdw | None]]:
    """Return the ways to read block and record descriptor words by which the records fit into the file.

    The chain of the first 2,000 words is followed, or of all if there are fewer; it fits when it meets
    the end exactly, and no record is longer than `longest` (0: no limit). If none does, those are returned
    that meet it within a record, and only with a limit: the file is likely cut off. In blocks, the first
    block stands for all when it comes to records. What the settings say is taken at its word.
    """
    blocked = settings.record_format in ("vb", "bdw")
    if not blocked:
        return [(None, way) for way in _fitting_rdw(file, begin, end, settings, longest)]
    blocks = [Bdw(order, added) for order, added in _ways(settings, "bdw")]
    if len(blocks) > 1:
        met = {way: _met(file, begin, end, way, 0) for way in blocks}
        whole = [way for way in blocks if met[way] == "end"]
        blocks = whole or [way for way in blocks if met[way] == "cut off" and longest]
    if settings.record_format == "bdw":
        return [(way, None) for way in blocks]
    found: list[tuple[Bdw | None, Rdw | None]] = []
    for way in blocks:
        if begin >= end:
            return [(way, Rdw("big", -4))]
        try:
            first = _block_end(Window(file, name, begin, end), way)
        except BadRecord:
            if len(blocks) == 1:
                raise
            continue
        for rdw in _fitting_rdw(file, begin + 4, first, settings, longest):
            if len(blocks) == 1 or _met(file, begin + 4, first, rdw, longest) == "end":
                found.append((way, rdw))
    return found


def _fitting_rdw(
    file: BinaryIO, begin: int, end: int, settings: MainframeSettings, longest: int
) -> list[Rdw]:
    ways = [Rdw(order, added) for order, added in _ways(settings, "rdw")]
    if len(ways) == 1:
        return ways
    met = {way: _met(file, begin, end, way, longest) for way in ways}
    whole = [way for way in ways if met[way] == "end"]
    return whole or [way for way in ways if met[way] == "cut off" and longest]


def _ways(
    settings: MainframeSettings, word: Literal["rdw", "bdw"]
) -> list[tuple[Literal["big", "little"], int]]:
    """Return the byte orders and adjustments that the settings leave open."""
    order, counted, added = (
        (settings.rdw_byte_order, settings.rdw_includes_header, settings.rdw_adjustment)
        if word == "rdw"
        else (settings.bdw_byte_order, settings.bdw_includes_header, settings.bdw_adjustment)
    )
    orders: tuple[Literal["big", "little"], ...] = ("big", "little") if order is None else (order,)
    if counted is None and added is None:
        return [(one, adjustment) for one in orders for adjustment in (-4, 0)]
    return [(one, (-4 if counted else 0) + (added or 0)) for one in orders]


def furthest(
    file: BinaryIO, begin: int, end: int, settings: MainframeSettings, longest: int
) -> tuple[Rdw, int, int]:
    """Return the way to read RDWs that gets furthest, the byte where it stops, and the records before it."""
    ways = [Rdw(order, added) for order, added in _ways(settings, "rdw")]
    return max(
        ((way, *_followed(file, begin, end, way, longest)[1:]) for way in ways), key=lambda one: one[1]
    )


def _met(
    file: BinaryIO, begin: int, end: int, way: Rdw, longest: int
) -> Literal["end", "cut off", "nonsense"]:
    return _followed(file, begin, end, way, longest)[0]


def _followed(
    file: BinaryIO, place: int, end: int, way: Rdw, longest: int
) -> tuple[Literal["end", "cut off", "nonsense"], int, int]:
    """Follow a chain of records; say what stands at its end, where, and behind how many records."""
    for number in range(_RECORDS_TRIED):
        if place == end:
            return "end", place, number
        file.seek(place, os.SEEK_SET)
        header = file.read(4)
        size = way.length(header) if len(header) == 4 else 0
        if len(header) == 4 and (size <= 0 or (longest and size > longest)):
            return "nonsense", place, number
        if len(header) < 4 or place + 4 + size > end:
            return "cut off" if number else "nonsense", place, number
        place += 4 + size
    return "end", place, _RECORDS_TRIED
