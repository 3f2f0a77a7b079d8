"""Erasing a blob on record: first the entry that says so, then the bytes."""

from flyball.ledger.blobs import Blobs, Tombstone
from flyball.ledger.ledger import Ledger
from flyball.ledger.verify import ERASURE

__all__ = ["erase"]


def erase(ledger: Ledger, blobs: Blobs, digest: str, *, actor: str, reason: str) -> Tombstone:
    """Erase a blob, with an entry that tells who did it and why.

    Killed in between, the same call finishes what was begun.

    Parameters
    ----------
    ledger : Ledger
    blobs : Blobs
    digest : str
    actor : str
        Who decided it: "person:jane".
    reason : str
        "erasure request 2026-118". Without personal data: it stays in the ledger.

    Returns
    -------
    Tombstone

    Raises
    ------
    BlobMissing
        There is neither a blob nor a tombstone of that digest; nothing is written.
    """
    if blobs.status(digest) == "missing":
        return blobs.erase(digest, reason=reason)  # refuses, with the reason
    ledger.append(kind=ERASURE, body={"digest": digest, "reason": reason}, actor=actor, refs=[digest])
    return blobs.erase(digest, reason=reason)
