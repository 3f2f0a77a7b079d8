"""Proof bundles: one entry with everything needed to check it, in one small file.

The proof inside is a C2SP tlog-proof (https://c2sp.org/tlog-proof), so that other people's tools
can check it against the bytes of the entry.
"""

import base64
import binascii
from dataclasses import dataclass

from flyball.core.digests import canonical_json, from_json
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint, read_unverified
from flyball.ledger.errors import BadProof
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import leaf_hash, verify_inclusion
from flyball.ledger.notes import VerifierKey
from flyball.ledger.records import Entry, entry_of

__all__ = ["ProofBundle", "prove", "verify_proof"]

_FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class ProofBundle:
    """One entry and the proof that a signed checkpoint covers it.

    Parameters
    ----------
    entry : str
        The exact text of the entry, as hashed.
    proof : str
        tlog-proof: index, inclusion path, checkpoint.
    """

    entry: str
    proof: str

    def to_json(self) -> bytes:
        """Return the bundle as one JSON object."""
        return canonical_json(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> "ProofBundle":
        """Read a bundle.

        Raises
        ------
        BadInput
            Not a bundle.
        """
        return from_json(data, cls)


def prove(ledger: Ledger, index: int) -> ProofBundle:
    """Return the proof that an entry is in the ledger, under its last checkpoint that covers it.

    A fresh checkpoint is signed where the entry is not covered yet.

    Raises
    ------
    NoSuchEntry
        The ledger is not that long.
    NoSigningKey
        The entry is not covered yet, and the ledger was opened without a key.
    """
    leaf = ledger.leaf(index)
    found = ledger.store.last_checkpoint()
    last = read_unverified(found[1]) if found else None
    checkpoint = last if last and last.size > index else ledger.checkpoint()
    path = ledger.inclusion_proof(index, checkpoint.size)
    hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in path)
    proof = f"{_FIRST_LINE}\nindex {index}\n{hashes}\n{checkpoint.note}"
    return ProofBundle(leaf.decode(), proof)


def verify_proof(bundle: ProofBundle, vkey: VerifierKey) -> tuple[Entry, Checkpoint]:
    """Check a bundle; return what it proves.

    Parameters
    ----------
    bundle : ProofBundle
    vkey : VerifierKey
        The key that the ledger is known to sign with.

    Returns
    -------
    entry : Entry
    checkpoint : Checkpoint
        The signed state of the ledger that covers it.

    Raises
    ------
    BadProof
        Malformed, or the entry is not the one that the checkpoint covers at that place.
    BadCheckpoint
        The checkpoint is not signed by `vkey`.
    """
    index, path, note = _read(bundle.proof)
    checkpoint = read_checkpoint(note, vkey)
    leaf = bundle.entry.encode()
    if not verify_inclusion(leaf_hash(leaf), index, checkpoint.size, path, checkpoint.root):
        raise BadProof(
            f"This entry is not entry {index} of the {checkpoint.size} entries of {checkpoint.origin!r}.",
            fix="The entry or the proof was altered; ask for the bundle again.",
            index=index,
        )
    entry = entry_of(leaf)
    if entry.index != index:
        raise BadProof(
            f"The entry calls itself {entry.index}, but stands at {index}.",
            fix="The ledger itself is malformed; verify the whole ledger.",
            index=index,
        )
    return entry, checkpoint


def _read(proof: str) -> tuple[int, list[bytes], str]:
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    try:
        if lines.pop(0) != _FIRST_LINE:
            raise ValueError("it does not begin with " + _FIRST_LINE)
        if lines and lines[0].startswith("extra "):
            lines.pop(0)  # not authenticated, and not ours
        word, digits = lines.pop(0).split(" ")
        if word != "index" or not digits.isascii() or digits != str(int(digits)) or len(digits) > 18:
            raise ValueError("it has no index")
        path = [base64.b64decode(line, validate=True) for line in lines]
        if any(len(one) != 32 for one in path) or len(path) > 64:
            raise ValueError("its path is malformed")
    except (ValueError, IndexError, binascii.Error) as err:
        raise BadProof(f"Not a tlog-proof: {err}.", fix="Ask for the bundle again.") from err
    return int(digits), path, note
