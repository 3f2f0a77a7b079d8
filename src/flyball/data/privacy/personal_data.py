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
    length : callable (str) -> int
        How many leading characters of the shape hold the check that the number carries in itself;
        0 where it is none.
    """

    name: str
    shape: re.Pattern[str]
    length: Callable[[str], int]


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
            start = match.start()
            end = start + kind.length(match[0])
            if end > start and not any(taken[start:end]):
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


_IBANS = (  # country and length of its account numbers, after the IBAN registry of SWIFT
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 "
    "DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 "
    "HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 "
    "MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 "
    "RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 "
    "VA22 VG24 XK20 YE30 "
)
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}


def _mod_97(text: str) -> int:
    """Hold the two check digits against the account: ISO 13616-1, with ISO 7064 MOD 97-10.

    What follows an account number in capitals is not part of it: the country says how long it is.
    """
    wanted = _IBAN_LENGTHS.get(text[:2], 0)
    at = [index for index, character in enumerate(text) if character not in " -"]
    if not wanted or len(at) < wanted:
        return 0
    bare = "".join(text[index] for index in at[:wanted])
    remainder = int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97
    return at[wanted - 1] + 1 if remainder == 1 else 0


def _us_ssn(text: str) -> bool:
    """Refuse numbers that were never issued: Social Security Administration, RM 10201.035."""
    area, group, serial = re.split(r"[-. ]", text)
    return (
        area not in ("000", "666")
        and area < "900"
        and group != "00"
        and serial != "0000"
        and _digits(text) != "078051120"
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


def _whole(holds: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda text: len(text) if holds(text) else 0


KINDS: tuple[Kind, ...] = (
    Kind(
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}"
            r"(?![A-Za-z0-9-])"
        ),
        _whole(_email),
    ),
    Kind(
        "iban", re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Za-z0-9])"), _mod_97
    ),
    Kind("payment_card", re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-])"), _whole(_luhn)),
    Kind("us_ssn", re.compile(r"(?<![\d-])\d{3}([-. ])\d{2}\1\d{4}(?![\d-])"), _whole(_us_ssn)),
    Kind(
        "phone",
        re.compile(
            r"(?<![\w+])(?<!\d )(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(\d{1,5}\)[ .-]?)?"
            r"\d(?:[ .-]?\d){5,12}(?![\d-])"
            r"|(?<![\w+-])(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\d-])"
        ),
        _whole(_phone),
    ),
)
"""All kinds, those whose numbers carry a check first."""
