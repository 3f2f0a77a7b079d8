"""Run a function of the pipeline over a snapshot on Spark."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow

from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.files import files_of
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import find_snapshot
from flyball.data.datasets.tables import existing_table

__all__ = ["map_batches"]


def map_batches(
    spark: Any,
    catalogue: Catalogue,
    snapshot: Snapshot | str,
    function: Callable[[pa.RecordBatch], pa.RecordBatch],
    schema: pa.Schema,
) -> Any:
    """Return what a function makes of each batch of a snapshot, as a DataFrame.

    The catalogue names the data files of exactly this snapshot, and Spark reads those files: the same
    bytes as the embedded engine, whatever is written meanwhile. Content is not held against its digest.

    Parameters
    ----------
    spark : SparkSession
        Its workers need the data files under the same addresses, flyball installed, and UTC as time zone.
    catalogue : Catalogue
    snapshot : Snapshot or str
        A record, or a reference as in `find_snapshot`.
    function : callable (RecordBatch) -> RecordBatch
        Runs on the workers, in another process; each worker looks at some batches, none at all of them.
    schema : Schema
        Of what the function gives.

    Returns
    -------
    DataFrame
        The order of rows is not part of it.

    Raises
    ------
    BadInput
        The snapshot has deleted rows or files of an older schema, which only Iceberg itself can merge, or
        the session's time zone is not UTC.
    UnknownSnapshot
        There is none of that name.
    MissingExtra
    """
    types = optional_import("pyspark.sql.pandas.types", extra="spark")
    wanted = find_snapshot(catalogue, snapshot) if isinstance(snapshot, str) else snapshot
    if (zone := spark.conf.get("spark.sql.session.timeZone")) != "UTC":
        raise BadInput(
            f"The Spark session has the time zone {zone}; times are kept in UTC.",
            fix='Set spark.sql.session.timeZone to "UTC".',
            zone=zone,
        )
    table = existing_table(catalogue, wanted.dataset)
    tasks = files_of(table, wanted.iceberg_id)
    if any(task.delete_files for task in tasks):
        raise BadInput(
            f"Snapshot {wanted.id} has files of deleted rows, which Spark would not apply.",
            fix="Compact the dataset, and run on the new snapshot.",
            snapshot=wanted.id,
        )
    held = table.scan(snapshot_id=wanted.iceberg_id).projection()
    kept = schema_to_pyarrow(held, include_field_ids=False)
    read = types.from_arrow_schema(kept, prefer_timestamp_ntz=True)
    paths = [task.file.file_path for task in tasks]
    if not paths:
        frame = spark.createDataFrame([], read)
    else:
        found = spark.read.parquet(*paths)
        if _columns(found.schema) != _columns(read) or not _same_in_all(table, tasks):
            raise BadInput(
                f"Files of snapshot {wanted.id} were written with other columns than it has now.",
                fix="Compact the dataset, and run on the new snapshot.",
                snapshot=wanted.id,
            )
        frame = found.select(*read.names)

    def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            given = function(batch)
            if given.num_rows:
                yield given

    return frame.mapInArrow(each, types.from_arrow_schema(schema, prefer_timestamp_ntz=True))


def _columns(schema: Any) -> list[tuple[str, str]]:
    return sorted((field.name, field.dataType.simpleString()) for field in schema.fields)


def _same_in_all(table: Any, tasks: list[Any]) -> bool:
    """Return whether every file holds the columns of the first; Spark looks at one file alone."""
    metas = [frozenset(task.file.value_counts or {}) for task in tasks]
    return len(set(metas)) == 1
