"""Split: cut a snapshot into parts that share no entity, and keep the cut with the labels of what it cuts."""

from collections.abc import Mapping, Sequence

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.inheritance import inherited_labels
from flyball.data.datasets.records import Snapshot, dataset_card
from flyball.data.datasets.snapshots import find_snapshot, read_snapshot
from flyball.data.datasets.splits import keep_split, split_by_entity
from flyball.data.labels.columns import card_of_labels
from flyball.loop.labelling import require_allowed
from flyball.loop.workshop import Workshop

__all__ = ["split_snapshot"]


def split_snapshot(
    workshop: Workshop,
    reference: str,
    *,
    key: Sequence[str],
    entities: Sequence[str],
    shares: Mapping[str, float],
    salt: str,
) -> Snapshot:
    """Split a snapshot by entity and keep the split as the dataset NAME_split.

    Parameters
    ----------
    workshop : Workshop
    reference : str
        "core_accounts", "core_accounts@TAG".
    key : sequence of str
        The columns that name a row.
    entities : sequence of str
        Columns whose values may stand in one part only.
    shares : mapping of str to float
    salt : str

    Returns
    -------
    Snapshot
        Of the split: the key and the part of each row; its parent is the snapshot.

    Raises
    ------
    BadInput
        No entity, or what `split_by_entity` refuses.
    Refused
        Its labels do not allow what this deployment does.
    """
    if not entities:
        raise BadInput(
            "A split needs an entity.", fix="Name the column of the person, account or device with --by."
        )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        of = find_snapshot(catalogue, reference)
        rows = read_snapshot(catalogue, of)
        split = split_by_entity(rows, key=key, entities=entities, shares=shares, salt=salt)
        kept = inherited_labels(catalogue, [of.digest], split.column_names)
        require_allowed(workshop, f"{of.dataset}_split", split.schema, rows=split.num_rows, labels=kept)
        card = dataset_card(
            what=f"Which part of {of.dataset} a row belongs to.",
            from_where=f"{of.id}, by {', '.join(entities)}, salt {salt!r}",
            rows=split.num_rows,
            personal_data=str(of.card.get("personal_data", "unknown")),
            licence=str(of.card.get("licence", "unknown")),
            created_by="flyball snapshot split",
        )
        made = keep_split(
            catalogue,
            f"{of.dataset}_split",
            split,
            rows=rows,
            of=of,
            key=key,
            entities=entities,
            card=card | {"key": list(key)} | card_of_labels(kept),
        )
    workshop.ledger.append(
        kind="snapshot.split",
        actor=workshop.actor,
        body={"of": of.digest, "split": made.digest, "by": list(entities), "shares": dict(shares)},
    )
    return made
