"""Finds what must not leave the house in the words that Flyball itself writes: direct identifiers."""

from functools import cache

from flyball.data.privacy.detection.detector import Detector, default_detector, known_kinds
from flyball.data.privacy.detection.records import Found

__all__ = ["find_people", "find_personal_data", "redact"]

# Words of a decision speak of dates, places and companies; these alone point to nobody.
_INDIRECT = frozenset(
    ("AGE", "DATE_TIME", "LOCATION", "NRP", "ORGANIZATION", "PERSON", "TITLE", "URL", "ZIP_CODE")
)
_MINIMUM = 0.6  # a number that only might be one, such as ten digits that pass a check, is left alone


@cache
def _identifiers() -> Detector:
    return default_detector([one for one in known_kinds() if one not in _INDIRECT], minimum_score=_MINIMUM)


@cache
def _identifiers_and_people() -> Detector:
    kinds = [one for one in known_kinds() if one not in _INDIRECT or one == "PERSON"]
    return default_detector(kinds, minimum_score=_MINIMUM)


def find_personal_data(text: str) -> tuple[Found, ...]:
    """Return the numbers and addresses in a text that point to one person, in order and without overlap.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of Found
        () means that nothing of these kinds was found, not that nobody can be recognised.

    Raises
    ------
    BadText, DetectionFailed
        As `Detector.scan`: it is not known then what the text holds.
    """
    return _identifiers().scan([text])[0]


def find_people(text: str) -> tuple[Found, ...]:
    """Return what `find_personal_data` finds, and names of people."""
    return _identifiers_and_people().scan([text])[0]


def redact(text: str) -> tuple[str, tuple[Found, ...]]:
    """Return the text with each finding replaced by "[KIND]", and the findings.

    Parameters
    ----------
    text : str

    Returns
    -------
    text, found : str, tuple of Found
        Offsets are those of the text that went in.
    """
    found = find_personal_data(text)
    pieces: list[str] = []
    at = 0
    for one in found:
        pieces.extend((text[at : one.start], f"[{one.kind}]"))
        at = one.end
    pieces.append(text[at:])
    return "".join(pieces), found
