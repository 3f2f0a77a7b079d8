"""How high liability is capped: as an amount of money, or as months of fees."""

import re

from flyball.models.experts.reader import LONGEST_PASSAGE, ReadValue
from flyball.models.experts.readers._durations import durations
from flyball.models.experts.readers._numbers import numbers
from flyball.models.experts.readers.money_amount import money_amount
from flyball.models.experts.readers.percentage import percentage

__all__ = ["liability_cap"]

_LIMIT = re.compile(
    r"(?:shall|not|event|will|may) exceed|limited to|limit of|no more than|not more than|in excess of|"
    r"maximum|the most|set at|cap(?:ped)? (?:of|at)|lesser of|greater of|higher of|lower of",
    re.IGNORECASE,
)
_FEES = re.compile(
    r"\b(?:fees?|charges?|amounts?|sums?|commissions?|price|payments?|consideration|royalt(?:y|ies)|monies)\b",
    re.IGNORECASE,
)
_A_YEAR = re.compile(
    r"\b(?:annual|(?:contract|calendar|that|one|preceding|previous|prior) year|per annum)\b", re.IGNORECASE
)
_MULTIPLE = re.compile(r"\s{0,2}(?:times|x)\b", re.IGNORECASE)
_TIMES = re.compile(r"\b(twice|double|one[- ]half|half)\b", re.IGNORECASE)
_FACTORS = {"twice": 2.0, "double": 2.0, "half": 0.5}
_DAYS_A_YEAR = 365.0
_DAYS_A_MONTH = 30.0


def liability_cap(text: str, /) -> ReadValue | None:
    """Read a cap on liability.

    Parameters
    ----------
    text : str
        A passage such as "shall not exceed the fees paid in the twelve (12) months before the claim".

    Returns
    -------
    ReadValue or None
        An amount of money with its currency where one stands there ("the lesser of $250,000 and the
        fees" gives 250,000 USD); else a number in "months of fees": 12 for the fees of a year, 24 for
        twice those, 18 for 150 % of them. None where there is neither, as in an exclusion of indirect
        loss.
    """
    text = text[:LONGEST_PASSAGE]
    limit = _LIMIT.search(text)
    if limit is None:
        return None
    rest = text[limit.start() :]
    amount = money_amount(rest)
    if amount is not None:
        return ReadValue(amount.value, amount.unit, limit.start() + amount.start, limit.start() + amount.end)
    if _FEES.search(rest) is None:
        return None
    return _months(rest, limit.start())


def _months(rest: str, offset: int) -> ReadValue | None:
    period = next(iter(durations(rest)), None)
    year = _A_YEAR.search(rest)
    if period is not None and period.certain:
        whole, part = divmod(period.days, _DAYS_A_YEAR)
        months, end = whole * 12 + part / _DAYS_A_MONTH, period.end
    elif year is not None and period is None:
        months, end = 12.0, year.end()
    else:
        return None
    share = percentage(rest)
    times = _TIMES.search(rest)
    multiple = next((number for number in numbers(rest) if _MULTIPLE.match(rest, number.end)), None)
    if share is not None and isinstance(share.value, float):
        months *= share.value / 100
    elif multiple is not None:
        if not multiple.certain:
            return None
        months *= multiple.value
    elif times is not None:
        months *= _FACTORS[times.group(1).lower().replace("one-", "").replace("one ", "")]
    return ReadValue(months, "months of fees", offset, offset + end)
