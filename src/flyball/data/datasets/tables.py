"""A dataset as an Iceberg table: what its snapshots say of themselves, and errors in our words."""

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import pyarrow as pa
import sqlalchemy.exc
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import NAMESPACE, Catalogue, silent
from flyball.data.datasets.content import described
from flyball.data.datasets.errors import Altered, Conflict, Overtaken, UnknownSnapshot
from flyball.data.datasets.records import Card, Snapshot

__all__ = [
    "BEGUN",
    "CARD",
    "CREATED",
    "DIGEST",
    "LOADS",
    "MAIN",
    "PARENTS",
    "ROWS",
    "SCHEMA",
    "TABLE_PROPERTIES",
    "again_on_conflict",
    "check_name",
    "existing_table",
    "facts_of",
    "first_line",
    "holds_content",
    "known_snapshots",
    "record_of",
    "row_count",
    "schema_of",
    "snapshot_facts",
    "told",
    "unknown",
]

MAIN = "main"
LOADS = "load-"  # with this begin the branches on which loads are staged
DIGEST, PARENTS, CARD = "flyball.digest", "flyball.parents", "flyball.card"
ROWS, SCHEMA, CREATED = "flyball.rows", "flyball.arrow-schema", "flyball.created-at"
BEGUN = "flyball.begun"  # of the snapshot without content with which a dataset begins
# A commit that failed is never tried again behind our back: after another's write, it would add to it.
# Each commit writes all metadata anew; the newest file knows every snapshot, so few older ones are kept.
TABLE_PROPERTIES = {
    "commit.retry.num-retries": "0",
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
}
_CONTENTION = ("locked", "deadlock", "serialize", "unique")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ATTEMPTS = 20
T = TypeVar("T")


def facts_of(snapshot: IcebergSnapshot | None) -> Mapping[str, str]:
    """Return the properties of a snapshot; none where there is no snapshot."""
    return snapshot.summary.additional_properties if snapshot is not None and snapshot.summary else {}


def snapshot_facts(
    *, digest: str, parents: Sequence[str], card: Card, rows: int, schema: pa.Schema, now: datetime
) -> dict[str, str]:
    """Return what a snapshot says of itself, as properties that `record_of` reads again."""
    return {
        DIGEST: digest,
        PARENTS: canonical_json(list(parents)).decode(),
        CARD: canonical_json(card).decode(),
        ROWS: str(rows),
        SCHEMA: base64.b64encode(schema.remove_metadata().serialize().to_pybytes()).decode(),
        CREATED: now.isoformat(),
    }


def record_of(table: Table, dataset: str, snapshot: IcebergSnapshot) -> Snapshot:
    """Return the record of a snapshot from its own properties.

    Raises
    ------
    Altered
        It was not written by Flyball.
    """
    facts = facts_of(snapshot)
    if DIGEST not in facts:
        raise Altered(
            f"Snapshot {snapshot.snapshot_id} of {dataset} was not written by Flyball.",
            fix="Write the dataset through flyball, so that its content has a digest.",
            dataset=dataset,
        )
    names = [
        name
        for name, ref in table.refs().items()
        if ref.snapshot_id == snapshot.snapshot_id and ref.snapshot_ref_type == SnapshotRefType.TAG
    ]
    return Snapshot(
        dataset=dataset,
        iceberg_id=snapshot.snapshot_id,
        digest=facts[DIGEST],
        parents=from_json(facts[PARENTS], tuple[str, ...]),
        rows=int(facts[ROWS]),
        columns=described(schema_of(snapshot)),
        created_at=datetime.fromisoformat(facts[CREATED]),
        tags=tuple(sorted(names)),
        card=from_json(facts[CARD], dict[str, str | int | float | bool | list[str] | None]),
    )


