"""Driver: a session over SQLAlchemy, for every database but PostgreSQL."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from flyball.core.extras import optional_import
from flyball.data.sources.sql.settings import Settings
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column
from flyball.data.sources.sql.values import batch_of

__all__ = ["DriverSession", "connect"]

_CONNECT_SECONDS = 15


def connect(settings: Settings) -> Connection:
    """Connect and sign in; the secret is fetched here and kept nowhere.

    Raises
    ------
    MissingExtra
        The driver is not installed.
    """
    dialect = settings.dialect
    if dialect.module:
        optional_import(dialect.module, extra=dialect.extra)
    user, password = settings.user, settings.password
    url = settings.url.set(drivername=f"{dialect.name}+{dialect.driver}")
    if user is not None:
        url = url.set(username=user if isinstance(user, str) else user.reveal())
    if password is not None:
        url = url.set(password=password.reveal())
    engine = sa.create_engine(
        _read_only_file(url) if dialect.name == "sqlite" else url,
        poolclass=sa.pool.NullPool,
        hide_parameters=True,
        connect_args=_arguments(settings),
    )
    return engine.connect()


def _read_only_file(url: URL) -> URL:
    return url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})


def _arguments(settings: Settings) -> dict[str, Any]:
    """Return how long a connection may take, in each driver's words."""
    answer = settings.statement_timeout_seconds + 30  # the server gives up first, and says why
    return {
        "postgresql": {"connect_timeout": _CONNECT_SECONDS},
        "mysql": {"connect_timeout": _CONNECT_SECONDS, "read_timeout": answer},
        "mariadb": {"connect_timeout": _CONNECT_SECONDS, "read_timeout": answer},
        "oracle": {"tcp_connect_timeout": _CONNECT_SECONDS},
        "mssql": {"timeout": _CONNECT_SECONDS},
    }.get(settings.dialect.name, {})


class DriverSession:
    """A connection through SQLAlchemy and a driver that hands over Python values.

    Parameters
    ----------
    connection : Connection
        Owned by the session from now on.
    settings : Settings
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self.row_values = settings.dialect.row_values
        dialect, seconds = settings.dialect, settings.statement_timeout_seconds
        driver: Any = connection.connection.driver_connection
        if dialect.name == "oracle":
            driver.call_timeout = seconds * 1_000
        elif dialect.name == "mssql":
            driver.timeout = seconds
        connection.rollback()
        for statement in dialect.statements:
            self._run(statement.format(seconds=seconds, milliseconds=seconds * 1_000))
        connection.rollback()
        if settings.snapshot:
            self._begin(dialect.snapshot)

    def _run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)

    def _begin(self, statements: tuple[str, ...]) -> None:
        for statement in statements:
            self._run(statement)

    def bind(self, column: Column, value: Any) -> sa.ColumnElement[Any]:
        """Return a bound parameter, turned back where the column was read in another form."""
        parameter = sa.literal(value)
        return parameter if column.back is None else column.back(parameter)

    def page(
        self, table: Table, query: sa.Select[Any], *, order: tuple[Column, ...], before: int
    ) -> tuple[pa.RecordBatch, Callable[[int], tuple[Any, ...]]]:
        """Return the rows of a query, and a function from row to its raw values of `order`."""
        if not self._settings.snapshot:
            self._begin(self._settings.dialect.page)
        try:
            rows = self._connection.execute(query).fetchall()
        except sa.exc.OperationalError:
            if not self._keep_bad_text():
                raise
            rows = self._connection.execute(query).fetchall()
        if not self._settings.snapshot:
            self._connection.rollback()
        names = [column.name for column in table.columns]
        places = [names.index(column.name) for column in order]
        batch = self._batch(rows, table, before)
        return batch, lambda row: tuple(rows[row][place] for place in places)

    def rows(self, table: Table, query: sa.Select[Any], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query, of which the server keeps the rest."""
        self._begin(self._settings.dialect.streaming)
        self._keep_bad_text()  # there is no going back in the middle of a result
        result = self._connection.execution_options(stream_results=True, max_row_buffer=batch_rows).execute(
            query
        )
        before = 0
        for rows in result.partitions(batch_rows):
            yield self._batch(list(rows), table, before)
            before += len(rows)

    def _keep_bad_text(self) -> bool:
        """Let SQLite hand over text that is not UTF-8 as bytes, so that its row can be named."""
        if self._settings.dialect.name != "sqlite":
            return False
        driver: Any = self._connection.connection.driver_connection
        changed = driver.text_factory is str
        driver.text_factory = _text_or_bytes
        return changed

    def _batch(self, rows: Any, table: Table, before: int) -> pa.RecordBatch:
        return batch_of(
            rows,
            table.columns,
            table=table.stream,
            before=before,
            texts=self._settings.dialect.name == "sqlite",
        )

    def value(self, query: sa.Select[Any]) -> Any:
        """Return the first value of the first row; None for no row."""
        return self._connection.execute(query).scalar()

    def close(self) -> None:
        """End it; a connection that is broken already is no error."""
        with contextlib.suppress(Exception):
            self._connection.close()


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
