"""The contract of a table format: what a file's columns are, and its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from flyball.data.sources.objects.place import Found
from flyball.data.sources.objects.reading import Position

__all__ = ["Declared", "TableFormat"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the settings say about all files of a source.

    Parameters
    ----------
    columns : dict of str to DataType
        Types that are known; the others are inferred from every row.
    date_formats : dict of str to str
        For columns of CSV that write dates in another way than 2026-11-21: as for strptime.
    batch_rows : int
        Rows in a batch at most.
    max_columns : int
    max_record_bytes : int
    encoding, delimiter, quote : str
        Of CSV; an empty delimiter is found by looking.
    header : bool
        Whether the first row of CSV or Excel holds the names.
    null_values : tuple of str
        Unquoted fields of CSV that stand for no value, beside the empty one.
    decimal_comma : bool
        Whether numbers in CSV are written 1,50.
    sheet : str
        Of an Excel workbook; "" where it has one only.
    """

    columns: dict[str, pa.DataType]
    date_formats: dict[str, str]
    batch_rows: int
    max_columns: int
    max_record_bytes: int
    encoding: str = "utf-8"
    delimiter: str = ""
    quote: str = '"'
    header: bool = True
    null_values: tuple[str, ...] = ()
    decimal_comma: bool = False
    sheet: str = ""


class TableFormat(Protocol):
    """Anything that reads the rows of one kind of file."""

    def describe(self, one: Found) -> pa.Schema:
        """Return names and types that hold for every row of the file.

        Raises
        ------
        BadRecord, FileLies, SourceGone
        """
        ...

    def names(self, one: Found) -> list[str] | None:
        """Return the names of the columns without reading the rows; None where only the rows tell."""
        ...

    def read(
        self, one: Found, start: Position, schema: pa.Schema
    ) -> Iterator[tuple[pa.RecordBatch, Position]]:
        """Yield the rows from a position on, in a schema that `describe` allows."""
        ...
