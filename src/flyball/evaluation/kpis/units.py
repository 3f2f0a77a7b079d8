"""Units: money and time are never added to each other; everything else is counted."""

import re
from dataclasses import dataclass

__all__ = ["NO_UNIT", "Unit", "unit_of"]

_TIMES = {
    **dict.fromkeys(("second", "seconds"), 1.0),
    **dict.fromkeys(("minute", "minutes", "min"), 60.0),
    **dict.fromkeys(("hour", "hours"), 3600.0),
    **dict.fromkeys(("day", "days"), 86_400.0),
    **dict.fromkeys(("week", "weeks"), 604_800.0),
}
_NUMBER = re.compile(r"[0-9][0-9,]{0,12}(?:\.[0-9]{1,6})?\Z")
_MONEY = re.compile(r"[A-Z]{3}\Z")


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts.

    Parameters
    ----------
    powers : tuple of (base, power)
        Sorted; the bases are currencies and "second". () is a plain number.
    scale : float
        One of this unit in bases: 60.0 for a minute, 0.01 for a per cent.
    """

    powers: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0

    def times(self, other: "Unit") -> "Unit":
        """Return the unit of a product."""
        return self._joined(other, 1)

    def per(self, other: "Unit") -> "Unit":
        """Return the unit of a quotient."""
        return self._joined(other, -1)

    def fits(self, other: "Unit") -> bool:
        """Return whether the two can be added: minutes and hours can, minutes and euros cannot."""
        return self.powers == other.powers

    def _joined(self, other: "Unit", sign: int) -> "Unit":
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + sign * power
        kept = tuple(sorted((base, power) for base, power in powers.items() if power))
        return Unit(kept, self.scale * other.scale if sign > 0 else self.scale / other.scale)

    def __str__(self) -> str:
        above = [_powered(base, power) for base, power in self.powers if power > 0]
        below = [_powered(base, -power) for base, power in self.powers if power < 0]
        if not above and not below:
            return "a plain number"
        said = " x ".join(above) or "1"
        return f"{said} per {' x '.join(below)}" if below else said


NO_UNIT = Unit()


def unit_of(text: str) -> Unit:
    """Read a unit as people write it.

    Parameters
    ----------
    text : str
        "EUR", "EUR per transfer", "alerts per analyst-hour", "minutes", "%", "losses per 1,000 cases".
        Three capital letters are a currency; seconds, minutes, hours, days and weeks are times, also at the
        end of a word ("analyst-hour"); any other word names what is counted.

    Returns
    -------
    Unit
    """
    above, *below = re.split(r"\bper\b|/", text)
    unit = _product(above)
    for one in below:
        unit = unit.per(_product(one))
    return unit


def _product(text: str) -> Unit:
    unit = NO_UNIT
    for word in text.split():
        unit = unit.times(_word(word))
    return unit


def _word(word: str) -> Unit:
    last = word.rsplit("-", 1)[-1].lower()
    if last in _TIMES:
        return Unit((("second", 1),), _TIMES[last])
    if _MONEY.match(word):
        return Unit(((word, 1),))
    if word == "%":
        return Unit((), 0.01)
    number = float(word.replace(",", "")) if _NUMBER.match(word) else 0.0
    return Unit((), number) if number else NO_UNIT


def _powered(base: str, power: int) -> str:
    return base if power == 1 else f"{base}^{power}"
