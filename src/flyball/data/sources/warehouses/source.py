"""Source: a warehouse as the contract of sources wants it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flyball.data.sources.errors import BadSource, UnknownStream
from flyball.data.sources.source import Batch, Stream
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.warehouses.load import load
from flyball.data.sources.warehouses.session import WarehouseSession
from flyball.data.sources.warehouses.settings import StreamSettings, WarehouseSettings

__all__ = ["WarehouseSource"]


@dataclass(frozen=True, slots=True)
class WarehouseSource:
    """Tables and views of one schema of a warehouse, read and never written.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    settings : WarehouseSettings
    connect : callable () -> WarehouseSession
        Connects and signs in.
    """

    name: str
    settings: WarehouseSettings
    connect: Callable[[], WarehouseSession]

    def check(self) -> Mapping[str, str]:
        """Connect, sign in, and say what is there.

        Raises
        ------
        CannotConnect, BadCredentials, NothingThere, MissingExtra
        """
        with contextlib.closing(self.connect()) as session:
            offered = self.settings.offered(session.tables(), source=self.name)
            return {**session.facts(), "schema": self.settings.schema, "streams": str(len(offered))}

    def streams(self) -> tuple[Stream, ...]:
        """Return the tables and views that are wanted, sorted by name, as they are now."""
        with contextlib.closing(self.connect()) as session:
            offered = self.settings.offered(session.tables(), source=self.name)
            return tuple(self._described(session, one, table).as_stream() for one, table in offered.items())

    def batches(self, stream: str, state: str = "") -> Iterator[Batch]:
        """Yield rows of a table; see `load` for the order and for what a state means.

        Raises
        ------
        UnknownStream, SourceGone, BadRecord, SchemaDrifted
        """
        with contextlib.closing(self.connect()) as session:
            offered = self.settings.offered(session.tables(), source=self.name)
            by_table = {table: one for one, table in offered.items()}
            stream = by_table.get(stream, stream)
            if stream not in offered:
                raise UnknownStream(
                    f"Source {self.name} has no stream {stream!r}.",
                    fix=f"Known: {', '.join(list(offered)[:20]) or 'none'}.",
                    source=self.name,
                )
            table = self._described(session, stream, offered[stream])
            yield from load(session, table, state, self.settings.batch_rows)

    def _described(self, session: WarehouseSession, stream: str, name: str) -> Table:
        wanted = self.settings.options(name) or StreamSettings()
        columns = {column.name: column for column in session.columns(name)}
        for column in (*wanted.key, *filter(None, (wanted.cursor,))):
            if column not in columns:
                raise BadSource(
                    f"Source {self.name}: {stream} has no column {column!r}.",
                    fix=f"It has: {', '.join(columns)}.",
                    source=self.name,
                )
        key = wanted.key or session.primary_key(name)
        if wanted.cursor and not key:
            raise BadSource(
                f"Source {self.name}: {stream} has a cursor but nothing that names a row.",
                fix=f'Name the columns that do: streams."{stream}".key = [...].',
                source=self.name,
            )
        return Table(
            stream,
            self.settings.schema,
            name,
            tuple(columns.values()),
            tuple(columns[column] for column in key),
            trusted=False,
            cursor=columns.get(wanted.cursor),
            lookback=wanted.lookback,
        )
