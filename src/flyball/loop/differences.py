"""Differences: two records held against each other, field by field, down to the last digit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flyball.models.experts.digits import DIGITS

__all__ = ["ABSENT", "Changed", "differences"]

ABSENT: Final = "(absent)"
"""Stands for a value that one of the two records does not have."""

_NAMES = ("field", "rule", "principle", "expert", "name")
"""What an item of a list is called by, where it says so; else by its number."""

_ONE_APART = 1.000001 * 10**-DIGITS

Plain = object
"""Plain data: dicts, lists, text, numbers, True, False, None."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One place in which two records differ.

    Parameters
    ----------
    path : tuple of str
        From the outside in: ("fields", "governing_law", "confidence").
    then, now : object
        Plain values; `ABSENT` where there is none.
    """

    path: tuple[str, ...]
    then: Plain
    now: Plain

    @property
    def name(self) -> str:
        """The path for people: "fields.governing_law.confidence"."""
        return ".".join(self.path)

    @property
    def in_last_digits(self) -> bool:
        """Whether both are broken numbers that differ by one in the last digit that is kept, at most."""
        if not (isinstance(self.then, float) and isinstance(self.now, float)):
            return False
        return math.isclose(self.then, self.now, rel_tol=1e-9, abs_tol=_ONE_APART)


def differences(then: Plain, now: Plain, path: tuple[str, ...] = ()) -> Iterator[Changed]:
    """Yield every place in which two values of plain data differ, in order.

    Parameters
    ----------
    then, now : object
        Dicts, lists, text, numbers, True, False, None. 1 and 1.0 differ, as do 1 and True: their
        JSON does.
    path : tuple of str
        Where they stand.

    Yields
    ------
    Changed
        The innermost place. Items of lists are matched by their name where all have one of their own,
        else by their number; a changed order of the same names is one difference.
    """
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*then, *now)):
            yield from differences(then.get(key, ABSENT), now.get(key, ABSENT), (*path, str(key)))
    elif isinstance(then, list) and isinstance(now, list):
        yield from _lists(then, now, path)
    elif type(then) is not type(now) or then != now:
        yield Changed(path, then, now)


def _lists(then: list[Plain], now: list[Plain], path: tuple[str, ...]) -> Iterator[Changed]:
    before, after = _named(then), _named(now)
    if before is None or after is None:
        before = {str(number): item for number, item in enumerate(then)}
        after = {str(number): item for number, item in enumerate(now)}
    elif list(before) != list(after) and before.keys() == after.keys():
        yield Changed((*path, "(order)"), list(before), list(after))
    yield from differences(before, after, path)


def _named(items: list[Plain]) -> dict[str, Plain] | None:
    """Return items by their name, None where one has none or two have the same."""
    for name in _NAMES:
        found: dict[str, Plain] = {
            item[name]: item
            for item in items
            if isinstance(item, Mapping) and isinstance(item.get(name), str)
        }
        if len(found) == len(items):
            return found
    return None
