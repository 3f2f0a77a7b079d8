"""Dates, times and ages."""

import re

from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["dates"]

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH_NUMBER = "(?:1[0-2]|0?[1-9])"
_DAY_MONTH = f"{_DAY}[/-]{_MONTH_NUMBER}|{_MONTH_NUMBER}[/-]{_DAY}"
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
_ZONE = r"(?: ?[ap]\.?m\.?|Z|[+-]\d{2}:?\d{2})?"

_KIN = "he|she|child|kid|boy|girl|son|daughter|brother|sister|mother|father|wife|husband|mum|mom|dad"
_WHO = f"(?:i'm|i am|he's|she's|(?:{_KIN}) is)"


def _age(text: str) -> bool | None:
    number = int(re.sub(r"\D", "", text) or 0)
    return None if 1 <= number <= 120 else False


dates = (
    Recogniser(
        "DATE_TIME",
        (
            (rf"\d{{4}}-(?:1[0-2]|0?[1-9])-{_DAY}(?:[T ]{_TIME}{_ZONE})?", 0.8),
            (rf"\d{{4}}/(?:1[0-2]|0?[1-9])/{_DAY}(?:[T ]{_TIME}{_ZONE})?", 0.7),
            (rf"(?:{_DAY_MONTH})[/-](?:\d{{4}}|\d{{2}})(?: {_TIME}{_ZONE})?", 0.65),
            (rf"{_DAY}\.(?:1[0-2]|0?[1-9])\.(?:\d{{4}}|\d{{2}})", 0.6),
            (rf"{_DAY}(?:st|nd|rd|th)?[ -](?:of )?{_MONTH}\.?(?:,?[ -]\d{{4}}|[ -]'?\d{{2}})?", 0.65),
            (rf"{_MONTH}\.?[ -]{_DAY}(?:st|nd|rd|th)?(?:,? ?\d{{4}})?(?:,? (?:at )?{_TIME}{_ZONE})?", 0.65),
            (rf"{_MONTH}\.?,?[ -](?:19|20)\d{{2}}", 0.65),
            (rf"{_TIME}{_ZONE}", 0.5),
            (r"(?:1[0-2]|[1-9]) ?[ap]\.?m\.?", 0.5),
            (r"(?:1[0-2]|0?[1-9])/(?:\d{4}|\d{2})", 0.2),
            (rf"(?:1[0-2]|0?[1-9])/{_DAY}", 0.1),
            (r"(?:19|20)\d{2}", 0.15),
        ),
        context=("date", "birthday", "born", "dob", "expires", "since", "year"),
    ),
    Recogniser(
        "DATE_TIME",
        ((r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?", 0.6),),
        everywhere=True,
    ),
    Recogniser(
        "AGE",
        (
            (r"(\d{1,3})[ -](?:years?|yrs?)[ -]old", 0.8),
            (r"(\d{1,3}) ?(?:y/o|yo)\b", 0.7),
            (r"\b(?:aged?|age:|age is|age of) (\d{1,3})", 0.7),
            (r"(\d{1,3})[ -](?:months?|weeks?|days?)[ -]old", 0.8),
            (rf"\b(?:{_WHO}|turns?) (\d{{1,3}})(?:[.,;!?\n]| and | but | now|\s*$)", 0.6),
            (r"\b(?:turned|turning|turns) (\d{1,3})", 0.5),
        ),
        _age,
    ),
)
