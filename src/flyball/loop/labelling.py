"""Labelling: data is kept only for what its labels allow, and a label is only dropped on somebody's word."""

from collections.abc import Iterable

import pyarrow as pa

from flyball.core.errors import BadInput, Refused
from flyball.data.labels.columns import ColumnLabels
from flyball.data.labels.words import checked, strictest
from flyball.governance.gates import dataset_gate
from flyball.governance.records import DatasetToUse
from flyball.loop.permission import signed_request
from flyball.loop.workshop import Workshop

__all__ = ["DECLASSIFIED", "declassify", "loosened", "require_allowed", "require_declassified"]

DECLASSIFIED, REFUSED = "labels.declassified", "labels.declassification_refused"
_SHORTEST_REASON = 8


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


def require_allowed(
    workshop: Workshop,
    dataset: str,
    schema: pa.Schema,
    *,
    rows: int,
    labels: ColumnLabels,
    data_labels: tuple[str, ...] = (),
) -> None:
    """Ask the dataset gate whether rows with these labels may be kept; the verdict goes into the ledger.

    Parameters
    ----------
    workshop : Workshop
    dataset : str
    schema : Schema
        Of the rows.
    rows : int
    labels : mapping of str to tuple of str
        By column.
    data_labels : tuple of str
        Of all columns together, on top.

    Raises
    ------
    Refused
        With the reason: the column, what it was collected for, and what it would be used for.
    """
    about = workshop.deployment.settings.deployment
    kinds = {column.name: str(column.type) for column in schema}
    verdict = dataset_gate()(
        DatasetToUse(
            name=dataset,
            digest="",
            n_cases=max(rows, 1),  # an empty table is a fact about the source, not a refusal
            n_unreadable=0,
            columns=kinds,
            expected_columns=kinds,
            purpose=about.purpose,
            data_labels=data_labels,
            column_labels=labels,
            licence=about.licence,
            purpose_tags=about.tags,
            on=workshop.clock().date(),
            sent_to=(),
        )
    )
    workshop.ledger.append(kind="gate.dataset", actor=workshop.actor, body=verdict)
    if not verdict.allowed:
        raise Refused(
            f"{dataset} may not be kept. {verdict.reason}.",
            fix="Mend what the checks name in [deployment] or [[source]] of flyball.toml.",
            dataset=dataset,
        )


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
