"""Load rows into a dataset: staged with the state of their source, then published at once.

A load writes to a branch of its own, `load-...`. Each commit there holds rows together with the state of
the source behind them, so a process that is killed loses nothing and repeats nothing. `publish` makes one
snapshot of the current content and what was staged. Memory: `commit_rows` rows, whatever the load.
"""

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from flyball.core.clock import Clock, utc_now
from flyball.core.digests import canonical_json, digest_of, from_json
from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import NAMESPACE, Catalogue
from flyball.data.datasets.columns import ColumnChange, change_columns
from flyball.data.datasets.content import described, row_digest
from flyball.data.datasets.errors import Altered, Conflict, Overtaken, UnknownSnapshot
from flyball.data.datasets.files import file_batches, files_of, task_batches, written_files
from flyball.data.datasets.multiset import RowSum
from flyball.data.datasets.records import Card, Snapshot
from flyball.data.datasets.stored import storable, stored_schema
from flyball.data.datasets.superseded import Operations
from flyball.data.datasets.tables import (
    BEGUN,
    CARD,
    DIGEST,
    LOADS,
    MAIN,
    SCHEMA,
    TABLE_PROPERTIES,
    again_on_conflict,
    check_name,
    existing_table,
    facts_of,
    record_of,
    row_count,
    snapshot_facts,
    told,
)

__all__ = [
    "COMMIT_ROWS",
    "Load",
    "Mode",
    "load_branch",
    "open_load",
    "source_places",
    "source_state",
    "staged_files",
]

COMMIT_ROWS = 250_000
Mode = Literal["replace", "append", "upsert"]

SUM, STATES, COLUMNS = "flyball.row-sum", "flyball.source-states", "flyball.column-changes"
_WHOLE = (DIGEST, CARD, SCHEMA, STATES)
"""Where all of these are the same, a new snapshot would say nothing new."""
_STAGED = "flyball.staged"
_BEFORE = "flyball_before"  # in a file of removed keys: how many rows of its part came before

Positions = npt.NDArray[np.int64]


class _Part(msgspec.Struct, frozen=True):
    """One commit of a load: files of rows, in order, and a file of removed keys."""

    files: tuple[str, ...]
    rows: int
    removed: str = ""


class _Staged(msgspec.Struct):
    """What the branch of a load says of itself."""

    source: str
    mode: str
    key: tuple[str, ...]
    columns: str
    state: str = ""
    parts: tuple[_Part, ...] = ()
    sum: str = ""


@dataclass(slots=True)
class _Plan:
    """Which rows of which files do not belong to the new content."""

    base_id: int | None
    rows: int
    dropped: dict[str, Positions] = field(default_factory=dict)  # by path of the file
    base: list[DataFile] = field(default_factory=list)
    staged: list[DataFile] = field(default_factory=list)


def load_branch(source: str, branch: str = MAIN) -> str:
    """Return the name of the branch on which loads from a source into a branch are staged."""
    return f"{LOADS}{digest_of([source, branch])[7:23]}"


def staged_files(snapshot: IcebergSnapshot) -> list[str]:
    """Return the files of removed keys that a staged load needs; none for any other snapshot."""
    text = facts_of(snapshot).get(_STAGED)
    return [part.removed for part in from_json(text, _Staged).parts if part.removed] if text else []


def source_state(catalogue: Catalogue, dataset: str, source: str, *, branch: str = MAIN) -> str:
    """Return the state of a source behind what the dataset holds now, "" where nothing came from it."""
    check_name(dataset)
    try:
        with told(catalogue, dataset, "Try again."):
            table = catalogue.sql.load_table((NAMESPACE, dataset))
    except NoSuchTableError:
        return ""
    return _states(table.snapshot_by_name(branch)).get(source, "")


def source_places(catalogue: Catalogue, dataset: str) -> frozenset[str]:
    """Return the sources of which the current content of a dataset keeps a state; none where it is new."""
    check_name(dataset)
    try:
        with told(catalogue, dataset, "Try again."):
            table = catalogue.sql.load_table((NAMESPACE, dataset))
    except NoSuchTableError:
        return frozenset()
    return frozenset(_states(table.snapshot_by_name(MAIN)))


