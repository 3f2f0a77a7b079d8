"""The data files of a dataset: read batch by batch, written one at a time.

pyiceberg's own `to_arrow_batch_reader` reads every file at once, so the memory it takes is that of the
table. Here it is that of a few batches.
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files, _read_all_delete_files
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

__all__ = ["file_batches", "files_of", "task_batches", "written_files"]


def files_of(table: Table, snapshot_id: int | None) -> list[FileScanTask]:
    """Return the data files of a snapshot; none where there is no snapshot."""
    if snapshot_id is None:
        return []
    return list(table.scan(snapshot_id=snapshot_id).plan_files())


def task_batches(
    table: Table, tasks: Iterable[FileScanTask], schema: Schema, columns: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some files, file by file, in the order of each file.

    Parameters
    ----------
    table : Table
    tasks : iterable of FileScanTask
    schema : Schema
        Of pyiceberg: the columns as which the rows are read. One that a file lacks is null.
    columns : sequence of str
        Only these; none means all.
    """
    wanted = schema.select(*columns) if columns else schema
    scan = ArrowScan(table.metadata, table.io, wanted, AlwaysTrue())
    for task in tasks:
        deletes = _read_all_delete_files(table.io, [task]) if task.delete_files else {}
        # The public `to_record_batches` collects a whole file, and all files side by side.
        yield from scan._record_batches_from_scan_tasks_and_deletes([task], deletes)


def file_batches(
    table: Table, file: DataFile, schema: Schema, columns: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one data file in their order; see `task_batches`."""
    return task_batches(table, [FileScanTask(file)], schema, columns)


def written_files(table: Table, rows: pa.Table | pa.RecordBatchReader) -> list[DataFile]:
    """Write rows as data files of the table that no snapshot holds yet."""
    made = [file for file in _dataframe_to_data_files(table.metadata, rows, table.io) if file.record_count]
    for file in made:
        file.spec_id = table.metadata.default_spec_id  # else set only when a manifest is read
    return made
