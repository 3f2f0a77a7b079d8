"""Load: page by page behind the last key, so that it goes on after any batch."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.source import Batch
from flyball.data.sources.sql.position import Position, earlier, latest_believed, order_of, read_position
from flyball.data.sources.sql.session import Session
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column

__all__ = ["load"]


def load(session: Session, table: Table, state: str, batch_rows: int) -> Iterator[Batch]:
    """Yield what is new since a state.

    Rows come in the order of the cursor and the key. A new load begins at the largest cursor value
    that was there when the last one *began*, that value included: rows that share it, and rows that
    were committed while the last load ran, are not lost. Rows without a cursor value come every time.

    A table without a key comes whole; until its last batch the state is "", which begins again.

    Parameters
    ----------
    session : Session
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
        A value lies about its type, or a key from flyball.toml does not name rows.
    """
    if not table.key:
        for rows in session.rows(table, _select(table), batch_rows):
            yield Batch(rows, "")
        yield Batch(_no_rows(table), Position(done=True).as_state(table))
        return
    position = read_position(state, table) if state else Position(done=True)
    if position.done:
        position = _beginning(session, table, position)
    if not table.trusted:
        _refuse_null_in_key(session, table)
    before = 0
    while not position.done:
        order = table.key if position.without else order_of(table)
        query = _page(session, table, position, order, batch_rows + (not table.trusted))
        rows, at = session.page(table, query, order=order, before=before)
        if not table.trusted:
            _refuse_twins(rows, order, table)
            rows = rows.slice(0, batch_rows)
        full = rows.num_rows == batch_rows
        position = _next(position, at(batch_rows - 1) if full else (), full=full)
        before += rows.num_rows
        if rows.num_rows or position.done:
            yield Batch(rows, position.as_state(table))


def _beginning(session: Session, table: Table, last: Position) -> Position:
    cursor = table.cursor
    if cursor is None:
        return Position()
    horizon = session.value(sa.select(cursor.formed(sa.func.max(cursor.sql))).select_from(table.clause))
    limit = latest_believed(horizon, dt.datetime.now(dt.UTC))
    if limit is not None and horizon > limit:
        horizon = session.value(
            sa.select(cursor.formed(sa.func.max(cursor.sql)))
            .select_from(table.clause)
            .where(cursor.sql <= session.bind(cursor, limit))
        )
    return Position(
        since=earlier(last.horizon, table.lookback),
        horizon=last.horizon if horizon is None else horizon,
        without=cursor.nullable,
    )


def _select(table: Table) -> sa.Select[Any]:
    # A value in another form must not be called like its column: ORDER BY would sort by the form.
    chosen = [
        column.formed(column.sql).label(column.name if column.form is None else f"flyball_{place}")
        for place, column in enumerate(table.columns)
    ]
    return sa.select(*chosen).select_from(table.clause)


def _page(
    session: Session, table: Table, position: Position, order: tuple[Column, ...], limit: int
) -> sa.Select[Any]:
    query = _select(table).order_by(*(column.sql for column in order)).limit(limit)
    cursor = table.cursor
    if cursor is not None and position.without:
        query = query.where(cursor.sql.is_(None))
    elif cursor is not None and not position.at:
        query = query.where(
            cursor.sql.is_not(None)
            if position.since is None
            else cursor.sql >= session.bind(cursor, position.since)
        )
    if position.at:
        query = query.where(_behind(session, order, position.at))
    return query


def _behind(session: Session, order: tuple[Column, ...], at: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    """Return the condition for rows behind a row: (a, b) > (1, 2), spelt out where need be."""
    if len(order) == 1:
        return order[0].sql > session.bind(order[0], at[0])
    if session.row_values:
        values = [session.bind(column, value) for column, value in zip(order, at, strict=True)]
        return sa.tuple_(*(column.sql for column in order)) > sa.tuple_(*values)
    alternatives = []
    for number, column in enumerate(order):
        same = [one.sql == session.bind(one, at[place]) for place, one in enumerate(order[:number])]
        alternatives.append(sa.and_(*same, column.sql > session.bind(column, at[number])))
    # The first condition follows from the others; it is what lets the index find the beginning.
    return sa.and_(order[0].sql >= session.bind(order[0], at[0]), sa.or_(*alternatives))


def _next(position: Position, at: tuple[Any, ...], *, full: bool) -> Position:
    if full:
        return replace(position, at=at)
    if position.without:
        return replace(position, at=(), without=False)
    # Where it began is no matter any more: a load that found nothing new ends in the same words.
    return replace(position, at=(), since=None, done=True)


def _refuse_null_in_key(session: Session, table: Table) -> None:
    for column in table.key:
        one: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table.clause)
        if column.nullable and session.value(one.where(column.sql.is_(None)).limit(1)) is not None:
            raise BadRecord(
                f"{table.stream} has rows whose key column {column.name} is NULL.",
                fix="Name a key that every row has.",
                stream=table.stream,
                column=column.name,
            )


def _refuse_twins(rows: pa.RecordBatch, order: tuple[Column, ...], table: Table) -> None:
    if rows.num_rows < 2:
        return
    same = None
    for column in order:
        values = rows.column(column.name)
        equal = pc.equal(values.slice(1), values.slice(0, rows.num_rows - 1))
        same = equal if same is None else pc.and_(same, equal)
    if pc.any(same).as_py():
        raise BadSource(
            f"{table.stream} has several rows with the same {', '.join(column.name for column in order)}.",
            fix="Name a key that no two rows share; otherwise rows would be lost between two pages.",
            stream=table.stream,
        )


def _no_rows(table: Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=table.arrow)
