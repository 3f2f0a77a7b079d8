"""Retention: which snapshots may stay, and the proof that the others are gone.

A snapshot that is due leaves the table's metadata in one commit; then its files that no other snapshot needs
are deleted, and looked for again. What is left behind at any point (a crash, a file that cannot be deleted)
belongs to no snapshot, is found by the next run, and is an error until it is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import pyarrow.fs as pafs
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.table.update import ValidatableTableRequirement
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from flyball.core.digests import canonical_json
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.errors import Altered, RetentionOverdue, UnknownSnapshot
from flyball.data.datasets.history import EXPIRED, Expired, expired_snapshots
from flyball.data.datasets.loading import staged_files
from flyball.data.datasets.tables import (
    CREATED,
    DIGEST,
    LOADS,
    MAIN,
    again_on_conflict,
    existing_table,
    facts_of,
    holds_content,
    told,
)

__all__ = [
    "Retained",
    "Retention",
    "SameRefs",
    "as_expired",
    "bare_path",
    "files_below",
    "listed_files",
    "needed_files",
    "places_of",
    "refs_of",
    "release_tag",
    "retain",
    "retention_status",
]

_REMEMBERED = 1_000  # expired snapshots that the table still knows by name


class SameRefs(ValidatableTableRequirement):
    """No tag or branch has come, gone or moved: Iceberg itself would drop a new tag with its snapshot."""

    type: Literal["assert-same-refs"] = "assert-same-refs"
    refs: dict[str, int]

    def validate(self, base_metadata: TableMetadata | None) -> None:  # type: ignore[override]
        """Refuse the commit where a tag or a branch came, moved or went meanwhile."""
        if base_metadata is None or refs_of(base_metadata) != self.refs:
            raise CommitFailedException("Requirement failed: tags or branches have changed")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long snapshots may stay.

    Parameters
    ----------
    days : int
        A snapshot is due when it is older, counted from when it was made; 0 makes all due at once.
    last : int
        The newest that stay whatever their age, at least 1: the current one.
    tags : tuple of str
        Patterns ("v*") of tags that keep a snapshot until the tag is released; ("*",) is every tag, ()
        none, and then a tag goes with its snapshot.
    grace_hours : float
        How old a file must be before it counts as left behind, and not as one that is being written.
    """

    days: int
    last: int = 1
    tags: tuple[str, ...] = ("*",)
    grace_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class Retained:
    """What retention found or did.

    Parameters
    ----------
    dataset : str
    due : tuple of Expired
        Snapshots that must go; after `retain`: those that went.
    kept : dict of str to str
        The digest of each snapshot that stays, and why.
    left_behind : tuple of str
        Files that no snapshot needs and that are still there.
    deleted : tuple of str
        Files that `retain` deleted, and that were then no longer there.
    """

    dataset: str
    due: tuple[Expired, ...]
    kept: dict[str, str]
    left_behind: tuple[str, ...]
    deleted: tuple[str, ...] = ()

    @property
    def overdue(self) -> bool:
        """Whether something is there that should be gone."""
        return bool(self.due or self.left_behind)

    def require(self) -> None:
        """Raise `RetentionOverdue` where something is there that should be gone."""
        if self.overdue:
            raise RetentionOverdue(
                f"{self.dataset}: {count(len(self.due), 'snapshot')} and "
                f"{count(len(self.left_behind), 'file')} should be gone and are not"
                + (f" (first: {self.left_behind[0]})." if self.left_behind else "."),
                fix="Run retention; where it fails, look at who may delete these files.",
                dataset=self.dataset,
                snapshots=len(self.due),
                files=len(self.left_behind),
            )


def retention_status(catalogue: Catalogue, dataset: str, policy: Retention, now: datetime) -> Retained:
    """Say what should be gone by now; nothing is changed.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    policy : Retention
    now : datetime
        UTC.

    Returns
    -------
    Retained
        Its `require()` raises where something is overdue.
    """
    table = existing_table(catalogue, dataset)
    due, kept = _sorted_out(table, policy, now)
    named = tuple(as_expired(one, now) for one in due if holds_content(one))
    return Retained(dataset, named, kept, _left_behind(table, policy, now))