def schema_of(snapshot: IcebergSnapshot) -> pa.Schema:
    """Return the Arrow schema with which a snapshot was written."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(facts_of(snapshot)[SCHEMA])))


def row_count(snapshot: IcebergSnapshot) -> int:
    """Return the rows that Iceberg counts in a snapshot."""
    return int(facts_of(snapshot).get("total-records", "0"))


def known_snapshots(table: Table) -> list[IcebergSnapshot]:
    """Return the snapshots that hold content."""
    return [snapshot for snapshot in table.snapshots() if holds_content(snapshot)]


def holds_content(snapshot: IcebergSnapshot) -> bool:
    """Whether it is a version of the dataset; replacing content may leave an empty snapshot in between."""
    summary = snapshot.summary
    written = summary is not None and summary.operation in (Operation.APPEND, Operation.OVERWRITE)
    return written and DIGEST in facts_of(snapshot)


def existing_table(catalogue: Catalogue, dataset: str) -> Table:
    """Return the Iceberg table of a dataset, as it is now.

    Raises
    ------
    UnknownSnapshot
        There is no such dataset.
    """
    check_name(dataset)

    def loaded() -> Table:
        with told(catalogue, dataset, "Try again."):
            return catalogue.sql.load_table((NAMESPACE, dataset))

    try:
        return again_on_conflict(loaded, attempts=5)
    except NoSuchTableError as err:
        raise unknown(catalogue, dataset) from err


def check_name(dataset: str) -> None:
    """Refuse a name that is not a plain word.

    Raises
    ------
    BadInput
    """
    if not _NAME.fullmatch(dataset):
        raise BadInput(
            f"A dataset is named in lower case letters, digits and underscores, got {dataset!r}.",
            fix="For instance: cases.",
            dataset=dataset,
        )


def unknown(catalogue: Catalogue, reference: str) -> UnknownSnapshot:
    """Return the error for a reference that names nothing, with those that are known."""
    dataset = reference.partition("@")[0]
    with told(catalogue, dataset, "Try again."):
        tables = sorted(identifier[-1] for identifier in catalogue.sql.list_tables(NAMESPACE))
        known = []
        if dataset in tables:
            table = catalogue.sql.load_table((NAMESPACE, dataset))
            known = [record_of(table, dataset, one).id for one in known_snapshots(table)][-10:]
    fix = f"Known: {', '.join(known)}." if known else f"Known datasets: {', '.join(tables) or 'none'}."
    if dataset in tables and not known:
        fix = f"{dataset} holds nothing yet: no load into it has come to its end."
    return UnknownSnapshot(f"No snapshot is called {reference!r}.", fix=fix, reference=reference)


def again_on_conflict(work: Callable[[], T], *, attempts: int = _ATTEMPTS) -> T:
    """Do `work` again while somebody else's commit comes first, with growing pauses.

    `work` must look at the table anew each time, and raise anything but `Conflict` where another's
    write makes it wrong.

    Raises
    ------
    Conflict
        Others were first in every attempt.
    """
    for attempt in range(attempts - 1):
        try:
            return work()
        except Overtaken:
            raise
        except Conflict:
            time.sleep(min(0.02 * 2**attempt, 1.0))
    return work()


@contextmanager
def told(catalogue: Catalogue, dataset: str, fix: str) -> Iterator[None]:
    """Turn what pyiceberg and the database say into our words."""
    try:
        yield
    except (CommitFailedException, ValidationException, TableAlreadyExistsError) as err:
        raise _conflict(dataset, fix) from err
    except sqlalchemy.exc.DBAPIError as err:
        if any(word in str(err.orig).lower() for word in _CONTENTION):
            raise _conflict(dataset, fix) from err
        raise silent(catalogue.url, err) from err
    except FileNotFoundError as err:  # others committed so often meanwhile that what was read has been tidied
        if ".metadata.json" not in str(err):
            raise
        raise _conflict(dataset, fix) from err
    except ValueError as err:  # pyiceberg's word for a snapshot that was numbered before another's commit
        if "older than last sequence number" not in str(err):
            raise
        raise _conflict(dataset, fix) from err


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, at most 300 characters."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _conflict(dataset: str, fix: str) -> Conflict:
    return Conflict(
        f"Somebody else wrote to the dataset {dataset} at the same time.", fix=fix, dataset=dataset
    )
