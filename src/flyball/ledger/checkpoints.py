"""Checkpoints: the signed size and root of a ledger, in the C2SP tlog-checkpoint form.

Source: https://c2sp.org/tlog-checkpoint.
"""

import base64
import binascii
from dataclasses import dataclass

from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.notes import SigningKey, VerifierKey, open_note, sign_note

__all__ = ["Checkpoint", "read_checkpoint", "read_unverified", "sign_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger held at one moment, signed.

    Parameters
    ----------
    origin : str
        Name of the ledger.
    size : int
        Number of entries covered. 0 is the empty ledger.
    root : bytes
        Root of the Merkle tree over them, 32 bytes.
    note : str
        The signed note, whole: this is what is handed to others.
    """

    origin: str
    size: int
    root: bytes
    note: str


def sign_checkpoint(size: int, root: bytes, key: SigningKey) -> Checkpoint:
    """Return the signed checkpoint of a tree; the key's name is the origin."""
    text = f"{key.name}\n{size}\n{base64.b64encode(root).decode()}\n"
    return Checkpoint(key.name, size, root, sign_note(text, key))


def read_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """Check the signature of a checkpoint and read it.

    Raises
    ------
    BadCheckpoint
        Not signed by `key`, of another ledger, or malformed.
    """
    checkpoint = _parse(open_note(note, key), note)
    if checkpoint.origin != key.name:
        raise BadCheckpoint(
            f"This checkpoint is of the ledger {checkpoint.origin!r}, the key of {key.name!r}.",
            fix="Use the verifier key of that ledger.",
            origin=checkpoint.origin,
            key=key.name,
        )
    return checkpoint


def read_unverified(note: str) -> Checkpoint:
    """Read a checkpoint without looking at its signature; for messages only, never as evidence."""
    return _parse(note.rpartition("\n\n")[0] + "\n", note)


def _parse(text: str, note: str) -> Checkpoint:
    lines = text.split("\n")
    root = b""
    if len(lines) >= 4 and lines.pop() == "" and all(lines):
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            root = b""
    digits = lines[1] if len(lines) > 1 else ""
    plain = digits.isascii() and digits.isdigit() and len(digits) < 19 and digits == str(int(digits))
    if len(root) != 32 or not plain:
        raise BadCheckpoint(
            f"{text[:120]!r} is not a checkpoint.",
            fix="It has three lines: the name of the ledger, its size, its root in base64.",
        )
    return Checkpoint(lines[0], int(digits), root, note)