def retain(catalogue: Catalogue, dataset: str, policy: Retention, now: datetime) -> Retained:
    """Take away the snapshots that are due, delete their files, and prove that they are gone.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    policy : Retention
    now : datetime
        UTC.

    Returns
    -------
    Retained
        What went and what stayed; `left_behind` is empty.

    Raises
    ------
    RetentionOverdue
        A file that should be gone is still there. The snapshots are out of the table already.
    Conflict
        Others were first again and again; nothing was taken away.
    """
    went: list[IcebergSnapshot] = []
    freed: set[str] = set()
    kept: dict[str, str] = {}

    def expired() -> Table:
        nonlocal went, freed, kept
        table = existing_table(catalogue, dataset)
        went, kept = _sorted_out(table, policy, now)
        freed = {path for one in went for path in listed_files(table, one)}
        if not went:
            return table
        named = [as_expired(one, now) for one in went if holds_content(one)]
        known = [*expired_snapshots(table), *named][-_REMEMBERED:]
        gone = {one.snapshot_id for one in went}
        with told(catalogue, dataset, "Try again; nothing was taken away."):
            transaction = table.transaction()
            transaction._stage((), (SameRefs(refs=refs_of(table.metadata)),))  # type: ignore[arg-type]
            refs = ManageSnapshots(transaction)
            for name, ref in table.refs().items():
                if ref.snapshot_id in gone:
                    refs.remove_tag(name)
            refs.commit()
            ExpireSnapshots(transaction).by_ids(sorted(gone)).commit()
            transaction.set_properties({EXPIRED: canonical_json(known).decode()})
            transaction.commit_transaction()
        return table

    table = again_on_conflict(expired)
    wanted = freed - set(needed_files(table)) | set(_left_behind(table, policy, now))
    files, _ = places_of(table)
    deleted: list[str] = []
    left: list[str] = []
    for path in sorted(wanted):
        try:
            table.io.delete(path)
        except FileNotFoundError:
            pass
        except OSError:
            left.append(path)
            continue
        (left if _exists(files, path) else deleted).append(path)
    named = tuple(as_expired(one, now) for one in went if holds_content(one))
    done = Retained(dataset, named, kept, tuple(left), tuple(deleted))
    Retained(dataset, (), kept, done.left_behind).require()
    return done


def release_tag(catalogue: Catalogue, dataset: str, tag: str) -> None:
    """Take a tag away, so that it keeps its snapshot no longer. The snapshot itself stays until it is due.

    Raises
    ------
    UnknownSnapshot
        There is no such tag.
    """

    def released() -> None:
        table = existing_table(catalogue, dataset)
        ref = table.refs().get(tag)
        if ref is None or ref.snapshot_ref_type != SnapshotRefType.TAG:
            tags = [
                name for name, one in table.refs().items() if one.snapshot_ref_type == SnapshotRefType.TAG
            ]
            raise UnknownSnapshot(
                f"{dataset} has no tag {tag!r}.",
                fix=f"Tags: {', '.join(sorted(tags)) or 'none'}.",
                dataset=dataset,
                tag=tag,
            )
        with told(catalogue, dataset, "Try again; nothing was changed."):
            table.manage_snapshots().remove_tag(tag).commit()

    again_on_conflict(released)


def refs_of(metadata: TableMetadata) -> dict[str, int]:
    """Return the snapshot of each tag and branch."""
    return {name: ref.snapshot_id for name, ref in metadata.refs.items()}


