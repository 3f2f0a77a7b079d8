"""Reading tables for drift: batches of rows, or column by column where a file allows it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.sources.objects.opened import bare_ending
from flyball.data.sources.source import SOURCES, Source
from flyball.evaluation.drift.kinds import flattened, flattened_schema

__all__ = ["Columnwise", "Rows", "Rowwise", "every_nth", "open_rows", "rows_of_batches"]

_MOST_COLUMNS = 10_000
_TEXT = (".csv", ".tsv", ".psv")
_PIECE_BYTES, _PIECE_ROWS, _FEWEST_ROWS = 32 << 20, 1 << 18, 256


@dataclass(frozen=True, slots=True)
class Columnwise:
    """A Parquet file: each column is read by itself, so that no more than a piece of one is in memory.

    Parameters
    ----------
    name : str
    path : Path
    schema : Schema
        With the parts of structures as columns of their own.
    n_rows : int
    every : int
        Only the first row of so many is read.
    """

    name: str
    path: Path
    schema: pa.Schema
    n_rows: int
    every: int = 1

    def columns(self) -> list[str]:
        """Return the columns as the file has them: each can be read alone."""
        return list(pq.read_schema(self.path).names)

    def pieces(self, column: str) -> Iterator[pa.RecordBatch]:
        """Yield one column of the file, in order; a structure as several columns."""
        try:
            with pq.ParquetFile(self.path) as file:
                kind = file.schema_arrow.field(column).type
                as_codes = [column] if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None
                rows = _piece_rows(file.metadata, column)
            with pq.ParquetFile(
                self.path,
                read_dictionary=as_codes,
                buffer_size=1 << 20,
                pre_buffer=False,
                page_checksum_verification=True,
            ) as file:
                batches = file.iter_batches(batch_size=rows, columns=[column], use_threads=False)
                for batch in _thinned(batches, self.every):
                    place = batch.schema.get_field_index(column)  # `a` also brings what is called `a.b`
                    alone = pa.RecordBatch.from_arrays(
                        [batch.column(place)], schema=pa.schema([batch.schema.field(place)])
                    )
                    yield flattened(alone)
        except (OSError, pa.ArrowException) as err:
            raise _broken(self.name, column, err) from err


@dataclass(frozen=True, slots=True)
class Rowwise:
    """Rows that come in batches, once.

    Parameters
    ----------
    name : str
    schema : Schema
        With the parts of structures as columns of their own.
    batches : callable
        Returns an iterator of batches; called once.
    """

    name: str
    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]


Rows = Columnwise | Rowwise


def open_rows(path: Path) -> Rows:
    """Open a table: Parquet, CSV, JSON lines or Excel, by its ending; the text ones also compressed.

    Raises
    ------
    BadInput
        It is not there, is not what its name says, has two columns of one name, or too many.
    BadRecord, FileLies
        A row of text cannot be read.
    """
    if not path.is_file():
        raise BadInput(
            f"There is no file {path}.", fix="Name a file of rows, such as rows.parquet.", path=path
        )
    if path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path)
    source: Source = SOURCES.load("tables")(path.name, {"path": str(path)})
    streams = source.streams()
    if not streams:
        raise BadInput(f"There is no table in {path.name}.", fix="Name a file of rows.", path=path)
    stream = streams[0]

    def batches() -> Iterator[pa.RecordBatch]:
        return (batch.rows for batch in source.batches(stream.name))

    names = _numbers_as_text(stream.schema, batches) if bare_ending(path.name) in _TEXT else set()
    schema = pa.schema(
        [pa.field(one.name, pa.float64()) if one.name in names else one for one in stream.schema]
    )
    return rows_of_batches(path.name, schema, lambda: (_with_numbers(one, names) for one in batches()))


def every_nth(rows: Rows, every: int) -> Rows:
    """Return the first row of every so many: where rows depend on those beside them, as independent ones.

    Raises
    ------
    BadInput
        Fewer than one.
    """
    if every < 1:
        raise BadInput(f"Every row is 1, every second one is 2, got {every}.", fix="Write 48, for instance.")
    if isinstance(rows, Columnwise):
        return replace(rows, every=every, n_rows=-(-rows.n_rows // every))
    return replace(rows, batches=lambda: _thinned(rows.batches(), every))


def _thinned(batches: Iterable[pa.RecordBatch], every: int) -> Iterator[pa.RecordBatch]:
    if every == 1:
        yield from batches
        return
    first = 0
    for batch in batches:
        yield batch.take(pa.array(range(-first % every, batch.num_rows, every), pa.int64()))
        first += batch.num_rows


def _numbers_as_text(schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]]) -> set[str]:
    """Return columns of text that hold numbers only, such as 1.5 and 2e-05, which the reader leaves as text.

    Numbers that begin with a needless 0 stay text: they may be codes.
    """
    open_ = {one.name for one in schema if pa.types.is_string(one.type)}
    seen: set[str] = set()
    for batch in batches() if open_ else ():
        for name in sorted(open_):
            values = batch.column(batch.schema.get_field_index(name)).drop_null()
            try:
                values.cast(pa.float64())
                is_number = not pc.any(pc.match_substring_regex(values, r"^[+-]?0\d")).as_py()
            except pa.ArrowInvalid:
                is_number = False
            if not is_number:
                open_.discard(name)
            elif len(values):
                seen.add(name)
        if not open_:
            break
    return open_ & seen


def _with_numbers(batch: pa.RecordBatch, names: set[str]) -> pa.RecordBatch:
    for name in names:
        place = batch.schema.get_field_index(name)
        field = pa.field(name, pa.float64())
        batch = batch.set_column(place, field, batch.column(place).cast(pa.float64()))
    return batch


def rows_of_batches(name: str, schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]]) -> Rowwise:
    """Return rows of any origin in the form that is summed up.

    Raises
    ------
    BadInput
        Two columns have one name.
    """
    flat = flattened_schema(schema)
    _refuse_bad_names(name, flat.names)
    return Rowwise(name, flat, lambda: (flattened(batch) for batch in batches()))


def _parquet(path: Path) -> Columnwise:
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (OSError, pa.ArrowException) as err:
        raise _broken(path.name, "", err) from err
    _refuse_bad_names(path.name, schema.names)
    flat = flattened_schema(schema)
    _refuse_bad_names(path.name, flat.names)
    return Columnwise(path.name, path, flat, rows)


def _piece_rows(metadata: pq.FileMetaData, column: str) -> int:
    """Return how many rows to take at once, so that a column of long texts does not fill the memory."""
    size = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        size += sum(
            group.column(place).total_uncompressed_size
            for place in range(group.num_columns)
            if group.column(place).path_in_schema.split(".")[0] == column.split(".")[0]
        )
    per_row = size / max(1, metadata.num_rows)
    return int(min(_PIECE_ROWS, max(_FEWEST_ROWS, _PIECE_BYTES / max(per_row, 1))))


def _refuse_bad_names(file: str, names: list[str]) -> None:
    if len(names) > _MOST_COLUMNS:
        raise BadInput(
            f"{file} has {count(len(names), 'column')}, more than {_MOST_COLUMNS:,}.",
            fix="Write a file with fewer columns.",
            columns=len(names),
        )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise BadInput(
            f"Two columns of {file} are called {twice[0]!r}.",
            fix="Give each column a name of its own.",
            columns=", ".join(twice),
        )


def _broken(file: str, column: str, err: Exception) -> BadInput:
    where = f", column {column!r}" if column else ""
    return BadInput(
        f"{file}{where} cannot be read as Parquet ({type(err).__name__}).",
        fix="Fetch or write the file again.",
        file=file,
    )
