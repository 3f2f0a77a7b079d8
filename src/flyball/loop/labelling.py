"""Labelling: what is made from data inherits its labels, and a label is only dropped on somebody's word."""

from collections.abc import Iterable, Mapping

from flyball.core.errors import BadInput, Refused
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import list_datasets, list_snapshots
from flyball.data.labels.columns import ColumnLabels, labels_of_card
from flyball.data.labels.words import STRICTEST, checked, strictest
from flyball.loop.permission import signed_request
from flyball.loop.workshop import Workshop

__all__ = ["DECLASSIFIED", "declassify", "inherited_labels", "loosened", "require_declassified"]

DECLASSIFIED, REFUSED = "labels.declassified", "labels.declassification_refused"
_SHORTEST_REASON = 8


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
    wanted = tuple(columns)
    snapshots = {
        one.digest: one for name in list_datasets(catalogue) for one in list_snapshots(catalogue, name)
    }
    known = [snapshots.get(digest) for digest in parents]
    lost = [STRICTEST] if None in known else []
    held = [_labels(one) for one in known if one is not None]
    everything = strictest(*lost, *(labels for one in held for labels in one.values()))
    found = {}
    for column in wanted:
        own = [one[column] for one in held if column in one]
        found[column] = strictest(*lost, *own) if own else everything
    return found


def loosened(before: ColumnLabels, after: ColumnLabels) -> dict[str, tuple[str, ...]]:
    """Return the columns that may be used more freely than before, with the labels that they had.

    A label that is gone, and a purpose that was added where purposes were limited, are both freer. A column
    that is gone is not.
    """
    return {
        column: tuple(labels)
        for column, labels in before.items()
        if column in after and strictest(labels, after[column]) != strictest(after[column])
    }


def declassify(
    workshop: Workshop, dataset: str, column: str, labels: Iterable[str], *, person: str, reason: str
) -> int:
    """Write down that a column may have these labels from now on, though it had stricter ones.

    Parameters
    ----------
    workshop : Workshop
    dataset, column : str
    labels : iterable of str
        All that it is to have; () is none.
    person : str
        Needs "declassify" among their kinds in people.toml, and signs.
    reason : str
        "Hashed since 2026-11, without the key".

    Returns
    -------
    int
        Index of the ledger entry.

    Raises
    ------
    BadInput
        No reason.
    UnknownLabel
        A word of none of the vocabulary.
    Refused
        The person may not. That is written down too.
    """
    if len(reason.strip()) < _SHORTEST_REASON:
        raise BadInput(
            f"Dropping a label needs a reason of a few words, got {reason!r}.",
            fix="Say what has changed about the data.",
        )
    request = {
        "person": person,
        "reason": reason,
        "dataset": dataset,
        "column": column,
        "labels": list(checked(labels)),
    }
    approval = signed_request(workshop, request, kind="declassify", person=person, refusal=REFUSED)
    body = {**request, "approval": approval}
    return workshop.ledger.append(kind=DECLASSIFIED, actor=f"person:{person}", body=body).index


def require_declassified(workshop: Workshop, dataset: str, before: ColumnLabels, after: ColumnLabels) -> None:
    """Refuse labels that are looser than those before, but for columns where a person has signed it.

    Parameters
    ----------
    workshop : Workshop
    dataset : str
    before, after : mapping of str to tuple of str
        Labels by column: of the current snapshot, and of the one to be made.

    Raises
    ------
    Refused
        Names each column, and what it would lose.
    """
    signed: dict[str, tuple[str, ...]] = {}
    for entry in workshop.ledger.entries(DECLASSIFIED):
        if entry.body["dataset"] == dataset:
            signed[str(entry.body["column"])] = _words(entry.body["labels"])  # the latest word counts
    free = {
        column: labels
        for column, labels in loosened(before, after).items()
        if column not in signed or loosened({column: signed[column]}, after)
    }
    if free:
        raise Refused(
            f"{dataset} may not lose labels: "
            + "; ".join(
                f"{column} had {', '.join(labels)} and would have {', '.join(after[column]) or 'none'}"
                for column, labels in sorted(free.items())
            )
            + ".",
            fix="Put the labels back, or have somebody sign it who may declassify.",
            dataset=dataset,
            columns=", ".join(sorted(free)),
        )


def _labels(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    return labels_of_card(snapshot.card, [name for name, _ in snapshot.columns])


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
