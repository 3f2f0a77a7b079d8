"""Numbers of India."""

from flyball.data.privacy.detection.checksums import bare, digits_of, verhoeff
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["india"]

_STATES = [
    "AN",
    "AP",
    "AR",
    "AS",
    "BH",
    "BR",
    "CG",
    "CH",
    "DD",
    "DL",
    "DN",
    "GA",
    "GJ",
    "HP",
    "HR",
    "JH",
    "JK",
    "KA",
    "KL",
    "LA",
    "LD",
    "MH",
    "ML",
    "MN",
    "MP",
    "MZ",
    "NL",
    "OD",
    "OR",
    "PB",
    "PY",
    "RJ",
    "SK",
    "TN",
    "TR",
    "TS",
    "UK",
    "UP",
    "WB",
]


def _aadhaar(text: str) -> bool:
    digits = digits_of(text)
    signs = {one for one in text if not one.isdigit()}
    return digits[0] >= 2 and len(signs) <= 1 and digits != digits[::-1] and verhoeff(digits)


def _gstin(text: str) -> bool:
    signs = bare(text)
    return 1 <= int(signs[:2]) <= 37 and signs[13] == "Z"


def _vehicle(text: str) -> bool | None:
    signs = bare(text)
    return True if signs[:2] in _STATES and len(signs) >= 9 and any(digits_of(signs[-4:])) else None


india = (
    Recogniser(
        "IN_AADHAAR",
        ((r"\d{4}[ :-]?\d{4}[ :-]?\d{4}", 0.1),),
        _aadhaar,
        checked=0.75,
        context=("aadhaar", "uidai", "aadhar"),
    ),
    Recogniser(
        "IN_PAN",
        (
            (r"[a-z]{3}[abcfghljpt][a-z]\d{4}[a-z]", 0.7),
            (r"[a-z]{5}\d{4}[a-z]", 0.4),
            (r"[a-z]\d{4}[a-z]{5}", 0.05),
        ),
        context=("permanent account number", "pan"),
    ),
    Recogniser(
        "IN_GSTIN",
        (
            (r"\d{2}[a-z]{5}\d{4}[a-z][1-9a-z]Z[0-9a-z]", 0.6),
            (r"\d{2}[- ][a-z]{5}[- ]\d{4}[- ][a-z][1-9a-z][- ]Z[0-9a-z]", 0.6),
        ),
        _gstin,
        context=("gstin", "gst"),
    ),
    Recogniser(
        "IN_PASSPORT",
        ((r"[a-z][1-9]\d{5}[1-9]\d?", 0.1), (r"[A-Z][1-9]\d{5}[1-9]", 0.1)),
        lambda text: None if text[0].isupper() and len(text) == 8 else False,
        context=("passport", "indian passport"),
    ),
    Recogniser("IN_VOTER", ((r"[a-z]{3}\d{7}", 0.4),), context=("voter", "epic", "election", "vote")),
    Recogniser(
        "IN_VEHICLE_REGISTRATION",
        (
            (r"[a-z]{2}[ -]?\d{1,2}[ -]?[a-z]{1,3}[ -]?\d{4}", 0.5),
            (r"[a-z]{3}\d{4}", 0.2),
            (r"[a-z]{1,2}\d{4,5}", 0.01),
        ),
        _vehicle,
        checked=0.9,
        context=("rto", "vehicle", "plate", "registration", "bike", "car"),
    ),
)
