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

__all__ = ["Subjects", "subjects_of"]

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
    snapshots = {
        one.digest: one for name in list_datasets(catalogue) for one in list_snapshots(catalogue, name)
    }
    made: dict[str, frozenset[str]] = {}
    known: dict[str, dict[str, frozenset[str]]] = {}
    found: Subjects = {}
    for digest, snapshot in snapshots.items():
        columns = _columns(workshop, snapshot, value, snapshots, made, known)
        held = found.setdefault(snapshots[digest].dataset, {})
        for column, values in columns.items():
            held[column] = held.get(column, frozenset()) | values
    return found


def _columns(
    workshop: Workshop,
    snapshot: Snapshot,
    value: str,
    snapshots: Mapping[str, Snapshot],
    made: dict[str, frozenset[str]],
    known: dict[str, dict[str, frozenset[str]]],
) -> dict[str, frozenset[str]]:
    if snapshot.digest in known:
        return known[snapshot.digest]
    found: dict[str, frozenset[str]] = {}
    known[snapshot.digest] = found
    subject = snapshot.card.get("subject")
    if isinstance(subject, str) and subject:
        if snapshot.dataset not in made:
            made[snapshot.dataset] = _forms(workshop, snapshot.dataset, subject, value)
        found[subject] = made[snapshot.dataset]
    for parent in snapshot.parents:
        if parent in snapshots:
            inherited = _columns(workshop, snapshots[parent], value, snapshots, made, known)
            for column, values in inherited.items():
                found[column] = found.get(column, frozenset()) | values
    return found


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
