"""Numbers, days and people as pages say them; words from elsewhere with nothing hidden in them."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from flyball.core.digests import short
from flyball.core.estimates import Estimate
from flyball.core.text import count
from flyball.evaluation.reports.phrases import day, moment, percent, sure_percent, visible

__all__ = ["FILTERS", "shown_text"]

_WITH_SIGN = ("share", "share, 0 to 1", "EUR", "eur")
"""Units that are told by a sign: per cent, euros."""
_SHARE_OF = "share of "
_OUTCOMES = {"automated": "decided by machine", "referred": "for a person", "refused": "refused"}


def shown_text(value: object) -> object:
    """Return what a template prints: signs that hide or reorder words are made visible."""
    return visible(value) if type(value) is str else value


def number(value: float | Decimal | None, digits: int = 2) -> str:
    """Return a number with thousands apart: "12,345", "0.25"; large ones without fractions."""
    if value is None:
        return "–"
    value = float(value)
    if not math.isfinite(value):
        return "–"
    if value.is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    told = f"{value:,.{digits}f}" if abs(value) >= 10**-digits else f"{value:.2g}"
    return told.rstrip("0").rstrip(".") if "." in told and "e" not in told else told


def euros(value: float | Decimal | str) -> str:
    """Return an amount of money: "€ 1,234.50", with more digits where it is smaller than a cent."""
    amount = Decimal(str(value))
    digits = 2 if amount == 0 or abs(amount) >= 1 else 4 if abs(amount) >= Decimal("0.0001") else 9
    whole, _, rest = f"{amount:,.{digits}f}".partition(".")
    return f"€\u00a0{whole}.{rest.rstrip('0').ljust(2, '0')}"


def figure(value: float, unit: str = "") -> str:
    """Return a figure with its unit; a share is told in percent."""
    if unit in _WITH_SIGN[:2]:
        return percent(value)
    if unit in _WITH_SIGN[2:]:
        return euros(value)
    if unit.startswith(_SHARE_OF):
        return f"{percent(value)} {unit.removeprefix('share ')}"
    return f"{number(value)}\u00a0{unit}" if unit else number(value)


def interval(estimate: Estimate, unit: str = "") -> str:
    """Return both ends of an interval: "94.1 % to 97.2 %"; "" where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    if unit.startswith(_SHARE_OF):
        unit = "share"  # of what was said beside the figure
    if unit in _WITH_SIGN:
        return f"{figure(estimate.low, unit)} to {figure(estimate.high, unit)}"
    low, high = _alike(number(estimate.low), number(estimate.high))
    return f"{low} to {high}\u00a0{unit}" if unit else f"{low} to {high}"


def _alike(low: str, high: str) -> tuple[str, str]:
    """Return two numbers with as many digits behind the point: "0.90" and "1.15"."""
    ends = [one.partition(".")[2] for one in (low, high)]
    most = max(map(len, ends))
    if "e" in low + high or "," in low + high or not any(ends):
        return low, high
    low, high = (one if end else f"{one}." for one, end in zip((low, high), ends, strict=True))
    return low + "0" * (most - len(ends[0])), high + "0" * (most - len(ends[1]))


def of_what(unit: str) -> str:
    """Return what a share is of, or a unit that is a word; "" for one that is a sign of its figure."""
    return unit.removeprefix("share ") if unit.startswith(_SHARE_OF) else bare_unit(unit)


def bare_unit(unit: str) -> str:
    """Return a unit that stands behind its figure as a word; "" for one that is a sign of it."""
    return "" if unit in _WITH_SIGN else unit


def sure(confidence: float) -> str:
    """Return a confidence in percent, rounded down, so that it never claims more than there is."""
    return sure_percent(confidence)


def when(at: datetime) -> str:
    """Return a moment short and sortable: "2026-11-30 14:05"; UTC, as the page says once."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def iso(at: datetime | date) -> str:
    """Return a moment for machines."""
    return at.isoformat()


def apart(at: datetime, now: datetime) -> str:
    """Return how far a moment is away: "in 3 hours", "2 days ago"; up to two days it is told in hours."""
    seconds = (at - now).total_seconds()
    for length, name, least in ((86_400, "day", 1.98), (3600, "hour", 0.98), (60, "minute", 0.5)):
        if abs(seconds) >= least * length:
            told = count(max(1, round(abs(seconds) / length)), name)
            return f"in {told}" if seconds > 0 else f"{told} ago"
    return "now"


def person(actor: str) -> str:
    """Return who acted, as people say it."""
    kind, _, name = actor.partition(":")
    if actor == "local":
        return "somebody at this machine"
    if kind in ("person", "user"):
        return name
    return f"{name} ({'a program' if kind == 'key' else kind})" if name else actor


def outcome(word: str) -> str:
    """Return how a field was decided, in words."""
    return _OUTCOMES.get(word, word)


def release_name(digest: str) -> str:
    """Return the short name of a release."""
    return short(digest) if digest else "none"


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return words as choices that are called what they are."""
    return [(one, one) for one in words]


def releases(digests: Iterable[str]) -> list[tuple[str, str]]:
    """Return releases as choices."""
    return [(one, short(one)) for one in digests]


FILTERS: Mapping[str, Callable[..., object]] = {
    "number": number,
    "euros": euros,
    "figure": figure,
    "interval": interval,
    "bare_unit": bare_unit,
    "of_what": of_what,
    "percent": percent,
    "sure": sure,
    "when": when,
    "iso": iso,
    "day": day,
    "moment": moment,
    "apart": apart,
    "person": person,
    "outcome": outcome,
    "short": release_name,
    "pairs": pairs,
    "releases": releases,
}
