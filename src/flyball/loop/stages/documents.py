"""Documents: the files of a source, each read once, or its rows where they are the cases."""

from collections.abc import Mapping
from typing import Any

from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.data.datasets.cases import case_id_of
from flyball.data.datasets.errors import BadLabels
from flyball.data.documents.extract import extract_many
from flyball.data.documents.reading import READERS_VERSION
from flyball.data.documents.records import Document, Unreadable
from flyball.data.sources.source import FileListing, Item, Listing
from flyball.ledger.blobs import Blobs
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.erased import erased_case, erased_documents
from flyball.loop.memo import write_atomically
from flyball.loop.rows import CaseRow, packed, read_rows, rows_digest, unpacked
from flyball.loop.settings import SourceSettings
from flyball.loop.sources import limits_of, open_source
from flyball.loop.stage import Outputs, Stage
from flyball.loop.workshop import Workshop

__all__ = ["contents_of", "documents", "listing_of", "read_documents", "read_row_labels", "unreadable_of"]

_ROWS_IN_A_PACK = 1_000
"""Rows in one blob: a blob for each would cost more than the rows; an erasure takes a pack with it."""


def documents(source: SourceSettings) -> Stage:
    """Return the stage that reads one source."""
    if source.cases:
        return _rows(source)

    def inputs(workshop: Workshop) -> dict[str, str]:
        return {
            "files": listing_of(workshop, source).digest,
            "readers": str(READERS_VERSION),
            "limits": digest_of(limits_of([source])),
        }

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        return _read(workshop, source)

    return Stage(f"documents:{source.name}", f"read the files of {source.name}", (), inputs, run)


def _rows(source: SourceSettings) -> Stage:
    """Return the stage that reads the rows of one source."""

    def inputs(workshop: Workshop) -> dict[str, str]:
        fields = workshop.deployment.fields
        kinds = digest_of([(field.key, field.kind) for field in fields])
        return {"rows": rows_digest(workshop.deployment, source, fields), "kinds of fields": kinds}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        return _read_rows(workshop, source)

    return Stage(f"documents:{source.name}", f"read the rows of {source.name}", (), inputs, run)


def listing_of(workshop: Workshop, source: SourceSettings) -> Listing:
    """Return what lies in the source now; unchanged files are not opened again."""
    cache = str(workshop.state / "listings" / f"{source.name}.json")
    opened = open_source(workshop.deployment, source, cache=cache)
    if not isinstance(opened, FileListing):
        raise BadInput(
            f"The source {source.name} does not hold files.",
            fix='Documents come from a source of kind "files"; tables are loaded by `flyball source sync`.',
            source=source.name,
        )
    return opened.listing()


def read_documents(output: Mapping[str, Any], blobs: Blobs) -> list[Document]:
    """Return the documents that the stage has read: by name, rows as the source has them."""
    found = [from_json(blobs.get(row["blob"]), Document) for row in output["documents"]]
    found += [one.document for pack in output.get("packs", ()) for one in unpacked(blobs.get(pack))]
    return found


def read_row_labels(output: Mapping[str, Any], blobs: Blobs) -> dict[str, dict[str, str]]:
    """Return what turned out, as the rows had it: case id -> field -> answer as JSON.

    Raises
    ------
    BadLabels
        Two rows are the same case, and say different things.
    """
    found: dict[str, dict[str, str]] = {}
    for pack in output.get("packs", ()):
        for one in unpacked(blobs.get(pack)):
            case = found.setdefault(case_id_of(one.document.content_digest), {})
            for key, answer in one.labels.items():
                if case.setdefault(key, answer) != answer:
                    raise BadLabels(
                        f"{one.document.name} stands in the source twice: {key} is {case[key]} in one row, "
                        f"{answer} in the other.",
                        fix="Keep the row that is right; if they are two cases, keep the column that tells "
                        "them apart.",
                        case=one.document.name,
                        field=key,
                    )
    return found


def contents_of(output: Mapping[str, Any]) -> list[str]:
    """Return the digests of what a source held: of its files, or of the packs of its rows."""
    return [*(row["content_digest"] for row in output["documents"]), *output.get("packs", ())]


