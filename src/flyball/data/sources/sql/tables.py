"""Tables and views, as the database describes them now."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.mysql import SET
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import NoSuchTableError, SAWarning

from flyball.data.sources.errors import BadSource, UnknownStream
from flyball.data.sources.source import Stream
from flyball.data.sources.sql.settings import Settings, Wanted
from flyball.data.sources.sql.types import Column, column_of

__all__ = ["Table", "described", "offered"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that is read as a stream.

    Parameters
    ----------
    stream : str
        "schema.table"; "table" in SQLite.
    schema : str, optional
    name : str
    columns : tuple of Column
    key : tuple of Column
        () where nothing is known to be unique.
    trusted : bool
        Whether the database itself holds the key unique and without NULL. Otherwise it is checked.
    cursor : Column, optional
    lookback : float
    """

    stream: str
    schema: str | None
    name: str
    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    trusted: bool
    cursor: Column | None
    lookback: float

    @property
    def arrow(self) -> pa.Schema:
        """Return the schema of its batches."""
        return pa.schema([column.field for column in self.columns])

    @property
    def clause(self) -> sa.TableClause:
        """Return it for a query; names are quoted where they have to be."""
        return sa.table(self.name, schema=self.schema)

    def as_stream(self) -> Stream:
        """Return what the source offers."""
        cursor = self.cursor.name if self.cursor is not None else ""
        return Stream(self.stream, self.arrow, tuple(column.name for column in self.key), cursor)


def offered(inspector: Inspector, settings: Settings, *, source: str) -> dict[str, tuple[str | None, str]]:
    """Return the streams that are wanted and there: name -> (schema, table), sorted by name.

    Raises
    ------
    BadSource
        A stream that flyball.toml names is not there.
    """
    schema = settings.schema or inspector.default_schema_name
    if settings.dialect.name == "sqlite":
        schema = settings.schema
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        names = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
        if settings.dialect.name in ("postgresql", "oracle"):
            names |= set(inspector.get_materialized_view_names(schema))
    found = {f"{schema}.{name}" if schema else name: (schema, name) for name in sorted(names)}
    for wanted in settings.streams:
        if not any(wanted in (stream, name) for stream, (_, name) in found.items()):
            raise BadSource(
                f"Source {source} has no table or view {wanted!r}, which its streams name.",
                fix=f"There are: {_some(found)}.",
                source=source,
            )
    return {
        stream: place
        for stream, place in sorted(found.items())
        if (not settings.streams or _options(stream, place[1], settings.streams) is not None)
        and _matches(stream, place[1], settings.tables)
    }


def described(inspector: Inspector, settings: Settings, stream: str, *, source: str) -> Table:
    """Return one table with its types and its key.

    Raises
    ------
    UnknownStream
        It is not there, or not wanted.
    BadSource
        A key or cursor is not a column of it, or a type cannot be read.
    """
    known = offered(inspector, settings, source=source)
    named = {name: one for one, (_, name) in known.items()}
    stream = named.get(stream, stream)
    if stream not in known:
        raise UnknownStream(
            f"Source {source} has no stream {stream!r}.", fix=f"Known: {_some(known)}.", source=source
        )
    schema, name = known[stream]
    kind = settings.dialect.name
    try:
        with warnings.catch_warnings():
            # SQLAlchemy warns of types it does not know; `column_of` decides about them.
            warnings.simplefilter("ignore", SAWarning)
            columns = tuple(column_of(one, kind, table=stream) for one in inspector.get_columns(name, schema))
            unique = _unique(inspector, name, schema, columns)
    except NoSuchTableError as err:
        raise UnknownStream(
            f"Source {source}: {stream} is gone.", fix=f"Known: {_some(known)}.", source=source
        ) from err
    wanted = _options(stream, name, settings.streams) or Wanted()
    by_name = {column.name: column for column in columns}
    for column in (*wanted.key, *filter(None, (wanted.cursor,))):
        if column not in by_name:
            raise BadSource(
                f"Source {source}: {stream} has no column {column!r}.",
                fix=f"It has: {', '.join(by_name)}.",
                source=source,
            )
    if not all(_ordered(by_name[column], kind) for column in unique):
        unique = ()
    for column in (*wanted.key, *filter(None, (wanted.cursor,))):
        if not _ordered(by_name[column], kind):
            raise BadSource(
                f"Source {source}: {stream} cannot be read in the order of {column!r}, an ENUM or SET.",
                fix="Name another key or cursor, or read a view that casts the column to CHAR.",
                source=source,
            )
    key = wanted.key or unique
    if wanted.cursor and not key:
        raise BadSource(
            f"Source {source}: {stream} has a cursor but nothing that names a row.",
            fix=f'Name the columns that do: streams."{stream}".key = [...].',
            source=source,
        )
    return Table(
        stream,
        schema,
        name,
        columns,
        tuple(by_name[column] for column in key),
        trusted=not wanted.key or set(wanted.key) == set(unique),
        cursor=by_name.get(wanted.cursor),
        lookback=wanted.lookback,
    )


def _unique(
    inspector: Inspector, name: str, schema: str | None, columns: Sequence[Column]
) -> tuple[str, ...]:
    """Return the primary key, or else the smallest unique constraint without NULL, or ()."""
    filled = {column.name for column in columns if not column.nullable}
    primary = tuple(inspector.get_pk_constraint(name, schema).get("constrained_columns") or ())
    if primary and (set(primary) <= filled or inspector.dialect.name != "sqlite"):
        return primary
    if primary and len(primary) == 1:
        declared = next(str(column.declared) for column in columns if column.name == primary[0])
        if declared.upper() == "INTEGER":  # the row's number, which is never NULL
            return primary
    try:
        constraints = inspector.get_unique_constraints(name, schema)
    except NotImplementedError:  # some dialects do not tell
        constraints = []
    held = [tuple(str(one) for one in constraint["column_names"]) for constraint in constraints]
    return min(
        (one for one in held if one and set(one) <= filled), key=lambda one: (len(one), one), default=()
    )


def _ordered(column: Column, kind: str) -> bool:
    """Return whether ORDER BY and ">" agree: MySQL sorts an ENUM by number and compares it by name."""
    return kind not in ("mysql", "mariadb") or not isinstance(column.declared, sa.Enum | SET)


def _options(stream: str, name: str, streams: Mapping[str, Wanted]) -> Wanted | None:
    return streams.get(stream, streams.get(name))


def _matches(stream: str, name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(stream, one) or fnmatchcase(name, one) for one in patterns)


def _some(names: Mapping[str, object], most: int = 20) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (", ".join(listed[:most]) or "none") + more
