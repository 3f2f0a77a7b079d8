"""Keys of pseudonyms: named by references, one key per domain derived from each."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.core.errors import BadInput, UnknownName
from flyball.core.secrets import Secret, secret

__all__ = ["KeyRing", "open_keys"]

_LEAST_BYTES = 32
_LEAST_DIFFERENT = 12
"""Different byte values in a key; 32 random bytes have fewer than this once in 10^18."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The keys that a deployment knows, by name; new pseudonyms are made with the current one.

    Parameters
    ----------
    current : str
        Name of the key in use.
    secrets : mapping of str to Secret
        Name -> where the key is kept. Older keys stay, so that their pseudonyms can be revealed.
    """

    current: str
    secrets: Mapping[str, Secret]

    def derive(self, domain: str, use: str, size: int, *, name: str | None = None) -> bytes:
        """Return the key of a domain for one use; keys of different domains tell nothing about each other.

        Parameters
        ----------
        domain : str
            Values of the same domain have the same pseudonym: "customer".
        use : str
            "ff1", "token", "hash".
        size : int
            Bytes.
        name : str, optional
            Which key; by default the current one.

        Raises
        ------
        UnknownName
            No key of that name.
        BadInput
            The secret cannot be had, is no key, or is a weak one.
        """
        wanted = name or self.current
        if wanted not in self.secrets:
            known = ", ".join(sorted(self.secrets)) or "none"
            raise UnknownName(f"No key is called {wanted!r}.", fix=f"Known: {known}.", name=wanted)
        info = f"flyball pseudonyms v1|{use}|{domain}".encode()
        key = _bytes(wanted, self.secrets[wanted])
        return HKDF(algorithm=hashes.SHA256(), length=size, salt=None, info=info).derive(key)

    def __repr__(self) -> str:
        return f"KeyRing({self.current!r}, {sorted(self.secrets)})"


def open_keys(written: Mapping[str, Any], current: str = "") -> KeyRing:
    """Return the ring of `[privacy.keys]`: name = reference.

    Parameters
    ----------
    written : mapping
        {"k1": {"env": "PSEUDONYM_KEY_1"}, ...}
    current : str
        Which one is in use; may be left out where there is only one.

    Raises
    ------
    BadInput
        No key, none said to be the current one, a name that cannot stand in a token, or a literal key.
    """
    for name in written:
        if not (name.isascii() and name.isalnum() and name == name.lower() and len(name) <= 8):
            raise BadInput(
                f"A key is named in at most 8 lower case letters and digits, got {name!r}.",
                fix='For instance k1 = { env = "PSEUDONYM_KEY" }.',
                name=name,
            )
    if not current and len(written) == 1:
        current = next(iter(written))
    if current not in written:
        raise BadInput(
            f"privacy.current_key names {current!r}; the keys are {', '.join(sorted(written)) or 'none'}.",
            fix='Write current_key = "NAME" with the name of one of [privacy.keys].',
            name=current,
        )
    return KeyRing(current, {name: secret(one) for name, one in written.items()})


def _bytes(name: str, kept: Secret) -> bytes:
    text = kept.reveal().strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as err:
            raise _weak(name, kept, "it is neither hexadecimal nor base64") from err
    if len(key) < _LEAST_BYTES:
        raise _weak(name, kept, f"it has {len(key)} bytes")
    if len(set(key)) < _LEAST_DIFFERENT:
        raise _weak(name, kept, "it is not random")
    return key


def _weak(name: str, kept: Secret, why: str) -> BadInput:
    return BadInput(
        f"The key {name} from {kept.reference} cannot be used: {why}.",
        fix="Make one with: openssl rand -hex 32",
        key=name,
    )
