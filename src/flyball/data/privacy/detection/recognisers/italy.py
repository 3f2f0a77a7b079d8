"""Numbers of Italy."""

from flyball.data.privacy.detection.checksums import bare, digits_of, luhn
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["italy"]

_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _fiscal(text: str) -> bool | None:
    """Hold the control letter: DM 23 December 1976, article 7."""
    signs = bare(text)
    values = [int(one) if one.isdigit() else ord(one) - 65 for one in signs[:15]]
    total = sum(_ODD[value] for value in values[::2]) + sum(values[1::2])
    return True if total % 26 == ord(signs[15]) - 65 else None


def _vat(text: str) -> bool:
    digits = digits_of(text)
    return len(set(digits)) > 1 and luhn(digits)


italy = (
    Recogniser(
        "IT_FISCAL_CODE",
        ((r"[a-z]{6}[0-9l-nq-v]{2}[abcdehlmprst][0-9l-nq-v]{2}[a-z][0-9l-nq-v]{3}[a-z]", 0.6),),
        _fiscal,
        context=("codice fiscale", "fiscal", "cf"),
    ),
    Recogniser(
        "IT_VAT_CODE",
        ((r"\d{8}[ _]?\d{3}", 0.1),),
        _vat,
        checked=0.5,
        context=("piva", "partita iva", "vat", "iva"),
    ),
    Recogniser("IT_PASSPORT", ((r"[a-z]{2}\d{7}", 0.05),), context=("passaporto", "passport", "viaggio")),
    Recogniser(
        "IT_IDENTITY_CARD",
        ((r"[a-z]{2} ?\d{7}|\d{7}[a-z]{2}|[a-z]{2}\d{5}[a-z]{2}", 0.05),),
        context=("carta", "identità", "elettronica", "cie", "documento"),
    ),
    Recogniser(
        "IT_DRIVER_LICENSE",
        ((r"[a-z]{2}\d{7}[a-z]|U1[b-hj-npr-z0-9]{7}[a-z]", 0.2),),
        context=("patente", "guida", "licenza", "license"),
    ),
)