def open_load(
    catalogue: Catalogue,
    dataset: str,
    schema: pa.Schema,
    *,
    key: Sequence[str] = (),
    mode: Mode,
    source: str,
    commit_rows: int = COMMIT_ROWS,
    branch: str = MAIN,
    drop_columns: bool = False,
    clock: Clock = utc_now,
) -> "Load":
    """Open a load into a dataset, and make the dataset where there is none; use it in a `with` statement.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
        Lower case letters, digits, underscores.
    schema : Schema
        Of the batches. New columns are added to the dataset, wider types taken over.
    key : sequence of str
        The columns that name a row: of rows with the same key the last one stays. () keeps every row.
    mode : {"replace", "append", "upsert"}
        What becomes of the rows that are there: gone, kept, or kept unless their key comes again.
    source : str
        Where the rows come from; it has one load of a dataset at a time.
    commit_rows : int
        Rows that are held in memory before they are written.
    branch : str
        Into which the rows are loaded: the current content, or a branch of `create_branch`.
    drop_columns : bool
        In mode "replace": columns may go or change their type, where there would be an error.
    clock : callable

    Returns
    -------
    Load

    Raises
    ------
    BadInput
        A name or a type that cannot be used, a key that is no column, "upsert" without a key.
    SchemaChanged
        A column is missing or of another type, and `drop_columns` is not set.
    Conflict
        Somebody else wrote at the same time; nothing was written. Try again.
    """
    check_name(dataset)
    kept = stored_schema(schema)
    _check_key(key, mode, kept, commit_rows)

    def opened() -> tuple[Table, list[ColumnChange]]:
        with told(catalogue, dataset, "Try again; nothing was written."):
            try:
                table = catalogue.sql.load_table((NAMESPACE, dataset))
            except NoSuchTableError:
                table = catalogue.sql.create_table(
                    (NAMESPACE, dataset), schema=kept, properties=TABLE_PROPERTIES
                )
            if table.current_snapshot() is None:  # Iceberg allows no branch in a table without snapshots
                transaction = table.transaction()
                with transaction.update_snapshot(snapshot_properties={BEGUN: "true"}).fast_append():
                    pass
                transaction.commit_transaction()
            if branch not in table.refs():
                raise UnknownSnapshot(
                    f"{dataset} has no branch {branch!r}.", fix="Create it first.", dataset=dataset
                )
            return table, change_columns(table, dataset, kept, drop=drop_columns and mode == "replace")

    table, changes = again_on_conflict(opened)
    return Load(
        catalogue, table, dataset, schema, tuple(key), mode, source, commit_rows, changes, clock, branch
    )


