"""Numbers of Canada, Nigeria, South Africa and Turkey."""

import datetime

from flyball.data.privacy.detection.checksums import digits_of, luhn, verhoeff
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["elsewhere"]


def _sin(text: str) -> bool | None:
    """Luhn; no number begins with 0 or 8: Employment and Social Development Canada."""
    digits = digits_of(text)
    signs = {one for one in text if not one.isdigit()}
    return (
        None
        if digits[0] not in (0, 8) and len(signs) <= 1 and luhn(digits) and len(set(digits)) > 1
        else False
    )


def _nin(text: str) -> bool:
    return verhoeff(digits_of(text))


def _south_african(text: str) -> bool:
    """A date, citizen (0) or resident (1, refugee 2), an 8 or 9, and Luhn."""
    digits = digits_of(text)
    if digits[10] > 2 or digits[11] not in (8, 9) or not luhn(digits):
        return False
    for century in (1900, 2000):
        try:
            datetime.date(century + int(text[:2]), int(text[2:4]), int(text[4:6]))
        except ValueError:
            continue
        return True
    return False


def _turkish(text: str) -> bool:
    """Digits ten and eleven: Nüfus Hizmetleri, T.C. kimlik numarası."""
    digits = digits_of(text)
    tenth = (sum(digits[0:9:2]) * 7 - sum(digits[1:8:2])) % 10
    return digits[0] > 0 and tenth == digits[9] and sum(digits[:10]) % 10 == digits[10]


_BETWEEN_NUMBERS = (
    "of",
    "to",
    "and",
    "or",
    "by",
    "in",
    "at",
    "on",
    "for",
    "am",
    "pm",
    "st",
    "nd",
    "rd",
    "th",
)


def _plate(text: str) -> bool | None:
    """Refuse what no province has, and words: "27 of 85" stands on every page."""
    letters = "".join(one for one in text.lower() if one.isalpha())
    return None if 1 <= int(text[:2]) <= 81 and letters not in _BETWEEN_NUMBERS else False


elsewhere = (
    Recogniser(
        "CA_SIN",
        ((r"[1-79]\d{2}[ -]\d{3}[ -]\d{3}", 0.55), (r"[1-79]\d{8}", 0.2)),
        _sin,
        context=("sin", "social insurance", "nas", "assurance sociale"),
    ),
    Recogniser(
        "NG_NIN",
        ((r"\d{11}", 0.2),),
        _nin,
        checked=0.55,
        context=("nin", "nigeria", "national identification", "nimc"),
    ),
    Recogniser(
        "NG_VEHICLE_REGISTRATION",
        ((r"[a-z]{3}[ -]?\d{3}-?[a-z]{2}", 0.4),),
        context=("plate", "vehicle", "nigeria", "registration"),
    ),
    Recogniser(
        "ZA_ID_NUMBER",
        ((r"\d{13}", 0.2),),
        _south_african,
        checked=0.85,
        context=("south african", "rsa", "identity number", "id number"),
    ),
    Recogniser(
        "TR_NATIONAL_ID",
        ((r"[1-9]\d{10}", 0.2),),
        _turkish,
        checked=0.85,
        context=("kimlik", "tckn", "turkish", "tc no"),
    ),
    Recogniser(
        "TR_LICENSE_PLATE",
        ((r"\d{2} ?[a-z]{1,3} ?\d{2,4}", 0.45),),
        _plate,
        context=("plaka", "plate", "araç"),
    ),
    Recogniser(
        "TR_PHONE_NUMBER",
        (
            (r"\+90[ -]?\(?5\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}", 0.9),
            (r"0[ -]?\(?5\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}", 0.35),
            (r"5\d{2}[ -]\d{3}[ -]\d{2}[ -]\d{2}|5\d{9}", 0.25),
            (r"[234]\d{9}|0[234]\d{9}", 0.05),
            (r"0[234]\d{2} \d{3} \d{2} \d{2}|0?[ -]?\(?[234]\d{2}\)?[ -]\d{3}[ -]\d{2}[ -]\d{2}", 0.25),
        ),
        context=("telefon", "cep", "gsm", "phone", "mobile", "tel"),
    ),
)
