"""Deriving: what is made from datasets is kept with their strictest labels, if the dataset gate allows it."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.inheritance import inherited_labels
from flyball.data.datasets.records import Snapshot, dataset_card
from flyball.data.datasets.snapshots import find_snapshot, write_snapshot
from flyball.data.labels.columns import card_of_labels, whole
from flyball.data.labels.words import PERSONAL, checked
from flyball.loop.labelling import require_allowed, require_declassified
from flyball.loop.workshop import Workshop

__all__ = ["derive_snapshot"]


def derive_snapshot(
    workshop: Workshop,
    dataset: str,
    table: pa.Table,
    *,
    of: Sequence[str],
    what: str,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Snapshot:
    """Keep a table that was made from snapshots.

    Parameters
    ----------
    workshop : Workshop
    dataset : str
        Name of the new dataset.
    table : Table
    of : sequence of str
        What it was made from, at least one: "core_accounts", "core_accounts@TAG".
    what : str
        One sentence for the card.
    labels : mapping of str to sequence of str, optional
        Of columns that are to have other labels than they inherit. Freer ones need a signature under
        `declassify` for the new dataset.

    Returns
    -------
    Snapshot
        Its parents are the snapshots.

    Raises
    ------
    BadInput
        Made from nothing, or labels for a column that is not there.
    UnknownSnapshot
        One of them is not there.
    Refused
        The labels do not allow what this deployment does, or would be dropped without a signature.
    """
    unknown = sorted(set(labels or {}) - set(table.column_names))
    if not of or unknown:
        raise BadInput(
            f"There is no column {unknown[0]} to label." if unknown else f"{dataset} is made from nothing.",
            fix=f"There are: {', '.join(table.column_names)}." if unknown else "Name the snapshots with of=.",
        )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        parents = [find_snapshot(catalogue, reference) for reference in of]
        inherited = inherited_labels(catalogue, [one.digest for one in parents], table.column_names)
        kept = inherited | {name: checked(own) for name, own in (labels or {}).items()}
        require_declassified(workshop, dataset, inherited, kept)
        require_allowed(workshop, dataset, table.schema, rows=table.num_rows, labels=kept)
        card = dataset_card(
            what=what,
            from_where=", ".join(one.id for one in parents),
            rows=table.num_rows,
            personal_data="yes" if PERSONAL in whole(kept) else "unknown",
            licence=workshop.deployment.settings.deployment.licence,
            created_by="flyball.loop.deriving",
        )
        made = write_snapshot(
            catalogue,
            dataset,
            table,
            parents=[one.digest for one in parents],
            card=card | card_of_labels(kept),
            clock=workshop.clock,
        )
    workshop.ledger.append(
        kind="snapshot.derived",
        actor=workshop.actor,
        body={"dataset": dataset, "snapshot": made.digest, "of": [one.digest for one in parents]},
    )
    return made
