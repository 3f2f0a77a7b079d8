"""Session: one connection to a warehouse that answers a statement in Arrow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import IdentifierPreparer

from flyball.data.sources.sql.types import Column

__all__ = ["Declared", "Statement", "WarehouseSession", "compiled"]


class Declared(sa.types.UserDefinedType[Any]):
    """A type in the warehouse's own words."""

    cache_ok = True

    def __init__(self, word: str) -> None:
        self.word = word

    def get_col_spec(self, **_: Any) -> str:
        """Return the words, for a CAST."""
        return self.word


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and the values that travel beside it."""

    text: str
    values: Mapping[str, str]


class WarehouseSession(Protocol):
    """What a load needs of a warehouse; its errors are already those of sources."""

    quote: str
    paramstyle: Literal["named", "pyformat"]

    def facts(self) -> Mapping[str, str]:
        """Return facts for people: server, version, user."""
        ...

    def tables(self) -> Sequence[str]:
        """Return the names of the tables and views of the schema."""
        ...

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a table, in order."""
        ...

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return the primary key that is declared; no warehouse enforces it. () for none."""
        ...

    def run(self, statement: Statement) -> Iterator[pa.Table | Sequence[Sequence[Any]]]:
        """Yield the rows of one statement, in Arrow, or as values where there is no Arrow."""
        ...

    def close(self) -> None:
        """End it, whatever state it is in."""
        ...


def compiled(query: sa.Select[Any], session: WarehouseSession) -> Statement:
    """Return a query in a warehouse's form: every name quoted, every value beside the text."""
    preparer = type("Preparer", (_Preparer,), {"mark": session.quote})
    dialect = DefaultDialect(paramstyle=session.paramstyle)
    dialect.identifier_preparer = preparer(dialect)
    done = query.compile(dialect=dialect)
    values = {name: str(value) for name, value in (done.params or {}).items()}
    text = str(done)
    if session.paramstyle == "pyformat" and not values:
        text = text.replace("%%", "%")  # a driver leaves a statement without values as it is
    return Statement(text, values)


class _Preparer(IdentifierPreparer):
    mark = '"'

    def __init__(self, dialect: Any) -> None:
        super().__init__(dialect, initial_quote=self.mark, final_quote=self.mark, escape_quote=self.mark)

    def _requires_quotes(self, value: str) -> bool:
        return True
