"""Numbers of Poland."""

from flyball.data.privacy.detection.checksums import digits_of, weighted
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["poland"]


def _pesel(text: str) -> bool:
    """Weights 1, 3, 7, 9: Act of 24 September 2010 on population registration, article 15."""
    digits = digits_of(text)
    month = digits[2] * 10 + digits[3]
    real = 1 <= month % 20 <= 12 and 1 <= digits[4] * 10 + digits[5] <= 31
    alike = len(set(digits[:10])) == 1
    return (real or alike) and weighted(digits, (1, 3, 7, 9) * 2 + (1, 3, 1)) % 10 == 0 and any(digits)


poland = (Recogniser("PL_PESEL", ((r"\d{11}", 0.2),), _pesel, checked=0.65, context=("pesel",)),)
