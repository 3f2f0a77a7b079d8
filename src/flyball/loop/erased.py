"""Erased: who was taken out, known by keyed digests alone, so that no load brings them back."""

import hmac

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.data.documents.records import Unreadable
from flyball.loop.workshop import Workshop

__all__ = ["BEGUN", "ErasedSubjects", "erased_case", "erased_documents", "left_of", "subject_digest"]

BEGUN = "erasure.begun"


def subject_digest(workshop: Workshop, subject: str) -> str:
    """Return a keyed digest of a person: without the deployment's key nobody can try names against it."""
    return _digest(_key(workshop), subject)


def erased_documents(workshop: Workshop) -> frozenset[str]:
    """Return the digests of the documents that were erased; a row is a document too."""
    plans = (
        entry.body["plan"]
        for entry in workshop.ledger.entries(BEGUN)
        if not _names(entry.body["datasets"])  # where one dataset was meant, documents stay
    )
    return frozenset(
        str(one) for plan in plans if isinstance(plan, dict) for one in _names(plan["documents"])
    )


def left_of(workshop: Workshop, blob: str) -> str:
    """Return the digest of what was left of a blob when people were taken out of it; else its own."""
    instead: dict[str, str] = {}
    for entry in workshop.ledger.entries(BEGUN):
        left = entry.body.get("left", {})
        instead |= {str(old): str(new) for old, new in left.items()} if isinstance(left, dict) else {}
    while blob in instead:
        blob = instead[blob]
    return blob


def erased_case(name: str) -> Unreadable:
    """Return what is said of a case that comes again after it was erased: nothing of it may be kept."""
    return Unreadable(
        name,
        "documents.erased",
        f"{name} was erased from this deployment on demand.",
        "Take it out of what you hand in. If it comes again with other content, it is decided.",
    )


class ErasedSubjects:
    """The people who were erased from a dataset; from the first request on, for a load may run beside it.

    Parameters
    ----------
    workshop : Workshop
    dataset : str
    """

    def __init__(self, workshop: Workshop, dataset: str) -> None:
        self._digests = {
            str(entry.body["subject"])
            for entry in workshop.ledger.entries(BEGUN)
            if dataset in _names(entry.body["datasets"]) or not _names(entry.body["datasets"])
        }
        self._key = _key(workshop) if self._digests else b""

    def keep_out(self, rows: pa.RecordBatch, column: str) -> pa.RecordBatch:
        """Return the rows that are about nobody who was erased.

        Parameters
        ----------
        rows : RecordBatch
            As the source gave them.
        column : str
            The one that names the person; "" or one that is not there keeps all rows.
        """
        if not self._digests or column not in rows.schema.names:
            return rows
        people = rows.column(column).cast(pa.string()).dictionary_encode()
        erased = [
            one is not None and _digest(self._key, one) in self._digests
            for one in people.dictionary.to_pylist()
        ]
        if not any(erased):
            return rows
        gone = pc.take(pa.array(erased, pa.bool_()), people.indices)
        return rows.filter(pc.invert(pc.fill_null(gone, False)))


def _names(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _key(workshop: Workshop) -> bytes:
    secret = workshop.key.private.private_bytes_raw()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"flyball erasure v1").derive(secret)


def _digest(key: bytes, subject: str) -> str:
    return "hmac-sha256:" + hmac.digest(key, subject.strip().casefold().encode(), "sha256").hex()
