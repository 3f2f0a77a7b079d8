"""Records: cut a stream of bytes where records end, and know the byte of each."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.core.text import size
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.opened import ByteStream

__all__ = ["MAX_RECORD_BYTES", "Block", "read_blocks"]

MAX_RECORD_BYTES = 16 << 20
"""A single record may be so long; more is taken for a file that lies, before memory is full."""

_NEWLINE, _RETURN = 10, 13

_Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records of one file, in UTF-8.

    Parameters
    ----------
    file : str
    data : bytes
        Ends with the end of a record.
    starts, ends : arrays of int64, shape (n_records,)
        Where in `data` each record begins, and where it ends, its line break not counted. Empty lines
        are no records.
    first_byte : int
        Of `data` in the file (after decompression).
    first_row : int
        Number of the first record, from 0.
    encoding : str
        Of the file.
    """

    file: str
    data: bytes
    starts: _Positions
    ends: _Positions
    first_byte: int
    first_row: int
    encoding: str = "utf-8"

    def byte_of(self, position: int) -> int:
        """Return the byte in the file of a position in `data`."""
        if self.encoding == "utf-8":
            return self.first_byte + position
        return self.first_byte + len(self.data[:position].decode().encode(self.encoding))

    def record(self, index: int) -> bytes:
        """Return one record without its line break."""
        return self.data[self.starts[index] : self.ends[index]]

    def bad(self, index: int, what: str, fix: str) -> BadRecord:
        """Return the error that names file, row and byte of a record."""
        row, byte = self.first_row + index + 1, self.byte_of(int(self.starts[index]))
        return BadRecord(
            f"{self.file}, row {row:,} (byte {byte:,}): {what}.", fix=fix, file=self.file, row=row, byte=byte
        )


def read_blocks(
    stream: ByteStream,
    *,
    encoding: str = "utf-8",
    quote: str = "",
    delimiter: str = ",",
    max_record_bytes: int = MAX_RECORD_BYTES,
    first_row: int = 0,
    read_bytes: int = 4 << 20,
) -> Iterator[Block]:
    """Yield the records of a stream from where it stands, a few megabytes at a time.

    Parameters
    ----------
    stream : ByteStream
    encoding : str
        "utf-8", or another one that Python knows; the blocks are UTF-8 in any case.
    quote : str
        Between two of them a line break belongs to the record; "" for no quotes.
    delimiter : str
        Used only to check that a quote opens at the beginning of a field and closes at its end.
    max_record_bytes : int
    first_row : int
        Number of the first record.
    read_bytes : int
        Asked for at once; a block is about so large.

    Raises
    ------
    BadRecord
        A record is too long, a quote stands in the wrong place or is never closed, bytes are not of
        the encoding, or a NUL byte occurs.
    """
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
    carry, row, at, more = b"", first_row, stream.at, True
    while more:
        raw = stream.read(read_bytes)
        more = bool(raw)
        data = carry + (raw if decoder is None else _decoded(stream, decoder, raw, encoding))
        if not data:
            continue  # half a character, or the end
        block_at = Block(stream.name, data, _NONE, _NONE, at, row, encoding)
        _refuse_nul(block_at)
        line_ends = _line_ends(block_at, quote, delimiter, last=not more)
        cut = int(line_ends[-1]) + 1 if len(line_ends) else 0
        if not more and cut < len(data):
            line_ends, cut = np.append(line_ends, len(data)), len(data)
        carry, data = data[cut:], data[:cut]
        if len(carry) > max_record_bytes:
            raise BadRecord(
                f"{stream.name}: the record that begins at byte {block_at.byte_of(cut):,} is longer than "
                f"{size(max_record_bytes)}.",
                fix="Is a quote never closed, or the file no text? Or raise max_record_bytes.",
                file=stream.name,
                byte=block_at.byte_of(cut),
            )
        if data:
            block = _block(stream.name, data, line_ends, at, row, encoding)
            if decoder is None:
                _refuse_bad_utf8(block)
            if len(block.starts):
                yield block
            row += len(block.starts)
            at = block.byte_of(len(data))


_NONE: _Positions = np.empty(0, np.int64)


