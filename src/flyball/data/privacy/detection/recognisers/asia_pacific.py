"""Numbers of Singapore, Australia, the Philippines and Thailand."""

from flyball.data.privacy.detection.checksums import bare, digits_of, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["asia_pacific"]


def _abn(text: str) -> bool:
    """Modulo 89, one taken from the first digit: Australian Business Register."""
    digits = digits_of(text)
    return digits[0] > 0 and (weighted(digits, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) - 10) % 89 == 0


def _acn(text: str) -> bool:
    digits = digits_of(text)
    return any(digits) and (10 - weighted(digits[:8], range(8, 0, -1)) % 10) % 10 == digits[8]


def _tfn(text: str) -> bool:
    digits = digits_of(text)
    return any(digits) and weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _medicare(text: str) -> bool:
    digits = digits_of(text)
    return weighted(digits[:8], (1, 3, 7, 9) * 2) % 10 == digits[8]


def _nric(text: str) -> bool | None:
    """Weights 2 7 6 5 4 3 2; T and G begin at 4, M at 3: National Registration Act."""
    signs = bare(text)
    total = weighted(digits_of(signs[1:8]), (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(signs[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(signs[0], "XWUTRQPNMLK")
    return True if letters[total % 11] == signs[8] else None


_UEN_LETTERS = "ABCDEFGHJKLMNPQRSTUVWX0123456789"


def _uen(text: str) -> bool:
    signs = bare(text)
    if len(signs) == 9:
        return "XMKECAWLJDB"[weighted(digits_of(signs[:8]), (10, 4, 9, 3, 8, 2, 7, 1)) % 11] == signs[8]
    if signs[0].isdigit():
        total = weighted(digits_of(signs[:9]), (10, 8, 6, 4, 9, 7, 5, 3, 1))
        return "ZKCMDNERGWH"[total % 11] == signs[9]
    values = [_UEN_LETTERS.index(one) for one in signs[:9]]
    return _UEN_LETTERS[(weighted(values, (4, 3, 5, 3, 10, 2, 2, 5, 7)) - 5) % 11] == signs[9]


_THAI_PROVINCES = {
    *range(10, 28),
    *range(30, 59),
    *range(60, 68),
    *range(70, 78),
    *range(80, 87),
    *range(90, 97),
}
"""First two digits of the codes of provinces: Department of Provincial Administration."""


def _thai(text: str) -> bool:
    digits = digits_of(text)
    if digits[0] == 0 or digits[1] * 10 + digits[2] not in _THAI_PROVINCES:
        return False
    return (11 - weighted(digits[:12], range(13, 1, -1)) % 11) % 10 == digits[12]


def _filipino_tax(text: str) -> bool | None:
    """Hold the ninth digit: weights 9 to 2, modulo 11."""
    digits = digits_of(text)
    return None if weighted(digits[:8], range(9, 1, -1)) % 11 == digits[8] else False


asia_pacific = (
    Recogniser(
        "SG_NRIC_FIN",
        ((r"[stfgm]\d{7}[a-z]", 0.5), (r"[a-z]\d{7}[a-z]", 0.05)),
        _nric,
        checked=0.9,
        context=("nric", "fin", "ic number"),
    ),
    Recogniser(
        "SG_UEN",
        ((r"\d{8}[a-z]|\d{9}[a-z]|[rst]\d{2}[a-z]{2}\d{4}[a-z]", 0.3),),
        _uen,
        checked=0.7,
        context=("uen", "entity number", "acra"),
    ),
    Recogniser(
        "AU_ABN",
        ((r"\d{2} \d{3} \d{3} \d{3}|\d{11}", 0.1),),
        _abn,
        checked=0.7,
        context=("abn", "business number"),
    ),
    Recogniser(
        "AU_ACN", ((r"\d{3} \d{3} \d{3}|\d{9}", 0.1),), _acn, checked=0.5, context=("acn", "company number")
    ),
    Recogniser(
        "AU_TFN", ((r"\d{3} \d{3} \d{3}|\d{9}", 0.1),), _tfn, checked=0.5, context=("tfn", "tax file")
    ),
    Recogniser(
        "AU_MEDICARE",
        ((r"[2-6]\d{3} \d{5} \d|[2-6]\d{9}", 0.1),),
        _medicare,
        checked=0.5,
        context=("medicare",),
    ),
    Recogniser(
        "TH_TNIN",
        ((r"[1-9](?:[ -]?\d){12}", 0.2),),
        _thai,
        checked=0.6,
        context=("thai", "tnin", "national id", "เลขประจำตัว"),
    ),
    Recogniser(
        "PH_TIN",
        ((r"\d{3}-\d{3}-\d{3}(?:-\d{3,5})?", 0.2), (r"\d{9}(?:\d{3}|\d{5})?", 0.01)),
        lambda text: _filipino_tax(text) if digits_of(text)[0] < 6 else False,
        context=("tin", "bir", "taxpayer", "tax id"),
    ),
    Recogniser(
        "PH_MOBILE_NUMBER",
        ((r"\+63[ -]?\(?9\d{2}\)?[ -]?\d{3}[ -]?\d{4}", 0.9), (r"0 ?\(?9\d{2}\)?[ -]?\d{3}[ -]?\d{4}", 0.4)),
        context=("mobile", "cell", "phone", "philippine", "globe", "smart", "text"),
    ),
)
