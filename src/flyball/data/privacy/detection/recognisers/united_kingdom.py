"""Numbers of the United Kingdom."""

from flyball.data.privacy.detection.checksums import bare, digits_of, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["united_kingdom"]


def _nhs(text: str) -> bool:
    """Modulo 11: NHS Data Dictionary, NHS NUMBER."""
    digits = digits_of(text)
    return len(set(digits)) > 1 and weighted(digits, range(10, 0, -1)) % 11 == 0


def _licence(text: str) -> bool | None:
    """Hold month (plus 50 for women) and day: digits 2 to 5 of the six in the middle."""
    middle = bare(text)[5:11]
    month, day = int(middle[1:3]), int(middle[3:5])
    return (
        None
        if 1 <= month % 50 <= 12 and month < 63 and 1 <= day <= 31 and not text.startswith("9")
        else False
    )


_PLATE_AREA = "[a-hj-pr-y][a-hj-pr-y]"
_PLATE = ("plate", "vehicle", "registration", "reg", "number plate", "car", "vrn")

united_kingdom = (
    Recogniser(
        "UK_NHS",
        ((r"\d{3}[- ]\d{3}[- ]\d{4}", 0.0), (r"\d{10}", 0.0)),
        _nhs,
        checked=0.55,
        context=("nhs", "national health", "health service", "patient"),
    ),
    Recogniser(
        "UK_NINO",
        ((r"[a-ceghj-prtw-z][a-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]", 0.6),),
        lambda text: False if bare(text)[:2] in ("BG", "GB", "NK", "KN", "NT", "TN", "ZZ") else None,
        context=("national insurance", "ni number", "nino"),
    ),
    Recogniser("UK_PASSPORT", ((r"[a-z]{2}\d{7}", 0.1),), context=("passport", "travel document", "hmpo")),
    Recogniser(
        "UK_POSTCODE",
        (
            (
                r"(?:[a-pr-uwyz](?:\d{1,2}|\d[a-hjkps-uw]|[a-hk-y]\d{1,2}|[a-hk-y]\d[abehmnprv-y])|GIR)"
                r" ?\d[abd-hjlnp-uw-z]{2}|GIR ?0AA",
                0.35,
            ),
        ),
        context=("postcode", "postal code", "post code", "address", "zip"),
    ),
    Recogniser(
        "UK_DRIVING_LICENCE",
        ((r"[a-z]{1,5}9{0,4}\d[0156]\d[0-3]\d{2}[a-z9]{2}[a-z0-9][a-z]{2}", 0.45),),
        lambda text: _licence(text) if len(text) == 16 else False,
        context=("driving", "licence", "license", "dvla"),
    ),
    Recogniser(
        "UK_VEHICLE_REGISTRATION",
        (
            (rf"{_PLATE_AREA}(?:0[2-9]|[12]\d|5[1-9]|[67]\d|3[0-4])[ -]?[a-hj-pr-z]{{3}}", 0.5),
            (r"[a-hj-npr-ty]\d{1,3}[ -]?[a-hj-pr-y]{3}", 0.2),
            (r"[a-hj-pr-y]{3}[ -]?\d{1,3}[a-hj-npr-ty]", 0.15),
        ),
        context=_PLATE,
    ),
)
