"""Numbers of the United States."""

from flyball.data.privacy.detection.checksums import bare, digits_of, luhn, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["united_states"]


def _ssn(text: str) -> bool | None:
    """Refuse what was never issued (Social Security Administration, RM 10201.035) and mixed separators."""
    digits = bare(text)
    signs = {one for one in text if not one.isalnum()}
    refused = digits[:3] in ("000", "666") or digits[0] == "9" or digits[3:5] == "00" or digits[5:] == "0000"
    known = digits in ("078051120", "123456789", "987654320") or len(set(digits)) == 1
    return False if len(signs) > 1 or refused or known else None


def _routing(text: str) -> bool:
    digits = digits_of(text)
    return digits[0] in (0, 1, 2, 3) and weighted(digits, (3, 7, 1) * 3) % 10 == 0 and any(digits)


def _npi(text: str) -> bool:
    """ISO/IEC 7812 over the prefix 80840: 45 CFR 162.406."""
    digits = digits_of(text)
    return len(set(digits[:9])) > 1 and luhn([8, 0, 8, 4, 0, *digits])


def _dea(text: str) -> bool:
    """Hold the last digit of a certificate of the Drug Enforcement Administration."""
    digits = digits_of(text)[-7:]
    return len(digits) == 7 and (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


_LICENSE = ("license", "licence", "driver", "driving", "permit", "dl", "dmv", "identification")

united_states = (
    Recogniser(
        "US_SSN",
        (
            (r"\d{3}-\d{2}-\d{4}", 0.7),
            (r"\d{3}[. ]\d{2}[. ]\d{4}", 0.6),  # a flat, a house and a street's number may stand like this
            (r"\d{3}-\d{6}|\d{5}-\d{4}", 0.05),
            (r"\d{9}", 0.05),
        ),
        _ssn,
        context=("ssn", "ssns", "social security", "social", "ssid"),
    ),
    Recogniser(
        "US_ITIN",
        (
            (r"9\d{2}[- ](?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])[- ]\d{4}", 0.75),
            (r"9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}", 0.3),
            (
                r"9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}|9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}",
                0.05,
            ),
        ),
        context=("itin", "taxpayer", "individual taxpayer", "tax id"),
    ),
    Recogniser(
        "US_PASSPORT", ((r"\d{9}", 0.05), (r"[a-z]\d{8}", 0.1)), context=("passport", "travel document")
    ),
    Recogniser(
        "US_DRIVER_LICENSE",
        (
            (r"[a-z]\d{3,8}|[a-z]\d{9,14}", 0.3),
            (r"[a-z]{2}\d{3,7}[a-z]?|[a-z]{3}\d{6}|[a-z]\d{2,3}-?\d{3,4}-?\d{3,4}|\d{3}[a-z]{2}\d{4}", 0.1),
            (r"\d{6,14}|\d{16}", 0.01),
        ),
        context=_LICENSE,
    ),
    Recogniser(
        "US_BANK_NUMBER",
        ((r"\d{8,17}", 0.05),),
        context=(
            "bank account",
            "account number",
            "account no",
            "acct",
            "checking",
            "savings",
            "debit account",
        ),
    ),
    Recogniser(
        "ABA_ROUTING_NUMBER",
        ((r"[0-3]\d{8}", 0.05), (r"[0-3]\d{3}-\d{4}-\d", 0.3)),
        _routing,
        checked=0.55,
        context=("aba", "routing", "rtn", "bank", "transit"),
    ),
    Recogniser(
        "US_NPI",
        ((r"[12]\d{9}", 0.1), (r"[12]\d{3}[ -]\d{3}[ -]\d{3}", 0.2)),
        _npi,
        checked=0.55,
        context=("npi", "provider", "national provider"),
    ),
    Recogniser(
        "US_MBI",
        (
            (
                r"[1-9][ac-hj-kmnp-rt-y][0-9ac-hj-kmnp-rt-y]\d-[ac-hj-kmnp-rt-y][0-9ac-hj-kmnp-rt-y]\d-[ac-hj-kmnp-rt-y]{2}\d{2}",
                0.7,
            ),
            (
                r"[1-9][ac-hj-kmnp-rt-y][0-9ac-hj-kmnp-rt-y]\d[ac-hj-kmnp-rt-y][0-9ac-hj-kmnp-rt-y]\d[ac-hj-kmnp-rt-y]{2}\d{2}",
                0.5,
            ),
        ),
        context=("mbi", "medicare", "beneficiary"),
    ),
    Recogniser(
        "MEDICAL_LICENSE",
        ((r"[abcdefghjklmprstux][a-z]\d{7}|[abcdefghjklmprstux]9\d{7}", 0.3),),
        _dea,
        checked=0.6,
        context=("dea", "certificate", "medical", "prescriber"),
    ),
    Recogniser(
        "ZIP_CODE",
        (
            (r"\d{5}(?:-\d{4})?", 0.1),
            (r"\b(?:zip|zipcode|postcode|code)(?: is| number)?:? ?(\d{4})", 0.1),
        ),
        context=("zip", "zipcode", "postal code", "postcode", "post code"),
    ),
)
