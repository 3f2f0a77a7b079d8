"""Finds what must not leave the house in the words that Flyball itself writes: direct identifiers."""

from collections.abc import Iterable
from functools import cache

from flyball.data.privacy.detection.detector import Detector, default_detector, known_kinds
from flyball.data.privacy.detection.records import Found
from flyball.data.privacy.spelled_out import find_spelled_out

__all__ = ["cover", "find_people", "find_personal_data", "redact"]

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
    """Return what points to one person: numbers and addresses, also spelled out, and people by their title.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of Found
        In order. () means that nothing of these kinds was found, not that nobody can be recognised.

    Raises
    ------
    BadText, DetectionFailed
        As `Detector.scan`: it is not known then what the text holds.
    """
    return _with_spelled_out(text, _identifiers().scan([text])[0])


def find_people(text: str) -> tuple[Found, ...]:
    """Return what `find_personal_data` finds, and names of people."""
    return _with_spelled_out(text, _identifiers_and_people().scan([text])[0])


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
    return cover(text, found), found


def cover(text: str, found: Iterable[Found]) -> str:
    """Return a text with "[KIND]" in place of each finding; of those that overlap one word stands there."""
    pieces: list[str] = []
    at = 0
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start >= at:
            pieces += [text[at : one.start], f"[{one.kind}]"]
        at = max(at, one.end)
    return "".join([*pieces, text[at:]])


def _with_spelled_out(text: str, found: tuple[Found, ...]) -> tuple[Found, ...]:
    more = [
        one
        for one in find_spelled_out(text)
        if not any(one.start < other.end and other.start < one.end for other in found)
    ]
    return tuple(sorted((*found, *more), key=lambda one: one.start)) if more else found
