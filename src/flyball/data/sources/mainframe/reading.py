"""Reading: mainframe files to Arrow batches, each with the place to go on from."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.sources.errors import BadRecord, BadSource, NothingThere, SourceGone
from flyball.data.sources.mainframe.columns import Decoder, Frame, Origin
from flyball.data.sources.mainframe.errors import CopybookDoesNotFit
from flyball.data.sources.mainframe.families import Families
from flyball.data.sources.mainframe.framing import (
    Bdw,
    Raw,
    Rdw,
    Window,
    fitting_headers,
    furthest,
    records_in,
)
from flyball.data.sources.mainframe.layout import Layout, find_node
from flyball.data.sources.mainframe.lengths import lengths_of
from flyball.data.sources.mainframe.occurs import (
    has_variable_tables,
    lengths_when_moved,
    moves_anything,
    spread,
)
from flyball.data.sources.mainframe.pieces import Piece, Place
from flyball.data.sources.mainframe.segments import SegmentIds
from flyball.data.sources.mainframe.settings import MainframeSettings, RecordFormat
from flyball.data.sources.mainframe.structure import structure_of
from flyball.data.sources.mainframe.text import Block

__all__ = ["Chunk", "Reader"]

_LOG = logging.getLogger(__name__)
_RECORD_FIELDS = (
    pa.field("file", pa.string()),
    pa.field("record_number", pa.int64()),
    pa.field("byte_offset", pa.int64()),
    pa.field("record_bytes", pa.int64()),
)
_BATCH_BYTES = 64 << 20
_LONGEST = 1 << 62
_LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows, and the place directly behind them."""

    rows: pa.RecordBatch
    after: Place


