"""Write, find, tag and read snapshots of datasets in Iceberg tables."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.datasets.catalogue import NAMESPACE, Catalogue
from flyball.data.datasets.columns import change_columns
from flyball.data.datasets.content import content_digest, digest_of_hashed, hashed_rows, row_digest
from flyball.data.datasets.errors import Altered, TagTaken, UnknownSnapshot
from flyball.data.datasets.files import files_of, task_batches
from flyball.data.datasets.inheritance import with_inherited_labels
from flyball.data.datasets.multiset import RowSum
from flyball.data.datasets.records import Card, Snapshot
from flyball.data.datasets.stored import stored_schema
from flyball.data.datasets.tables import (
    BEGUN,
    DIGEST,
    TABLE_PROPERTIES,
    check_name,
    existing_table,
    facts_of,
    first_line,
    holds_content,
    known_snapshots,
    record_of,
    row_count,
    schema_of,
    snapshot_facts,
    told,
    unknown,
)
from flyball.data.labels.columns import CARD_KEY, labelled, labels_of_card

__all__ = [
    "find_snapshot",
    "list_datasets",
    "list_snapshots",
    "read_snapshot",
    "scan_snapshot",
    "tag_snapshot",
    "write_snapshot",
]

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def write_snapshot(
    catalogue: Catalogue,
    dataset: str,
    table: pa.Table,
    *,
    parents: Sequence[str] = (),
    card: Card,
    tag: str | None = None,
    clock: Clock = utc_now,
) -> Snapshot:
    """Make `table` the content of a dataset, as a new snapshot.

    Content that is already there with these labels, in whatever order, is not written again: the snapshot
    that holds it is returned as it was written then, with its own parents and card, and becomes the current
    one.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
        Lower case letters, digits, underscores.
    table : Table
        All rows; no nulls in required columns. May be empty.
    parents : sequence of str
        Digests of what it was made from.
    card : Card
        Plain facts; see `dataset_card`. Where it says nothing of labels, columns have the strictest of those
        that they carry and those of the datasets among the parents.
    tag : str, optional
        A name that will always mean this content.
    clock : callable

    Returns
    -------
    Snapshot

    Raises
    ------
    BadInput
        The name cannot be used, or a value has no JSON form.
    SchemaChanged
        A column of an earlier snapshot is missing or of another type.
    Conflict
        Somebody else wrote at the same time; the fix says whether anything was written. Try again.
    TagTaken
        The tag means another content. Nothing was written.
    """
    check_name(dataset)
    digest = content_digest(table)
    card = with_inherited_labels(catalogue, card, parents, table.schema)
    with told(catalogue, dataset, "Try again; nothing was written."):
        stored = _table_for(catalogue, dataset, table.schema)
        if tag is not None:
            _check_tag(stored, dataset, tag, digest)
        found = _already_there(stored, dataset, digest, card)
        if found is None:
            found = _append(stored, table, _facts(table, digest, parents, card, clock()))
        elif stored.metadata.current_snapshot_id != found.snapshot_id:
            stored.manage_snapshots().set_current_snapshot(found.snapshot_id).commit()
    with told(catalogue, dataset, "Try again; the content was written, but not its tag."):
        if tag is not None and tag not in stored.refs():
            stored.manage_snapshots().create_tag(found.snapshot_id, tag).commit()
    return record_of(stored, dataset, found)


def read_snapshot(catalogue: Catalogue, snapshot: Snapshot | str) -> pa.Table:
    """Return the content of a snapshot, after checking that it is what was written.

    Parameters
    ----------
    catalogue : Catalogue
    snapshot : Snapshot or str
        A record, whose digest is then held against the data; or a reference as in `find_snapshot`.

    Returns
    -------
    Table
        With the schema with which it was written, and the labels of its card on the columns. The order of
        rows is not part of a snapshot.

    Raises
    ------
    UnknownSnapshot
        There is none of that name.
    Altered
        A data file is missing, damaged or changed.
    """
    wanted = find_snapshot(catalogue, snapshot) if isinstance(snapshot, str) else snapshot
    stored = existing_table(catalogue, wanted.dataset)
    iceberg = stored.snapshot_by_id(wanted.iceberg_id)
    if iceberg is None or DIGEST not in facts_of(iceberg):
        raise unknown(catalogue, wanted.id)
    schema = schema_of(iceberg)
    if not wanted.digest.startswith("sha256:"):
        return pa.Table.from_batches(scan_snapshot(catalogue, wanted), _with_labels(schema, wanted))
    try:
        table = stored.scan(snapshot_id=wanted.iceberg_id).to_arrow().select(schema.names).cast(schema)
    except (OSError, ValueError, pa.ArrowException) as err:
        raise _unreadable(wanted, err) from err
    digest = content_digest(table)
    if digest != wanted.digest:
        raise _other_content(wanted, table.num_rows, digest)
    return table.cast(_with_labels(schema, wanted))


def scan_snapshot(
    catalogue: Catalogue, snapshot: Snapshot | str, *, columns: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a snapshot, batch by batch, in the memory of a few batches.

    Where all columns are read, the content is held against its digest, and the error comes at the end:
    what is made of the rows must not be kept before that.

    Parameters
    ----------
    catalogue : Catalogue
    snapshot : Snapshot or str
        A record, or a reference as in `find_snapshot`.
    columns : sequence of str
        Only these; none means all.

    Yields
    ------
    RecordBatch
        With the schema with which the snapshot was written, and the labels of its card on the columns. The
        order of rows is not part of it.

    Raises
    ------
    UnknownSnapshot
        There is none of that name, or no such column.
    Altered
        A data file is missing, damaged or changed.
    """
    wanted = find_snapshot(catalogue, snapshot) if isinstance(snapshot, str) else snapshot
    stored = existing_table(catalogue, wanted.dataset)
    iceberg = stored.snapshot_by_id(wanted.iceberg_id)
    if iceberg is None or DIGEST not in facts_of(iceberg):
        raise unknown(catalogue, wanted.id)
    schema = schema_of(iceberg)
    if lost := [name for name in columns if name not in schema.names]:
        raise UnknownSnapshot(
            f"Snapshot {wanted.id} has no column {', '.join(lost)}.",
            fix=f"Columns: {', '.join(schema.names)}.",
            snapshot=wanted.id,
        )
    part = pa.schema([schema.field(name) for name in columns]) if columns else schema
    shown = _with_labels(part, wanted)
    whole = not columns
    summed = wanted.digest.startswith("lthash:")
    total, hashed, rows = RowSum(), list[bytes](), 0
    try:
        as_stored = stored.scan(snapshot_id=wanted.iceberg_id).projection()
        tasks = files_of(stored, wanted.iceberg_id)
        for batch in task_batches(stored, tasks, as_stored, part.names):
            if whole and summed:
                total.add(batch.select(schema.names))
            elif whole:  # written whole, so there are few rows: 32 bytes are kept of each
                hashed += hashed_rows(_cast(batch, part))
            rows += batch.num_rows
            yield _cast(batch, shown)
    except (OSError, ValueError, pa.ArrowException) as err:
        raise _unreadable(wanted, err) from err
    kept = schema_to_pyarrow(as_stored.select(*schema.names), include_field_ids=False)
    digest = wanted.digest
    if whole:
        digest = row_digest(kept, rows, total) if summed else digest_of_hashed(part, hashed)
    if digest != wanted.digest or rows != wanted.rows:
        raise _other_content(wanted, rows, digest)


