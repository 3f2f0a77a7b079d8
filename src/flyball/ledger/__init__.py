"""Ledger: the one memory. What is not in it did not happen.

In:       drafts of entries; bytes for the blob store
Out:      receipts, entries, signed checkpoints, proofs, exports that anyone can verify offline
Imports:  core only
Add one:  a store is one file in `stores/`, named after the scheme of its URL
"""

from flyball.ledger.blobs import Blobs, Tombstone
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.erasure import erase
from flyball.ledger.exports import Export, export
from flyball.ledger.keys import load_key, load_or_create_key, load_verifier
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import verify_consistency, verify_inclusion
from flyball.ledger.notes import SigningKey, VerifierKey
from flyball.ledger.opening import open_ledger
from flyball.ledger.proofs import ProofBundle, prove, verify_proof
from flyball.ledger.records import Draft, Entry, Receipt, Verification
from flyball.ledger.verify import verify_export, verify_ledger

__all__ = [
    "Blobs",
    "Checkpoint",
    "Draft",
    "Entry",
    "Export",
    "Ledger",
    "ProofBundle",
    "Receipt",
    "SigningKey",
    "Tombstone",
    "Verification",
    "VerifierKey",
    "erase",
    "export",
    "load_key",
    "load_or_create_key",
    "load_verifier",
    "open_ledger",
    "prove",
    "read_checkpoint",
    "verify_consistency",
    "verify_export",
    "verify_inclusion",
    "verify_ledger",
    "verify_proof",
]
