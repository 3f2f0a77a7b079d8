"""Numbers of Germany."""

from collections import Counter

from flyball.data.privacy.detection.checksums import bare, digits_of, iso_7064_mod_11_10, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["germany"]


def _value(sign: str) -> int:
    return int(sign, 36)


def _document(text: str) -> bool:
    """Weights 7, 3, 1 over letters (A is 10) and digits: ICAO 9303-3, section 4.9."""
    signs = bare(text)
    if not signs[-1].isdigit() or any(one in "ABDEIOQSU" for one in signs):
        return False
    return weighted([_value(one) for one in signs[:-1]], (7, 3, 1) * 3) % 10 == int(signs[-1])


def _identity_card(text: str) -> bool | None:
    signs = bare(text)
    return None if signs[0] == "T" and signs[1:].isdigit() else _document(text)


def _tax(text: str) -> bool:
    """ISO 7064 MOD 11,10; of the first ten digits one stands two or three times, never three in a row."""
    digits = digits_of(text)
    if digits[0] == 0 or sorted(Counter(digits[:10]).values())[-1] > 3:
        return False
    if any(digits[at] == digits[at + 1] == digits[at + 2] for at in range(8)):
        return False
    return iso_7064_mod_11_10(digits)


def _health(text: str) -> bool:
    """The letter as two digits, alternate weights 1 and 2, sums of digits: section 290 SGB V."""
    signs = bare(text)
    digits = [*divmod(ord(signs[0]) - 64, 10), *digits_of(signs[1:])]
    products = [digit * weight for digit, weight in zip(digits[:-1], (1, 2) * 5, strict=True)]
    return sum(one // 10 + one % 10 for one in products) % 10 == digits[-1]


def _pension(text: str) -> bool:
    """Section 147 SGB VI: weights 2 1 2 5 7 1 2 1 2 1 2 1 over the digits, the letter as two."""
    signs = bare(text)
    day, month = int(signs[2:4]), int(signs[4:6])
    if not (1 <= day <= 31 or 51 <= day <= 81) or not 1 <= month <= 12:
        return False
    digits = digits_of(signs[:8]) + list(divmod(ord(signs[8]) - 64, 10)) + digits_of(signs[9:11])
    products = [
        digit * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    ]
    return sum(one // 10 + one % 10 for one in products) % 10 == int(signs[11])


def _doctor(text: str) -> bool:
    """Weights 4 and 9 over six digits, the seventh is the complement to ten."""
    digits = digits_of(text)
    return any(digits[:6]) and (10 - weighted(digits[:6], (4, 9) * 3) % 10) % 10 == digits[6]


def _vat(text: str) -> bool | None:
    digits = digits_of(text)
    if len(digits) != 9 or digits[0] == 0:
        return False
    return True if iso_7064_mod_11_10(digits) else None


def _postcode(text: str) -> bool | None:
    return None if 1001 <= int(text) <= 99998 else False


def _tax_office(text: str) -> bool | None:
    digits = bare(text)
    return False if len(digits) == 13 and not 1 <= int(digits[:2]) <= 16 else None


germany = (
    Recogniser(
        "DE_TAX_ID",
        ((r"[1-9]\d{10}", 0.1), (r"[1-9]\d \d{3} \d{3} \d{3}", 0.3)),
        _tax,
        checked=0.6,
        context=("steuer", "tin", "tax", "idnr"),
    ),
    Recogniser(
        "DE_TAX_NUMBER",
        ((r"\d{13}", 0.1), (r"\d{2,3}/\d{3,4}/\d{4,5}", 0.5)),
        _tax_office,
        context=("steuernummer", "st.-nr", "stnr", "st nr", "finanzamt"),
    ),
    Recogniser(
        "DE_VAT_ID",
        ((r"DE[ .-]?\d{3}[ .-]?\d{3}[ .-]?\d{3}", 0.5),),
        _vat,
        context=("ust", "umsatzsteuer", "vat"),
    ),
    Recogniser(
        "DE_PASSPORT",
        ((r"[cfghjk][0-9cfghjklmnprtvwxyz]{7}\d|[l-z][0-9cfghjklmnprtvwxyz]{7}\d", 0.2),),
        _document,
        checked=0.6,
        context=("pass", "reisepass", "passport"),
    ),
    Recogniser(
        "DE_ID_CARD",
        ((r"[l-z][0-9cfghjklmnprtvwxyz]{7}\d|[cfghjk][0-9cfghjklmnprtvwxyz]{7}\d|T\d{8}", 0.45),),
        _identity_card,
        checked=0.6,
        context=("ausweis", "personalausweis", "identity card", "id card"),
    ),
    Recogniser(
        "DE_SOCIAL_SECURITY",
        ((r"\d{2} ?\d{6} ?[a-z] ?\d{3}", 0.3),),
        _pension,
        checked=0.9,
        context=("rentenversicherung", "sozialversicherung", "svnr", "rvnr"),
    ),
    Recogniser(
        "DE_HEALTH_INSURANCE",
        ((r"[a-z]\d{9}", 0.2),),
        _health,
        checked=0.6,
        context=("kvnr", "krankenversicherung", "versichertennummer", "krankenkasse"),
    ),
    Recogniser("DE_LANR", ((r"\d{9}", 0.1),), _doctor, checked=0.5, context=("lanr", "arztnummer", "arzt")),
    Recogniser(
        "DE_BSNR",
        ((r"\d{9}", 0.2),),
        lambda text: None if any(digits_of(text)) else False,
        context=("bsnr", "betriebsstätte", "betriebsst", "praxis"),
    ),
    Recogniser(
        "DE_KFZ",
        ((r"[a-zäöü]{1,3}[ -][a-z]{1,2}[ -]?[1-9]\d{0,3}[eh]?", 0.3),),
        context=("kennzeichen", "kfz", "fahrzeug", "plate", "auto"),
    ),
    Recogniser("DE_PLZ", ((r"\d{5}", 0.05),), _postcode, context=("plz", "postleitzahl")),
    Recogniser(
        "DE_HANDELSREGISTER",
        ((r"HR[AB] ?\d{1,6}(?: ?[a-z]{1,2})?", 0.6),),
        context=("handelsregister", "amtsgericht", "registergericht"),
    ),
    Recogniser(
        "DE_FUEHRERSCHEIN",
        ((r"[a-z]{2}\d{8}[a-z0-9]", 0.35),),
        context=("führerschein", "fuehrerschein", "fahrerlaubnis", "driving"),
    ),
)
