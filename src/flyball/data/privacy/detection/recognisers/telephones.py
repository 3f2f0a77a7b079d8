"""Telephone numbers of everywhere, by shape and by the numbering plans of libphonenumber."""

import re

import phonenumbers

from flyball.data.privacy.detection.checksums import digits_of
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["telephones"]

_WORDS = (
    "phone",
    "tel",
    "telephone",
    "mobile",
    "cell",
    "call",
    "fax",
    "number",
    "office",
    "reach",
    "contact",
    "text me",
    "ring",
    "dial",
    "hotline",
    "sms",
    "landline",
    "whatsapp",
    "pager",
    "switchboard",
    "helpline",
    "voicemail",
)


def _international(text: str) -> bool | None:
    number = text.lower().split("x")[0].split("e")[0].strip(" ,")
    if not 8 <= len(digits_of(number)) <= 17:
        return False
    if number.startswith("00"):
        number = "+" + number[2:]
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    return True if phonenumbers.is_valid_number(parsed) else None


# A date, or a number of the shape that only social security numbers have.
_NO_TELEPHONE = re.compile(
    r"(?:[0-3]?\d[./-][01]?\d|[01]?\d[./-][0-3]?\d)[./-](?:19|20)\d\d|\d{3}-\d{2}-\d{4}"
)


def _national(text: str) -> bool | None:
    if _NO_TELEPHONE.fullmatch(text):
        return False
    digits = digits_of(text.lower().split("x")[0].removeprefix("00"))
    return None if 6 <= len(digits) <= 12 and len(set(digits)) > 2 else False


def _grouped(text: str) -> bool | None:
    """Refuse what groups of digits are besides: years, ranges of round numbers, thousands."""
    groups = re.findall(r"\d+", text)
    years = all(re.fullmatch(r"(?:19|20)\d\d", one) for one in groups)
    round_ones = all(one.endswith("00") for one in groups)
    return False if years or round_ones or groups[-2:] == ["000", "000"] else _national(text)


_EXTENSION = r"(?:x\d{1,6}|,? (?:x|ext\.?|extension) ?\d{1,6})?"
# A blank that does not break, and the hyphens and dashes that word processors put in their place.
_TYPESET = "\u00a0|\u2010|\u2011|\u2012|\u2013"
_SIGN = f"(?:[ .-]|{_TYPESET})"
_AREA = rf"(?:(?:\+|00)?\d{{1,2}}{_SIGN}|00\d{_SIGN})?"


def _unparted(text: str) -> bool | None:
    """Hold digits behind 00 against the numbering plans: without signs nothing else speaks for them."""
    return True if _international(text) else None


telephones = (
    Recogniser(
        "PHONE_NUMBER",
        (
            (rf"\+ ?\d{{1,3}}{_SIGN}?(?:\(\d{{1,5}}\){_SIGN}?)?\d(?:{_SIGN}?\d){{5,12}}{_EXTENSION}", 0.6),
            (rf"00[1-9]\d{{0,2}}[ .-](?:\(\d{{1,5}}\)[ .-]?)?\d(?:[ .-]?\d){{5,12}}{_EXTENSION}", 0.5),
        ),
        _international,
        checked=0.85,
        context=_WORDS,
    ),
    # How libphonenumber prints the national numbers of the world: the groups of four digits hardly
    # anything else has.
    Recogniser(
        "PHONE_NUMBER",
        (
            (r"\d{3,4} \d{4}", 0.45),
            (r"\d{1,4} \d{2} \d{2} \d{2}|\d{1,3} \d{3} \d{2} \d{2}", 0.3),  # rows of tables look like this
            (r"\d{1,2} \d{3,4} \d{4}", 0.45),
            (r"\d{4} \d{3} \d{3}|\d{3} \d{3} \d{4}", 0.45),
            (r"[2-9]\d{2}-\d{4}", 0.42),
            (r"\(\d{1,5}\)[ -]?\d{1,4}(?:[ -]\d{2,4}){1,3}|\(\+?\d{1,5}\) ?\d{5,10}", 0.5),
            (r"\(0-\d{1,5}\) ?\d{4,7}", 0.5),
        ),
        _grouped,
        context=_WORDS,
    ),
    Recogniser(
        "PHONE_NUMBER",
        ((r"00[1-9]\d{7,13}", 0.1),),
        _unparted,
        checked=0.5,
        context=_WORDS,
    ),
    Recogniser(
        "PHONE_NUMBER",
        (
            (rf"(?:1[ .-])?\([2-9]\d{{2}}\)[ .-]?\d{{3}}[ .-]?\d{{4}}{_EXTENSION}", 0.75),
            (rf"(?:(?:\+|00)?\d{{1,2}}[ .-]|00\d[ .-])?\d{{3}}-\d{{3}}-\d{{4}}{_EXTENSION}", 0.65),
            (rf"(?:(?:\+|00)?\d{{1,2}}[ .-]|00\d[ .-])?\d{{3}}\.\d{{3}}\.\d{{4}}{_EXTENSION}", 0.65),
            (rf"(?:(?:\+|00)?\d{{1,2}}[ .-]|00\d[ .-])?\d{{3}} \d{{3}} \d{{4}}{_EXTENSION}", 0.55),
            (rf"\(0?\d{{2,4}}\) ?\d{{2,4}}(?:[ -]?\d{{2,4}}){{1,3}}{_EXTENSION}", 0.6),
            (r"0\d{2,4}[ /-]\d{3,4}[ -]\d{3,4}", 0.55),
            (r"0\d{1,4}[ /-]\d{5,9}", 0.5),
            (r"0\d{1,4}(?:[ .-]\d{2,4}){2,4}", 0.5),
            (r"\d{2}(?: \d{2}){2,4}|\d{2}(?:-\d{2}){2,4}", 0.3),
            (r"\d{2,3} \d{2,3} \d{3}", 0.4),
            (r"\d{2,4}[ -]\d{4,7}", 0.25),
            (r"\d{3}[ -]\d{2}[ -]\d{2}(?:[ -]\d{2})?", 0.35),
            (rf"{_AREA}\d{{3}}(?:{_TYPESET})\d{{3}}{_SIGN}\d{{4}}{_EXTENSION}", 0.55),
            (rf"[2-9]\d{{2}}[ /][2-9]\d{{2}}[.-]\d{{4}}{_EXTENSION}", 0.6),
            (rf"[2-9]\d{{2}}-[2-9]\d{{6}}{_EXTENSION}", 0.4),
            (r"[2-9]\d{2}[2-9]\d{6}x\d{1,6}", 0.6),
            (r"[6-9]\d{4}[ -]\d{5}", 0.4),
            (r"555-\d{4}", 0.4),
            (r"[2-9]\d{2}[2-9]\d{6}", 0.26),
            (r"0[1-9]\d{8,9}", 0.4),
            (r"0\d{9,10}", 0.3),
            (r"1[3-9]\d{9}", 0.25),
        ),
        _national,
        context=_WORDS,
    ),
)
