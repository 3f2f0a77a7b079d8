"""Columns: a batch of whole records to Arrow arrays, field by field and never byte by byte."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.mainframe.code_pages import code_page
from flyball.data.sources.mainframe.copybook import Item
from flyball.data.sources.mainframe.errors import BadCopybook, CodePageSuspected
from flyball.data.sources.mainframe.fields import BINARY, Fields
from flyball.data.sources.mainframe.layout import Layout, Node, find_node
from flyball.data.sources.mainframe.numbers import Numbers, binary, display, edited, floats, packed, to_arrow
from flyball.data.sources.mainframe.settings import MainframeSettings
from flyball.data.sources.mainframe.text import Block, national_column, text_column

__all__ = ["Decoder", "Frame", "Origin", "Problems"]

Int64 = npt.NDArray[np.int64]

_ENOUGH_TEXT = 32
_SHOWN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows of bytes of one group: whole records at the top, elements of a table below.

    Parameters
    ----------
    block : uint8 of shape (rows, bytes of the group)
    record : int64 of shape (rows,)
        Which record of the batch each row belongs to.
    start : int64 of shape (rows,)
        First byte of the row in its record.
    there : int64 of shape (rows,), optional
        How many bytes of the row the record really has; None where all have all.
    counts : dict
        Elements of tables, by the name of the field that counts them, each of shape (rows,).
    lenient : bool
        Whether the same bytes are something else in other records, so that a number that is none is null.
    """

    block: Block
    record: Int64
    start: Int64
    there: Int64 | None
    counts: dict[str, Int64]
    lenient: bool = False

    def rows(self, chosen: npt.NDArray[np.generic]) -> "Frame":
        """Return the chosen rows, by flags or by numbers."""
        there = None if self.there is None else self.there[chosen]
        counts = {name: count[chosen] for name, count in self.counts.items()}
        return Frame(self.block[chosen], self.record[chosen], self.start[chosen], there, counts, self.lenient)

    def part(self, offset: int, size: int) -> "Frame":
        """Return the bytes of one item in the group."""
        there = None if self.there is None else np.clip(self.there - offset, 0, size)
        return replace(
            self, block=self.block[:, offset : offset + size], start=self.start + offset, there=there
        )

    def elements(self, size: int, most: int) -> "Frame":
        """Return one row for each element of a table that fills this frame."""
        count = len(self.block)
        place = np.tile(np.arange(most, dtype=np.int64) * size, count)
        there = None if self.there is None else np.clip(np.repeat(self.there, most) - place, 0, size)
        return Frame(
            np.ascontiguousarray(self.block).reshape(count * most, size),
            np.repeat(self.record, most),
            np.repeat(self.start, most) + place,
            there,
            {name: np.repeat(counted, most) for name, counted in self.counts.items()},
            self.lenient,
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the records of a batch come from, for messages.

    Parameters
    ----------
    file : str
    first : int
        Number of the first record in its file, from 0.
    offsets : int64 of shape (records,)
        Byte of the file at which each record begins.
    inserted : tuple
        Where records were widened before: at which byte, and by how many for each record.
    """

    file: str
    first: int
    offsets: Int64
    inserted: tuple[tuple[int, Int64], ...] = ()


@dataclass(slots=True)
class Problems:
    """How many values were no numbers and became null, by field."""

    counts: Counter[str]


class Decoder:
    """Decodes the records of one layout.

    Parameters
    ----------
    layout : Layout
    settings : MainframeSettings

    Attributes
    ----------
    schema : Schema
    problems : Problems
    """

    def __init__(self, layout: Layout, settings: MainframeSettings) -> None:
        self.layout = layout
        self.settings = settings
        self.page = code_page(settings.code_page).without_controls(settings.controls)
        self.drop = "\0" if settings.controls == "drop" else ""
        self.problems = Problems(Counter())
        self.counters: dict[str, dict[str, Mapping[str, int] | None]] = {}
        for path, _ in layout.walk():
            item = path[-1].item
            if item.depending_on:
                mapping = self._mapping_of(item)
                self.counters.setdefault(item.depending_on.upper(), {})[self.counter_of(item)] = mapping
        self.pages = {
            find_node(layout, field)[0][-1].name.upper(): code_page(page).without_controls(settings.controls)
            for field, page in settings.field_code_pages.items()
        }
        self.kinds = {find_node(layout, name)[0][-1].name: kinds for name, kinds in settings.segments.items()}
        self.code_page_checked = not settings.check_code_page
        self.fields = Fields(layout, settings)

    @property
    def schema(self) -> pa.Schema:
        """Of what `columns` returns."""
        return self.fields.schema

    def counter_of(self, item: Item) -> str:
        """Return the key of a table's counts: its counter, and its own name where its texts are mapped."""
        counter = item.depending_on.upper()
        return f"{counter} {item.name.upper()}" if self._mapping_of(item) is not None else counter

    def _mapping_of(self, item: Item) -> Mapping[str, int] | None:
        name = item.name.upper()
        mappings = self.settings.occurs_mappings
        return mappings.get(name, mappings.get(name.replace("-", "_")))

    def counted(self, node: Node, block: Block) -> dict[str, Int64]:
        """Return what a counter says, by `counter_of` the tables; -1 where it has no number."""
        found: dict[str, Int64] = {}
        for key, mapping in self.counters.get(node.name.upper(), {}).items():
            if mapping is not None:
                texts = self.text_of(node, block).to_pylist()
                found[key] = np.array([mapping.get(text or "", -1) for text in texts], np.int64)
                continue
            if node.item.usage in ("float", "double"):
                raise BadCopybook(
                    f"{node.name} counts elements and is no whole number.", fix="Name another field."
                )
            numbers = self.numbers_of(node, block)
            counts = numbers.low.copy()
            for flags in (numbers.bad, numbers.blank):
                if flags is not None:
                    counts[flags] = -1
            if node.item.picture is not None and node.item.picture.scale < 0:
                counts *= 10**-node.item.picture.scale
            found[key] = counts
        return found

    def columns(self, frame: Frame, origin: Origin, kinds: pa.Array | None = None) -> list[pa.Array]:
        """Return one array for each field of the schema.

        Parameters
        ----------
        frame : Frame
            Of whole records.
        origin : Origin
        kinds : Array, optional
            The kind of each record, where the settings map groups to kinds.

        Raises
        ------
        BadRecord
            A number is none; it names file, record, byte, field and the bytes in hex.
        """
        if not self.code_page_checked:
            self._check_code_page(frame.block, origin)
        return _Pass(self, origin, kinds).group(self.fields.nodes, frame, "")

    def text_of(self, node: Node, block: Block) -> pa.Array:
        """Return the values of a field as text without blanks: for kinds of records."""
        if node.children or (node.item.picture is not None and node.item.picture.kind == "text"):
            return text_column(block, self.page, drop=self.drop)
        origin = Origin("", 0, np.zeros(len(block), np.int64))
        index = np.arange(len(block), dtype=np.int64)
        frame = Frame(block, index, np.zeros_like(index), None, {}, True)
        return pc.cast(_Pass(self, origin, None).leaf(node, frame, node.name), pa.string())

    def numbers_of(self, node: Node, block: Block) -> Numbers:
        """Return the values of a numeric field, with what is bad about them."""
        item, settings = node.item, self.settings
        if item.usage in ("binary", "native", "little", "index"):
            order = {"native": settings.native_byte_order, "little": "little"}.get(item.usage, "big")
            signed = item.picture is not None and item.picture.signed
            return binary(block, signed=signed, order="little" if order == "little" else "big")
        if item.usage in ("packed", "unsigned packed"):
            return packed(block, with_sign=item.usage == "packed")
        picture = item.picture
        if picture is None or picture.kind not in ("number", "edited"):
            raise BadCopybook(
                f"{node.name} is no number.",
                fix="Name a numeric field; occurs_mappings says how many elements a text stands for.",
                field=node.name,
            )
        if picture.kind == "edited":
            return edited(block, picture, ebcdic=self.page.is_ebcdic)
        return display(
            block,
            ebcdic=self.page.is_ebcdic,
            signed=picture.signed or item.separate,
            leading=item.leading,
            separate=item.separate,
            whole=picture.scale <= 0,
        )

    def _check_code_page(self, block: Block, origin: Origin) -> None:
        """Look once whether text and written digits decode to what people write."""
        texts = [
            block[:, offset : offset + path[-1].size].reshape(-1)
            for path, offset in self.layout.walk()
            if not path[-1].children
            and path[-1].item.usage == "display"
            and not any(node.union or node.item.occurs for node in path)
        ]
        raw = np.concatenate(texts) if texts else np.zeros(0, np.uint8)
        raw = raw[(raw != 0) & (raw != 0xFF)]
        if len(raw) < _ENOUGH_TEXT:
            return
        self.code_page_checked = True
        page = code_page(self.settings.code_page.removeprefix("cobrix:"))
        other = code_page("ascii" if page.is_ebcdic else "cp037")
        strange, plain = float(page.strange[raw].mean()), float(page.plain[raw].mean())
        other_plain = float(other.plain[raw].mean())
        if strange > 0.5 or (plain < 0.4 and other_plain > 0.8):
            raise CodePageSuspected(
                f"{origin.file}: with code page {page.name}, {strange:.0%} of the text in the first "
                f"{len(origin.offsets)} records from byte {int(origin.offsets[0])} on is control characters "
                f"and {plain:.0%} letters, digits and blanks; with {other.name} these are {other_plain:.0%}.",
                fix=f"Set code_page (perhaps {other.name!r}) or correct the copybook; "
                "check_code_page = false reads it as it is.",
                file=origin.file,
                record=origin.first + 1,
                byte=int(origin.offsets[0]),
            )


class _Pass:
    """One batch on its way through a decoder."""

    def __init__(self, decoder: Decoder, origin: Origin, kinds: pa.Array | None) -> None:
        self.decoder = decoder
        self.origin = origin
        self.kinds = kinds

    def group(self, nodes: tuple[Node, ...], frame: Frame, path: str) -> list[pa.Array]:
        """Return an array for each kept node of a group."""
        decoder = self.decoder
        counts = frame.counts  # shared with the groups beside this one: a counter may stand in a header
        names = {id(node): name for node, name in decoder.fields.kept(nodes)}
        arrays = []
        for node in nodes:
            upper = node.name.upper()
            here = replace(frame, lenient=frame.lenient or node.union)
            if upper in decoder.counters and not node.children:
                part = here.part(node.offset, node.size)
                cut = _cut(part, node.size)
                for key, found in decoder.counted(node, part.block).items():
                    counts[key] = found if cut is None else np.where(cut, -1, found)
            if id(node) in names:
                arrays.append(self._node(node, here.part(node.offset, node.extent), f"{path}{node.name}"))
        return arrays

    def leaf(self, node: Node, frame: Frame, path: str) -> pa.Array:
        """Return the values of a field without OCCURS."""
        item, decoder = node.item, self.decoder
        kind = decoder.fields.type_of(node)
        if pa.types.is_string(kind):
            return self._text(node, frame)
        if pa.types.is_floating(kind):
            values = floats(frame.block, decoder.settings.float_format)
            return pa.array(values, pa.float64(), mask=_cut(frame, node.size)).cast(kind)
        numbers = decoder.numbers_of(node, frame.block)
        cut = _cut(frame, node.size)
        bad = numbers.bad if numbers.bad is not None else np.zeros(len(frame.block), np.bool_)
        scale = item.picture.scale if item.picture is not None else 0
        if item.usage == "packed" and item.picture is not None and item.picture.digits % 2 == 0:
            if pa.types.is_decimal(kind) or item.picture.digits == 18:  # one digit more would not fit
                bad = bad | ((frame.block[:, 0] > 0x0F) & ~_flags(numbers.blank, len(bad)))
        elif decoder.fields.half_used(node):
            bad = bad | (numbers.low >> (node.size * 8 - 1) != 0)
        if item.usage in BINARY and (scale < 0 or pa.types.is_decimal(kind)):
            bad = bad | _too_large(numbers, self.decoder.fields.digits_of(node))
        if cut is not None:
            bad = bad & ~cut
        if bad.any():
            self._report(node, frame, path, bad)
        nulls = bad if cut is None else bad | cut
        numbers.bad = nulls
        return to_arrow(numbers, kind, 10**-scale if scale < 0 else 1)

    def _node(self, node: Node, frame: Frame, path: str) -> pa.Array:
        kinds = self.decoder.kinds.get(node.name)
        if kinds is not None and self.kinds is not None:
            chosen = pc.is_in(self.kinds, value_set=pa.array(kinds, pa.string()))
            flags = chosen.to_numpy(zero_copy_only=False)[frame.record]
            inside = self._table(node, replace(frame.rows(flags), lenient=False), path)
            places = np.cumsum(flags) - 1
            return inside.take(pa.array(places, pa.int64(), mask=~flags))
        return self._table(node, frame, path)

    def _table(self, node: Node, frame: Frame, path: str) -> pa.Array:
        item = node.item
        if not item.occurs:
            return self._one(node, frame, path)
        rows = len(frame.block)
        counts = frame.counts.get(self.decoder.counter_of(item)) if item.depending_on else None
        if item.depending_on and counts is None:
            raise BadCopybook(
                f"{item.name} depends on {item.depending_on}, which lies in another table or kind.",
                fix="Its counter has to stand in the same record outside of tables.",
                field=item.name,
            )
        inside = frame.elements(node.size, item.occurs)
        ends = np.arange(rows + 1, dtype=np.int32) * item.occurs
        if counts is not None:
            counts = self._checked(node, counts, frame, path)
            there = (np.arange(item.occurs)[None, :] < counts[:, None]).reshape(-1)
            inside = inside.rows(there)
            ends = np.zeros(rows + 1, np.int32)
            np.cumsum(counts, out=ends[1:])
        return pa.ListArray.from_arrays(pa.array(ends), self._one(node, inside, path))

    def _one(self, node: Node, frame: Frame, path: str) -> pa.Array:
        if not node.children:
            return self.leaf(node, frame, path)
        arrays = self.group(node.children, frame, f"{path}.")
        kind = self.decoder.fields.type_of(node)
        return pa.StructArray.from_arrays(arrays, fields=list(kind))

    def _text(self, node: Node, frame: Frame) -> pa.Array:
        decoder, settings = self.decoder, self.decoder.settings
        picture = node.item.picture
        block = np.ascontiguousarray(frame.block)
        if picture is not None and picture.kind == "national":
            column = national_column(block, settings.national, trim=settings.trim)
        else:
            page = decoder.pages.get(node.name.upper(), decoder.page)
            column = text_column(block, page, trim=settings.trim, drop=decoder.drop)
        nulls = ~block.any(axis=1) if settings.low_values == "null" and not block.all() else None
        if frame.there is not None:
            short = np.flatnonzero((frame.there > 0) & (frame.there < node.size))
            if len(short) and settings.trim in ("none", "left"):  # what is missing is no blank
                pieces = [
                    pc.utf8_slice_codeunits(column[int(row)], 0, int(frame.there[row])) for row in short
                ]
                flags = np.zeros(len(block), np.bool_)
                flags[short] = True
                column = pc.replace_with_mask(column, pa.array(flags), pa.array(pieces, column.type))
            missing = frame.there <= 0
            nulls = missing if nulls is None else nulls | missing
        if nulls is not None and nulls.any():
            column = pc.if_else(pa.array(nulls), pa.scalar(None, column.type), column)
        return column

    def _checked(self, node: Node, counts: Int64, frame: Frame, path: str) -> Int64:
        """Return the elements of each row: never more than the table, or the record, can hold."""
        wrong = (counts < 0) | (counts > node.item.occurs)
        cut = np.zeros(len(counts), np.bool_)
        if frame.there is not None:
            wrong &= frame.there > 0
            if self.decoder.settings.record_format != "line":  # a line may have lost its blanks
                cut = ~wrong & (counts > 0) & ((counts - 1) * node.size >= frame.there)
        held = np.where((counts < 0) | (counts > node.item.occurs), 0, counts)
        refused = wrong | cut
        if not refused.any():
            return held
        row = int(np.flatnonzero(refused)[0])
        if not frame.lenient and self.decoder.settings.invalid == "refuse":
            said = "no number" if counts[row] < 0 else str(int(counts[row]))
            most = f"{node.item.occurs} at most"
            if cut[row] and frame.there is not None:
                most = f"and its record has {int(frame.there[row])} bytes for them"
            self._refuse(f"{path} has {said} elements by {node.item.depending_on}, {most}", node, frame, row)
        self.decoder.problems.counts[path] += int(refused.sum())
        return np.where(cut, -(-(0 if frame.there is None else frame.there) // node.size), held)

    def _report(self, node: Node, frame: Frame, path: str, bad: npt.NDArray[np.bool_]) -> None:
        if frame.lenient or self.decoder.settings.invalid == "null":
            self.decoder.problems.counts[path] += int(bad.sum())
            return
        row = int(np.flatnonzero(bad)[0])
        raw = frame.block[row].tobytes()
        shown = raw[:_SHOWN_BYTES].hex(" ").upper() + (" ..." if len(raw) > _SHOWN_BYTES else "")
        picture = node.item.picture
        what = f"PIC {picture.text} {node.item.usage}" if picture is not None else node.item.usage
        self._refuse(f"{path} ({what}) holds no such number: {shown}", node, frame, row)

    def _refuse(self, message: str, node: Node, frame: Frame, row: int) -> None:
        record = int(frame.record[row])
        start = int(frame.start[row])
        start -= sum(int(added[record]) for place, added in self.origin.inserted if place < start)
        byte = int(self.origin.offsets[record]) + start
        number = self.origin.first + record
        raise BadRecord(
            f"{self.origin.file}, record {number + 1}, byte {byte}: {message}.",
            fix='Check copybook, record_format and code_page; invalid = "null" gives null and counts it.',
            file=self.origin.file,
            record=number + 1,
            byte=byte,
            field=node.name,
        )


def _cut(frame: Frame, size: int) -> npt.NDArray[np.bool_] | None:
    """Return where the record ends within the field."""
    return None if frame.there is None else frame.there < size


def _flags(flags: npt.NDArray[np.bool_] | None, rows: int) -> npt.NDArray[np.bool_]:
    return np.zeros(rows, np.bool_) if flags is None else flags


def _too_large(numbers: Numbers, digits: int) -> npt.NDArray[np.bool_]:
    """Return which numbers have more digits."""
    low, high = numbers.low, numbers.high
    if high is None:
        if digits > 18:
            return np.zeros(len(low), np.bool_)
        return np.asarray((low >= 10**digits) | (low <= -(10**digits)))
    negative = high < 0
    with np.errstate(over="ignore"):
        above = np.where(negative, ~high + (low == 0), high)
        below = np.where(negative, -low, low).view(np.uint64)
    most_above, most_below = divmod(10**digits, 1 << 64)
    at_most = (above == most_above) & (below >= np.uint64(most_below))
    return np.asarray((above > most_above) | (above < 0) | at_most)
