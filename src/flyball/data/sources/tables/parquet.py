"""Parquet: row groups of columns, with their types in the footer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as arrow_parquet

from flyball.core.text import count
from flyball.data.sources.errors import BadRecord, SourceGone
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.tables.table_format import Declared

__all__ = ["Parquet"]


@dataclass(frozen=True, slots=True)
class Parquet:
    """Parquet files; types are those of the footer, dictionaries become their values.

    Parameters
    ----------
    place : Place
    declared : Declared
    """

    place: Place
    declared: Declared

    def describe(self, one: Found) -> pa.Schema:
        """Return the columns as the footer has them, or as declared."""
        with self._opened(one) as file:
            schema = file.schema_arrow
        if len(schema) > self.declared.max_columns:
            raise BadRecord(
                f"{one.name}: {count(len(schema), 'column')}, more than {self.declared.max_columns:,}.",
                fix="Raise max_columns.",
                file=one.name,
            )
        known = self.declared.columns
        return pa.schema(
            [pa.field(one.name, known.get(one.name, _value_type(one.type)), one.nullable) for one in schema]
        )

    def names(self, one: Found) -> list[str] | None:
        """Return the names in the footer."""
        return list(self.describe(one).names)

    def read(
        self, one: Found, start: Position, schema: pa.Schema
    ) -> Iterator[tuple[pa.RecordBatch, Position]]:
        """Yield the rows; a position is (row,). Row groups before it are not read."""
        behind = start[0] if start else 0
        with self._opened(one) as file:
            row = 0
            for group in range(file.num_row_groups):
                n_rows = file.metadata.row_group(group).num_rows
                if row + n_rows > behind:
                    for batch in self._batches(one, file, group, row):
                        skip = max(0, min(behind - row, batch.num_rows))
                        row += batch.num_rows
                        if skip < batch.num_rows:
                            yield self._fitted(one, batch.slice(skip), schema, row), (row,)
                else:
                    row += n_rows

    def _batches(
        self, one: Found, file: arrow_parquet.ParquetFile, group: int, row: int
    ) -> Iterator[pa.RecordBatch]:
        try:
            for batch in file.iter_batches(
                batch_size=self.declared.batch_rows, row_groups=[group], use_threads=False
            ):
                row += batch.num_rows
                yield batch
        except (OSError, pa.ArrowException) as err:
            where = file.metadata.row_group(group).column(0)
            byte = where.dictionary_page_offset or where.data_page_offset
            raise BadRecord(
                f"{one.name}: broken behind row {row:,}, in the row group that begins at byte {byte:,} "
                f"({type(err).__name__}).",
                fix="Fetch or write the file again.",
                file=one.name,
                row=row,
                byte=byte,
            ) from err

    def _fitted(self, one: Found, batch: pa.RecordBatch, schema: pa.Schema, row: int) -> pa.RecordBatch:
        arrays = []
        for field in schema:
            index = batch.schema.get_field_index(field.name)
            values = batch.column(index) if index >= 0 else pa.nulls(batch.num_rows, field.type)
            try:
                arrays.append(values.cast(field.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise BadRecord(
                    f"{one.name}, in the {batch.num_rows:,} rows before row {row:,}: column {field.name} is "
                    f"{values.type} and holds a value that is no {field.type}.",
                    fix="Declare the type that the file has, or mend the file.",
                    file=one.name,
                    row=row,
                ) from None
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    @contextmanager
    def _opened(self, one: Found) -> Iterator[arrow_parquet.ParquetFile]:
        with self.place.open(one) as raw:
            try:
                begins = raw.read(4)
                raw.seek(max(0, one.size - 4))
                ends = raw.read(4)
                raw.seek(0)
            except OSError as err:
                raise SourceGone(
                    f"{one.name} broke off while it was opened: {type(err).__name__}.",
                    fix="Run the same again.",
                    file=one.name,
                ) from err
            if begins != b"PAR1":
                raise FileLies(
                    f"{one.name} is read as Parquet, but it does not begin as Parquet does.",
                    fix="Name the file after what it is, or set format to what it is.",
                    file=one.name,
                    byte=0,
                )
            if ends != b"PAR1":
                raise BadRecord(
                    f"{one.name} is cut off: at byte {one.size:,} there is no footer.",
                    fix="Fetch or write the file again.",
                    file=one.name,
                    byte=one.size,
                )
            try:
                file = arrow_parquet.ParquetFile(raw, page_checksum_verification=True)
            except (OSError, pa.ArrowException) as err:
                raise BadRecord(
                    f"{one.name}: the footer cannot be read ({type(err).__name__}).",
                    fix="Fetch or write the file again.",
                    file=one.name,
                    byte=one.size,
                ) from err
            with file:
                yield file


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