def _block(file: str, data: bytes, line_ends: _Positions, at: int, row: int, encoding: str) -> Block:
    starts = np.concatenate(([0], line_ends[:-1] + 1)).astype(np.int64)
    ends = line_ends.astype(np.int64)
    view = np.frombuffer(data, np.uint8)
    returns = (ends > starts) & (view[np.maximum(ends - 1, 0)] == _RETURN)
    ends = ends - returns
    kept = ends > starts
    return Block(file, data, starts[kept], ends[kept], at, row, encoding)


def _line_ends(block: Block, quote: str, delimiter: str, *, last: bool) -> _Positions:
    """Return the positions of line breaks that end a record."""
    view = np.frombuffer(block.data, np.uint8)
    breaks = np.flatnonzero(view == _NEWLINE)
    if not quote:
        return breaks
    quotes = np.flatnonzero(view == ord(quote))
    if not len(quotes):
        return breaks
    _check_quotes(block, view, quotes, delimiter, last=last)
    outside: _Positions = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    return outside


def _check_quotes(
    block: Block, view: npt.NDArray[np.uint8], quotes: _Positions, delimiter: str, *, last: bool
) -> None:
    """Refuse a quote inside an unquoted field, text behind a closing quote, and a quote never closed.

    Every second quote opens; a doubled quote closes and opens again at once.
    """
    may_stand = np.zeros(256, bool)  # beside a quote that opens or closes
    may_stand[np.frombuffer(f"{delimiter}\n\r".encode(), np.uint8)] = True
    opening, closing = quotes[0::2], quotes[1::2]
    opens_well = (opening == 0) | may_stand[view[np.maximum(opening - 1, 0)]]
    opens_well[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    behind = np.minimum(closing + 1, len(view) - 1)
    closes_well = may_stand[view[behind]] | (closing + 1 == len(view))
    doubled = np.zeros(len(closing), bool)
    doubled[: len(opening) - 1] = opening[1:] == closing[: len(opening) - 1] + 1
    closes_well |= doubled
    wrong = np.concatenate((opening[~opens_well], closing[~closes_well]))
    if len(wrong):
        at = int(wrong.min())
        raise _bad_quote(block, at, "a quote stands in the middle of a field")
    if last and len(quotes) % 2:
        raise _bad_quote(block, int(quotes[-1]), "a quote is opened and never closed")


def _bad_quote(block: Block, position: int, what: str) -> BadRecord:
    byte = block.byte_of(position)
    line = block.data.count(b"\n", 0, position)
    return BadRecord(
        f"{block.file}, about row {block.first_row + line + 1:,} (byte {byte:,}): {what}.",
        fix='Write a field that holds quotes in quotes, each of them doubled; or set quote = "" where '
        "quotes mean nothing in this file.",
        file=block.file,
        byte=byte,
    )


def _refuse_nul(block: Block) -> None:
    position = block.data.find(b"\0")
    if position >= 0:
        byte = block.byte_of(position)
        row = block.first_row + block.data.count(b"\n", 0, position) + 1
        raise BadRecord(
            f"{block.file}, about row {row:,} (byte {byte:,}): a NUL byte, which no text file holds.",
            fix="Is it binary, cut off by a crash, or in UTF-16? Set encoding, or fetch the file again.",
            file=block.file,
            byte=byte,
        )


def _refuse_bad_utf8(block: Block) -> None:
    if block.data.isascii():
        return
    try:
        block.data.decode()
    except UnicodeDecodeError as err:
        index = int(np.searchsorted(block.starts, err.start, side="right")) - 1
        byte = block.first_byte + err.start
        row = block.first_row + index + 1
        raise BadRecord(
            f"{block.file}, about row {row:,} (byte {byte:,}): not UTF-8.",
            fix='Set encoding to what the file is written in, for instance encoding = "cp1252".',
            file=block.file,
            row=row,
            byte=byte,
        ) from None  # the error of Python holds the text


def _decoded(stream: ByteStream, decoder: codecs.IncrementalDecoder, raw: bytes, encoding: str) -> bytes:
    before = stream.at - len(raw)
    try:
        return decoder.decode(raw, final=not raw).encode()
    except UnicodeError as err:
        byte = before + int(getattr(err, "start", 0))
        raise BadRecord(
            f"{stream.name} (about byte {byte:,}): not {encoding}.",
            fix="Set encoding to what the file is written in.",
            file=stream.name,
            byte=byte,
        ) from None