def find_snapshot(catalogue: Catalogue, reference: str) -> Snapshot:
    """Return the snapshot that a reference names.

    Parameters
    ----------
    catalogue : Catalogue
    reference : str
        "cases" (the current one), "cases@TAG", "cases@DIGEST" with at least six digits, or
        "cases@NUMBER" with the Iceberg snapshot id.

    Returns
    -------
    Snapshot

    Raises
    ------
    UnknownSnapshot
        None, or several of that beginning.
    """
    dataset, _, wanted = reference.partition("@")
    check_name(dataset)
    table = existing_table(catalogue, dataset)
    if not wanted:
        current = table.current_snapshot()
        if current is None or BEGUN in facts_of(current):
            raise unknown(catalogue, reference)
        return record_of(table, dataset, current)
    if wanted in table.refs() and (tagged := table.snapshot_by_name(wanted)) is not None:
        if not holds_content(tagged):  # a load that is under way, or a dataset that has only begun
            raise unknown(catalogue, reference)
        return record_of(table, dataset, tagged)
    bare = wanted.rpartition(":")[2]
    known = list_snapshots(catalogue, dataset)
    exact = [one for one in known if str(one.iceberg_id) == wanted]
    found = {
        one.digest: one  # the newest, where the same content was written again
        for one in exact or known
        if exact or (len(bare) >= 6 and one.digest.rpartition(":")[2].startswith(bare))
    }
    if len(found) > 1:
        raise UnknownSnapshot(
            f"{count(len(found), 'snapshot')} begin with {reference!r}.",
            fix=f"Give more of the digest: {', '.join(one.digest for one in list(found.values())[-10:])}.",
            reference=reference,
        )
    if not found:
        raise unknown(catalogue, reference)
    (one,) = found.values()
    current = table.current_snapshot()
    if not exact and current is not None and facts_of(current).get(DIGEST) == one.digest:
        return record_of(table, dataset, current)  # what a person sees as the current one
    return one


def list_snapshots(catalogue: Catalogue, dataset: str) -> list[Snapshot]:
    """Return the snapshots of a dataset, oldest first; none for a dataset that does not exist."""
    check_name(dataset)
    try:
        with told(catalogue, dataset, "Try again."):
            table = catalogue.sql.load_table((NAMESPACE, dataset))
    except NoSuchTableError:
        return []
    return [record_of(table, dataset, snapshot) for snapshot in known_snapshots(table)]


