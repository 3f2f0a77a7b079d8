"""Inheritance: what is made from datasets has the strictest of their labels."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

from flyball.data.datasets.catalogue import NAMESPACE, Catalogue
from flyball.data.datasets.records import Card, Snapshot
from flyball.data.datasets.tables import (
    DIGEST,
    existing_table,
    facts_of,
    known_snapshots,
    record_of,
    told,
)
from flyball.data.labels.columns import CARD_KEY, card_of_labels, labels_of, labels_of_card
from flyball.data.labels.words import STRICTEST, strictest

__all__ = ["inherited_labels", "parents_kept", "with_inherited_labels"]


def inherited_labels(
    catalogue: Catalogue, parents: Iterable[str], columns: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return the labels of the columns of a dataset that is made from others.

    Parameters
    ----------
    catalogue : Catalogue
    parents : iterable of str
        Digests of the snapshots that it is made from.
    columns : iterable of str
        Of the new dataset.

    Returns
    -------
    dict of str to tuple of str
        For a column that parents have too: the strictest of theirs. For a new one: the strictest of all
        columns of all parents, as nobody can say what it was made from. A parent that is not there any
        more, or whose card is damaged, counts as the strictest there is.
    """
    asked = tuple(parents)
    return _strictest(asked, parents_kept(catalogue, asked), columns)


def parents_kept(catalogue: Catalogue, parents: Iterable[str]) -> list[Snapshot]:
    """Return the snapshots with these digests, of each dataset the one that counts: the current or the last.

    Digests of documents and of sources are in no dataset, and none comes back for them.
    """
    wanted, found = frozenset(parents), []
    if not wanted:
        return []
    with told(catalogue, "list", "Try again."):
        names = sorted(identifier[-1] for identifier in catalogue.sql.list_tables(NAMESPACE))
    for name in names:
        table = existing_table(catalogue, name)
        by_digest: dict[str, IcebergSnapshot] = {}
        for snapshot in known_snapshots(table):
            digest = facts_of(snapshot).get(DIGEST, "")
            held = by_digest.get(digest)
            if digest in wanted and (held is None or held.snapshot_id != table.metadata.current_snapshot_id):
                by_digest[digest] = snapshot
        found += [record_of(table, name, snapshot) for snapshot in by_digest.values()]
    return found


def with_inherited_labels(
    catalogue: Catalogue, card: Card, parents: Sequence[str], schema: pa.Schema
) -> Card:
    """Return a card with labels: its own, or else those that columns carry, and those of parent datasets.

    A card stays as it is where it has labels, and where nothing has any.
    """
    if CARD_KEY in card:
        return card
    carried = labels_of(schema)
    kept = parents_kept(catalogue, parents)
    if not kept:
        return {**card, **card_of_labels(carried)} if any(carried.values()) else card
    inherited = _strictest(parents, kept, schema.names)
    return {
        **card,
        **card_of_labels({name: strictest(inherited[name], carried[name]) for name in schema.names}),
    }


def _strictest(
    parents: Sequence[str], kept: Sequence[Snapshot], columns: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    lost = [STRICTEST] if set(parents) - {one.digest for one in kept} else []
    held = [_labels(one) for one in kept]
    everything = strictest(*lost, *(labels for one in held for labels in one.values()))
    found = {}
    for column in columns:
        own = [one[column] for one in held if column in one]
        found[column] = strictest(*lost, *own) if own else everything
    return found


def _labels(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    return labels_of_card(snapshot.card, [name for name, _ in snapshot.columns])
