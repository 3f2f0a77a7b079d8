"""Load: one statement in the order of cursor and key, so that it goes on after any batch.

A warehouse has no index to begin a page at: each page would read the table. One statement also sees one
moment of the table, however long its rows take to arrive.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.source import Batch
from flyball.data.sources.sql.position import Position, earlier, latest_believed, order_of, read_position
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column
from flyball.data.sources.sql.values import batch_of, cast, misfit
from flyball.data.sources.warehouses.session import WarehouseSession, compiled

__all__ = ["load"]


def load(session: WarehouseSession, table: Table, state: str, batch_rows: int) -> Iterator[Batch]:
    """Yield what is new since a state.

    A new load begins at the largest cursor value that was there when the last one *began*, that value
    included, less the lookback. Rows without a cursor value come first, and every time. A table without
    a key comes whole, and until its last batch the state is "", which begins again.

    Parameters
    ----------
    session : WarehouseSession
    table : Table
    state : str
        Of a batch, or "".
    batch_rows : int
        Rows in a batch, at least 1.

    Raises
    ------
    SchemaDrifted
        The state is about another key or cursor.
    BadRecord
        A value does not fit its type, or a key is NULL.
    BadSource
        Several rows share a key.
    """
    nothing = pa.RecordBatch.from_pylist([], schema=table.arrow)
    if not table.key:
        for rows in _rows(session, table, _select(table), batch_rows):
            yield Batch(rows, "")
        yield Batch(nothing, Position(done=True).as_state(table))
        return
    position = read_position(state, table) if state else Position(done=True)
    if position.done:
        position = _beginning(session, table, position)
    last: tuple[Any, ...] = ()
    for rows in _rows(session, table, _query(table, position), batch_rows):
        _refuse_null_in_key(rows, table)
        order = order_of(table)
        _refuse_twins(rows, order, last, table)
        last = tuple(rows.column(column.name)[-1].as_py() for column in order)
        without = table.cursor is not None and last[0] is None
        position = replace(position, at=last[1:] if without else last, without=without)
        yield Batch(rows, position.as_state(table))
    yield Batch(nothing, replace(position, at=(), since=None, without=False, done=True).as_state(table))


def _beginning(session: WarehouseSession, table: Table, last: Position) -> Position:
    cursor = table.cursor
    if cursor is None:
        return Position()
    largest = sa.select(cursor.formed(sa.func.max(cursor.sql)).label(cursor.name)).select_from(table.clause)
    horizon = _value(session, table, cursor, largest)
    limit = latest_believed(horizon, datetime.now(UTC))
    if limit is not None and horizon > limit:
        horizon = _value(session, table, cursor, largest.where(cursor.sql <= _bound(cursor, limit)))
    return Position(
        since=earlier(last.horizon, table.lookback), horizon=last.horizon if horizon is None else horizon
    )


def _select(table: Table) -> sa.Select[Any]:
    # A value in another form must not be called like its column: ORDER BY would sort by the form.
    chosen = [
        column.formed(column.sql).label(column.name if column.form is None else f"flyball_{place}")
        for place, column in enumerate(table.columns)
    ]
    return sa.select(*chosen).select_from(table.clause)


def _query(table: Table, position: Position) -> sa.Select[Any]:
    order, cursor = order_of(table), table.cursor
    query = _select(table).order_by(*(sa.nulls_first(column.sql) for column in order))
    if not position.at:
        if cursor is None or position.since is None:
            return query
        changed = cursor.sql >= _bound(cursor, position.since)
        return query.where(sa.or_(cursor.sql.is_(None), changed) if cursor.nullable else changed)
    if not position.without or cursor is None:
        return query.where(_behind(order, position.at))
    filled = (
        cursor.sql.is_not(None) if position.since is None else cursor.sql >= _bound(cursor, position.since)
    )
    return query.where(sa.or_(sa.and_(cursor.sql.is_(None), _behind(table.key, position.at)), filled))


def _behind(order: Sequence[Column], at: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition for rows behind a row; a > 1 or (a = 1 and b > 2)."""
    found = []
    for number, column in enumerate(order):
        same = [one.sql == _bound(one, at[place]) for place, one in enumerate(order[:number])]
        found.append(sa.and_(*same, column.sql > _bound(column, at[number])))
    return sa.or_(*found)


def _bound(column: Column, value: Any) -> sa.ColumnElement[Any]:
    """Return a value as text beside the statement, cast to the type of its column there."""
    if isinstance(value, bytes):
        raise BadSource(
            f"The column {column.name} is binary and cannot order a load.",
            fix="Name another key or cursor.",
            column=column.name,
        )
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    parameter = sa.bindparam("p", text, unique=True, type_=sa.String())
    return sa.cast(parameter, column.declared)


def _value(session: WarehouseSession, table: Table, column: Column, query: sa.Select[Any]) -> Any:
    one = replace(table, columns=(replace(column, nullable=True),))
    for rows in _rows(session, one, query, 1):
        return rows.column(0)[0].as_py()
    return None


def _rows(
    session: WarehouseSession, table: Table, query: sa.Select[Any], batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in batches of the table's schema, none of them empty."""
    waiting: list[pa.RecordBatch] = []
    count = before = 0
    for arrived in session.run(compiled(query, session)):
        if isinstance(arrived, pa.Table):
            waiting += _as_declared(arrived, table, before + count)
        elif arrived:
            waiting.append(
                batch_of(arrived, table.columns, table=table.stream, before=before + count, texts=False)
            )
        count = sum(rows.num_rows for rows in waiting)
        while count >= batch_rows:
            held = pa.Table.from_batches(waiting, table.arrow)
            yield held.slice(0, batch_rows).combine_chunks().to_batches()[0]
            before += batch_rows
            count -= batch_rows
            waiting = held.slice(batch_rows).to_batches()
    if count:
        yield pa.Table.from_batches(waiting, table.arrow).combine_chunks().to_batches()[0]


def _as_declared(read: pa.Table, table: Table, before: int) -> list[pa.RecordBatch]:
    if not read.num_rows:
        return []
    arrays = []
    for place, column in enumerate(table.columns):
        values = read.column(place)
        if values.null_count and not column.nullable:
            row = before + pc.index(pc.is_null(values), True).as_py() + 1
            raise misfit(column, table=table.stream, row=row, holds="NULL")
        arrays.append(cast(values, column, table=table.stream, before=before))
    found: list[pa.RecordBatch] = pa.Table.from_arrays(arrays, schema=table.arrow).to_batches()
    return found


def _refuse_null_in_key(rows: pa.RecordBatch, table: Table) -> None:
    for column in table.key:
        if rows.column(column.name).null_count:
            raise BadRecord(
                f"{table.stream} has rows whose key column {column.name} is NULL.",
                fix="Name a key that every row has.",
                stream=table.stream,
                column=column.name,
            )


def _refuse_twins(rows: pa.RecordBatch, order: Sequence[Column], last: tuple[Any, ...], table: Table) -> None:
    """Refuse neighbours that share a key: a state could not tell them apart."""
    keys = [rows.column(column.name).to_pylist() for column in order]
    listed = list(zip(*keys, strict=True))
    if any(one == other for one, other in pairwise([last, *listed] if last else listed)):
        raise BadSource(
            f"{table.stream} has several rows with the same {', '.join(column.name for column in order)}.",
            fix="Name a key that no two rows share; otherwise rows would be lost between two batches.",
            stream=table.stream,
        )
