"""PostgreSQL: a session over ADBC, whose rows come by binary COPY and never become Python objects."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import URL

from flyball.core.extras import optional_import
from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.sql.settings import Settings
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column
from flyball.data.sources.sql.values import cast, misfit

__all__ = ["PostgresqlSession"]

# Years 1 to 9999. ADBC turns "infinity", and what lies outside, into a wrong number without a word.
_DAYS = (dt.date.min.toordinal() - 719_163, dt.date.max.toordinal() - 719_163)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)
_GUARD = "flyball guard "


class PostgresqlSession:
    """A connection through ADBC.

    COPY takes no parameters, so values travel as session variables, set by a bound parameter and read
    by `current_setting`: no statement ever holds a value.

    Parameters
    ----------
    url : URL
        As libpq takes it, with the password.
    settings : Settings
    """

    row_values = True

    def __init__(self, url: URL, settings: Settings) -> None:
        driver = optional_import("adbc_driver_postgresql.dbapi", extra="postgres")
        self._values: list[str] = []
        self._streaming = settings.dialect.streaming
        self._connection: Any = driver.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )
        self._cursor: Any = self._connection.cursor()
        dialect, seconds = settings.dialect, settings.statement_timeout_seconds
        for statement in (*dialect.statements, *(dialect.snapshot if settings.snapshot else dialect.page)):
            self._cursor.execute(statement.format(milliseconds=seconds * 1_000))
        if settings.snapshot:
            self._connection.adbc_connection.set_autocommit(False)

    def bind(self, column: Column, value: Any) -> sa.ColumnElement[Any]:
        """Return a session variable that will hold the value, cast to the column's type."""
        if isinstance(column.declared, sa.types.NullType):
            raise BadSource(
                f"The column {column.name} has a type that cannot order a load.",
                fix="Name another key or cursor.",
                column=column.name,
            )
        self._values.append(_text(value))
        name = f"flyball.v{len(self._values)}"
        return sa.cast(sa.func.current_setting(sa.literal_column(f"'{name}'")), column.declared)

    def _execute(self, query: sa.Select[Any]) -> None:
        for number, value in enumerate(self._values, 1):
            self._cursor.execute("SELECT set_config($1, $2, false)", (f"flyball.v{number}", value))
            self._cursor.fetchall()
        self._values.clear()
        # "named": the other styles of parameters double the percent signs of names.
        dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
        compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        self._cursor.execute(str(compiled))

    def page(
        self, table: Table, query: sa.Select[Any], *, order: tuple[Column, ...], before: int
    ) -> tuple[pa.RecordBatch, Callable[[int], tuple[Any, ...]]]:
        """Return the rows of a query, and a function from row to its values of `order`."""
        self._execute(_guarded(query, table))
        read = self._cursor.fetch_arrow_table()
        rows = _batch(read, table, before)
        return rows, lambda row: tuple(rows.column(column.name)[row].as_py() for column in order)

    def rows(self, table: Table, query: sa.Select[Any], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one COPY while it runs."""
        for statement in self._streaming:
            self._cursor.execute(statement)
        self._execute(_guarded(query, table))
        reader = self._cursor.fetch_record_batch()
        waiting: list[pa.RecordBatch] = []
        count = before = 0
        for arrived in reader:
            waiting.append(arrived)
            count += arrived.num_rows
            while count >= batch_rows:
                held = pa.Table.from_batches(waiting, reader.schema)
                yield _batch(held.slice(0, batch_rows), table, before)
                before += batch_rows
                count -= batch_rows
                waiting = held.slice(batch_rows).to_batches()
        if count:
            yield _batch(pa.Table.from_batches(waiting, reader.schema), table, before)

    def value(self, query: sa.Select[Any]) -> Any:
        """Return the first value of the first row; None for no row."""
        self._execute(query)
        read = self._cursor.fetch_arrow_table()
        if not read.num_rows:
            return None
        values = _storage(read.column(0))
        if _outside(values) is not None:
            raise BadRecord(
                "The largest value of the cursor is infinity, or a year after 9999.",
                fix="Read a view that leaves those rows out.",
            )
        return values[0].as_py()

    def close(self) -> None:
        """End it; a connection that is broken already is no error."""
        with contextlib.suppress(Exception):
            self._cursor.close()
        with contextlib.suppress(Exception):
            self._connection.close()


def _text(value: Any) -> str:
    """Return a value as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _guarded(query: sa.Select[Any], table: Table) -> sa.Select[Any]:
    """Add a column per array that tells arrays of arrays: ADBC would flatten them without a word."""
    guards = [
        (sa.func.array_ndims(column.sql) > sa.literal_column("1")).label(_GUARD + column.name)
        for column in table.columns
        if pa.types.is_list(column.arrow)
    ]
    return query.add_columns(*guards) if guards else query


def _batch(read: pa.Table, table: Table, before: int) -> pa.RecordBatch:
    arrays = []
    for position, column in enumerate(table.columns):
        values = _storage(read.column(position))
        if pa.types.is_list(column.arrow):
            guard = read.column(_GUARD + column.name)
            if pc.any(guard).as_py():
                row = before + pc.index(guard, True).as_py() + 1
                raise misfit(column, table=table.stream, row=row, holds="an array of arrays")
        outside = _outside(values)
        if outside is not None:
            raise misfit(
                column,
                table=table.stream,
                row=before + outside + 1,
                holds="infinity or a year outside 1 to 9999",
            )
        if values.null_count and not column.nullable:
            row = before + pc.index(pc.is_null(values), True).as_py() + 1
            raise misfit(column, table=table.stream, row=row, holds="NULL")
        arrays.append(cast(values, column, table=table.stream, before=before))
    return pa.RecordBatch.from_arrays(arrays, schema=table.arrow)


def _storage(values: pa.ChunkedArray) -> pa.Array:
    """Return the plain values of a column: ADBC wraps numeric, uuid and json in extension types."""
    array = values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no chunks
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return _unwrapped(array)


def _unwrapped(array: pa.Array) -> pa.Array:
    if isinstance(array.type, pa.BaseExtensionType):
        return array.storage
    if pa.types.is_list(array.type) and isinstance(array.type.value_type, pa.BaseExtensionType):
        inner = array.values.storage
        return pa.ListArray.from_arrays(array.offsets, inner, mask=pc.is_null(array))
    return array


def _outside(values: pa.Array) -> int | None:
    """Return the first place whose date or time Python and Iceberg cannot hold; None for nowhere."""
    if pa.types.is_date32(values.type):
        numbers, (smallest, largest) = values.view(pa.int32()), _DAYS
    elif pa.types.is_timestamp(values.type):
        numbers, (smallest, largest) = values.view(pa.int64()), _MICROSECONDS
    else:
        return None
    bad = pc.or_(pc.less(numbers, smallest), pc.greater(numbers, largest))
    if not pc.any(bad).as_py():
        return None
    place: int = pc.index(bad, True).as_py()
    return place
