"""Checks that numbers carry in themselves; each takes digits without separators."""

from collections.abc import Sequence

__all__ = ["bare", "digits_of", "iso_7064_mod_11_10", "luhn", "mod_97", "verhoeff", "weighted"]


def bare(text: str) -> str:
    """Return letters and digits in capitals: without blanks, hyphens, stops, slashes."""
    return "".join(one for one in text.upper() if one.isascii() and one.isalnum())


def digits_of(text: str) -> list[int]:
    """Return the digits of a text as numbers."""
    return [ord(one) - 48 for one in text if "0" <= one <= "9"]


def weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """Return the sum of digits times weights; the shorter of the two ends it."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def luhn(digits: Sequence[int]) -> bool:
    """Hold the last digit against the others: ISO/IEC 7812-1, annex B."""
    total = sum(digits[-1::-2])
    for digit in digits[-2::-2]:
        total += digit * 2 - 9 * (digit > 4)
    return total % 10 == 0


def mod_97(text: str) -> bool:
    """Hold the check digits of an account number: ISO 13616-1 with ISO 7064, MOD 97-10."""
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def iso_7064_mod_11_10(digits: Sequence[int]) -> bool:
    """Hold the last digit: ISO 7064, MOD 11,10 (German tax numbers)."""
    product = 10
    for digit in digits[:-1]:
        product = ((product + digit) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == digits[-1]


_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURN = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(digits: Sequence[int]) -> bool:
    """Hold the last digit in the dihedral group D5: Verhoeff 1969 (Aadhaar)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total = int(_PRODUCT[total][int(_TURN[place % 8][digit])])
    return total == 0
