"""An amount of money with its currency."""

import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue
from flyball.models.experts.readers._numbers import Number, numbers

__all__ = ["money_amount"]

_CODES = [
    "USD",
    "EUR",
    "GBP",
    "CAD",
    "AUD",
    "NZD",
    "SGD",
    "HKD",
    "CHF",
    "JPY",
    "CNY",
    "INR",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "ILS",
    "ZAR",
    "BRL",
    "MXN",
    "KRW",
    "TWD",
    "AED",
]
_SIGNS = {
    "US$": "USD", "U.S.$": "USD", "U.S. $": "USD", "C$": "CAD", "CA$": "CAD", "CDN$": "CAD", "A$": "AUD",
    "AU$": "AUD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "₹": "INR", "Rs.": "INR", "RMB": "CNY", "Fr.": "CHF",
}  # fmt: skip
_WORDS = {
    "dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR", "pounds sterling": "GBP",
    "pounds": "GBP", "francs": "CHF", "yen": "JPY", "rupees": "INR", "renminbi": "CNY",
}  # fmt: skip
_AHEAD = re.compile(
    "(" + "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)) + r"|\b(?:"
    + "|".join(_CODES) + r"))[\s\u00a0]{0,2}\Z"
)  # fmt: skip
_AFTER = re.compile(
    r"[\s\u00a0]{0,2}(?:(?:(" + "|".join(_CODES) + r")\b)|(€|£)|"
    r"((?:(?:United States|U\.S\.|US|Canadian|Australian|Singapore|Swiss)\s)?"
    r"(?:pounds sterling|pounds|dollars?|euros?|francs|yen|rupees|renminbi))\b)",
    re.IGNORECASE,
)
_OF_A_COUNTRY = {
    "canadian dollars": "CAD",
    "australian dollars": "AUD",
    "singapore dollars": "SGD",
    "swiss francs": "CHF",
}


def money_amount(text: str, /) -> ReadValue | None:
    """Read the first amount of money in a passage.

    Returns
    -------
    ReadValue or None
        Units of the currency (not cents), whose ISO 4217 code is the unit; a bare "$" and "dollars"
        are read as USD. None where there is no amount, or where it can be read in two ways.
    """
    text = text[:LONGEST_PASSAGE]
    for number in numbers(text):
        found = _currency(text, number)
        if found is not None:
            currency, start, end = found
            return ReadValue(number.value, currency, start, end) if number.certain else None
    return None


def _currency(text: str, number: Number) -> tuple[str, int, int] | None:
    from_ = max(0, number.start - 8)
    ahead = _AHEAD.search(text[from_ : number.start])
    if ahead is not None:
        sign = ahead.group(1)
        return _SIGNS.get(sign, sign), from_ + ahead.start(), number.end
    after = _AFTER.match(text, number.end)
    if after is None:
        return None
    code, sign, words = after.groups()
    if code:
        return code.upper(), number.start, after.end()
    if sign:
        return _SIGNS[sign], number.start, after.end()
    name = " ".join(words.lower().split())
    currency = _OF_A_COUNTRY.get(name) or _WORDS[name if name in _WORDS else name.rsplit(" ", 1)[-1]]
    return currency, number.start, after.end()
