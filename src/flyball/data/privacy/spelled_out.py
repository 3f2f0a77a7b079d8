"""Personal data that has no number of its own: spelled out, or told by the words around it.

Mail addresses written as "jane (at) example (dot) org", numbers in words, dates of birth, streets with a
house number, tax numbers by their name, and people by their title. English and German.
"""

import re

from flyball.data.privacy.detection.records import Found

__all__ = ["find_spelled_out"]

_AT = r"\s?(?:\(at\)|\[at\]|\{at\}|<at>|\sat\s|\(ät\)|\[ät\]|@)\s?"
_DOT = r"\s?(?:\(dot\)|\[dot\]|\{dot\}|\sdot\s|\(punkt\)|\[punkt\]|\spunkt\s|\.)\s?"
_SAID = r"(?:\(dot\)|\[dot\]|\{dot\}|\sdot\s|\(punkt\)|\[punkt\]|\spunkt\s)"
_DIGIT = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|"
    r"null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun)"
)
_MONTH = (
    r"(?:jan\w*|feb\w*|mar\w*|mär\w*|apr\w*|may|mai|jun\w*|jul\w*|aug\w*|sep\w*|o[ck]t\w*|nov\w*|de[cz]\w*)"
)
_DATE = (
    rf"(?:\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}\.?(?:st|nd|rd|th)?\s+(?:of\s+)?"
    rf"{_MONTH}\.?,?\s+\d{{4}}|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}})"
)
_NAME = r"(?:[A-ZÄÖÜÀ-Þ][\w'’-]{1,40})"

# Each: the kind, words of which one stands in every match (most texts are settled by a look for them), and
# the pattern, whose group is what is told.
_SHAPES = tuple(
    (kind, tuple(words.split("|")), re.compile(pattern, flags))
    for kind, words, pattern, flags in (
        (
            "EMAIL_ADDRESS",
            "dot|punkt",
            rf"(?<![\w.+-])([\w+-]{{1,64}}(?:{_DOT}[\w+-]{{1,64}}){{0,4}}{_AT}[\w-]{{1,64}}(?:{_DOT}[\w-]{{1,64}}){{0,3}}?\s*"
            rf"{_SAID}\s*[a-z]{{2,24}}\b)",
            re.IGNORECASE,
        ),
        (
            "PHONE_NUMBER",
            "three|two|five|zero|drei|zwei|fünf|null|eins|one|double|triple",
            rf"\b({_DIGIT}(?:[\s,.–-]{{1,3}}{_DIGIT}){{5,}})\b",
            re.IGNORECASE,
        ),
        (
            "DATE_OF_BIRTH",
            "born|birth|dob|d.o.b|geboren|geburt|geb.",
            rf"(?:\bborn|\bbirth(?:day|date)?|\bdob|\bd\.o\.b\.|\bgeboren|\bgeburts\w+|\bgeb\.)\W{{0,3}}"
            rf"(?:(?:is|was|on|am|ist|war|in|the|lautet)\W{{1,2}}){{0,3}}({_DATE})|({_DATE})\s+(?:geboren|geb\.)",
            re.IGNORECASE,
        ),
        (
            "STREET_ADDRESS",
            "street|road|avenue|lane|drive|boulevard| st| rd| ave|square|court|terrace| way",
            rf"\b(\d{{1,5}}[a-zA-Z]?[ ](?:{_NAME}[ ]){{1,3}}(?:Street|Road|Avenue|Lane|Drive|Boulevard|"
            r"Square|Terrace|Court|Way|Place|Close|Crescent|St|Rd|Ave|Blvd|Ln|Dr)\b)",
            0,
        ),
        (
            "STREET_ADDRESS",
            "straße|strasse|str.|weg|platz|allee|gasse|ufer|ring|damm",
            r"\b([A-ZÄÖÜ][\w-]*(?:\s[A-ZÄÖÜ][\w-]*)?(?:[Ss]traße|[Ss]trasse|[Ss]tr\.|weg|platz|allee|gasse|ufer|ring|damm)"
            r"\s+\d{1,4}\s?[a-z]?\b)",
            0,
        ),
        (
            "DE_TAX_NUMBER",
            "tax|steuer",
            r"\b(?:tax|steuer)[\w-]*(?:\s+(?:number|no\.?|id|nummer|nr\.?))?\W+(?:(?:is|was|ist|lautet)\s+)?"
            r"(\d{2,3}/\d{3}/\d{4,5})\b",
            re.IGNORECASE,
        ),
        (
            "PERSON",
            "mr|mrs|ms|miss|dr|prof|herr|frau|madam|nurse",
            rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Madam|Nurse)\.?[ ]((?:(?:Dr|Prof)\.?[ ])?{_NAME}"
            rf"(?:[ ](?:(?:van|von|de|der|del|di|la|bin)[ ]){{0,2}}{_NAME}){{0,3}})",
            0,
        ),
    )
)
_SCORE = 0.7


def find_spelled_out(text: str) -> list[Found]:
    """Return personal data that is told in words, in order.

    Parameters
    ----------
    text : str
    """
    low = text.casefold()
    found: list[Found] = []
    for kind, words, pattern in _SHAPES:
        if any(one in low for one in words):
            for match in pattern.finditer(text):
                group = match.lastindex or 1
                found.append(Found(*match.span(group), kind, _SCORE, "pattern"))
    return sorted(found, key=lambda one: (one.start, one.end))
