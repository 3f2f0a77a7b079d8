"""Numbers of Korea."""

from flyball.data.privacy.detection.checksums import bare, digits_of, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["korea"]

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _born(digits: list[int]) -> bool:
    return 1 <= digits[2] * 10 + digits[3] <= 12 and 1 <= digits[4] * 10 + digits[5] <= 31


def _resident(text: str) -> bool | None:
    """Hold the date, and the last digit; numbers given since October 2020 have none, so it only confirms."""
    digits = digits_of(text)
    if not _born(digits) or digits[6] not in (1, 2, 3, 4):
        return False
    return True if (11 - weighted(digits[:12], _WEIGHTS) % 11) % 10 == digits[12] else None


def _foreigner(text: str) -> bool | None:
    digits = digits_of(text)
    if not _born(digits) or digits[6] not in (5, 6, 7, 8):
        return False
    return True if (13 - weighted(digits[:12], _WEIGHTS) % 11) % 10 == digits[12] else None


def _business(text: str) -> bool:
    digits = digits_of(text)
    total = weighted(digits[:9], (1, 3, 7, 1, 3, 7, 1, 3, 5)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def _driver(text: str) -> bool | None:
    return 11 <= int(bare(text)[:2]) <= 28


korea = (
    Recogniser(
        "KR_RRN",
        ((r"\d{6}-?[1-4]\d{6}", 0.5),),
        _resident,
        checked=0.9,
        context=("rrn", "korean", "주민등록번호", "resident registration"),
    ),
    Recogniser(
        "KR_FRN",
        ((r"\d{6}-?[5-8]\d{6}", 0.5),),
        _foreigner,
        checked=0.9,
        context=("frn", "korean", "외국인등록번호", "foreigner"),
    ),
    Recogniser(
        "KR_BRN",
        ((r"\d{3}-\d{2}-\d{5}|\d{10}", 0.2),),
        _business,
        checked=0.55,
        context=("brn", "business registration", "사업자등록번호"),
    ),
    Recogniser(
        "KR_DRIVER_LICENSE",
        ((r"\d{2}[ -]\d{2}[ -]\d{6}[ -]\d{2}|\d{12}", 0.3),),
        _driver,
        checked=0.45,
        context=("운전면허", "license", "driver"),
    ),
    Recogniser(
        "KR_PASSPORT",
        ((r"[mdrsog]\d{3}[a-z]\d{4}", 0.4), (r"[mdrsog]\d{8}", 0.1)),
        context=("passport", "여권", "korean passport"),
    ),
)
