"""Subjects: under which values and in which columns a person stands in each dataset."""

import contextlib
from collections.abc import Mapping

import pyarrow as pa

from flyball.core.errors import FlyballError
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import list_datasets, list_snapshots
from flyball.data.privacy.pseudonyms.keys import KeyRing
from flyball.data.privacy.treatment.treatment import TREATMENTS, Tools
from flyball.data.quality.contract import ColumnRule, read_contract
from flyball.loop.revealing import keys_of
from flyball.loop.syncing import dataset_of
from flyball.loop.workshop import Workshop

__all__ = ["Subjects", "lines_of", "subjects_of"]

Subjects = dict[str, dict[str, frozenset[str]]]
"""Dataset -> column -> the person's values there, as text."""

_ONE_TO_ONE = ("keep", "pseudonymise", "keyed_hash")
"""Treatments after which a value still names one person alone; what `redact` writes names everybody."""


def subjects_of(workshop: Workshop, catalogue: Catalogue, value: str) -> Subjects:
    """Return where a person is looked for by name of the column.

    A dataset has the subject column that its contract named, and those of everything that it was made from;
    the value is looked for as it is, and as every key of the deployment would have written it.

    Parameters
    ----------
    workshop : Workshop
    catalogue : Catalogue
    value : str
        As it stands in the source.

    Raises
    ------
    FlyballError
        A key of [privacy.keys] cannot be had: then nobody could be sure.
    """
    datasets = _snapshots(catalogue)
    lines = _lines(datasets)
    own: Subjects = {}
    for dataset, snapshots in datasets.items():
        columns = {str(one.card.get("subject") or "") for one in snapshots} - {""}
        own[dataset] = {column: _forms(workshop, dataset, column, value) for column in sorted(columns)}
    found: Subjects = {}
    for dataset in datasets:
        held = found.setdefault(dataset, {})
        for name in (dataset, *lines[dataset]):
            for column, values in own[name].items():
                held[column] = held.get(column, frozenset()) | values
    return found


def lines_of(catalogue: Catalogue) -> dict[str, dict[str, tuple[tuple[str, ...], ...]]]:
    """Return for each dataset what it was made from, over any number of steps, and the keys that both have.

    The keys are those that the card of either states (`key`), where the dataset has these columns.

    Returns
    -------
    dict of str to dict of str to tuple
        Dataset -> dataset that it was made from -> keys. What others were made from comes first.
    """
    datasets = _snapshots(catalogue)
    lines = _lines(datasets)
    found = {}
    for dataset in sorted(datasets, key=lambda name: (len(lines[name]), name)):
        columns = {name for one in datasets[dataset] for name, _ in one.columns}
        found[dataset] = {
            parent: tuple(
                sorted(
                    key for key in _keys(datasets[dataset]) | _keys(datasets[parent]) if set(key) <= columns
                )
            )
            for parent in sorted(lines[dataset])
        }
    return found


def _snapshots(catalogue: Catalogue) -> dict[str, list[Snapshot]]:
    return {name: list_snapshots(catalogue, name) for name in list_datasets(catalogue)}


def _lines(datasets: Mapping[str, list[Snapshot]]) -> dict[str, set[str]]:
    """Return all the other datasets that each was made from; the same content may stand in several."""
    holders: dict[str, set[str]] = {}
    for name, snapshots in datasets.items():
        for one in snapshots:
            holders.setdefault(one.digest, set()).add(name)
    parents = {
        name: {held for one in snapshots for digest in one.parents for held in holders.get(digest, ())}
        for name, snapshots in datasets.items()
    }
    found: dict[str, set[str]] = {}
    for name in datasets:
        seen, waiting = set[str](), [name]
        while waiting:
            fresh = parents[waiting.pop()] - seen
            seen |= fresh
            waiting += fresh
        found[name] = seen - {name}
    return found


def _keys(snapshots: list[Snapshot]) -> set[tuple[str, ...]]:
    stated = [one.card.get("key") for one in snapshots]
    return {tuple(map(str, key)) for key in stated if isinstance(key, list | tuple) and key}


def _forms(workshop: Workshop, dataset: str, subject: str, value: str) -> frozenset[str]:
    forms = {value}
    for source in workshop.deployment.settings.source:
        for stream in source.stream:
            if stream.contract and dataset_of(source, stream.name) == dataset:
                rule = read_contract(workshop.deployment.path(stream.contract)).column(subject)
                if rule is not None and rule.treatment in _ONE_TO_ONE:
                    forms |= _pseudonyms(rule, value, keys_of(workshop))
    return frozenset(forms)


def _pseudonyms(rule: ColumnRule, value: str, keys: KeyRing | None) -> set[str]:
    rings = [KeyRing(name, keys.secrets) for name in keys.secrets] if keys else [None]
    typed = [pa.array([value]), *([pa.array([int(value)])] if value.isascii() and value.isdigit() else [])]
    found: set[str] = set()
    for ring in rings:
        if ring is not None:
            ring.derive(rule.name, "erasure", 32)  # a key that cannot be had is an error, not an empty find
        treatment = TREATMENTS.load(rule.treatment)(rule.name, rule.treatment_settings, Tools(keys=ring))
        for values in typed:
            # What has no pseudonym in this column, as a name among digits, does not stand there either.
            with contextlib.suppress(FlyballError):
                found |= {str(one) for one in treatment.treat(values).to_pylist() if one is not None}
    return found
