"""Families: root records with the records that belong to them, as lists within their groups."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.mainframe.layout import Layout, find_node
from flyball.data.sources.mainframe.pieces import Kinds, Piece
from flyball.data.sources.mainframe.settings import MainframeSettings

__all__ = ["Families"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Segment:
    """A group with its column, its kinds of records, and the groups below it."""

    name: str
    column: str
    kinds: tuple[str, ...]
    children: tuple["_Segment", ...]


class Families:
    """Nests the records of a file as the setting `segment_children` says.

    Parameters
    ----------
    layout : Layout
    settings : MainframeSettings
    columns : dict
        From the name of each group in capitals to its column.
    root : str
        The one column around all of them; "" for none.

    Raises
    ------
    BadSource
        A group has no kinds of records, or two parents, or itself among its descendants.
    BadCopybook
        A setting names a group that is not there.
    """

    def __init__(
        self, layout: Layout, settings: MainframeSettings, columns: dict[str, str], root: str = ""
    ) -> None:
        def plain(group: str) -> str:
            return find_node(layout, group)[0][-1].name.upper()

        self._kinds = {plain(group): kinds for group, kinds in settings.segments.items()}
        self._below = {
            plain(group): tuple(map(plain, below)) for group, below in settings.segment_children.items()
        }
        self._columns, self._root = columns, root
        inside = [child for below in self._below.values() for child in below]
        roots = [group for group in self._kinds if group not in inside]
        twice = [child for child in inside if inside.count(child) > 1]
        without = [group for group in (*self._below, *inside) if group not in self._kinds]
        if without or twice or not roots:
            told = f"{without[0]} has no kinds of records" if without else "a group has two parents or none"
            raise BadSource(
                f"segment_children cannot be: {told}.",
                fix="Give each group its kinds in segments, and one parent at most; a root has none.",
            )
        self.roots = tuple(self._segment(group, ()) for group in roots)
        self.root_kinds = tuple(kind for root in self.roots for kind in root.kinds)

    def whole(self, pieces: Iterator[Piece], kinds_of: Kinds) -> Iterator[Piece]:
        """Yield the same records, each piece with whole families; what is not complete waits."""
        waiting: Piece | None = None
        for piece in pieces:
            kinds = kinds_of(piece.block)
            roots = np.flatnonzero([kind in self.root_kinds for kind in kinds.to_pylist()])
            if not len(roots):
                waiting = piece if waiting is None else waiting.followed_by(piece)
                continue
            last = int(roots[-1])
            if waiting is not None or last:
                head = piece.rows(0, last)
                yield head if waiting is None else waiting.followed_by(head)
            waiting = piece.rows(last, len(piece.block))
        if waiting is not None:
            yield waiting

    def schema(self, flat: pa.Schema) -> pa.Schema:
        """Return the schema of nested rows."""
        empty = pa.RecordBatch.from_pylist([], schema=flat)
        return self.nested(empty, [], np.zeros(0, np.int64), "", 0).schema

    def nested(
        self, rows: pa.RecordBatch, kinds: list[str | None], offsets: Int64, file: str, first: int
    ) -> pa.RecordBatch:
        """Return one row for each root record, its descendants within it.

        Parameters
        ----------
        rows : RecordBatch
            Of whole families, one row for each record.
        kinds : list of str or None
            Of each record.
        offsets : int64 of shape (records,)
        file : str
        first : int
            Number of the first record, from 0.

        Raises
        ------
        BadRecord
            A record is of no kind, or stands where its parent has not come yet.
        """
        if self._root:  # one column of everything: nest what is in it
            place = rows.schema.get_field_index(self._root)
            inner = rows.column(place)
            names = [one.name for one in inner.type]
            others = [one for one in rows.schema if one.name != self._root]
            flat = pa.RecordBatch.from_arrays(
                [rows.column(one.name) for one in others] + inner.flatten(),
                schema=pa.schema(others + list(inner.type)),
            )
            flat = self._nested(flat, kinds, _Places(file, first, offsets))
            kept = [one for one in flat.schema if one.name in names]
            whole = pa.StructArray.from_arrays([flat.column(one.name) for one in kept], fields=kept)
            others = [one for one in flat.schema if one.name not in names]
            return pa.RecordBatch.from_arrays(
                [flat.column(one.name) for one in others] + [whole],
                schema=pa.schema([*others, pa.field(self._root, whole.type)]),
            )
        return self._nested(rows, kinds, _Places(file, first, offsets))

    def _nested(self, rows: pa.RecordBatch, kinds: list[str | None], where: "_Places") -> pa.RecordBatch:
        known = {kind: segment for root in self.roots for segment in _all(root) for kind in segment.kinds}
        segments = [known.get(kind or "") for kind in kinds]
        for number, segment in enumerate(segments):
            if segment is None:
                raise where.refused(number, f"its kind {kinds[number]!r} is none of those in segments")
        names = [segment.name for segment in segments if segment is not None]
        of = {
            segment.name: np.flatnonzero(np.array([name == segment.name for name in names], np.bool_))
            for root in self.roots
            for segment in _all(root)
        }
        roots = np.sort(np.concatenate([of[root.name] for root in self.roots]))
        if len(names) and (not len(roots) or roots[0] != 0):
            raise where.refused(0, "it stands before the first root record")
        inside = {segment.column for root in self.roots for segment in _all(root) if segment is not root}
        by_column = {root.column: root for root in self.roots}
        fields, arrays = [], []
        for name in rows.schema.names:
            if name in by_column:
                root = by_column[name]
                found = self._built(rows, root, of, where, [])
                places = np.searchsorted(of[root.name], roots)
                own = np.isin(roots, of[root.name])
                arrays.append(found.take(pa.array(np.where(own, places, 0), pa.int64(), mask=~own)))
            elif name not in inside:
                arrays.append(rows.column(name).take(pa.array(roots)))
            else:
                continue
            fields.append(pa.field(name, arrays[-1].type))
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    def _built(
        self,
        rows: pa.RecordBatch,
        segment: _Segment,
        of: dict[str, Int64],
        where: "_Places",
        above: list[Int64],
    ) -> pa.StructArray:
        own = of[segment.name]
        group = rows.column(segment.column).take(pa.array(own))
        fields, arrays = list(group.type), group.flatten()
        for child in segment.children:
            below = of[child.name]
            parents = np.searchsorted(own, below) - 1
            if len(below) and not len(own):
                raise where.refused(int(below[0]), f"no {segment.name} stands before it")
            for elder in above:  # a new grandparent has no such child before it has the parent
                if not len(below):
                    continue
                since = np.searchsorted(elder, below) - 1
                newer = (parents < 0) | (elder[since] > own[np.maximum(parents, 0)])
                if newer.any():
                    raise where.refused(int(below[newer][0]), f"no {segment.name} stands before it")
            ends = np.searchsorted(parents, np.arange(len(own) + 1)).astype(np.int32)
            found = self._built(rows, child, of, where, [*above, own])
            arrays.append(pa.ListArray.from_arrays(pa.array(ends), found))
            fields.append(pa.field(child.column, arrays[-1].type))
        return pa.StructArray.from_arrays(arrays, fields=fields)

    def _segment(self, name: str, above: tuple[str, ...]) -> _Segment:
        if name in above:
            raise BadSource(f"segment_children has {name} below itself.", fix="Correct the groups.")
        below = tuple(self._segment(child, (*above, name)) for child in self._below.get(name, ()))
        if name not in self._columns:
            raise BadSource(
                f"Group {name} is not at the top of its record, so it cannot be nested.",
                fix="Name groups that redefine each other directly below the 01 level.",
            )
        return _Segment(name, self._columns[name], self._kinds[name], below)


def _all(segment: _Segment) -> list[_Segment]:
    return [segment, *(one for child in segment.children for one in _all(child))]


@dataclass(frozen=True)
class _Places:
    file: str
    first: int
    offsets: Int64

    def refused(self, number: int, why: str) -> BadRecord:
        record, byte = self.first + number + 1, int(self.offsets[number])
        return BadRecord(
            f"{self.file}, record {record}, byte {byte}: the record belongs to no other: {why}.",
            fix="Check segments and segment_children; segment_filter leaves kinds out.",
            file=self.file,
            record=record,
            byte=byte,
        )
