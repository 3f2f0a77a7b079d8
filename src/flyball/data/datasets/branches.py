"""Branches of a dataset: content that is worked on beside the current one, until it is published or dropped.

Rows are written to a branch by `open_load(..., branch=NAME)`, and read as "dataset@NAME".
"""

import re

from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import is_ancestor_of

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.errors import Overtaken, TagTaken, UnknownSnapshot
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.tables import (
    LOADS,
    MAIN,
    again_on_conflict,
    existing_table,
    record_of,
    told,
    unknown,
)

__all__ = ["create_branch", "delete_branch", "list_branches", "publish_branch"]

_BRANCH = re.compile(r"[a-z][a-z0-9._-]{0,62}")


def create_branch(catalogue: Catalogue, snapshot: Snapshot, branch: str) -> Snapshot:
    """Begin a branch at a snapshot.

    Parameters
    ----------
    catalogue : Catalogue
    snapshot : Snapshot
    branch : str
        Lower case letters, digits, '.', '_' and '-'; not "main", nor beginning with "load-".

    Raises
    ------
    BadInput
        The name cannot be used.
    TagTaken
        There is a branch or a tag of that name.
    UnknownSnapshot
        The snapshot is gone.
    Conflict
        Others were first again and again; nothing was written.
    """
    if not _BRANCH.fullmatch(branch) or branch == MAIN or branch.startswith(LOADS):
        raise BadInput(
            f"A branch is named in lower case letters, digits, '.', '_' and '-', and neither 'main' nor "
            f"'load-...', got {branch!r}.",
            fix="For instance: corrections.",
            branch=branch,
        )

    def created() -> Snapshot:
        table = existing_table(catalogue, snapshot.dataset)
        if branch in table.refs():
            raise TagTaken(
                f"{snapshot.dataset} has a branch or a tag called {branch} already.",
                fix="Choose another name, or delete the branch.",
                dataset=snapshot.dataset,
                branch=branch,
            )
        found = table.snapshot_by_id(snapshot.iceberg_id)
        if found is None:
            raise unknown(catalogue, snapshot.id)
        with told(catalogue, snapshot.dataset, "Try again; nothing was written."):
            table.manage_snapshots().create_branch(found.snapshot_id, branch).commit()
        return record_of(table, snapshot.dataset, found)

    return again_on_conflict(created)


def list_branches(catalogue: Catalogue, dataset: str) -> dict[str, Snapshot]:
    """Return the branches of a dataset, with what each holds; neither "main" nor unfinished loads."""
    table = existing_table(catalogue, dataset)
    found = {}
    for name in sorted(_branches(table)):
        snapshot = table.snapshot_by_name(name)
        if snapshot is not None:
            found[name] = record_of(table, dataset, snapshot)
    return found


def publish_branch(catalogue: Catalogue, dataset: str, branch: str) -> Snapshot:
    """Make the content of a branch the current one, and end the branch.

    Raises
    ------
    UnknownSnapshot
        There is no such branch.
    Overtaken
        The current content has changed since the branch began: publishing would undo that.
    Conflict
        Others were first again and again; nothing was written.
    """

    def published() -> Snapshot:
        table = existing_table(catalogue, dataset)
        head = _head(table, dataset, branch)
        current = table.metadata.current_snapshot_id
        if current is not None and current != head and not is_ancestor_of(head, current, table.metadata):
            raise Overtaken(
                f"The content of {dataset} was changed after the branch {branch} began.",
                fix="Make a branch from the current content, and load into it again.",
                dataset=dataset,
                branch=branch,
            )
        with (
            told(catalogue, dataset, "Try again; nothing was written."),
            table.manage_snapshots() as change,
        ):
            change.set_current_snapshot(head).remove_branch(branch)
        made = table.current_snapshot()
        if made is None:
            raise unknown(catalogue, dataset)
        return record_of(table, dataset, made)

    return again_on_conflict(published)


def delete_branch(catalogue: Catalogue, dataset: str, branch: str) -> None:
    """End a branch. Its snapshots stay until retention takes them.

    Raises
    ------
    UnknownSnapshot
        There is no such branch.
    """

    def deleted() -> None:
        table = existing_table(catalogue, dataset)
        _head(table, dataset, branch)
        with told(catalogue, dataset, "Try again; nothing was written."):
            table.manage_snapshots().remove_branch(branch).commit()

    again_on_conflict(deleted)


def _branches(table: Table) -> list[str]:
    return [
        name
        for name, ref in table.refs().items()
        if ref.snapshot_ref_type == SnapshotRefType.BRANCH and name != MAIN and not name.startswith(LOADS)
    ]


def _head(table: Table, dataset: str, branch: str) -> int:
    names = _branches(table)
    if branch not in names:
        raise UnknownSnapshot(
            f"{dataset} has no branch {branch!r}.",
            fix=f"Branches: {', '.join(sorted(names)) or 'none'}.",
            dataset=dataset,
            branch=branch,
        )
    return table.refs()[branch].snapshot_id