class Load:
    """Rows on their way into a dataset; made by `open_load`.

    Attributes
    ----------
    state : str
        Of the source, behind the last batch that is durable; "" where the load begins at the beginning.
    base_state : str
        Of the source, behind what the dataset held when the load was opened; "" for nothing of it.
    changes : list of ColumnChange
        How the columns of the dataset were changed for this load.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        table: Table,
        dataset: str,
        schema: pa.Schema,
        key: tuple[str, ...],
        mode: Mode,
        source: str,
        commit_rows: int,
        changes: list[ColumnChange],
        clock: Clock,
        branch: str,
    ) -> None:
        self.changes = changes
        self._catalogue, self._dataset, self._clock = catalogue, dataset, clock
        self._key, self._mode, self._source, self._commit_rows = key, mode, source, commit_rows
        self._into, self._branch = branch, load_branch(source, branch)
        self._kept = schema_to_pyarrow(table.schema(), include_field_ids=False)
        self._schema = _recorded(schema, self._kept)
        self._base_id: int | None = table.refs()[branch].snapshot_id
        self.base_state = _states(table.snapshot_by_name(branch)).get(source, "")
        self._plan: _Plan | None = None
        self._buffer: list[pa.RecordBatch] = []
        self._gone: list[tuple[pa.RecordBatch, int]] = []
        self._loose: dict[str, DataFile] = {}  # written, but in no commit yet
        self._buffered = 0
        self._sum = RowSum()
        self._open = True
        self._head: int | None = None
        self._staged = _Staged(source, mode, key, _columns(self._kept))
        self._resume(table)
        self.state = self._staged.state

    def __enter__(self) -> "Load":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was added, so that the next load goes on behind it."""
        if self._open and (self._buffer or self._gone or self._loose):
            if error is None:
                self._flush()
            else:
                with contextlib.suppress(Exception):  # the error that came first is the one to tell
                    self._flush()

    @property
    def rows(self) -> int:
        """How many rows the dataset would have if the load were published now."""
        return self._planned().rows

    def add(self, rows: pa.RecordBatch, state: str, removed: pa.RecordBatch | None = None) -> None:
        """Take in a batch and the state of the source behind it.

        Parameters
        ----------
        rows : RecordBatch
            Of the schema of the load; may hold no rows.
        state : str
            Kept in the same commit as the rows.
        removed : RecordBatch, optional
            Keys that are gone after this batch, whether they were there or not.

        Raises
        ------
        BadInput
            Other columns, a null where there may be none, a removal without a key.
        Conflict
            Another process loads from the same source into this dataset.
        """
        self._check_open()
        self._plan = None
        if rows.num_rows:
            kept = storable(rows, self._kept)
            self._sum.add(kept)
            self._buffer.append(kept)
            self._buffered += rows.num_rows
        if removed is not None and removed.num_rows:
            if not self._key:
                raise BadInput(
                    f"The source {self._source} removes rows of {self._dataset}, which has no key.",
                    fix="Declare the key of the stream, or load it whole.",
                    dataset=self._dataset,
                )
            self._gone.append((storable(removed, self._key_schema()), self._buffered))
        self.state = state
        if self._buffered + sum(keys.num_rows for keys, _ in self._gone) >= self._commit_rows:
            self._flush()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the content that `publish` would make current, in the schema of the load."""
        plan = self._planned()
        table = self._table()
        for file in (*plan.base, *plan.staged):
            for batch, _ in self._sifted(table, file, plan.dropped.get(file.file_path)):
                yield _ordered_batch(batch, self._schema)

    def restart(self) -> None:
        """Throw away what was staged, and begin at the beginning."""
        self._check_open()
        self._plan = None
        self._buffer, self._gone, self._buffered, self._loose = [], [], 0, {}
        self._sum = RowSum()
        again_on_conflict(self._remove_branch)
        self._staged = _Staged(self._source, self._mode, self._key, _columns(self._kept))
        self.state = ""

    def discard(self) -> None:
        """Throw away what was staged; the dataset stays as it was."""
        self.restart()
        self._open = False

    def publish(self, *, card: Card, parents: Sequence[str] = (), state: str | None = None) -> Snapshot:
        """Make the staged rows part of the current content, in one commit.

        Where content, card and states would be what they are now, nothing is written and what was
        staged is thrown away.

        Parameters
        ----------
        card : Card
        parents : sequence of str
            Digests of what it was made from.
        state : str, optional
            Of the source, behind all of it; the state of the last batch by default.

        Returns
        -------
        Snapshot
            The new one, or the current one where nothing changed.

        Raises
        ------
        Overtaken
            Somebody else changed the current content since the load was opened; in mode "append", only
            where that was a load from the same source, whose rows would be there twice. What was staged
            is kept: open the load again and publish.
        Conflict
            Others were first again and again. What was staged is kept.
        """
        self._check_open()
        made: list[DataFile] = []
        out = RowSum()

        def published() -> Snapshot:
            nonlocal out
            table = self._table()
            ref = table.refs().get(self._into)
            current = ref.snapshot_id if ref else None
            if current != self._base_id:
                now = _states(table.snapshot_by_name(self._into)).get(self._source, "")
                if self._mode != "append" or now != self.base_state:
                    raise Overtaken(
                        f"The content of {self._dataset} was changed while {self._source} was being loaded.",
                        fix="Run the load again: what was read is kept, and goes onto the new content.",
                        dataset=self._dataset,
                    )
                self._base_id, self._plan = current, None
            plan = self._planned()
            if plan.dropped and not made:
                made[:], out = self._rewritten(table, plan)
            return self._commit_published(table, plan, made, out, card, parents, state)

        self._flush(commit=False)
        try:
            snapshot = again_on_conflict(published)
        except Conflict:
            self._flush()
            raise
        self._open = False
        self._tidy()
        return snapshot

    # --- staging

    def _resume(self, table: Table) -> None:
        ref = table.refs().get(self._branch)
        self._head = ref.snapshot_id if ref else None
        if ref is None:
            return
        facts = facts_of(table.snapshot_by_id(ref.snapshot_id))
        found = from_json(facts.get(_STAGED, "null"), _Staged)
        same = (found.mode, found.key, found.columns) == (self._mode, self._key, self._staged.columns)
        if same:
            self._staged = found
            self._sum = RowSum.from_hex(found.sum)
        else:  # begun for another purpose: its rows cannot be used, and its state must not be
            again_on_conflict(self._remove_branch)

    def _flush(self, *, commit: bool = True) -> None:
        """Write what is in memory; a load that ends with its first write needs no commit of its own."""
        if not (self._buffer or self._gone or self._loose) and self.state == self._staged.state:
            return
        table = self._table()
        files: list[DataFile] = []
        if self._buffer:
            files = written_files(table, pa.Table.from_batches(self._buffer))
        removed = self._write_removed(table) if self._gone else ""
        part = _Part(tuple(file.file_path for file in files), self._buffered, removed)
        parts = (*self._staged.parts, part) if self._buffered or removed else self._staged.parts
        staged = msgspec.structs.replace(self._staged, state=self.state, parts=parts, sum=self._sum.hex())
        if commit or self._head is not None:
            self._commit_staged([*self._loose.values(), *files], staged)
            self._loose = {}
        else:
            self._loose |= {file.file_path: file for file in files}
        self._staged = staged
        self._buffer, self._gone, self._buffered = [], [], 0

    def _commit_staged(self, files: Sequence[DataFile], staged: _Staged) -> None:
        facts = {_STAGED: canonical_json(staged).decode()}

        def committed() -> int:
            with told(self._catalogue, self._dataset, "Try again; what was committed before is kept."):
                table = self._table()
                self._check_head(table)
                transaction = table.transaction()
                update = transaction.update_snapshot(snapshot_properties=facts, branch=self._branch)
                with update.fast_append() as append:
                    for file in files:
                        append.append_data_file(file)
                if self._head is not None:  # one snapshot per load in the metadata, not one per commit
                    ExpireSnapshots(transaction).by_id(self._head).commit()
                transaction.commit_transaction()
                return table.refs()[self._branch].snapshot_id

        self._head = again_on_conflict(committed)

    def _write_removed(self, table: Table) -> str:
        keys = pa.Table.from_batches([keys for keys, _ in self._gone])
        before = np.concatenate([np.full(keys.num_rows, rows) for keys, rows in self._gone])
        where = table.location_provider().new_data_location(f"removed-{uuid.uuid4()}.parquet")
        with table.io.new_output(where).create() as out:
            pq.write_table(keys.append_column(_BEFORE, pa.array(before, pa.int64())), out)
        return where

    def _check_head(self, table: Table) -> None:
        ref = table.refs().get(self._branch)
        if (ref.snapshot_id if ref else None) != self._head:
            raise Overtaken(
                f"Another process loads {self._source} into {self._dataset}.",
                fix="Let it finish, then run the load again; what it has read is kept.",
                dataset=self._dataset,
            )

    def _remove_branch(self) -> None:
        with told(self._catalogue, self._dataset, "Try again; nothing was removed."):
            table = self._table()
            self._check_head(table)
            if self._head is not None:
                transaction = table.transaction()
                self._drop_branch(transaction)
                transaction.commit_transaction()
        self._head = None

    def _drop_branch(self, transaction: Transaction) -> None:
        if self._head is not None:
            ManageSnapshots(transaction).remove_branch(self._branch).commit()
            ExpireSnapshots(transaction).by_id(self._head).commit()

    # --- publishing

    def _planned(self) -> _Plan:
        """Say which rows make up the new content; what is in memory is written first."""
        if self._plan is not None:
            return self._plan
        self._flush(commit=False)
        table = self._table()
        base = []
        if self._mode != "replace" and self._base_id is not None:
            base = _without_deletes(table, self._base_id, self._dataset)
        by_path = {task.file.file_path: task.file for task in files_of(table, self._head)} | self._loose
        staged = [by_path[path] for part in self._staged.parts for path in part.files]
        rows = sum(file.record_count for file in (*base, *staged))
        plan = _Plan(self._base_id, rows, {}, base, staged)
        if self._key and self._mode != "append":
            self._find_superseded(table, plan)
        self._plan = plan
        return plan

    def _find_superseded(self, table: Table, plan: _Plan) -> None:
        by_path = {file.file_path: file for file in plan.staged}
        schema = table.schema()
        with Operations(self._key, plan.rows) as operations:
            starts: list[tuple[str, int]] = []

            def take(file: DataFile) -> None:
                starts.append((file.file_path, operations.rows))
                for batch in file_batches(table, file, schema, self._key):
                    operations.add(batch)

            for file in plan.base:
                take(file)
            for part in self._staged.parts:
                first = operations.rows
                for path in part.files:
                    take(by_path[path])
                if part.removed:
                    keys, before = self._read_removed(table, part.removed)
                    operations.remove(keys, before + first)
            gone = operations.superseded()
        plan.rows -= len(gone)
        ends = [*[start for _, start in starts][1:], operations.rows]
        for (path, start), end in zip(starts, ends, strict=False):  # no file, one end
            mine = gone[np.searchsorted(gone, start) : np.searchsorted(gone, end)]
            if len(mine):
                plan.dropped[path] = mine - start

    def _read_removed(self, table: Table, where: str) -> tuple[pa.RecordBatch, Positions]:
        with table.io.new_input(where).open() as file:
            read = pq.read_table(file).combine_chunks()
        keys = pa.RecordBatch.from_arrays(
            [read.column(name).combine_chunks() for name in self._key], names=list(self._key)
        )
        return keys, read.column(_BEFORE).to_numpy().astype(np.int64)

    def _rewritten(self, table: Table, plan: _Plan) -> tuple[list[DataFile], RowSum]:
        """Write the files that lose rows anew; return them and the sum of the lost rows."""
        made: list[DataFile] = []
        lost = RowSum()
        arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)
        for file in (*plan.base, *plan.staged):
            dropped = plan.dropped.get(file.file_path)
            if dropped is None:
                continue

            def kept(file: DataFile = file, dropped: Positions = dropped) -> Iterator[pa.RecordBatch]:
                for stays, goes in self._sifted(table, file, dropped):
                    lost.add(goes)
                    yield _ordered_batch(stays, arrow)

            if len(dropped) == file.record_count:
                for _ in kept():
                    pass
            else:
                made += written_files(table, pa.RecordBatchReader.from_batches(arrow, kept()))
        return made, lost

    def _sifted(
        self, table: Table, file: DataFile, dropped: Positions | None
    ) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Yield the rows of a file that stay, and those that do not."""
        start = 0
        for batch in file_batches(table, file, table.schema()):
            stays = np.ones(batch.num_rows, bool)
            if dropped is not None:
                low, high = np.searchsorted(dropped, (start, start + batch.num_rows))
                stays[dropped[low:high] - start] = False
            start += batch.num_rows
            if stays.all():
                yield batch, batch.slice(0, 0)
            else:
                yield batch.filter(pa.array(stays)), batch.filter(pa.array(~stays))

    def _commit_published(
        self,
        table: Table,
        plan: _Plan,
        made: Sequence[DataFile],
        lost: RowSum,
        card: Card,
        parents: Sequence[str],
        state: str | None,
    ) -> Snapshot:
        base = table.snapshot_by_name(self._into)
        base_sum = RowSum() if self._mode == "replace" else _sum_of(table, base)
        total = base_sum + self._sum - lost
        # What other sources had brought goes with a replacement, and so does the state behind it.
        others = {} if self._mode == "replace" else _states(base)
        states = others | {self._source: self.state if state is None else state}
        facts = snapshot_facts(
            digest=row_digest(self._kept, plan.rows, total),
            parents=parents,
            card=card,
            rows=plan.rows,
            schema=self._schema,
            now=self._clock(),
        )
        facts |= {SUM: total.hex(), STATES: canonical_json(states).decode()}
        if self.changes:
            facts[COLUMNS] = canonical_json(self.changes).decode()
        if base is not None and all(facts_of(base).get(one) == facts.get(one) for one in _WHOLE):
            self._drop_unused(table, made)
            return record_of(table, self._dataset, base)
        out = [file for file in plan.base if file.file_path in plan.dropped]
        if self._mode == "replace" and base is not None:
            out = [task.file for task in files_of(table, base.snapshot_id)]
        new = [file for file in plan.staged if file.file_path not in plan.dropped] + list(made)
        with told(self._catalogue, self._dataset, "Try again; what was read is kept."):
            self._check_head(table)
            transaction = table.transaction()
            update = transaction.update_snapshot(snapshot_properties=facts, branch=self._into)
            with update.overwrite() if out else update.fast_append() as producer:
                for file in out:
                    producer.delete_data_file(file)
                for file in new:
                    producer.append_data_file(file)
            self._drop_branch(transaction)
            transaction.commit_transaction()
        current = table.snapshot_by_name(self._into)
        if current is None or row_count(current) != plan.rows:
            raise Altered(
                f"{self._dataset} holds {row_count(current) if current else 0} rows after a load that "
                f"counted {plan.rows}.",
                fix="Do not use this snapshot; check the data files and load again.",
                dataset=self._dataset,
            )
        return record_of(table, self._dataset, current)

    def _drop_unused(self, table: Table, made: Sequence[DataFile]) -> None:
        """End the load without a commit; files that stand in no commit are deleted."""
        with told(self._catalogue, self._dataset, "Try again; nothing was written."):
            self._check_head(table)
            if self._head is not None:
                transaction = table.transaction()
                self._drop_branch(transaction)
                transaction.commit_transaction()
        for path in (*self._loose, *(file.file_path for file in made)):
            with contextlib.suppress(OSError):
                table.io.delete(path)

    def _tidy(self) -> None:
        """Delete files of removed keys; whatever is left behind, `retain` finds."""
        table = self._table()
        for part in self._staged.parts:
            if part.removed:
                with contextlib.suppress(OSError):
                    table.io.delete(part.removed)

    def _table(self) -> Table:
        return existing_table(self._catalogue, self._dataset)

    def _key_schema(self) -> pa.Schema:
        return pa.schema([self._kept.field(name) for name in self._key])

    def _check_open(self) -> None:
        if not self._open:
            raise BadInput(
                f"The load of {self._source} into {self._dataset} is over.",
                fix="Open another one.",
                dataset=self._dataset,
            )


