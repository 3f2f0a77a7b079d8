"""The state or country whose law is chosen."""

import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue
from flyball.models.experts.readers._places import CODES, NAMES

__all__ = ["code_of", "place"]

_ANY = "|".join(re.escape(name).replace("\\ ", r"\s+") for name in sorted(NAMES, key=len, reverse=True))
_RANK = (
    r"(?:state|commonwealth|province|republic|kingdom|territory|country|courts?|jurisdiction|internal laws?)"
)
_LAW_OF = re.compile(
    rf"\blaws?\s+(?:\([^)]{{0,60}}\)\s+)?(?:of|in|applicable\s+in)\s+(?:the\s+)?(?:{_RANK}\s+of\s+)?(?:the\s+)?({_ANY})(?!\w)",
    re.IGNORECASE,
)
_PLACE_LAW = re.compile(rf"(?<!\w)({_ANY})\s+(?:state\s+)?laws?\b", re.IGNORECASE)
_NAMED = re.compile(rf"(?<!\w)({_ANY})(?!\w)", re.IGNORECASE)
_LOOKS_LIKE_A_WORD = ("indian", "victoria", "jersey", "turkey", "polish", "us", "chile", "ny")


def place(text: str, /) -> ReadValue | None:
    """Read whose law governs.

    Parameters
    ----------
    text : str
        A passage such as "governed by the laws of the State of Delaware" or "English law applies".

    Returns
    -------
    ReadValue or None
        The usual English name: "Delaware", "England and Wales", "Germany"; `code_of` gives its ISO
        3166 code. "Georgia" is the state. The first place that the words "law of" name counts; a
        place without these words only if no other stands there. None where that leaves nothing.
    """
    text = text[:LONGEST_PASSAGE]
    chosen = [match for form in (_LAW_OF, _PLACE_LAW) if (match := form.search(text))]
    if chosen:
        return _value(min(chosen, key=lambda match: match.start(1)))
    named = [
        match
        for match in _NAMED.finditer(text)
        if match.group(1).lower() not in _LOOKS_LIKE_A_WORD and match.group(1)[0].isupper()
    ]
    if len({_name(match) for match in named}) != 1:
        return None
    return _value(named[0])


def code_of(name: object) -> str | None:
    """Return the ISO 3166 code of a place by its usual name: "US-DE" for Delaware; None if unknown."""
    return CODES.get(name) if isinstance(name, str) else None


def _name(match: re.Match[str]) -> str:
    return NAMES[" ".join(match.group(1).split()).casefold()]


def _value(match: re.Match[str]) -> ReadValue:
    return ReadValue(_name(match), "place", match.start(1), match.end(1))
