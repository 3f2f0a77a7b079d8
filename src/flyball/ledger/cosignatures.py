"""Cosignatures: a third party says that a checkpoint continues everything that it saw of a ledger.

Whoever holds the ledger's key could show two histories to two people. A witness signs one history only,
so a checkpoint that carries its cosignature was shown to others as well.

Source: https://c2sp.org/tlog-cosignature (cosignature/v1, Ed25519, signature type 0x04).
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from flyball.ledger.errors import BadCheckpoint, BadKeyFile
from flyball.ledger.notes import NamedKey, SigningKey

__all__ = ["WitnessKey", "cosign", "cosignatures", "load_witness", "with_cosignatures"]

_DASH = "\u2014"


class WitnessKey(NamedKey):
    """The public key of a witness. Its written form differs from that of a ledger's key by one byte."""

    __slots__ = ()
    signature_type = b"\x04"
    what = "the key of a witness"
    called = "The key of the witness"
    looks = "auditor.example/w1+1a2b3c4d+BA...; ask the witness for its .vkey file"


def load_witness(path: Path | str) -> WitnessKey:
    """Load the public key of a witness from its `.vkey` file.

    Raises
    ------
    BadKeyFile
        There is none, or it is malformed.
    """
    try:
        return WitnessKey.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise BadKeyFile(
            f"The key of the witness {path} cannot be read: {err}.", fix="Ask the witness for it.", path=path
        ) from err


def cosign(note: str, key: SigningKey, at: datetime) -> str:
    """Return the signature line of a witness under a checkpoint.

    Parameters
    ----------
    note : str
        The checkpoint as its ledger signed it.
    key : SigningKey
        Of the witness.
    at : datetime
        Aware.

    Returns
    -------
    str
        One line with its newline.
    """
    seconds = int(at.timestamp())
    public = key.verifier.public
    blob = WitnessKey(key.name, public).key_id + seconds.to_bytes(8, "big")
    blob += key.private.sign(_signed(_text_of(note), seconds))
    return f"{_DASH} {key.name} {base64.b64encode(blob).decode()}\n"


def cosignatures(note: str, keys: Sequence[WitnessKey]) -> dict[str, datetime]:
    """Return which of the witnesses cosigned a checkpoint, and when.

    Parameters
    ----------
    note : str
    keys : sequence of WitnessKey
        Trusted; signatures of others are passed over.

    Returns
    -------
    dict of str to datetime
        Time, as the witness states it, by the name of the witness; each public key counts once.

    Raises
    ------
    BadCheckpoint
        A signature in the name of one of these keys does not fit.
    """
    text = _text_of(note)
    found: dict[str, datetime] = {}
    counted: set[bytes] = set()
    for line in note.rpartition("\n\n")[2].splitlines():
        parts = line.split(" ")
        blob = _decoded(parts[2]) if len(parts) == 3 and parts[0] == _DASH else b""
        for key in keys:
            if len(blob) != 76 or parts[1] != key.name or blob[:4] != key.key_id:
                continue
            seconds = int.from_bytes(blob[4:12], "big")
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(blob[12:], _signed(text, seconds))
                at = datetime.fromtimestamp(seconds, UTC)
            except (InvalidSignature, ValueError, OverflowError, OSError) as err:
                raise BadCheckpoint(
                    f"The cosignature in the name of {key.name} does not fit this checkpoint.",
                    fix="Ask the witness to cosign it again, and compare its key.",
                    witness=key.name,
                ) from err
            if key.public not in counted:
                counted.add(key.public)
                found[key.name] = at
    return found


def with_cosignatures(note: str, lines: Sequence[str]) -> str:
    """Return a checkpoint with the lines of witnesses added, each once."""
    known = set(note.splitlines())
    fresh = dict.fromkeys(line.rstrip("\n") for line in lines)
    return note + "".join(f"{line}\n" for line in fresh if line and line not in known)


def _text_of(note: str) -> str:
    text, marker, _ = note.rpartition("\n\n")
    if not marker:
        raise BadCheckpoint(
            "This is no signed checkpoint: it has no signature lines.", fix="Give the checkpoint whole."
        )
    return text + "\n"


def _signed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
