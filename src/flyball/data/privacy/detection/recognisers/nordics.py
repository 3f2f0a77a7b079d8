"""Numbers of Sweden and Finland."""

import datetime

from flyball.data.privacy.detection.checksums import bare, digits_of, luhn
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["nordics"]

_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _hetu(text: str) -> bool:
    """The date and three digits modulo 31 name the last sign; A to F, + and -, Y to U name the century."""
    century = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}[text[6].upper()]
    if not _is_date(century + int(text[4:6]), int(text[2:4]), int(text[:2])) or int(text[7:10]) < 2:
        return False
    return _FINNISH[int(text[:6] + text[7:10]) % 31] == text[10].upper()


def _person(text: str) -> bool:
    """Luhn over ten digits; a coordination number adds 60 to the day: Skatteverket, SKV 704."""
    digits = bare(text)
    ten = digits[-10:]
    year = int(digits[:4]) if len(digits) == 12 else 2000 + int(ten[:2])
    day = int(ten[4:6])
    if not _is_date(year, int(ten[2:4]), day - 60 if day > 60 else day) and not (
        len(digits) == 10 and _is_date(year - 100, int(ten[2:4]), day)
    ):
        return False
    return luhn(digits_of(ten))


def _company(text: str) -> bool:
    digits = digits_of(text)
    return digits[2] >= 2 and luhn(digits)


nordics = (
    Recogniser(
        "FI_PERSONAL_IDENTITY_CODE",
        ((r"\d{6}[+a-fyxwvu-]\d{3}[0-9a-fhjk-npr-y]", 0.5),),
        _hetu,
        context=("hetu", "henkilötunnus", "personbeteckning", "identity code"),
    ),
    Recogniser(
        "SE_PERSONNUMMER",
        ((r"(?:19|20|18)?\d{6}[-+]?\d{4}", 0.3),),
        _person,
        checked=0.6,
        context=("personnummer", "pnr", "swedish id", "identity code", "samordningsnummer"),
    ),
    Recogniser(
        "SE_ORGANISATIONSNUMMER",
        ((r"\d{6}-?\d{4}", 0.3),),
        _company,
        checked=0.5,
        context=("organisationsnummer", "orgnr", "org.nr", "company identity"),
    ),
)
