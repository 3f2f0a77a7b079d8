"""Labels on the columns of an Arrow schema, and on the card of the snapshot that is made of it."""

import json
from collections.abc import Iterable, Mapping

import pyarrow as pa

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.data.labels.errors import NotForTraining, UnknownLabel
from flyball.data.labels.words import NO_TRAINING, STRICTEST, checked, purposes, strictest

__all__ = [
    "CARD_KEY",
    "card_of_labels",
    "labelled",
    "labels_of",
    "labels_of_card",
    "require_learnable",
    "speaks_against",
    "whole",
]

CARD_KEY = "column_labels"
_METADATA = b"flyball.labels"
_USE = b"flyball.use"

ColumnLabels = Mapping[str, tuple[str, ...]]


def labelled(schema: pa.Schema, labels: Mapping[str, Iterable[str]]) -> pa.Schema:
    """Return a schema whose columns carry labels, on top of those that they have.

    Parameters
    ----------
    schema : Schema
    labels : mapping of str to iterable of str
        By column.

    Raises
    ------
    BadInput
        A column is not there.
    UnknownLabel
        A word that is none of the vocabulary.
    """
    missing = sorted(set(labels) - set(schema.names))
    if missing:
        raise BadInput(
            f"There is no column {missing[0]} to label.", fix=f"There are: {', '.join(schema.names)}."
        )
    there = labels_of(schema)
    fields = []
    for field in schema:
        own = checked({*there[field.name], *labels.get(field.name, ())})
        metadata = {**(field.metadata or {}), _METADATA: canonical_json(list(own))}
        fields.append(field.with_metadata(metadata))
    return pa.schema(fields, schema.metadata)


def labels_of(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """Return the labels of each column: () where it has none, the strictest where they cannot be read."""
    return {field.name: _read((field.metadata or {}).get(_METADATA)) for field in schema}


def card_of_labels(labels: ColumnLabels) -> dict[str, str]:
    """Return the entry of a snapshot's card, so that labels live as long as the snapshot."""
    return {CARD_KEY: canonical_json({name: list(checked(one)) for name, one in labels.items()}).decode()}


def labels_of_card(card: Mapping[str, object], columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the labels of a snapshot's columns.

    Parameters
    ----------
    card : mapping
        Of the snapshot.
    columns : iterable of str

    Returns
    -------
    dict of str to tuple of str
        The strictest for every column where the card cannot be read, or does not speak of it. () for all
        where the card is of a time before there were labels.
    """
    if CARD_KEY not in card:
        return dict.fromkeys(columns, ())
    try:
        written = json.loads(str(card[CARD_KEY]))
        return {name: checked(written[name]) if name in written else STRICTEST for name in columns}
    except (ValueError, TypeError, UnknownLabel):
        return dict.fromkeys(columns, STRICTEST)


def speaks_against(labels: ColumnLabels, tags: Iterable[str], *, training: bool = False) -> dict[str, str]:
    """Return which columns may not be used for what a deployment does, and why.

    Parameters
    ----------
    labels : mapping of str to tuple of str
        By column.
    tags : iterable of str
        The purposes of the use, as `deployment.tags` names them.
    training : bool
        Whether something is to be learned from it.

    Returns
    -------
    dict of str to str
        Column -> reason; empty where nothing speaks against it.
    """
    used = frozenset(tags)
    found = {}
    for column, own in labels.items():
        allowed = purposes(own)
        if allowed is not None and not allowed & used:
            for_what = ", ".join(sorted(used)) or "no purpose that has a name"
            found[column] = (
                f"collected for {', '.join(sorted(allowed))}, but used for {for_what}"
                if allowed
                else "its sources allow no purpose in common"
            )
        elif training and NO_TRAINING in own:
            found[column] = "nothing may be learned from it"
    return found


def require_learnable(*tables: pa.Table) -> None:
    """Refuse rows that nothing may be learned from; whatever trains asks this first.

    Rows of a snapshot carry the labels of its card, and rows of a source the use that is set there.

    Raises
    ------
    NotForTraining
        A column, or all of a table, is labelled no-training, or its labels cannot be read.
    """
    for table in tables:
        closed = [name for name, own in labels_of(table.schema).items() if NO_TRAINING in own]
        if (table.schema.metadata or {}).get(_USE, b"").decode() == NO_TRAINING:
            closed = list(table.column_names)
        if closed:
            raise NotForTraining(
                f"Nothing may be learned from {', '.join(closed)}: labelled {NO_TRAINING}.",
                fix="Train on other rows, or leave these columns out.",
                columns=", ".join(closed),
            )


def whole(labels: ColumnLabels) -> tuple[str, ...]:
    """Return the labels of all columns together: the strictest."""
    return strictest(*labels.values())


def _read(written: bytes | None) -> tuple[str, ...]:
    if written is None:
        return ()
    try:
        return checked(str(one) for one in json.loads(written))
    except (ValueError, TypeError, UnknownLabel):
        return STRICTEST