def unreadable_of(output: Mapping[str, Any]) -> list[Unreadable]:
    """Return the files that the stage could not read."""
    return [Unreadable(**row) for row in output["unreadable"]]


def _read(workshop: Workshop, source: SourceSettings) -> Mapping[str, Any]:
    listing = listing_of(workshop, source)
    if not listing.items:
        raise BadInput(
            f"The source {source.name} holds no file at {source.path}.",
            fix="Put documents there, or correct the path of the source in flyball.toml.",
            source=source.name,
        )
    known = {item.name: _known(workshop, item, source) for item in listing.items}
    fresh = [item for item in listing.items if known[item.name] is None]
    results = extract_many(
        [(item.name, item.path) for item in fresh],
        workers=workshop.workers,
        isolated=True,
        limits=limits_of([source]),
    )
    unreadable = []
    erased = erased_documents(workshop)
    for item, result in zip(
        fresh, workshop.progress(results, f"reading {source.name}", len(fresh)), strict=True
    ):
        if isinstance(result, Unreadable):
            unreadable.append(result)
        elif result.content_digest in erased:
            unreadable.append(erased_case(item.name))
        else:
            known[item.name] = _keep(workshop, item, source, result)
    return {
        "documents": [row for item in listing.items if (row := known[item.name]) is not None],
        "unreadable": [_told(bad) for bad in unreadable],
        "skipped": [f"{skipped.name}: {skipped.reason}" for skipped in listing.skipped],
    }


def _read_rows(workshop: Workshop, source: SourceSettings) -> Mapping[str, Any]:
    deployment = workshop.deployment
    unreadable: list[Unreadable] = []
    packs: list[str] = []
    waiting: list[CaseRow] = []
    n_rows = n_erased = 0
    erased = erased_documents(workshop)
    rows = read_rows(deployment, source, deployment.fields)
    for one in workshop.progress(rows, f"reading {source.name}", 0):
        if isinstance(one, Unreadable):
            unreadable.append(one)
            continue
        if one.document.content_digest in erased:
            n_erased += 1
            continue
        waiting.append(one)
        n_rows += 1
        if len(waiting) == _ROWS_IN_A_PACK:
            packs.append(workshop.blobs.put(packed(waiting)))
            waiting = []
    if waiting:
        packs.append(workshop.blobs.put(packed(waiting)))
    if not n_rows:
        raise BadInput(
            f"The source {source.name} holds no row that can be a case.",
            fix="Put rows there, or correct the source in flyball.toml.",
            source=source.name,
        )
    return {
        "documents": [],
        "packs": packs,
        "rows": n_rows,
        "unreadable": [_told(bad) for bad in unreadable],
        "skipped": [f"{count(n_erased, 'row')}: erased on demand, and still in the source"]
        if n_erased
        else [],
    }


def _told(bad: Unreadable) -> dict[str, Any]:
    return {"name": bad.name, "code": bad.code, "message": bad.message, "fix": bad.fix, "retry": bad.retry}


def _keep(workshop: Workshop, item: Item, source: SourceSettings, document: Document) -> dict[str, Any]:
    row = {
        "name": item.name,
        "case_id": case_id_of(document.content_digest),
        "content_digest": document.content_digest,
        "text_digest": document.text_digest,
        "blob": workshop.blobs.put(canonical_json(document)),
    }
    if item.digest == document.content_digest:  # otherwise it changed between listing and reading
        write_atomically(workshop.state / "texts" / _name(item, source), canonical_json(row))
    return row


def _known(workshop: Workshop, item: Item, source: SourceSettings) -> dict[str, Any] | None:
    """Return the row of a file whose bytes were read before under the same name and limits."""
    path = workshop.state / "texts" / _name(item, source)
    try:
        row = from_json(path.read_bytes(), dict[str, Any])
        workshop.blobs.get(row["blob"])
    except (FileNotFoundError, BadInput, KeyError, BlobMissing, BlobErased):
        return None
    return row


def _name(item: Item, source: SourceSettings) -> str:
    made_of = [item.name, item.digest, READERS_VERSION, digest_of(limits_of([source]))]
    return f"{short(digest_of(made_of))}.json"
