"""From documents to the tables of a dataset, and back."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from flyball.data.datasets.schemas import CASES, DOCUMENTS
from flyball.data.documents.records import Document, Place, Unread

__all__ = ["case_id_of", "cases_of", "document_of", "documents_of", "label_row", "unread_of"]

_GAPS = 3
"""Parts that were not read and are named; the rest is counted."""
_ID_DIGITS = 16  # 64 bits: among a million cases, two share an id with a chance of 1 in 37 million


def case_id_of(content_digest: str) -> str:
    """Return the id of a case: the first sixteen digits of the digest of its source bytes."""
    return content_digest.removeprefix("sha256:")[:_ID_DIGITS]


def cases_of(documents: Iterable[Document], *, source: str) -> pa.Table:
    """Return one row per different document.

    Parameters
    ----------
    documents : iterable of Document
        Two with the same bytes are one case; the name of the first is kept.
    source : str
        Name of the source in flyball.toml.

    Returns
    -------
    Table of schema CASES
    """
    rows = [
        {
            "case_id": case_id_of(document.content_digest),
            "name": document.name,
            "source": source,
            "media_type": document.media_type,
            "content_digest": document.content_digest,
            "text_digest": document.text_digest,
            "text": document.text,
        }
        for document in _different(documents)
    ]
    return pa.Table.from_pylist(rows, schema=CASES)


def documents_of(documents: Iterable[Document]) -> pa.Table:
    """Return the map of places of each different document, as a table of schema DOCUMENTS."""
    rows = [
        {
            "case_id": case_id_of(document.content_digest),
            "text_digest": document.text_digest,
            "pages": document.pages,
            "notes": list(document.notes),
            "unread": [{"what": gap.what, "reason": gap.reason, "page": gap.page} for gap in document.unread],
            "places": [
                {
                    "start": place.start,
                    "end": place.end,
                    "page": place.page,
                    "label": place.label,
                    "box": list(place.box) if place.box else None,
                }
                for place in document.places
            ],
        }
        for document in _different(documents)
    ]
    return pa.Table.from_pylist(rows, schema=DOCUMENTS)


def document_of(case: dict[str, str], row: dict[str, object]) -> Document:
    """Return the document again from its rows in CASES and DOCUMENTS.

    Parameters
    ----------
    case : dict
        A row of CASES, as `Table.to_pylist` gives it.
    row : dict
        The row of DOCUMENTS of the same case.
    """
    places = row["places"]
    notes = row["notes"]
    unread = row.get("unread")
    pages = row["pages"]
    return Document(
        name=case["name"],
        media_type=case["media_type"],
        content_digest=case["content_digest"],
        text_digest=case["text_digest"],
        text=case["text"],
        places=tuple(
            Place(
                place["start"],
                place["end"],
                place["page"],
                place["label"],
                tuple(place["box"]) if place["box"] else None,
            )
            for place in (places if isinstance(places, list) else [])
        ),
        pages=pages if isinstance(pages, int) else None,
        notes=tuple(notes) if isinstance(notes, list) else (),
        unread=tuple(
            Unread(gap["what"], gap["reason"], gap["page"])
            for gap in (unread if isinstance(unread, list) else [])
        ),
    )


def unread_of(documents: Iterable[Document]) -> dict[str, str]:
    """Return what could not be read, in words, by the id of the case; a document read whole is left out."""
    return {
        case_id_of(document.content_digest): "; ".join(
            f"{gap.what}: {gap.reason}" for gap in document.unread[:_GAPS]
        )
        + (f"; and {len(document.unread) - _GAPS} more" if len(document.unread) > _GAPS else "")
        for document in documents
        if document.unread
    }


def label_row(
    case_id: str, key: str, spans: Sequence[tuple[int, int]], *, present: bool | None = None
) -> dict[str, object]:
    """Return one row of LABELS.

    Parameters
    ----------
    case_id, key : str
    spans : sequence of (start, end)
    present : bool, optional
        Whether the field is there; by default, whether there is a passage that shows it.
    """
    present = bool(spans) if present is None else present
    return {
        "case_id": case_id,
        "field": key,
        "answer": "true" if present else "false",
        "spans": [{"start": start, "end": end} for start, end in spans],
    }


def _different(documents: Iterable[Document]) -> list[Document]:
    seen: dict[str, Document] = {}
    for document in documents:
        seen.setdefault(document.content_digest, document)
    return list(seen.values())
