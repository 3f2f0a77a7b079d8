"""Erasing: take rows out of every version of a dataset, and out of every file that held them.

The new content, and the end of every snapshot that held the rows, are one commit. Files are deleted after it:
lists of files first, rows last, so that whatever a crash leaves behind is found again by what it holds.
How and why: docs/decisions/0010-erasure.md.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table, Transaction
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots
from pyiceberg.typedef import Record

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.content import row_digest
from flyball.data.datasets.files import file_batches, files_of, task_batches, written_files
from flyball.data.datasets.history import EXPIRED, expired_snapshots
from flyball.data.datasets.loading import STATES, SUM
from flyball.data.datasets.multiset import RowSum
from flyball.data.datasets.records import Card
from flyball.data.datasets.retention import (
    SameRefs,
    as_expired,
    bare_path,
    files_below,
    listed_files,
    needed_files,
    places_of,
    refs_of,
)
from flyball.data.datasets.tables import (
    CARD,
    DIGEST,
    LOADS,
    PARENTS,
    again_on_conflict,
    existing_table,
    facts_of,
    holds_content,
    schema_of,
    snapshot_facts,
    told,
)
from flyball.data.datasets.wanted import Wanted, keys_of

__all__ = ["Held", "erase_rows", "held_rows", "wanted_values"]

_BATCH_ROWS = 8_192


@dataclass(frozen=True, slots=True)
class Held:
    """Where a dataset holds the rows that are wanted.

    Parameters
    ----------
    dataset : str
    rows : int
        In the current content; 0 where only older snapshots or files left behind hold some.
    snapshots : tuple of str
        Digests of the snapshots that hold such rows, or name a file that does.
    tags : tuple of str
        Tags, and branches other than the main one, that point to them.
    files : mapping of str to str
        Each file that holds a row, or names a file that does, by its path in the dataset: its SHA-256.
    """

    dataset: str
    rows: int
    snapshots: tuple[str, ...]
    tags: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def empty(self) -> bool:
        """Whether nothing is held."""
        return not self.files and not self.rows


def held_rows(catalogue: Catalogue, dataset: str, wanted: Wanted) -> Held:
    """Look through every file below a dataset, also those that no snapshot needs.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    wanted : Wanted

    Returns
    -------
    Held

    Raises
    ------
    BadInput
        A file cannot be read, so nobody can say what it holds.
    """
    table = existing_table(catalogue, dataset)
    tainted = _tainted(table, wanted)
    gone = _snapshots(table, tainted)
    ids = {one.snapshot_id for one in gone}
    files, root = places_of(table)
    current = table.current_snapshot()
    rows = 0
    for task in files_of(table, current.snapshot_id if current else None):
        if bare_path(task.file.file_path) in tainted:
            for batch in task_batches(table, [task], table.schema()):
                rows += wanted.rows(batch).true_count
    return Held(
        dataset,
        rows,
        tuple(dict.fromkeys(facts_of(one)[DIGEST] for one in gone if holds_content(one))),
        tuple(sorted(name for name, ref in refs_of(table.metadata).items() if ref in ids and name != "main")),
        {path.removeprefix(root).lstrip("/"): _sha256(files, path) for path in tainted},
    )


def erase_rows(
    catalogue: Catalogue, dataset: str, wanted: Wanted, *, facts: Card, now: datetime
) -> tuple[str, ...]:
    """Take rows out of the current content and of every branch, and delete every file that held one.

    Snapshots that held such rows leave the table, and with them the tags that point to them: a tag must
    never mean another content. Branches of staged loads go whole; the load begins again.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    wanted : Wanted
    facts : mapping
        Added to the card of the new snapshot: that something was erased, and by which entry of the ledger.
    now : datetime
        UTC.

    Returns
    -------
    tuple of str
        Files that hold such rows and could not be deleted; () is what is hoped for.

    Raises
    ------
    BadInput
        A file cannot be read, or another program has deleted rows in files of their own.
    Conflict
        Others were first again and again; nothing was changed.
    """

    def committed() -> tuple[Table, list[str]]:
        table = existing_table(catalogue, dataset)
        tainted = _tainted(table, wanted)
        gone = _snapshots(table, tainted)
        if gone:
            with told(catalogue, dataset, "Try again; nothing was changed."):
                _commit(table, gone, tainted, wanted, facts, now)
            tainted = _tainted(table, wanted)  # with the list of removed files that the commit itself wrote
        return table, tainted

    table, tainted = again_on_conflict(committed)
    files, _ = places_of(table)
    needed = {bare_path(path) for path in needed_files(table)}
    left: list[str] = []
    for number, path in enumerate(tainted):
        if path in needed or not _deleted(files, path):
            left.append(path)
            if not path.endswith(
                ".parquet"
            ):  # the rows stay with it: without them nobody would find it again
                return tuple(tainted[number:])
    return tuple(left)


def _deleted(files: pafs.FileSystem, path: str) -> bool:
    with contextlib.suppress(OSError):
        files.delete_file(path)
    return bool(files.get_file_info(path).type == pafs.FileType.NotFound)


def _commit(
    table: Table,
    gone: list[IcebergSnapshot],
    tainted: list[str],
    wanted: Wanted,
    facts: Card,
    now: datetime,
) -> None:
    ids = {one.snapshot_id for one in gone}
    known = [*expired_snapshots(table), *(as_expired(one, now) for one in gone if holds_content(one))]
    transaction = table.transaction()
    transaction._stage((), (SameRefs(refs=refs_of(table.metadata)),))  # type: ignore[arg-type]
    for name, ref in table.refs().items():
        if ref.snapshot_id not in ids:
            continue
        if ref.snapshot_ref_type == SnapshotRefType.TAG:
            ManageSnapshots(transaction).remove_tag(name).commit()
        elif name.startswith(LOADS):
            ManageSnapshots(transaction).remove_branch(name).commit()
        else:
            ids |= _rewrite(table, transaction, name, tainted, wanted, facts, now)
    ExpireSnapshots(transaction).by_ids(sorted(ids)).commit()
    transaction.set_properties({EXPIRED: canonical_json(known[-1_000:]).decode()})
    transaction.commit_transaction()


def _rewrite(
    table: Table,
    transaction: Transaction,
    branch: str,
    tainted: list[str],
    wanted: Wanted,
    facts: Card,
    now: datetime,
) -> set[int]:
    """Give a branch new content without the rows; return the snapshot that lies in between."""
    base = table.snapshot_by_name(branch)
    if base is None:
        return set()
    tasks = files_of(table, base.snapshot_id)
    if any(task.delete_files for task in tasks):
        raise BadInput(
            f"Another program has deleted rows of {table.name()[-1]} in files of their own.",
            fix="Rewrite its data files there (Spark: rewrite_data_files), then erase again.",
        )
    old = [task.file for task in tasks if bare_path(task.file.file_path) in tainted]
    new = [made for file in old for made in _without(table, file, wanted)]
    clean = [task.file for task in tasks if task.file not in old]
    between: set[int] = set()
    if old:
        with transaction.update_snapshot(branch=branch).overwrite() as change:
            for file in old:
                change.delete_data_file(file)
            for file in new:
                change.append_data_file(file)
        made = transaction.table_metadata.snapshot_by_name(branch)
        between = {made.snapshot_id} if made else set()
    # The overwrite keeps a list of the removed files, with the least and the greatest of their values. A
    # commit on top of it that adds nothing leaves that list out, and the overwrite itself is expired.
    about = _facts(table, base, [*clean, *new], facts, now)
    with transaction.update_snapshot(snapshot_properties=about, branch=branch).fast_append():
        pass
    return between


def _without(table: Table, file: DataFile, wanted: Wanted) -> list[DataFile]:
    arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)

    def kept() -> Iterator[pa.RecordBatch]:
        for batch in file_batches(table, file, table.schema()):
            stays = batch.filter(pa.compute.invert(wanted.rows(batch)))
            columns = [stays.column(one.name).cast(one.type) for one in arrow]
            yield pa.RecordBatch.from_arrays(columns, schema=arrow)

    return written_files(table, pa.RecordBatchReader.from_batches(arrow, kept()))


def _facts(
    table: Table, base: IcebergSnapshot, files: list[DataFile], facts: Card, now: datetime
) -> dict[str, str]:
    before = facts_of(base)
    names = schema_of(base).names
    part = table.schema().select(*names)
    batches = (
        batch.select(names)
        for batch in task_batches(table, [FileScanTask(one) for one in files], table.schema())
    )
    total, rows = RowSum.of(batches), sum(one.record_count for one in files)
    card = from_json(before[CARD], dict[str, str | int | float | bool | list[str] | None])
    made = snapshot_facts(
        digest=row_digest(schema_to_pyarrow(part, include_field_ids=False), rows, total),
        parents=[*from_json(before[PARENTS], tuple[str, ...]), before[DIGEST]],
        card=card | dict(facts) | {"rows": rows},
        rows=rows,
        schema=schema_of(base),
        now=now,
    )
    return made | {SUM: total.hex()} | ({STATES: before[STATES]} if STATES in before else {})


def _snapshots(table: Table, tainted: list[str]) -> list[IcebergSnapshot]:
    held = set(tainted)
    return [
        one for one in table.snapshots() if any(bare_path(path) in held for path in listed_files(table, one))
    ]


def _tainted(table: Table, wanted: Wanted) -> list[str]:
    """Return the files that hold a row or name such a file, in the order in which they may be deleted."""
    files, _ = places_of(table)
    paths = sorted(one.path for one in files_below(table))
    wanted = _with_old_names(table, wanted)
    rows = [path for path in paths if path.endswith(".parquet") and _file_holds(files, path, wanted)]
    lists = [path for path in paths if path.endswith(".avro")]
    manifests = [path for path in lists if not _is_list(path) and _mentions(table, path, rows)]
    tops = [path for path in lists if _is_list(path) and _mentions(table, path, manifests)]
    told_in = [path for path in paths if path.endswith(".metadata.json") and _json_holds(files, path, wanted)]
    return [*tops, *told_in, *manifests, *rows]


def _with_old_names(table: Table, wanted: Wanted) -> Wanted:
    """Return what is wanted with every name that its columns have had."""
    exact = dict(wanted.exact)
    for schema in table.schemas().values():
        for one in schema.fields:
            now = next((new.name for new in table.schema().fields if new.field_id == one.field_id), one.name)
            if now in wanted.exact:
                exact[one.name] = wanted.exact[now]
    return Wanted(wanted.words, exact, wanted.keys)


def _file_holds(files: pafs.FileSystem, path: str, wanted: Wanted) -> bool:
    try:
        with files.open_input_file(path) as opened, pq.ParquetFile(opened) as file:
            return any(wanted.rows(batch).true_count > 0 for batch in file.iter_batches(_BATCH_ROWS))
    except (OSError, pa.ArrowException) as err:
        raise BadInput(
            f"The file {path.rpartition('/')[2]} cannot be read ({type(err).__name__}), so nobody can say "
            "what it holds.",
            fix="Restore it from a backup, or delete it, then erase again.",
            file=path,
        ) from err


def _json_holds(files: pafs.FileSystem, path: str, wanted: Wanted) -> bool:
    with files.open_input_file(path) as file:
        return wanted.stands_in(file.read())


def _is_list(path: str) -> bool:
    return path.rpartition("/")[2].startswith("snap-")


def _mentions(table: Table, path: str, others: list[str]) -> bool:
    """Return whether a list of files names one of some files."""
    if not others:
        return False
    scheme = table.location().partition("://")[0]
    held = set(others)
    with AvroFile[Record](table.io.new_input(f"{scheme}://{path}")) as reader:
        return any(bare_path(text) in held for record in reader for text in _strings(record))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif hasattr(value, "_data"):
        for item in value._data:
            yield from _strings(item)


def _sha256(files: pafs.FileSystem, path: str) -> str:
    whole = hashlib.sha256()
    with files.open_input_stream(path) as file:
        while chunk := file.read(1024 * 1024):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"


def wanted_values(catalogue: Catalogue, dataset: str, wanted: Wanted, *columns: str) -> set[str]:
    """Return what the wanted rows have in columns, as `keys_of` writes it, in every file of the dataset."""
    table = existing_table(catalogue, dataset)
    files, _ = places_of(table)
    found: set[str] = set()
    for one in files_below(table):
        if one.path.endswith(".parquet"):
            with files.open_input_file(one.path) as opened, pq.ParquetFile(opened) as file:
                if set(columns) <= set(file.schema_arrow.names):
                    for batch in file.iter_batches(_BATCH_ROWS):
                        found |= set(keys_of(batch.filter(wanted.rows(batch)), columns).to_pylist())
    return {value for value in found if value is not None}
