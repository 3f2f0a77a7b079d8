"""Tokens: text of any length replaced by "PERSON_k1_...", the same for the same text.

AES-SIV (RFC 5297): deterministic, and a token that was changed is recognised. Equal texts can be told to
be equal, and a token tells the length of its text to within 8 bytes; it tells nothing else without the key.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from flyball.data.privacy.pseudonyms.errors import NotAPseudonym
from flyball.data.privacy.pseudonyms.keys import KeyRing

__all__ = ["KIND", "TOKEN", "tokens_of", "values_of"]

KIND = re.compile(r"[A-Z][A-Z_]{0,39}")
TOKEN = re.compile(rf"({KIND.pattern})_([a-z0-9]{{1,8}})_([a-z2-7]{{32,}})")
"""KIND_KEY_CIPHERTEXT; finds tokens inside a text too."""

_STEP = 8


def tokens_of(values: Sequence[str], *, kind: str, domain: str, keys: KeyRing) -> list[str]:
    """Return the token of each value.

    Parameters
    ----------
    values : sequence of str, shape (n,)
    kind : str
        What the value is, in capitals: "PERSON".
    domain : str
        The same value has the same token within a domain, and another in every other.
    keys : KeyRing

    Returns
    -------
    list of str, shape (n,)
    """
    cipher, bound = AESSIV(keys.derive(domain, "token", 64)), [f"{kind}|{domain}".encode()]
    made: dict[str, str] = {}
    for value in values:
        if value not in made:
            encrypted = cipher.encrypt(_padded(value.encode("utf-8", "surrogatepass")), bound)
            made[value] = f"{kind}_{keys.current}_{base64.b32encode(encrypted).decode().rstrip('=').lower()}"
    return [made[value] for value in values]


def values_of(tokens: Sequence[str], *, domain: str, keys: KeyRing) -> list[str]:
    """Return the values behind tokens.

    Raises
    ------
    NotAPseudonym
        One of them is no token of this domain, or was changed. None is returned then.
    """
    return [_value_of(token, number, domain, keys) for number, token in enumerate(tokens)]


def _value_of(token: str, number: int, domain: str, keys: KeyRing) -> str:
    match = TOKEN.fullmatch(token)
    try:
        if match is None:
            raise ValueError(token)
        kind, name, text = match.groups()
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
        padded = AESSIV(keys.derive(domain, "token", 64, name=name)).decrypt(
            data, [f"{kind}|{domain}".encode()]
        )
        return padded[: -padded[-1]].decode("utf-8", "surrogatepass")
    except (ValueError, InvalidTag, binascii.Error) as err:
        raise NotAPseudonym(
            f"Number {number} is no token of the domain {domain}, or it was changed.",
            fix="Give the token as it stands in the data, and the domain of its column.",
            number=number,
            domain=domain,
        ) from err


def _padded(text: bytes) -> bytes:
    """Fill up to a multiple of 8, so that a token does not tell the exact length of a name."""
    missing = _STEP - len(text) % _STEP
    return text + bytes([missing]) * missing
