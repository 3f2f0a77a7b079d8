"""What a dataset held at a moment."""

from datetime import UTC, datetime

import msgspec
from pyiceberg.table import Table

from flyball.core.digests import from_json
from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.errors import UnknownSnapshot
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.tables import existing_table, holds_content, record_of

__all__ = ["EXPIRED", "Expired", "expired_snapshots", "snapshot_at"]

EXPIRED = "flyball.expired"


class Expired(msgspec.Struct, frozen=True):
    """A snapshot that retention took away: what is still known of it.

    Parameters
    ----------
    iceberg_id : int
    digest : str
    created_at, expired_at : datetime
        UTC.
    """

    iceberg_id: int
    digest: str
    created_at: datetime
    expired_at: datetime


def snapshot_at(catalogue: Catalogue, dataset: str, moment: datetime) -> Snapshot:
    """Return the snapshot that was current at a moment, by the clock of the machine that wrote it.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    moment : datetime
        With a time zone. At the very moment of a commit, its snapshot is the current one.

    Raises
    ------
    BadInput
        A moment without a time zone.
    UnknownSnapshot
        The dataset held nothing yet, or what it held has been expired.
    """
    if moment.tzinfo is None:
        raise BadInput(
            f"A moment needs a time zone, got {moment.isoformat()}.",
            fix=f"For instance: {moment.isoformat()}+00:00.",
        )
    table = existing_table(catalogue, dataset)
    millis = round(moment.timestamp() * 1000)
    then = [entry for entry in table.metadata.snapshot_log if entry.timestamp_ms <= millis]
    found = None
    since = datetime.min.replace(tzinfo=UTC)
    for entry in then:
        snapshot = table.snapshot_by_id(entry.snapshot_id)
        if snapshot is not None and holds_content(snapshot):
            found, since = snapshot, datetime.fromtimestamp(entry.timestamp_ms / 1000, UTC)
    gone = [one for one in expired_snapshots(table) if since < one.created_at <= moment]
    if gone:
        raise UnknownSnapshot(
            f"What {dataset} held at {moment.isoformat()} ({gone[-1].digest}) was expired on "
            f"{gone[-1].expired_at:%Y-%m-%d}.",
            fix="Keep snapshots longer, or tag those that must stay.",
            dataset=dataset,
        )
    if found is None:
        raise UnknownSnapshot(
            f"{dataset} held nothing at {moment.isoformat()}.",
            fix="Ask for a later moment.",
            dataset=dataset,
        )
    return record_of(table, dataset, found)


def expired_snapshots(table: Table) -> list[Expired]:
    """Return what retention took away, in the order in which it went."""
    return from_json(table.properties.get(EXPIRED, "[]"), list[Expired])