def _check_key(key: Sequence[str], mode: Mode, schema: pa.Schema, commit_rows: int) -> None:
    lost = [name for name in key if name not in schema.names]
    if lost or len(set(key)) != len(key):
        raise BadInput(
            f"The key ({', '.join(key)}) must be made of different columns of the load, "
            f"which are {', '.join(schema.names)}.",
            fix="Name the columns that tell rows apart.",
        )
    if mode == "upsert" and not key:
        raise BadInput("An upsert needs a key, got none.", fix="Name the columns that tell rows apart.")
    if commit_rows < 1:
        raise BadInput(f"commit_rows must be 1 or more, got {commit_rows}.", fix="For instance: 250000.")


def _states(snapshot: IcebergSnapshot | None) -> dict[str, str]:
    return from_json(facts_of(snapshot).get(STATES, "{}"), dict[str, str])


def _sum_of(table: Table, current: IcebergSnapshot | None) -> RowSum:
    """Return the row sum of the current content: from its properties, or else from its rows."""
    if current is None:
        return RowSum()
    facts = facts_of(current)
    then = table.schemas()[current.schema_id or 0].fields
    now = {(one.field_id, one.name) for one in table.schema().fields}
    if SUM in facts and all((one.field_id, one.name) in now for one in then):
        return RowSum.from_hex(facts[SUM])
    # Not loaded but written whole, or a column was renamed since: names are part of what is hashed.
    return RowSum.of(task_batches(table, files_of(table, current.snapshot_id), table.schema()))


def _without_deletes(table: Table, snapshot_id: int, dataset: str) -> list[DataFile]:
    tasks = files_of(table, snapshot_id)
    if any(task.delete_files for task in tasks):
        raise BadInput(
            f"Another program has deleted rows of {dataset} in files of their own.",
            fix="Rewrite its data files there (Spark: rewrite_data_files), then load again.",
            dataset=dataset,
        )
    return [task.file for task in tasks]


def _recorded(schema: pa.Schema, kept: pa.Schema) -> pa.Schema:
    """Return the schema in which the content is given back: as handed in, where it fits what is kept."""
    fields = []
    for one in schema:
        whole = pa.schema([pa.field(one.name, kept.field(one.name).type)])
        fits = described(stored_schema(pa.schema([one]))) == described(whole)
        plain = not pa.types.is_dictionary(one.type) and not pa.types.is_null(one.type)
        fields.append(one if fits and plain else pa.field(one.name, whole.types[0], one.nullable))
    return pa.schema(fields)


def _columns(schema: pa.Schema) -> str:
    return digest_of(sorted(described(schema)))


def _ordered_batch(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [rows.column(one.name).cast(one.type) for one in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
