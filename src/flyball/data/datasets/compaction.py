"""Compaction: many small files of the current content become few, and the content stays the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.errors import Altered, Overtaken
from flyball.data.datasets.files import file_batches, files_of, written_files
from flyball.data.datasets.loading import COLUMNS, STATES, SUM
from flyball.data.datasets.multiset import RowSum
from flyball.data.datasets.tables import (
    CARD,
    CREATED,
    DIGEST,
    PARENTS,
    ROWS,
    SCHEMA,
    again_on_conflict,
    existing_table,
    facts_of,
    told,
)

__all__ = ["Compacted", "compact"]

_CARRIED = (DIGEST, PARENTS, CARD, ROWS, SCHEMA, CREATED, SUM, STATES, COLUMNS)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did.

    Parameters
    ----------
    dataset : str
    files_before, files_after : int
        Of the current content.
    rows_rewritten : int
        0 where there was nothing to do, and then nothing was written.
    """

    dataset: str
    files_before: int
    files_after: int
    rows_rewritten: int


def compact(catalogue: Catalogue, dataset: str, *, rows_per_file: int = 1_000_000) -> Compacted:
    """Rewrite the small files of the current content as few large ones.

    The new snapshot has the digest, card, parents and states of the one before, which stays until retention
    takes it: a tag that points there keeps its files. Memory: the rows of one file.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    rows_per_file : int
        Files with fewer than half of it are small.

    Returns
    -------
    Compacted

    Raises
    ------
    BadInput
        A size below 1, or files of deleted rows that another program wrote.
    Overtaken
        The content was changed meanwhile; nothing was changed. Try again.
    Altered
        The files do not give back what was read for them; nothing was changed.
    """
    if rows_per_file < 1:
        raise BadInput(f"rows_per_file must be 1 or more, got {rows_per_file}.", fix="For instance: 1000000.")
    table = existing_table(catalogue, dataset)
    base = table.current_snapshot()
    tasks = files_of(table, base.snapshot_id if base else None)
    if any(task.delete_files for task in tasks):
        raise BadInput(
            f"Another program has deleted rows of {dataset} in files of their own.",
            fix="Rewrite its data files there (Spark: rewrite_data_files).",
            dataset=dataset,
        )
    small = [task.file for task in tasks if task.file.record_count * 2 < rows_per_file]
    groups = [group for group in _grouped(small, rows_per_file) if len(group) > 1]
    if base is None or not groups:
        return Compacted(dataset, len(tasks), len(tasks), 0)
    old = [file for group in groups for file in group]
    new = [file for group in groups for file in _merged(table, dataset, group)]
    facts = {name: text for name, text in facts_of(base).items() if name in _CARRIED}

    def committed() -> None:
        current = existing_table(catalogue, dataset)
        if current.metadata.current_snapshot_id != base.snapshot_id:
            raise Overtaken(
                f"The content of {dataset} was changed while it was compacted.",
                fix="Compact again.",
                dataset=dataset,
            )
        with told(catalogue, dataset, "Try again; nothing was changed."):
            transaction = current.transaction()
            with transaction.update_snapshot(snapshot_properties=facts).overwrite() as change:
                for file in old:
                    change.delete_data_file(file)
                for file in new:
                    change.append_data_file(file)
            transaction.commit_transaction()

    again_on_conflict(committed)
    after = len(tasks) - len(old) + len(new)
    return Compacted(dataset, len(tasks), after, sum(file.record_count for file in old))


def _grouped(files: list[DataFile], rows: int) -> list[list[DataFile]]:
    groups: list[list[DataFile]] = []
    room = 0
    for file in files:
        if not groups or file.record_count > room:
            groups.append([])
            room = rows
        groups[-1].append(file)
        room -= file.record_count
    return groups


def _merged(table: Table, dataset: str, group: list[DataFile]) -> list[DataFile]:
    """Write one group of files as one, and read it again to be sure."""
    arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)
    read, written = RowSum(), RowSum()

    def rows() -> Iterator[pa.RecordBatch]:
        for file in group:
            for batch in file_batches(table, file, table.schema()):
                read.add(batch)
                columns = [batch.column(one.name).cast(one.type) for one in arrow]
                yield pa.RecordBatch.from_arrays(columns, schema=arrow)

    made = written_files(table, pa.RecordBatchReader.from_batches(arrow, rows()))
    for file in made:
        for batch in file_batches(table, file, table.schema()):
            written.add(batch)
    if read != written:
        for file in made:
            table.io.delete(file.file_path)
        raise Altered(
            f"The rows of {len(group)} files of {dataset} were not given back by the file made of them.",
            fix="Check the storage; the files that were there are untouched.",
            dataset=dataset,
        )
    return made
