"""Source: a database as the contract of sources wants it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ProgrammingError

from flyball.data.sources.errors import BadSource, NothingThere
from flyball.data.sources.source import Batch, Stream
from flyball.data.sources.sql.driver import DriverSession, connect
from flyball.data.sources.sql.faults import driver_errors, option_errors, raise_fault
from flyball.data.sources.sql.load import load
from flyball.data.sources.sql.postgresql import PostgresqlSession
from flyball.data.sources.sql.session import Session
from flyball.data.sources.sql.settings import Settings
from flyball.data.sources.sql.tables import described, offered

__all__ = ["DatabaseSource"]


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """Tables and views of one schema of a database, read and never written.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    settings : Settings
    """

    name: str
    settings: Settings

    def check(self) -> Mapping[str, str]:
        """Connect, sign in, and say what is there.

        Raises
        ------
        CannotConnect, BadCredentials, NothingThere, MissingExtra
        """
        with self._connected() as connection:
            try:
                version = _version(connection, self.settings.dialect.version)
                tables = offered(sa.inspect(connection), self.settings, source=self.name)
            except driver_errors() as err:
                raise_fault(err, self.settings.dialect, source=self.name, doing="look around")
        url = self.settings.url
        held = "one snapshot per load" if self.settings.snapshot else "one transaction per batch"
        return {
            "server": url.host or str(url.query.get("host", "")) or url.database or "",
            "database": url.database or "",
            "version": version,
            "reads": held,
            "streams": str(len(tables)),
        }

    def streams(self) -> tuple[Stream, ...]:
        """Return the tables and views that are wanted, sorted by name, as they are now."""
        with self._connected() as connection:
            try:
                inspector = sa.inspect(connection)
                names = offered(inspector, self.settings, source=self.name)
                return tuple(
                    described(inspector, self.settings, name, source=self.name).as_stream() for name in names
                )
            except driver_errors() as err:
                raise_fault(err, self.settings.dialect, source=self.name, doing="describe its tables")

    def batches(self, stream: str, state: str = "") -> Iterator[Batch]:
        """Yield rows of a table; see `load` for the order and for what a state means.

        Raises
        ------
        UnknownStream, SourceGone, BadRecord, SchemaDrifted
        """
        connection = self._connected()
        session: Session | None = None
        doing = f"read {stream}"
        try:
            table = described(sa.inspect(connection), self.settings, stream, source=self.name)
            if self.settings.dialect.name == "postgresql":
                url = connection.engine.url
                connection.close()
                session = PostgresqlSession(url, self.settings)
            else:
                session = DriverSession(connection, self.settings)
            yield from load(session, table, state, self.settings.batch_rows)
        except driver_errors() as err:
            raise_fault(err, self.settings.dialect, source=self.name, doing=doing)
        finally:
            if session is not None:
                session.close()
            connection.close()

    def _connected(self) -> Connection:
        settings = self.settings
        path = settings.url.database or ""
        if settings.dialect.name == "sqlite" and not Path(path).is_file():
            raise NothingThere(
                f"Source {self.name}: there is no file {path}.", fix="Check the path.", source=self.name
            )
        where = f"{settings.url.host}:{settings.url.port}" if settings.url.port else settings.url.host
        doing = f"sign in to {where}" if where else "sign in"
        try:
            return connect(settings)
        except option_errors() as err:
            self._refuse_options(err)
        except driver_errors() as err:
            if _refuses_options(err):
                self._refuse_options(err)
            raise_fault(err, settings.dialect, source=self.name, doing=doing, connecting=True)

    def _refuse_options(self, err: Exception) -> NoReturn:
        """Say that a driver was given what it cannot use; its text may quote a file that an option names."""
        options = ", ".join(self.settings.url.query)
        raise BadSource(
            f"Source {self.name}: the driver of {self.settings.dialect.name} cannot use its URL or user "
            f"({type(err).__name__})" + (f"; the options in it are {options}." if options else "."),
            fix="Take out what the manual of the driver does not name, and mend the values.",
            source=self.name,
        ) from None


def _refuses_options(err: Exception) -> bool:
    """Return whether a driver refused before it connected: psycopg has no code then."""
    return isinstance(err, ProgrammingError) and getattr(err.orig, "sqlstate", "none") is None


def _version(connection: Connection, query: str) -> str:
    if query:
        return str(connection.exec_driver_sql(query).scalar()).splitlines()[0]
    return ".".join(map(str, connection.dialect.server_version_info or ()))
