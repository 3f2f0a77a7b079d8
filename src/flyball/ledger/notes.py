"""Signed notes after C2SP: a text with Ed25519 signatures that other people's tools can check.

Source: https://c2sp.org/signed-note (format, key ID, signature type 0x01). The written form of a
verifier key, `name+hash+base64`, is the one of golang.org/x/mod/sumdb/note.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from flyball.ledger.errors import BadCheckpoint, BadKeyFile

__all__ = ["NamedKey", "SigningKey", "VerifierKey", "open_note", "sign_note"]

_LARGEST_NOTE = 1_000_000
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A public key with its name; what it may sign is the first byte of its written form.

    Parameters
    ----------
    name : str
        Of who signs; without spaces and plus signs.
    public : bytes
        32 bytes, Ed25519 (RFC 8032).
    """

    signature_type: ClassVar[bytes]
    what: ClassVar[str]
    called: ClassVar[str]
    looks: ClassVar[str]

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(sign.isspace() for sign in self.name):
            raise BadKeyFile(
                f"{self.name!r} cannot be the name of a key.",
                fix="Use a name like example.com/ledger, without spaces and plus signs.",
                name=self.name,
            )
        if _CONTROL.search(self.name) or len(self.public) != 32:
            raise BadKeyFile(
                f"The key {self.name!r} has {len(self.public)} bytes, or control signs in its name.",
                fix="An Ed25519 public key has 32 bytes.",
                name=self.name,
            )

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256 over name, newline, signature type and public key."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.signature_type + self.public).digest()[:4]

    def __str__(self) -> str:
        material = base64.b64encode(self.signature_type + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the form `name+hash+base64`.

        Raises
        ------
        BadKeyFile
            Malformed, of another kind, or the hash does not belong to the key.
        """
        parts = text.strip().split("+", 2)
        try:
            material = base64.b64decode(parts[2], validate=True)
        except (IndexError, binascii.Error, ValueError):
            material = b""
        if len(material) != 33 or material[:1] != cls.signature_type:
            raise BadKeyFile(
                f"{text.strip()[:100]!r} is not {cls.what}.",
                fix=f"It looks like {cls.looks}.",
            )
        key = cls(parts[0], material[1:])
        if parts[1] != key.key_id.hex():
            raise BadKeyFile(
                f"{cls.called} {key.name!r} says hash {parts[1]!r}, but its bytes give {key.key_id.hex()!r}.",
                fix="Copy the whole line again from the .vkey file.",
                name=key.name,
            )
        return key


class VerifierKey(NamedKey):
    """The public half of a signing key, with the name of its ledger."""

    __slots__ = ()
    signature_type = b"\x01"
    what = "an Ed25519 verifier key"
    called = "The verifier key"
    looks = "example.com/ledger+1a2b3c4d+AQ...; see the .vkey file beside the key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key with its name. Never shown, never logged."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())


def sign_note(text: str, key: SigningKey) -> str:
    """Return the signed note of a text that ends with a newline."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise BadCheckpoint(
            "The text of a note must end with a newline and hold no control signs.",
            fix="End it with a newline.",
        )
    signature = key.verifier.key_id + key.private.sign(text.encode())
    return f"{text}\n\u2014 {key.name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """Return the text of a note that `key` signed.

    Signatures of unknown keys are ignored, as the specification demands (they may be those of
    witnesses); one of the known key that fails makes the whole note invalid.

    Parameters
    ----------
    note : str
    key : VerifierKey

    Returns
    -------
    str
        The signed text with its last newline.

    Raises
    ------
    BadCheckpoint
        Malformed, not signed by the key, or wrongly signed.
    """
    text, marker, block = note.rpartition("\n\n")
    lines = block.split("\n")
    if not marker or not text or lines.pop() or not lines or len(note) > _LARGEST_NOTE:
        raise _bad_note(key, "it has no text and signature lines")
    if _CONTROL.search(note):
        raise _bad_note(key, "it holds control signs")
    text += "\n"
    signed = False
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1]:
            raise _bad_note(key, f"{line[:80]!r} is not a signature line")
        try:
            blob = base64.b64decode(parts[2], validate=True)
        except (binascii.Error, ValueError) as err:
            raise _bad_note(key, f"{line[:80]!r} is not base64") from err
        if len(blob) < 5:
            raise _bad_note(key, f"{line[:80]!r} is too short")
        if parts[1] != key.name or blob[:4] != key.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(blob[4:], text.encode())
        except InvalidSignature as err:
            raise _bad_note(key, "the signature does not fit the text") from err
        signed = True
    if not signed:
        raise _bad_note(key, "that key has not signed it")
    return text


def _bad_note(key: VerifierKey, why: str) -> BadCheckpoint:
    return BadCheckpoint(
        f"Not a note signed by {key.name}+{key.key_id.hex()}: {why}.",
        fix="Check the verifier key, and that the note was copied whole.",
        key=key.name,
    )
