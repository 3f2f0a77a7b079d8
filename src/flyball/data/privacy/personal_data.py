"""Finds numbers and addresses that point to a person: by shape, then by their own checksum.

A minimal set for text that may leave the house. It finds no names and no postal addresses; that a
text has no findings does not make it anonymous.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KINDS", "Found", "Kind", "find_personal_data", "redact"]


@dataclass(frozen=True, slots=True)
class Found:
    """One finding.

    Parameters
    ----------
    start, end : int
        Offsets in Unicode code points.
    kind : str
        "email", "phone", "us_ssn", "iban", "payment_card".
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data.

    Parameters
    ----------
    name : str
    shape : Pattern
        Every repetition in it is bounded, so that the search is linear in the text.
    holds : callable (str) -> bool
        The check that the number carries in itself, and what it can never be.
    """

    name: str
    shape: re.Pattern[str]
    holds: Callable[[str], bool]


def find_personal_data(text: str) -> tuple[Found, ...]:
    """Return the findings in a text, in order and without overlap.

    Where two kinds overlap, the earlier one of `KINDS` wins: those with a checksum come first.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of Found
        () means that nothing of these kinds was found, not that nobody can be recognised.
    """
    found: list[Found] = []
    taken = bytearray(len(text))
    for kind in KINDS:
        for match in kind.shape.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]) and kind.holds(match[0]):
                taken[start:end] = b"\x01" * (end - start)
                found.append(Found(start, end, kind.name))
    return tuple(sorted(found, key=lambda one: one.start))


def redact(text: str) -> tuple[str, tuple[Found, ...]]:
    """Return the text with each finding replaced by "[kind]", and the findings.

    Parameters
    ----------
    text : str

    Returns
    -------
    text, found : str, tuple of Found
        Offsets are those of the text that went in.
    """
    found = find_personal_data(text)
    pieces: list[str] = []
    at = 0
    for one in found:
        pieces.extend((text[at : one.start], f"[{one.kind}]"))
        at = one.end
    pieces.append(text[at:])
    return "".join(pieces), found


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _luhn(text: str) -> bool:
    """Hold the last digit of a card against the others: ISO/IEC 7812-1, annex B."""
    digits = _digits(text)
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    total = sum(int(digit) for digit in digits[::-2]) + sum(
        value - 9 if value > 9 else value for value in doubled
    )
    return total % 10 == 0


_IBAN_LENGTHS = {
    **{"AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24},
    **{"FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21},
    **{"LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24},
    **{"SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "AE": 23, "IL": 23, "UA": 29, "BR": 29},
}


def _mod_97(text: str) -> bool:
    """Hold the two check digits against the account: ISO 13616-1, with ISO 7064 MOD 97-10."""
    bare = "".join(text.split()).upper()
    if len(bare) != _IBAN_LENGTHS.get(bare[:2], len(bare)) or not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def _us_ssn(text: str) -> bool:
    """Refuse numbers that were never issued: Social Security Administration, RM 10201.035."""
    area, group, serial = re.split(r"[- ]", text)
    return (
        area not in ("000", "666")
        and area < "900"
        and group != "00"
        and serial != "0000"
        and text != "078-05-1120"
    )


def _phone(text: str) -> bool:
    digits = _digits(text)
    if text.startswith(("+", "00")):
        return 8 <= len(digits.removeprefix("00")) <= 15  # ITU-T E.164, section 6
    national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return len(national) == 10 and national[0] in "23456789" and national[3] in "23456789"


def _email(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return (
        len(local) <= 64
        and ".." not in text
        and not local.startswith(".")
        and not local.endswith(".")
        and "." in domain
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}"
            r"(?![A-Za-z0-9-])"
        ),
        _email,
    ),
    Kind("iban", re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])"), _mod_97),
    Kind("payment_card", re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-])"), _luhn),
    Kind("us_ssn", re.compile(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])"), _us_ssn),
    Kind(
        "phone",
        re.compile(
            r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(\d{1,5}\)[ .-]?)?\d(?:[ .-]?\d){5,12}(?![\d-])"
            r"|(?<![\w+-])(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\d-])"
        ),
        _phone,
    ),
)
"""All kinds, those whose numbers carry a check first."""