def list_datasets(catalogue: Catalogue) -> list[str]:
    """Return the names of all datasets, sorted."""
    with told(catalogue, "list", "Try again."):
        return sorted(identifier[-1] for identifier in catalogue.sql.list_tables(NAMESPACE))


def tag_snapshot(catalogue: Catalogue, snapshot: Snapshot, tag: str) -> Snapshot:
    """Give a snapshot a name that will always mean it.

    Raises
    ------
    TagTaken
        The tag means another snapshot.
    Conflict
        Somebody else wrote at the same time; try again.
    """
    table = existing_table(catalogue, snapshot.dataset)
    _check_tag(table, snapshot.dataset, tag, snapshot.digest)
    found = table.snapshot_by_id(snapshot.iceberg_id)
    if found is None:
        raise unknown(catalogue, snapshot.id)
    with told(catalogue, snapshot.dataset, "Try again; nothing was written."):
        if tag not in table.refs():
            table.manage_snapshots().create_tag(found.snapshot_id, tag).commit()
    return record_of(table, snapshot.dataset, found)


def _table_for(catalogue: Catalogue, dataset: str, schema: pa.Schema) -> Table:
    """Return the Iceberg table of a dataset, made or widened for `schema`."""
    identifier = (NAMESPACE, dataset)
    try:
        table = catalogue.sql.load_table(identifier)
    except NoSuchTableError:
        return catalogue.sql.create_table(identifier, schema=schema, properties=TABLE_PROPERTIES)
    change_columns(table, dataset, stored_schema(schema))
    return table


def _unreadable(wanted: Snapshot, error: BaseException) -> Altered:
    """Return the error for a snapshot whose files cannot be read."""
    return Altered(
        f"Snapshot {wanted.id} cannot be read: {first_line(error)}.",
        fix="Restore its data files from a backup, or write the snapshot again from its source.",
        snapshot=wanted.id,
    )


def _other_content(wanted: Snapshot, rows: int, digest: str) -> Altered:
    """Return the error for a snapshot that is not what was written."""
    return Altered(
        f"Snapshot {wanted.id} holds other content than was written: "
        f"its {count(rows, 'row')} give {digest}, expected {wanted.digest}.",
        fix="Restore its data files from a backup, and find out who changed them.",
        snapshot=wanted.id,
        found=digest,
    )


def _with_labels(schema: pa.Schema, snapshot: Snapshot) -> pa.Schema:
    labels = labels_of_card(snapshot.card, schema.names)
    return labelled(schema, {name: own for name, own in labels.items() if own})


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [batch.column(one.name).cast(one.type) for one in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _append(table: Table, content: pa.Table, summary: dict[str, str]) -> IcebergSnapshot:
    with table.transaction() as transaction:
        current = table.current_snapshot()
        if current is not None and current.summary is not None and row_count(current) > 0:
            transaction.overwrite(content.combine_chunks(), snapshot_properties=summary)
        else:
            transaction.append(content.combine_chunks(), snapshot_properties=summary)
    written = table.current_snapshot()
    if written is None or row_count(written) != content.num_rows:
        raise CommitFailedException("the table does not hold what was written")
    return written


def _facts(table: pa.Table, digest: str, parents: Sequence[str], card: Card, now: datetime) -> dict[str, str]:
    return snapshot_facts(
        digest=digest, parents=parents, card=card, rows=table.num_rows, schema=table.schema, now=now
    )


def _already_there(table: Table, dataset: str, digest: str, card: Card) -> IcebergSnapshot | None:
    """Return the last snapshot of this content and, where the card has labels, of these labels."""
    for snapshot in reversed(known_snapshots(table)):
        if facts_of(snapshot).get(DIGEST) != digest:
            continue
        held = record_of(table, dataset, snapshot).card.get(CARD_KEY)
        if card.get(CARD_KEY, held) == held:
            return snapshot
    return None


def _check_tag(table: Table, dataset: str, tag: str, digest: str) -> None:
    if not _TAG.fullmatch(tag) or tag == "main":
        raise BadInput(
            f"A tag is made of letters, digits, '.', '_' and '-', and is not 'main', got {tag!r}.",
            fix="For instance: 2026-q4.",
            tag=tag,
        )
    ref = table.refs().get(tag)
    if ref is None:
        return
    if ref.snapshot_ref_type != SnapshotRefType.TAG:
        raise TagTaken(
            f"{dataset} has a branch called {tag}, and a branch moves.",
            fix="Choose another tag.",
            dataset=dataset,
            tag=tag,
        )
    tagged = table.snapshot_by_id(ref.snapshot_id)
    facts = tagged.summary.additional_properties if tagged is not None and tagged.summary is not None else {}
    if facts.get(DIGEST) != digest:
        raise TagTaken(
            f"The tag {tag} of {dataset} means the content {facts.get(DIGEST, 'unknown')}, not {digest}.",
            fix="Choose another tag; a tag never moves.",
            dataset=dataset,
            tag=tag,
        )
