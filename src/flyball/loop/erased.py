"""Erased: who was taken out, known by keyed digests alone, so that no load brings them back."""

import hmac

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.loop.workshop import Workshop

__all__ = ["BEGUN", "ErasedSubjects", "subject_digest"]

BEGUN = "erasure.begun"


def subject_digest(workshop: Workshop, subject: str) -> str:
    """Return a keyed digest of a person: without the deployment's key nobody can try names against it."""
    return _digest(_key(workshop), subject)


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
