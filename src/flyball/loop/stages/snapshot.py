"""Snapshot: the cases and their labels as immutable, versioned tables, if the dataset gate allows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from flyball.core.digests import short
from flyball.core.errors import Refused
from flyball.core.records import Field
from flyball.data.datasets.cases import cases_of, documents_of
from flyball.data.datasets.labels import read_labels
from flyball.data.datasets.records import Snapshot, dataset_card
from flyball.data.datasets.schemas import CASES, LABELS
from flyball.data.labels.columns import ColumnLabels, card_of_labels, labels_of_card, whole
from flyball.data.labels.words import PERSONAL, checked, strictest
from flyball.governance.gates import dataset_gate
from flyball.governance.records import DatasetToUse, Destination
from flyball.loop.deployment import digest_of_path
from flyball.loop.egress import egress_of
from flyball.loop.review_labels import reviewed_decisions, reviewed_digest, reviewed_labels
from flyball.loop.settings import SourceSettings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.documents import contents_of, read_documents, read_row_labels
from flyball.loop.workshop import Workshop

__all__ = ["read_cases", "read_part", "snapshot"]

_WORDLESS = frozenset(
    {"case_id", "source", "media_type", "content_digest", "text_digest", "field", "pages"}
    | {"decision", "text_of", "readers", "how", "chance"}
)


def snapshot(sources: tuple[SourceSettings, ...]) -> Stage:
    """Return the stage that makes one snapshot of all sources."""
    needs = tuple(f"documents:{source.name}" for source in sources)

    def inputs(workshop: Workshop) -> dict[str, str]:
        deployment = workshop.deployment
        about = deployment.settings.deployment
        found = {
            f"labels {source.labels}": digest_of_path(deployment.path(source.labels))
            for source in sources
            if source.labels
        }
        return found | {
            about.fields: digest_of_path(deployment.root / about.fields),
            "data labels, purpose, licence": repr((about.data_labels, about.purpose, about.licence)),
            "tags": repr(about.tags),
            "data labels of sources": repr([(one.name, one.data_labels) for one in sources]),
            "hosts": repr(egress_of(deployment.settings)),
            "reviews": reviewed_digest(workshop),
        }

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        return _make(workshop, sources, outputs)

    return Stage("snapshot", "keep cases and labels as versioned tables", needs, inputs, run)


def read_cases(workshop: Workshop, output: Mapping[str, Any], what: str) -> pa.Table:
    """Return a table of the snapshot: "cases", "labels", "places", or "reviewed"; its digest is checked."""
    return _read(workshop, output[what]["id"])


def read_part(workshop: Workshop, parts: Mapping[str, str], what: str) -> pa.Table:
    """Return a table of the snapshot with which a release was tested; its digest is checked."""
    return _read(workshop, f"{what}@{short(parts[f'snapshot {what}'])}")


def _read(workshop: Workshop, reference: str) -> pa.Table:
    # Importing Iceberg takes a second or two, so it happens only where a snapshot is really read.
    from flyball.data.datasets.catalogue import open_catalogue
    from flyball.data.datasets.snapshots import read_snapshot

    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        return read_snapshot(catalogue, reference)


def _make(workshop: Workshop, sources: tuple[SourceSettings, ...], outputs: Outputs) -> Mapping[str, Any]:
    deployment = workshop.deployment
    cases, labels, places = [], [], []
    for source in sources:
        output = outputs[f"documents:{source.name}"]
        read = read_documents(output, workshop.blobs)
        found = cases_of(read, source=source.name)
        cases.append(found)
        places.append(documents_of(read))
        if source.labels:
            labels.append(_labels(deployment.path(source.labels), found, deployment.fields, output))
        if source.label_columns:
            labels.append(_row_labels(read_row_labels(output, workshop.blobs), deployment.fields))
    tables = {
        "cases": _once(pa.concat_tables(cases)),
        "labels": pa.concat_tables(labels) if labels else LABELS.empty_table(),
        "places": _once(pa.concat_tables(places)),
    }
    n_reviewed = reviewed_decisions(workshop)
    if n_reviewed:
        tables["reviewed"] = reviewed_labels(workshop)
    columns = _column_labels(workshop, sources, tables)
    _gate(workshop, sources, tables["cases"], columns["cases"], outputs)
    parents = tuple(sorted(digest for out in outputs.values() for digest in contents_of(out)))
    from_where = ", ".join(source.path or source.name for source in sources)
    made = {
        name: _written(workshop, name, table, parents, from_where, columns[name])
        for name, table in tables.items()
    }
    if n_reviewed:
        made["reviewed"]["decisions"] = n_reviewed
    return made


def _column_labels(
    workshop: Workshop, sources: tuple[SourceSettings, ...], tables: Mapping[str, pa.Table]
) -> dict[str, ColumnLabels]:
    """Return the labels of every column: of the deployment, and the strictest of its sources.

    What a row says of a case by digest and number alone is not personal by itself; its words are.
    """
    about = workshop.deployment.settings.deployment.data_labels
    own = checked((*about, *strictest(*(source.data_labels for source in sources))))
    plain = tuple(label for label in own if label != PERSONAL)
    return {
        name: {column: plain if column in _WORDLESS else own for column in table.column_names}
        for name, table in tables.items()
    }


def _labels(path: Path, cases: pa.Table, fields: tuple[Field, ...], output: Mapping[str, Any]) -> pa.Table:
    return read_labels(path, cases, fields, unreadable={bad["name"] for bad in output["unreadable"]})


def _row_labels(found: Mapping[str, Mapping[str, str]], fields: tuple[Field, ...]) -> pa.Table:
    """Return what turned out as a table of labels, in the order of the rows and of the fields."""
    rows = [
        {"case_id": case, "field": field.key, "answer": answers[field.key], "spans": []}
        for case, answers in found.items()
        for field in fields
        if field.key in answers
    ]
    return pa.Table.from_pylist(rows, schema=LABELS)


def _once(table: pa.Table) -> pa.Table:
    """Keep the first row of each case: the same file in two sources is one case."""
    seen: set[str] = set()
    keep = []
    for number, case_id in enumerate(table.column("case_id").to_pylist()):
        if case_id not in seen:
            seen.add(case_id)
            keep.append(number)
    return table.take(pa.array(keep, pa.int64()))  # without a type, an empty list is one of nulls


def _gate(
    workshop: Workshop,
    sources: tuple[SourceSettings, ...],
    cases: pa.Table,
    columns: ColumnLabels,
    outputs: Outputs,
) -> None:
    settings = workshop.deployment.settings
    unreadable = sum(len(output["unreadable"]) for output in outputs.values())
    limit = min(source.unreadable_share_at_most for source in sources)
    verdict = dataset_gate(unreadable_share_at_most=limit)(
        DatasetToUse(
            name="cases",
            digest="",
            n_cases=cases.num_rows,
            n_unreadable=unreadable,
            columns={column.name: str(column.type) for column in cases.schema},
            expected_columns={column.name: str(column.type) for column in CASES},
            purpose=settings.deployment.purpose,
            data_labels=settings.deployment.data_labels,
            licence=settings.deployment.licence,
            purpose_tags=settings.deployment.tags,
            column_labels=columns,
            training=any(
                source.labels or source.label_columns for source in sources
            ),  # thresholds are learned from them
            on=workshop.clock().date(),
            sent_to=tuple(
                Destination(host.host) for host in egress_of(settings) if host.gets_data and not host.local
            ),
        )
    )
    workshop.ledger.append(kind="gate.dataset", actor="system:turn", body=verdict)
    if not verdict.allowed:
        raise Refused(
            f"The data may not be used. {verdict.reason}.",
            fix="Mend what the checks name in [deployment] or [[source]] of flyball.toml, or in the files.",
        )


def _written(
    workshop: Workshop,
    name: str,
    table: pa.Table,
    parents: tuple[str, ...],
    from_where: str,
    columns: ColumnLabels,
) -> dict[str, Any]:
    from flyball.data.datasets.catalogue import open_catalogue
    from flyball.data.datasets.snapshots import find_snapshot, list_snapshots, write_snapshot
    from flyball.loop.labelling import require_declassified

    about = workshop.deployment.settings.deployment
    card = dataset_card(
        what={
            "cases": "One row is one case with its text.",
            "labels": "One row is one field of one case: what a person said, or what turned out.",
            "reviewed": "One row is one field of one case: what reviewers answered, and how it came to them.",
            "places": "One row is the map from the text of a case back to its pages or columns.",
        }[name],
        from_where=from_where,
        rows=table.num_rows,
        personal_data="yes" if PERSONAL in whole(columns) else "unknown",
        licence=about.licence,
        created_by="flyball turn",
    )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        if list_snapshots(catalogue, name):
            held = labels_of_card(find_snapshot(catalogue, name).card, table.column_names)
            require_declassified(workshop, name, held, columns)
        made: Snapshot = write_snapshot(
            catalogue,
            name,
            table,
            parents=parents,
            card=card | card_of_labels(columns),
            clock=workshop.clock,
        )
    return {"id": made.id, "digest": made.digest, "rows": made.rows}