class Reader:
    """Reads files of one layout.

    Parameters
    ----------
    settings : MainframeSettings

    Attributes
    ----------
    layout : Layout
    schema : Schema
        Of every batch.
    decoder : Decoder
        Its `problems` count the values that became null.

    Raises
    ------
    BadCopybook, BadSource
        The copybook cannot be read, or a setting names a field that it does not have.
    """

    def __init__(self, settings: MainframeSettings) -> None:
        structure = structure_of(settings)
        self.layout: Layout = structure.layout
        self.decoder = Decoder(self.layout, settings)
        end = settings.line_end or ("15" if self.decoder.page.is_ebcdic else "0A")
        self.settings = replace(
            settings,
            line_end=end,
            file_header_bytes=settings.file_header_bytes + structure.header_bytes,
            file_trailer_bytes=settings.file_trailer_bytes + structure.trailer_bytes,
        )
        self.segment = find_node(self.layout, settings.segment_field) if settings.segment_field else None
        extra = list(_RECORD_FIELDS) if settings.record_ids else []
        extra += [
            pa.field(f"segment_id_{level}", pa.string()) for level in range(len(settings.segment_levels))
        ]
        self._flat = pa.schema(extra + list(self.decoder.schema))
        self._families = None
        if settings.segment_children:
            kept, root = self.decoder.fields.kept(self.decoder.fields.nodes), ""
            if settings.keep_root and len(kept) == 1:
                kept, root = self.decoder.fields.kept(kept[0][0].children), kept[0][1]
            columns = {node.name.upper(): name for node, name in kept}
            self._families = Families(self.layout, settings, columns, root)
        self.schema = self._families.schema(self._flat) if self._families else self._flat
        self._form: RecordFormat = settings.record_format
        self._moves = moves_anything(self.layout.nodes)
        self._begin_file()

    @property
    def batch_rows(self) -> int:
        """Rows of a batch: as the settings say, fewer where records are very long."""
        return max(
            1, min(self.settings.batch_rows, _BATCH_BYTES // max(self.layout.size, self.record_length))
        )

    @property
    def record_length(self) -> int:
        """Bytes of a fixed record, with what stands before and behind it."""
        described = self.layout.size + self.settings.record_prefix_bytes + self.settings.record_suffix_bytes
        return self.settings.record_length or described

    def chunks(
        self, path: Path, *, name: str = "", file: int = 0, begin: Place | None = None
    ) -> Iterator[Chunk]:
        """Yield the records of a file, from a place on.

        Raises
        ------
        NothingThere, CopybookDoesNotFit, BadRecord, SourceGone
        """
        name = name or path.name
        begin = begin or Place()
        self._begin_file()
        try:
            with path.open("rb") as opened:
                size = path.stat().st_size
                end = size - self.settings.file_trailer_bytes
                start = max(begin.offset, self.settings.file_header_bytes)
                if end <= start:
                    self._check_around(name, size)
                    return
                self._set_form(opened, name, end)
                if self._is_fixed:
                    self._check_size(opened, name, end)
                    pieces = self._fixed(Window(opened, name, start, end), begin)
                else:
                    headers = self._headers(opened, name, end)
                    window = Window(opened, name, start, end)
                    pieces = self._variable(window, begin, *headers)
                yield from self._decoded(pieces, name, file, begin)
        except FileNotFoundError as err:
            raise NothingThere(f"There is no file {path}.", fix="Check the path.", file=name) from err
        except OSError as err:
            raise SourceGone(
                f"{path} cannot be read: {err.strerror}.", fix="Check the file.", file=name
            ) from err

    def describe(self, path: Path) -> str:
        """Say how the records of a file follow each other, as it was found out."""
        size = path.stat().st_size - self.settings.file_trailer_bytes
        with path.open("rb") as opened:
            self._set_form(opened, path.name, size)
            if self._is_fixed:
                return f"fixed records of {self.record_length} bytes"
            headers = self._headers(opened, path.name, size)
        told = {0: "header not counted", -4: "header counted"}
        ways = []
        for word, way in zip(("BDW ", "RDW "), headers, strict=True):
            if way is not None:
                counted = told.get(way.adjustment, f"adjusted by {way.adjustment}")
                ways.append(f"{word if self._form == 'vb' else ''}{way.order} endian, {counted}")
        return ", ".join([self._form, *ways])

    @property
    def _is_fixed(self) -> bool:
        return self._form == "fixed"

    def _set_form(self, opened: BinaryIO, name: str, end: int) -> None:
        """Say of FB whether this file has block descriptor words."""
        begin, blocked = self.settings.file_header_bytes, replace(self.settings, record_format="bdw")
        if self.settings.record_format == "fb" and end > begin:
            fits = fitting_headers(opened, name, begin, end, blocked, 0)
            self._form = "bdw" if len(fits) == 1 else "fixed"

    def _check_around(self, name: str, size: int) -> None:
        around = self.settings.file_header_bytes + self.settings.file_trailer_bytes
        if 0 < size < around:
            raise CopybookDoesNotFit(
                f"{name} has {size} bytes, fewer than the {around} of its header and trailer.",
                fix="Check file_header_bytes, file_trailer_bytes, header_record and trailer_record.",
                file=name,
                byte=size,
            )

    def _begin_file(self) -> None:
        """Forget what was found out about the file before."""
        settings = self.settings
        self._form = settings.record_format
        self.decoder.code_page_checked = not settings.check_code_page
        self.variable = settings.variable_occurs or settings.record_format == "occurs"
        told_by_lengths = settings.record_format in ("rdw", "vb", "length_field") and self._moves
        self._ask_lengths = settings.variable_occurs is None and told_by_lengths

    def _check_size(self, opened: BinaryIO, name: str, end: int) -> None:
        """Refuse a file whose size no number of records gives."""
        settings = self.settings
        size, length = end - settings.file_header_bytes, self.record_length
        over = size % length
        if over == 0 or settings.partial_record == "drop":
            return
        other = []
        if len(self.layout.nodes) > 1:
            names = ", ".join(node.name for node in self.layout.nodes)
            other.append(f"The copybook has several records, read one behind the other ({names}): set record")
        tried = replace(settings, record_format="rdw")
        for _, way in fitting_headers(opened, name, settings.file_header_bytes, end, tried, 0):
            if way is not None:
                counted = "counted" if way.adjustment else "not counted"
                other.append(f'record_format = "rdw" would fit ({way.order} endian, header {counted})')
        forms: tuple[RecordFormat, ...] = ("vb", "bdw")
        for form in forms:
            tried = replace(settings, record_format=form)
            with suppress(BadRecord):
                if fitting_headers(opened, name, settings.file_header_bytes, end, tried, 0) and not other:
                    other.append(f'record_format = "{form}" would fit')
        if has_variable_tables(self.layout.nodes) and not any("would fit" in one for one in other):
            other.append('With OCCURS DEPENDING ON, records may differ in length: record_format = "occurs"')
        opened.seek(settings.file_header_bytes)
        start = opened.read(_LOOKED_AT)
        if start[:2] in (b"\x1f\x8b", b"BZ", b"PK"):
            other.append("The file looks compressed: unpack it")
        elif b"\n" in start and start.isascii():
            other = ['It looks like lines of ASCII: record_format = "line" with code_page = "ascii"']
        raise CopybookDoesNotFit(
            f"{name}: {size} bytes of records are no multiple of the {length} bytes that a record has by the "
            f"copybook; {over} bytes are left over behind record {size // length}, at byte "
            f"{settings.file_header_bytes + size - over}.",
            fix=f"{'; '.join(other) or 'Check the copybook, record_format and record_length'}. For a file "
            'that was cut off: partial_record = "drop".',
            file=name,
            record=size // length + 1,
            byte=settings.file_header_bytes + size - over,
        )

    def _headers(self, opened: BinaryIO, name: str, end: int) -> tuple[Bdw | None, Rdw | None]:
        """Find how BDWs and RDWs are read, where the settings leave it open."""
        if self._form not in ("rdw", "vb", "bdw"):
            return None, None
        settings = replace(self.settings, record_format=self._form)
        begin = settings.file_header_bytes
        ways = fitting_headers(opened, name, begin, end, settings, 0)
        if len(ways) != 1:
            longest = self.layout.size + settings.record_prefix_bytes + settings.record_suffix_bytes
            narrow = fitting_headers(opened, name, begin, end, settings, longest)
            ways = narrow if len(narrow) == 1 else ways
        if len(ways) == 1:
            return ways[0]
        found = "none of them fits" if not ways else f"{len(ways)} of them fit"
        words = {"rdw": "RDWs", "bdw": "BDWs", "vb": "BDWs and RDWs"}[self._form]
        if self._form == "rdw" and not ways:
            self._refuse_rdw(opened, name, end)
        opened.seek(begin)
        raise CopybookDoesNotFit(
            f"{name}: the {words} can be read in several ways (big or little endian, header counted or not), "
            f"and {found} the {end - begin} bytes from byte {begin} on, "
            f"which begin with {opened.read(8).hex(' ').upper()}.",
            fix="Set rdw_byte_order and rdw_includes_header (of blocks: bdw_byte_order and "
            "bdw_includes_header), or another record_format, file_header_bytes or file_trailer_bytes.",
            file=name,
            record=1,
            byte=begin,
        )

    def _refuse_rdw(self, opened: BinaryIO, name: str, end: int) -> None:
        """Say where the chain of RDWs breaks, if there is one."""
        way, stop, count = furthest(opened, self.settings.file_header_bytes, end, self.settings, 0)
        if not count:
            return
        opened.seek(stop)
        header = opened.read(4)
        says = f"gives {way.length(header)} bytes" if len(header) == 4 else "is cut off"
        counted = "counted" if way.adjustment == -4 else "not counted"
        raise CopybookDoesNotFit(
            f"{name}, record {count + 1}, byte {stop}: the RDW {header.hex(' ').upper()} {says}, and "
            f"{max(end - stop - 4, 0)} are left. Read {way.order} endian with the header {counted}, the "
            f"{count} records before it fit; no other way comes further.",
            fix="Check that the file is whole and came over in binary. With rdw_byte_order and "
            "rdw_includes_header set, the records before it are read.",
            file=name,
            record=count + 1,
            byte=stop,
        )

    def _fixed(self, window: Window, begin: Place) -> Iterator[Piece]:
        """Yield batches of fixed records."""
        length, described = self.record_length, self.layout.size
        prefix = self.settings.record_prefix_bytes
        record = begin.record
        while window.left >= length:
            count = min(self.batch_rows, window.left // length)
            offset = window.place
            whole = np.frombuffer(window.take(count * length), np.uint8).reshape(count, length)
            block = whole[:, prefix : prefix + described]
            lengths = None
            if block.shape[1] < described:
                lengths = np.full(count, block.shape[1], np.int64)
                block = np.pad(block, ((0, 0), (0, described - block.shape[1])))
            offsets = offset + prefix + np.arange(count, dtype=np.int64) * length

            def behind(number: int, offset: int = offset, record: int = record) -> Place:
                return Place(offset + (number + 1) * length, record + number + 1)

            record += count
            yield Piece(block, lengths, offsets, behind)

    def _variable(self, window: Window, begin: Place, bdw: Bdw | None, rdw: Rdw | None) -> Iterator[Piece]:
        """Yield the same of records of variable length, filled up with X'00'."""
        described, prefix = self.layout.size, self.settings.record_prefix_bytes
        suffix = self.settings.record_suffix_bytes
        records = records_in(
            window,
            replace(self.settings, record_format=self._form),
            rdw=rdw,
            bdw=bdw,
            lengths=lengths_of(self.decoder, self.record_length, self._form),
            longest=prefix + described + suffix,
            block_end=begin.block_end,
        )
        longer = 0
        least, most = self.settings.minimum_record_length, self.settings.maximum_record_length
        if least or most is not None:
            longest = _LONGEST if most is None else most
            records = (raw for raw in records if least <= len(raw.data) <= longest)
        record = begin.record
        broken: BadRecord | SourceGone | None = None
        while broken is None:
            batch: list[Raw] = []
            try:
                batch.extend(islice(records, self.batch_rows))
            except (BadRecord, SourceGone) as err:
                broken = err
            if batch:
                longer += sum(len(raw.data) > prefix + described + suffix for raw in batch)
                pieces = [raw.data[prefix : len(raw.data) - suffix][:described] for raw in batch]
                lengths = np.array([len(piece) for piece in pieces], np.int64)
                joined = b"".join([piece.ljust(described, b"\0") for piece in pieces])
                block = np.frombuffer(bytearray(joined), np.uint8).reshape(len(batch), described)
                offsets = np.array([raw.offset + prefix for raw in batch], np.int64)

                def behind(number: int, batch: list[Raw] = batch, record: int = record) -> Place:
                    return Place(batch[number].after, record + number + 1, batch[number].block_end)

                record += len(batch)
                yield Piece(block, lengths, offsets, behind)
            elif broken is None:
                break
        if longer:
            _LOG.warning(
                "%s: %d records are longer than the %d bytes that the copybook describes; what follows them "
                "in the record is not shown",
                window.name,
                longer,
                described,
            )
        if broken is None:
            return
        raise _with_record(broken, record)

    def _decoded(
        self,
        pieces: Iterator[Piece],
        name: str,
        file: int,
        begin: Place,
    ) -> Iterator[Chunk]:
        settings = self.settings
        levels = settings.segment_levels
        ids = SegmentIds(levels, settings.segment_prefix, file, begin.segments)
        first = begin.record
        if self._families is not None:
            pieces = self._families.whole(pieces, self._kinds_in)
        for piece in pieces:
            block, lengths, offsets, after = piece.block, piece.sizes, piece.offsets, piece.after
            count = len(block)
            sizes = np.full(count, self.record_length) if lengths is None else lengths
            inserted: list[tuple[int, np.ndarray]] = []
            if self._ask_lengths and lengths is not None and (lengths < self.layout.size).any():
                self._ask_lengths = False
                self.variable = bool((lengths_when_moved(block, lengths, self.decoder) == lengths).all())
            if self.variable:
                given = np.full(count, block.shape[1], np.int64) if lengths is None else lengths
                block, lengths, inserted = spread(np.array(block), given, self.decoder)
            index = np.arange(count, dtype=np.int64)
            if lengths is not None and (lengths >= self.layout.size).all():
                lengths = None
            frame = Frame(block, index, np.zeros(count, np.int64), lengths, {})
            kinds = self._kinds(block)
            extra: list[pa.Array] = []
            if settings.record_ids:
                extra = [
                    pa.array([name] * count, pa.string()),
                    pa.array(index + first),
                    pa.array(offsets),
                    pa.array(sizes.astype(np.int64)),
                ]
            if levels and kinds is not None:
                extra += ids.columns(kinds.to_pylist(), first)
                after = replace(after, segments=tuple(ids.state))
            if settings.segment_filter and kinds is not None:
                chosen = pc.is_in(kinds, value_set=pa.array(settings.segment_filter, pa.string()))
                flags = chosen.to_numpy(zero_copy_only=False)
                frame = frame.rows(flags)
                extra = [column.filter(chosen) for column in extra]
            origin = Origin(name, first, offsets, tuple(inserted))
            columns = self.decoder.columns(frame, origin, kinds)
            rows = pa.RecordBatch.from_arrays(extra + columns, schema=self._flat)
            if self._families is not None and kinds is not None:
                chosen = kinds.take(pa.array(frame.record)).to_pylist()
                rows = self._families.nested(rows, chosen, offsets[frame.record], name, first)
            first += count
            yield Chunk(rows, after)

    def _kinds(self, block: Block) -> pa.Array | None:
        return None if self.segment is None else self._kinds_in(block)

    def _kinds_in(self, block: Block) -> pa.Array:
        if self.segment is None:
            raise BadSource("segment_children needs segment_field.", fix="Name the field with the kind.")
        path, offset = self.segment
        return self.decoder.text_of(path[-1], block[:, offset : offset + path[-1].size])


def _with_record(err: BadRecord | SourceGone, record: int) -> BadRecord | SourceGone:
    """Return the error with the number of the record in it."""
    if "record" in err.values:
        return err
    values = {**err.values, "record": record + 1}
    return type(err)(f"{err.message.removesuffix('.')} (record {record + 1}).", fix=err.fix, **values)
