"""A snapshot: what a dataset held at one moment, and where that came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Card", "Snapshot", "dataset_card"]

Card = Mapping[str, str | int | float | bool | list[str] | None]
"""Plain facts about a dataset, for people; see `dataset_card`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable version of a dataset.

    Parameters
    ----------
    dataset : str
        "cases", "labels", "documents".
    iceberg_id : int
        Snapshot id in the Iceberg table of that name, for any other tool that reads Iceberg.
    digest : str
        Of the content alone: columns and the multiset of rows. Neither the order of rows nor the
        layout of files changes it.
    parents : tuple of str
        Digests of what it was made from: other snapshots, listings, readers.
    rows : int
        0 is an empty dataset, not an unknown one.
    columns : tuple of (str, str)
        Name and Arrow type of each column.
    created_at : datetime
        UTC.
    tags : tuple of str
        Names that point to it, sorted.
    card : Card
    """

    dataset: str
    iceberg_id: int
    digest: str
    parents: tuple[str, ...]
    rows: int
    columns: tuple[tuple[str, str], ...]
    created_at: datetime
    tags: tuple[str, ...] = ()
    card: Card = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name for people: "cases@9f3c01ab77de"."""
        return f"{self.dataset}@{self.digest.rpartition(':')[2][:12]}"


def dataset_card(
    *,
    what: str,
    from_where: str,
    rows: int,
    personal_data: str,
    licence: str,
    created_by: str,
) -> dict[str, str | int | float | bool | list[str] | None]:
    """Return the card of a dataset: the six facts that every dataset states.

    Parameters
    ----------
    what : str
        What one row is, in one sentence.
    from_where : str
        Source, with the path or the query.
    rows : int
    personal_data : str
        What is known about personal data in it; "unknown" is an honest answer.
    licence : str
        SPDX expression or the name of the agreement.
    created_by : str
        Program with version, or a person.
    """
    return {
        "what": what,
        "from_where": from_where,
        "rows": rows,
        "personal_data": personal_data,
        "licence": licence,
        "created_by": created_by,
    }