def _sorted_out(
    table: Table, policy: Retention, now: datetime
) -> tuple[list[IcebergSnapshot], dict[str, str]]:
    """Return the snapshots that are due, and why each other one with content stays."""
    reasons: dict[int, str] = {}
    newest = [one for one in table.snapshots() if holds_content(one)][-max(policy.last, 1) :]
    for one in newest:
        reasons[one.snapshot_id] = f"one of the last {max(policy.last, 1)}"
    for name, ref in table.refs().items():
        abandoned = name.startswith(LOADS) and _older(table.snapshot_by_id(ref.snapshot_id), policy, now)
        if ref.snapshot_ref_type == SnapshotRefType.BRANCH and not abandoned:
            reasons[ref.snapshot_id] = "current" if name == MAIN else f"branch {name}"
        elif any(fnmatchcase(name, pattern) for pattern in policy.tags) and not abandoned:
            reasons.setdefault(ref.snapshot_id, f"tag {name}")
    due, kept = [], {}
    for one in table.snapshots():
        why = reasons.get(one.snapshot_id)
        if why is None and _older(one, policy, now):
            due.append(one)
        elif holds_content(one):
            kept[facts_of(one)[DIGEST]] = why or f"younger than {count(policy.days, 'day')}"
    return due, kept


def _older(snapshot: IcebergSnapshot | None, policy: Retention, now: datetime) -> bool:
    return snapshot is not None and now - _made(snapshot) >= timedelta(days=policy.days)


def _made(snapshot: IcebergSnapshot) -> datetime:
    written = facts_of(snapshot).get(CREATED)
    if written:
        return datetime.fromisoformat(written)
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def as_expired(snapshot: IcebergSnapshot, now: datetime) -> Expired:
    """Return what is remembered of a snapshot that goes."""
    return Expired(snapshot.snapshot_id, facts_of(snapshot)[DIGEST], _made(snapshot), now)


def listed_files(table: Table, snapshot: IcebergSnapshot) -> Iterator[str]:
    """Yield every file that a snapshot needs: manifests, data, removed keys of a load."""
    if snapshot.manifest_list:
        yield snapshot.manifest_list
    for manifest in snapshot.manifests(table.io):
        yield manifest.manifest_path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path
    yield from staged_files(snapshot)


def needed_files(table: Table) -> Iterator[str]:
    """Yield every file that the table, or one of its snapshots, still rests on."""
    yield table.metadata_location
    for entry in table.metadata.metadata_log:
        yield entry.metadata_file
    for snapshot in table.snapshots():
        yield from listed_files(table, snapshot)


def _left_behind(table: Table, policy: Retention, now: datetime) -> tuple[str, ...]:
    files, _ = places_of(table)
    needed = {bare_path(path) for path in needed_files(table)}
    before = now - timedelta(hours=policy.grace_hours)
    found = []
    for one in files_below(table):
        if bare_path(one.path) not in needed and one.mtime is not None and one.mtime <= before:
            found.append(
                bare_path(one.path) if isinstance(files, pafs.LocalFileSystem) else _address(table, one.path)
            )
    return tuple(sorted(found))


def places_of(table: Table) -> tuple[pafs.FileSystem, str]:
    """Return the file system of a table and its folder there."""
    scheme, _, path = table.location().partition("://")
    if scheme == "file":  # letter by letter, as pyiceberg reads it; from_uri would take "%20" for a space
        return pafs.LocalFileSystem(), path
    return pafs.FileSystem.from_uri(table.location())  # type: ignore[no-any-return]


def files_below(table: Table) -> list[pafs.FileInfo]:
    """Return every file in the folder of a table, whatever needs it.

    Raises
    ------
    Altered
        The newest metadata of the table is not among them: then nobody can say what else is not.
    """
    files, folder = places_of(table)
    selector = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
    found = [one for one in files.get_file_info(selector) if one.is_file]
    if bare_path(table.metadata_location) not in {bare_path(one.path) for one in found}:
        raise Altered(
            f"The files of {table.name()[-1]} are not in {folder}, where they should be.",
            fix="Find out who moved them, and put them back.",
            dataset=table.name()[-1],
        )
    return found


def _exists(files: pafs.FileSystem, path: str) -> bool:
    return bool(files.get_file_info(bare_path(path)).type != pafs.FileType.NotFound)


def bare_path(path: str) -> str:
    """Return a path without its scheme: "file:///a" and "s3://bucket/a" become "/a" and "bucket/a"."""
    return path.partition("://")[2] if "://" in path else path


def _address(table: Table, path: str) -> str:
    return f"{table.location().partition('://')[0]}://{path}"
