"""Splits that nothing leaks across: by entity, and by time.

A split is a small table of its own: the key of each row, and the part that it belongs to.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.errors import LeakedCases
from flyball.data.datasets.records import Card, Snapshot
from flyball.data.datasets.snapshots import write_snapshot

__all__ = ["EMBARGO", "PART", "keep_split", "refuse_leaks", "split_by_entity", "split_by_time"]

PART = "part"
EMBARGO = "embargo"
"""The part of rows that belong to neither side of a cut in time."""

Entities = Sequence[str | Sequence[str]]


def split_by_entity(
    rows: pa.Table, *, key: Sequence[str], entities: Entities, shares: Mapping[str, float], salt: str
) -> pa.Table:
    """Split rows so that no entity stands in two parts.

    Rows that share a value in a column of `entities` belong together, and so do rows that are linked over
    other rows: payer A with device 1, device 1 with payer B. Each such group goes to a part by the hash of
    its smallest entity, so the same rows and salt give the same split, in any order and on any machine.

    Parameters
    ----------
    rows : Table
        With the columns of `key` and of `entities`.
    key : sequence of str
        The columns that name a row.
    entities : sequence of str or of sequences of str
        Columns; those in a sequence of their own hold the same kind of thing: [("payer", "payee"), "device"].
        Case, white space and the form of Unicode do not tell entities apart; anything else does. A null links
        nothing; a row without any entity is a group of its own.
    shares : mapping of str to float
        Part to its share of the groups; they add up to 1. The shares of rows differ from it where groups
        are large: one group is never divided.
    salt : str
        Another salt is another split.

    Returns
    -------
    Table
        The key columns and `part`, one row per row.

    Raises
    ------
    BadInput
        An unknown column, a key that is not unique, or shares that do not add up to 1.
    """
    if not shares or not abs(sum(shares.values()) - 1) <= 1e-9 or min(shares.values()) < 0:  # NaN is no sum
        raise BadInput(
            f"Shares must add up to 1, got {dict(shares)}.", fix='For instance: {"train": 0.8, "test": 0.2}.'
        )
    kinds = [[one] if isinstance(one, str) else list(one) for one in entities]
    _check_columns(rows, [*key, *(name for kind in kinds for name in kind)])
    _check_key(rows, key)
    names, columns = _numbered(rows, kinds)
    parent = list(range(len(names)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    first: list[int | None] = [None] * rows.num_rows
    for column in columns:
        for row, entity in enumerate(column):
            if entity is None:
                continue
            known = first[row]
            if known is None:
                first[row] = entity
            else:
                parent[root(entity)] = root(known)
    hashes = [hashlib.sha256(canonical_json([salt, *name])).digest() for name in names]
    smallest: dict[int, bytes] = {}
    for entity, hashed in enumerate(hashes):
        group = root(entity)
        smallest[group] = min(smallest.get(group, hashed), hashed)
    keys = rows.select(list(key)).to_pylist()
    parts = [
        _part(
            hashlib.sha256(canonical_json([salt, "row", _plain(keys[row])])).digest()
            if entity is None
            else smallest[root(entity)],
            shares,
        )
        for row, entity in enumerate(first)
    ]
    return rows.select(list(key)).append_column(PART, pa.array(parts, pa.string()))


def split_by_time(
    rows: pa.Table,
    *,
    key: Sequence[str],
    column: str,
    ends: Mapping[str, datetime],
    last: str = "test",
    embargo: timedelta = timedelta(0),
) -> pa.Table:
    """Split rows by time, with a gap behind each cut.

    Parameters
    ----------
    rows : Table
    key : sequence of str
        The columns that name a row.
    column : str
        Timestamps or dates; none may be null. Those without a time zone are taken as UTC.
    ends : mapping of str to datetime
        Part to the moment at which it ends (not included), earliest first.
    last : str
        The part of the rows behind the last end.
    embargo : timedelta
        Rows that fall into so long a time behind a cut belong to no part (`EMBARGO`): their label, or a
        feature that looks back, may rest on what lies before the cut.

    Returns
    -------
    Table
        The key columns and `part`, one row per row.

    Raises
    ------
    BadInput
        An unknown column, a null or another type in it, a key that is not unique, ends out of order.
    """
    _check_columns(rows, [*key, column])
    _check_key(rows, key)
    times = rows.column(column)
    if not (pa.types.is_timestamp(times.type) or pa.types.is_date(times.type)):
        raise BadInput(f"The column {column} holds {times.type}, not times.", fix="Name a column of times.")
    if times.null_count:
        raise BadInput(
            f"{times.null_count} of {rows.num_rows} rows have no {column}.",
            fix="Leave these rows out: when they happened is unknown, so they could leak.",
        )
    cuts = list(ends.values())
    if not cuts or cuts != sorted(set(cuts)) or embargo < timedelta(0):
        raise BadInput(
            f"Ends must rise and the embargo not be negative, got {[str(one) for one in cuts]}, {embargo}.",
            fix="Earliest first.",
        )
    if any(cut.tzinfo is None for cut in cuts):
        raise BadInput(
            f"Ends need a time zone, got {[str(one) for one in cuts]}.",
            fix="For instance: 2026-01-31T00:00:00Z.",
        )
    kind = pa.timestamp("us", "UTC")
    moments = times.cast(pa.timestamp("us", "UTC" if getattr(times.type, "tz", None) else None)).cast(kind)
    parts: pa.ChunkedArray = pa.chunked_array([pa.repeat(pa.scalar(last), rows.num_rows)])
    for name, cut in reversed(list(ends.items())):
        behind = pc.less(moments, pa.scalar(cut + embargo, kind))
        before = pc.less(moments, pa.scalar(cut, kind))
        parts = pc.if_else(behind, EMBARGO, parts)
        parts = pc.if_else(before, name, parts)
    return rows.select(list(key)).append_column(PART, parts.cast(pa.string()))


def refuse_leaks(rows: pa.Table, split: pa.Table, *, key: Sequence[str], entities: Entities) -> None:
    """Refuse a split in which an entity stands in two parts.

    Parameters
    ----------
    rows : Table
    split : Table
        Key columns and `part`; rows under `EMBARGO` are in no part.
    key, entities
        As for `split_by_entity`.

    Raises
    ------
    LeakedCases
        With how many entities of which columns; no value is told.
    BadInput
        A row without a part, or a part without its row.
    """
    kinds = [[one] if isinstance(one, str) else list(one) for one in entities]
    _check_columns(rows, [*key, *(name for kind in kinds for name in kind)])
    _check_key(rows, key)
    _check_key(split, key)
    joined = rows.select(list(dict.fromkeys([*key, *(name for kind in kinds for name in kind)]))).join(
        split.select([*key, PART]), list(key), join_type="full outer"
    )
    if joined.num_rows != rows.num_rows or rows.num_rows != split.num_rows or joined[PART].null_count:
        raise BadInput(
            f"The split has {count(split.num_rows, 'row')} for {count(rows.num_rows, 'row')} of data, "
            "and they do not belong together.",
            fix="Split this content again.",
        )
    joined = joined.filter(pc.not_equal(joined[PART], EMBARGO))
    for kind in kinds:
        pairs = pa.concat_tables(
            [pa.table({"entity": _texts(joined[name]), PART: joined[PART]}) for name in kind]
        )
        pairs = pairs.filter(pc.is_valid(pairs["entity"]))
        parts = pairs.group_by("entity").aggregate([(PART, "count_distinct")])
        leaked = pc.sum(pc.greater(parts[f"{PART}_count_distinct"], 1)).as_py() or 0
        if leaked:
            raise LeakedCases(
                f"{leaked} of {parts.num_rows} entities of {', '.join(kind)} stand in more than one part.",
                fix=f"Split by them: split_by_entity(..., entities=[{', '.join(map(repr, kind))}]).",
                leaked=leaked,
            )


def keep_split(
    catalogue: Catalogue,
    dataset: str,
    split: pa.Table,
    *,
    rows: pa.Table,
    of: Snapshot,
    key: Sequence[str],
    entities: Entities,
    card: Card,
    tag: str | None = None,
) -> Snapshot:
    """Keep a split as a dataset of its own, made from the snapshot that it splits, if nothing leaks.

    Raises
    ------
    LeakedCases
        An entity stands in two parts; nothing was written.
    """
    refuse_leaks(rows, split, key=key, entities=entities)
    return write_snapshot(catalogue, dataset, split, parents=(of.digest,), card=card, tag=tag)


def _numbered(rows: pa.Table, kinds: list[list[str]]) -> tuple[list[list[str]], list[list[int | None]]]:
    """Return the name of each entity, and for each column the numbers of its entities."""
    names: list[list[str]] = []
    columns: list[list[int | None]] = []
    for kind in kinds:
        label = "\0".join(kind)
        values = pa.chunked_array(
            [chunk for name in kind for chunk in _texts(rows[name]).chunks], pa.large_string()
        )
        encoded = values.combine_chunks().dictionary_encode()
        start = len(names)
        names += [[label, value] for value in encoded.dictionary.to_pylist()]
        numbers = pc.add(encoded.indices.cast(pa.int64()), start).to_pylist()
        columns += [numbers[at : at + rows.num_rows] for at in range(0, len(numbers), max(rows.num_rows, 1))]
    return names, columns


def _texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values as texts in one way of writing: "ADA  Lovelace " is the entity "ada lovelace"."""
    try:
        texts = pc.utf8_lower(pc.utf8_normalize(values.cast(pa.large_string()), form="NFKC"))
        return pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), r"\s+", " ")
    except pa.ArrowException as err:
        raise BadInput(
            f"An entity is a text, a number or a date, got {values.type}.", fix="Name another column."
        ) from err


def _part(hashed: bytes, shares: Mapping[str, float]) -> str:
    place, reached = int.from_bytes(hashed[:8], "big") / 2**64, 0.0
    for name, share in shares.items():
        reached += share
        if place < reached:
            return name
    return list(shares)[-1]


def _plain(row: dict[str, object]) -> list[str]:
    return [str(value) for value in row.values()]


def _check_columns(rows: pa.Table, names: Sequence[str]) -> None:
    lost = [name for name in names if name not in rows.schema.names]
    if lost:
        raise BadInput(
            f"There is no column {', '.join(lost)}.", fix=f"Columns: {', '.join(rows.schema.names)}."
        )


def _check_key(rows: pa.Table, key: Sequence[str]) -> None:
    if PART in key:
        raise BadInput(
            f"A key column cannot be called {PART!r}: the split has a column of that name.",
            fix="Rename it, or name another key.",
        )
    different = rows.group_by(list(key)).aggregate([]).num_rows if key else 0
    if different != rows.num_rows:
        raise BadInput(
            f"The key ({', '.join(key)}) names {count(different, 'row')} of {rows.num_rows}.",
            fix="Name the columns that tell rows apart.",
        )
