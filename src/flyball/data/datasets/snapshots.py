"""Write, find, tag and read snapshots of datasets in Iceberg tables."""

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import sqlalchemy.exc
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from flyball.core.clock import Clock, utc_now
from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.datasets.catalogue import NAMESPACE, Catalogue, silent
from flyball.data.datasets.content import content_digest, described
from flyball.data.datasets.errors import Altered, Conflict, SchemaChanged, TagTaken, UnknownSnapshot
from flyball.data.datasets.records import Card, Snapshot

__all__ = [
    "find_snapshot",
    "list_datasets",
    "list_snapshots",
    "read_snapshot",
    "tag_snapshot",
    "write_snapshot",
]

_DIGEST, _PARENTS, _CARD = "flyball.digest", "flyball.parents", "flyball.card"
_ROWS, _SCHEMA, _CREATED = "flyball.rows", "flyball.arrow-schema", "flyball.created-at"
_CONTENTION = ("locked", "deadlock", "serialize", "unique")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# A commit that failed is never tried again behind our back: after another's write, it would add to it.
# Each commit writes all metadata anew; the newest file knows every snapshot, so few older ones are kept.
_TABLE_PROPERTIES = {
    "commit.retry.num-retries": "0",
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
}


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

    Content that is already there, in whatever order, is not written again: the snapshot that holds
    it is returned as it was first written, with its own parents and card, and becomes the current one.

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
        Plain facts; see `dataset_card`.
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
    _check_name(dataset)
    digest = content_digest(table)
    with _told(catalogue, dataset, "Try again; nothing was written."):
        stored = _table_for(catalogue, dataset, table.schema)
        if tag is not None:
            _check_tag(stored, dataset, tag, digest)
        found = _by_digest(stored, digest)
        if found is None:
            found = _append(stored, table, _summary(table, digest, parents, card, clock()))
        elif stored.metadata.current_snapshot_id != found.snapshot_id:
            stored.manage_snapshots().set_current_snapshot(found.snapshot_id).commit()
    with _told(catalogue, dataset, "Try again; the content was written, but not its tag."):
        if tag is not None and tag not in stored.refs():
            stored.manage_snapshots().create_tag(found.snapshot_id, tag).commit()
    return _record(stored, dataset, found)


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
        With the schema with which it was written. The order of rows is not part of a snapshot.

    Raises
    ------
    UnknownSnapshot
        There is none of that name.
    Altered
        A data file is missing, damaged or changed.
    """
    wanted = find_snapshot(catalogue, snapshot) if isinstance(snapshot, str) else snapshot
    stored = _existing_table(catalogue, wanted.dataset)
    iceberg = stored.snapshot_by_id(wanted.iceberg_id)
    if iceberg is None or iceberg.summary is None or _SCHEMA not in iceberg.summary.additional_properties:
        raise _unknown(catalogue, wanted.id)
    schema = _schema_of(iceberg)
    try:
        table = stored.scan(snapshot_id=wanted.iceberg_id).to_arrow().select(schema.names).cast(schema)
    except (OSError, ValueError, pa.ArrowException) as err:
        raise Altered(
            f"Snapshot {wanted.id} cannot be read: {_first_line(err)}.",
            fix="Restore its data files from a backup, or write the snapshot again from its source.",
            snapshot=wanted.id,
        ) from err
    digest = content_digest(table)
    if digest != wanted.digest:
        raise Altered(
            f"Snapshot {wanted.id} holds other content than was written: "
            f"its {count(table.num_rows, 'row')} give {digest}, expected {wanted.digest}.",
            fix="Restore its data files from a backup, and find out who changed them.",
            snapshot=wanted.id,
            found=digest,
        )
    return table


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
    _check_name(dataset)
    table = _existing_table(catalogue, dataset)
    if not wanted:
        current = table.current_snapshot()
        if current is None:
            raise _unknown(catalogue, reference)
        return _record(table, dataset, current)
    if wanted in table.refs() and (tagged := table.snapshot_by_name(wanted)) is not None:
        return _record(table, dataset, tagged)
    bare = wanted.removeprefix("sha256:")
    found = [
        snapshot
        for snapshot in list_snapshots(catalogue, dataset)
        if str(snapshot.iceberg_id) == wanted
        or (len(bare) >= 6 and snapshot.digest.removeprefix("sha256:").startswith(bare))
    ]
    if len(found) != 1:
        raise _unknown(catalogue, reference)
    return found[0]


def list_snapshots(catalogue: Catalogue, dataset: str) -> list[Snapshot]:
    """Return the snapshots of a dataset, oldest first; none for a dataset that does not exist."""
    _check_name(dataset)
    try:
        with _told(catalogue, dataset, "Try again."):
            table = catalogue.sql.load_table((NAMESPACE, dataset))
    except NoSuchTableError:
        return []
    return [_record(table, dataset, snapshot) for snapshot in _ours(table)]


def list_datasets(catalogue: Catalogue) -> list[str]:
    """Return the names of all datasets, sorted."""
    with _told(catalogue, "list", "Try again."):
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
    table = _existing_table(catalogue, snapshot.dataset)
    _check_tag(table, snapshot.dataset, tag, snapshot.digest)
    found = table.snapshot_by_id(snapshot.iceberg_id)
    if found is None:
        raise _unknown(catalogue, snapshot.id)
    with _told(catalogue, snapshot.dataset, "Try again; nothing was written."):
        if tag not in table.refs():
            table.manage_snapshots().create_tag(found.snapshot_id, tag).commit()
    return _record(table, snapshot.dataset, found)


def _table_for(catalogue: Catalogue, dataset: str, schema: pa.Schema) -> Table:
    """Return the Iceberg table of a dataset, made or widened for `schema`."""
    identifier = (NAMESPACE, dataset)
    try:
        table = catalogue.sql.load_table(identifier)
    except NoSuchTableError:
        return catalogue.sql.create_table(identifier, schema=schema, properties=_TABLE_PROPERTIES)
    before = dict(described(table.schema().as_arrow()))
    after = dict(described(schema))
    lost = [f"{name} ({kind})" for name, kind in before.items() if after.get(name) != kind]
    if lost:
        raise SchemaChanged(
            f"Dataset {dataset} has {', '.join(lost)}; the new content has "
            f"{', '.join(f'{name} ({kind})' for name, kind in after.items())}.",
            fix="Add columns, but keep those that are there; or write a dataset of another name.",
            dataset=dataset,
        )
    new = [schema.field(name) for name in after if name not in before]
    if new:
        with table.update_schema() as update:
            update.union_by_name(pa.schema([field.with_nullable(True) for field in new]))
    return table


def _append(table: Table, content: pa.Table, summary: dict[str, str]) -> IcebergSnapshot:
    with table.transaction() as transaction:
        current = table.current_snapshot()
        if current is not None and current.summary is not None and _row_count(current) > 0:
            transaction.overwrite(_storable(content), snapshot_properties=summary)
        else:
            transaction.append(_storable(content), snapshot_properties=summary)
    written = table.current_snapshot()
    if written is None or _row_count(written) != content.num_rows:
        raise CommitFailedException("the table does not hold what was written")
    return written


def _storable(content: pa.Table) -> pa.Table:
    return content.combine_chunks()


def _row_count(snapshot: IcebergSnapshot) -> int:
    summary = snapshot.summary
    return int(summary.additional_properties.get("total-records", "0")) if summary is not None else 0


def _summary(
    table: pa.Table, digest: str, parents: Sequence[str], card: Card, now: datetime
) -> dict[str, str]:
    return {
        _DIGEST: digest,
        _PARENTS: canonical_json(list(parents)).decode(),
        _CARD: canonical_json(card).decode(),
        _ROWS: str(table.num_rows),
        _SCHEMA: base64.b64encode(table.schema.remove_metadata().serialize().to_pybytes()).decode(),
        _CREATED: now.isoformat(),
    }


def _ours(table: Table) -> list[IcebergSnapshot]:
    """Return the snapshots that hold content; replacing content leaves an empty one in between."""
    return [
        snapshot
        for snapshot in table.snapshots()
        if snapshot.summary is not None
        and snapshot.summary.operation == Operation.APPEND
        and _DIGEST in snapshot.summary.additional_properties
    ]


def _by_digest(table: Table, digest: str) -> IcebergSnapshot | None:
    for snapshot in _ours(table):
        if snapshot.summary is not None and snapshot.summary.additional_properties[_DIGEST] == digest:
            return snapshot
    return None


def _record(table: Table, dataset: str, snapshot: IcebergSnapshot) -> Snapshot:
    facts = snapshot.summary.additional_properties if snapshot.summary is not None else {}
    if _DIGEST not in facts:
        raise Altered(
            f"Snapshot {snapshot.snapshot_id} of {dataset} was not written by Flyball.",
            fix="Write the dataset through flyball, so that its content has a digest.",
            dataset=dataset,
        )
    names = {name for name, ref in table.refs().items() if ref.snapshot_id == snapshot.snapshot_id}
    return Snapshot(
        dataset=dataset,
        iceberg_id=snapshot.snapshot_id,
        digest=facts[_DIGEST],
        parents=from_json(facts[_PARENTS], tuple[str, ...]),
        rows=int(facts[_ROWS]),
        columns=described(_schema_of(snapshot)),
        created_at=datetime.fromisoformat(facts[_CREATED]),
        tags=tuple(sorted(names - {"main"})),
        card=from_json(facts[_CARD], dict[str, str | int | float | bool | list[str] | None]),
    )


def _schema_of(snapshot: IcebergSnapshot) -> pa.Schema:
    facts = snapshot.summary.additional_properties if snapshot.summary is not None else {}
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(facts[_SCHEMA])))


def _existing_table(catalogue: Catalogue, dataset: str) -> Table:
    try:
        with _told(catalogue, dataset, "Try again."):
            return catalogue.sql.load_table((NAMESPACE, dataset))
    except NoSuchTableError as err:
        raise _unknown(catalogue, dataset) from err


def _check_name(dataset: str) -> None:
    if not _NAME.fullmatch(dataset):
        raise BadInput(
            f"A dataset is named in lower case letters, digits and underscores, got {dataset!r}.",
            fix="For instance: cases.",
            dataset=dataset,
        )


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
    tagged = table.snapshot_by_id(ref.snapshot_id)
    facts = tagged.summary.additional_properties if tagged is not None and tagged.summary is not None else {}
    if facts.get(_DIGEST) != digest:
        raise TagTaken(
            f"The tag {tag} of {dataset} means the content {facts.get(_DIGEST, 'unknown')}, not {digest}.",
            fix="Choose another tag; a tag never moves.",
            dataset=dataset,
            tag=tag,
        )


def _unknown(catalogue: Catalogue, reference: str) -> UnknownSnapshot:
    dataset = reference.partition("@")[0]
    known = [snapshot.id for snapshot in list_snapshots(catalogue, dataset)][-10:]
    if known:
        fix = f"Known: {', '.join(known)}."
    else:
        fix = f"Known datasets: {', '.join(list_datasets(catalogue)) or 'none'}."
    return UnknownSnapshot(f"No snapshot is called {reference!r}.", fix=fix, reference=reference)


@contextmanager
def _told(catalogue: Catalogue, dataset: str, fix: str) -> Iterator[None]:
    """Turn what pyiceberg and the database say into our words."""
    try:
        yield
    except (CommitFailedException, ValidationException, TableAlreadyExistsError) as err:
        raise _conflict(dataset, fix) from err
    except sqlalchemy.exc.DBAPIError as err:
        if any(word in str(err.orig).lower() for word in _CONTENTION):
            raise _conflict(dataset, fix) from err
        raise silent(catalogue.url, err) from err


def _conflict(dataset: str, fix: str) -> Conflict:
    return Conflict(
        f"Somebody else wrote to the dataset {dataset} at the same time.", fix=fix, dataset=dataset
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
