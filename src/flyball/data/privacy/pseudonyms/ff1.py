"""FF1, format-preserving encryption, over many values at once.

Source: NIST SP 800-38G Rev. 1 (2nd public draft, 2025), algorithms 7 and 8; the PRF is CBC-MAC with AES.
"""

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from flyball.core.errors import BadInput

__all__ = ["SMALLEST_DOMAIN", "decrypt", "encrypt"]

SMALLEST_DOMAIN = 1_000_000
"""radix ** length is at least this (section 5.2): below it, guessing all values is no work."""

_ROUNDS = 10
_LONGEST_TWEAK = 255

Numerals = npt.NDArray[np.int64]


def encrypt(key: bytes, numerals: Numerals, *, radix: int, tweak: bytes = b"") -> Numerals:
    """Encrypt rows of numerals into rows of numerals, one to one.

    Parameters
    ----------
    key : bytes
        Of AES: 16, 24 or 32 bytes.
    numerals : array of int64, shape (n, length)
        Each in [0, radix).
    radix : int
        2 to 65,536.
    tweak : bytes
        Not secret; the same value under another tweak has another pseudonym. At most 255 bytes.

    Returns
    -------
    array of int64, shape (n, length)

    Raises
    ------
    BadInput
        The domain is smaller than a million values, or an argument is out of range.
    """
    return _feistel(key, numerals, radix, tweak, range(_ROUNDS), decrypting=False)


def decrypt(key: bytes, numerals: Numerals, *, radix: int, tweak: bytes = b"") -> Numerals:
    """Undo `encrypt` with the same key, radix and tweak."""
    return _feistel(key, numerals, radix, tweak, range(_ROUNDS - 1, -1, -1), decrypting=True)


def _feistel(
    key: bytes, numerals: Numerals, radix: int, tweak: bytes, rounds: range, *, decrypting: bool
) -> Numerals:
    n, length = numerals.shape
    _check(key, numerals, radix, tweak)
    u = length // 2
    v = length - u
    b = ((radix**v - 1).bit_length() + 7) // 8
    d = 4 * ((b + 3) // 4) + 4
    left, right = _number(numerals[:, :u], radix), _number(numerals[:, u:], radix)
    fixed = (
        bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([_ROUNDS, u % 256])
        + length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
    )  # fmt: skip
    padding = (-len(tweak) - b - 1) % 16
    for number in rounds:
        modulus = radix ** (u if number % 2 == 0 else v)
        known = left if decrypting else right
        y = _pseudorandom(key, fixed, tweak + bytes(padding) + bytes([number]), _bytes(known, b), d)
        if decrypting:
            left, right = (right - _modulo(y, modulus)) % modulus, left
        else:
            left, right = right, (left + _modulo(y, modulus)) % modulus
    return np.concatenate([_digits(left, u, radix), _digits(right, v, radix)], axis=1).reshape(n, length)


def _check(key: bytes, numerals: Numerals, radix: int, tweak: bytes) -> None:
    length = numerals.shape[1]
    if len(key) not in (16, 24, 32) or not 2 <= radix <= 65_536 or len(tweak) > _LONGEST_TWEAK:
        raise BadInput(
            f"FF1 takes a key of 16, 24 or 32 bytes, a radix of 2 to 65,536 and a tweak of at most "
            f"{_LONGEST_TWEAK} bytes, got {len(key)}, {radix} and {len(tweak)}.",
            fix="Correct the call.",
        )
    if length < 2 or radix**length < SMALLEST_DOMAIN:
        raise BadInput(
            f"{radix} ** {length} values are fewer than {SMALLEST_DOMAIN:,}: their pseudonyms could be "
            "undone by trying all.",
            fix="Pseudonymise longer values, or use tokens for short ones.",
            radix=radix,
            length=length,
        )
    if numerals.size and (numerals.min() < 0 or numerals.max() >= radix):
        raise BadInput(f"A numeral lies outside 0 to {radix - 1}.", fix="Correct the alphabet.")


def _number(numerals: Numerals, radix: int) -> npt.NDArray[np.object_]:
    """Return each row as one integer, most significant numeral first; Python integers, so of any size."""
    found = np.zeros(len(numerals), dtype=object)
    for column in range(numerals.shape[1]):
        found = found * radix + numerals[:, column]
    return found


def _digits(numbers: npt.NDArray[np.object_], length: int, radix: int) -> Numerals:
    found = np.zeros((len(numbers), length), dtype=np.int64)
    for column in range(length - 1, -1, -1):
        found[:, column] = (numbers % radix).astype(np.int64)
        numbers = numbers // radix
    return found


def _bytes(numbers: npt.NDArray[np.object_], size: int) -> npt.NDArray[np.uint8]:
    joined = b"".join(int(number).to_bytes(size, "big") for number in numbers)
    return np.frombuffer(joined, np.uint8).reshape(len(numbers), size)


def _pseudorandom(
    key: bytes, first: bytes, fixed: bytes, varying: npt.NDArray[np.uint8], size: int
) -> list[bytes]:
    """Return the first `size` bytes of S for each row (steps 6.i to 6.iii): one AES call for all rows."""
    n = len(varying)
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - CBC-MAC is built from single blocks
    start = np.frombuffer(aes.update(first), np.uint8)
    message = np.concatenate(
        [np.broadcast_to(np.frombuffer(fixed, np.uint8), (n, len(fixed))), varying], axis=1
    )
    block = np.broadcast_to(start, (n, 16))
    for position in range(0, message.shape[1], 16):
        mixed = block ^ message[:, position : position + 16]
        block = np.frombuffer(aes.update(mixed.tobytes()), np.uint8).reshape(n, 16)
    parts = [block]
    for number in range(1, (size + 15) // 16):
        counter = np.frombuffer(number.to_bytes(16, "big"), np.uint8)
        parts.append(np.frombuffer(aes.update((block ^ counter).tobytes()), np.uint8).reshape(n, 16))
    whole = np.concatenate(parts, axis=1)[:, :size].tobytes()
    return [whole[position : position + size] for position in range(0, len(whole), size)]


def _modulo(values: list[bytes], modulus: int) -> npt.NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = [int.from_bytes(value, "big") % modulus for value in values]
    return found
