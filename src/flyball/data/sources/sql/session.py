"""Session: one read-only connection that answers queries in Arrow."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column

__all__ = ["Session"]


class Session(Protocol):
    """What a load needs of a database.

    A statement is made of expressions; values get into it through `bind` only.
    """

    row_values: bool

    def bind(self, column: Column, value: Any) -> sa.ColumnElement[Any]:
        """Return an expression for a value to compare with a column, for the next statement."""
        ...

    def page(
        self, table: Table, query: sa.Select[Any], *, order: tuple[Column, ...], before: int
    ) -> tuple[pa.RecordBatch, Callable[[int], tuple[Any, ...]]]:
        """Return the rows of a query, and a function from row to its values of `order`.

        `before` counts the rows of the load that came before, for messages.
        """
        ...

    def rows(self, table: Table, query: sa.Select[Any], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query while the server still makes them."""
        ...

    def value(self, query: sa.Select[Any]) -> Any:
        """Return the first value of the first row; None for no row."""
        ...

    def close(self) -> None:
        """End it, whatever state it is in."""
        ...
