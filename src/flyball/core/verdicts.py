"""Verdicts: what a gate answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Check", "Gate", "Verdict", "combine"]

Record = TypeVar("Record", contravariant=True)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, kept as evidence whether it passed or not.

    Parameters
    ----------
    name : str
        What was checked, as a name that stays.
    passed : bool
        False also when the check could not be carried out.
    detail : str
        What was seen, with values.
    cites : tuple of str
        Obligations, principles or policies that the check serves.
    """

    name: str
    passed: bool
    detail: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed or refused, with the reason and every check behind it.

    Parameters
    ----------
    allowed : bool
    reason : str
        One sentence for people; for a refusal it names the checks that failed.
    checks : tuple of Check
        In the order in which they were made. No checks means refused: nothing covers it.
    """

    allowed: bool
    reason: str
    checks: tuple[Check, ...] = ()


Gate = Callable[[Record], Verdict]


def combine(gate: str, checks: tuple[Check, ...]) -> Verdict:
    """Return the verdict of all checks together; without any check it is a refusal."""
    if not checks:
        return Verdict(False, f"{gate}: nothing covers this, so it is refused")
    failed = [check for check in checks if not check.passed]
    if failed:
        names = "; ".join(f"{check.name}: {check.detail}" for check in failed)
        return Verdict(False, f"{gate}: {len(failed)} of {len(checks)} checks failed ({names})", checks)
    return Verdict(True, f"{gate}: all {len(checks)} checks passed", checks)
