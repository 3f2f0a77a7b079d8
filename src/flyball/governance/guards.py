"""Guards: checks that refuse when they cannot be carried out."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flyball.core.verdicts import Check, Gate, Verdict, combine

__all__ = ["Guard", "closed", "gate_of", "kept"]

Record = TypeVar("Record")

Guard = Callable[[Record], Check]
"""Looks at a record and says whether one thing holds."""


def kept(name: str, problem: str, detail: str, cites: tuple[str, ...] = ()) -> Check:
    """Return a passed check with `detail` where there is no problem, else a failed one with the problem."""
    return Check(name, not problem, problem or detail, cites)


def gate_of(name: str, guards: Mapping[str, Guard[Record]]) -> Gate[Record]:
    """Build a gate from named guards.

    Every guard is asked, also after one has failed, so that people see everything at once. A guard that
    raises, or answers something else than a `Check`, has failed.

    Parameters
    ----------
    name : str
        For messages: "release gate".
    guards : mapping of str to Guard
        By the name of the check; none means that the gate refuses everything.

    Returns
    -------
    Gate
        Never raises.
    """

    def gate(record: Record) -> Verdict:
        return combine(name, tuple(_asked(key, guard, record) for key, guard in guards.items()))

    return gate


def closed(name: str, gate: Gate[Record]) -> Gate[Record]:
    """Wrap any gate so that an error, or an answer that is no verdict, refuses.

    Parameters
    ----------
    name : str
    gate : Gate
        For instance one that a deployment brings.

    Returns
    -------
    Gate
        Never raises.
    """

    def guarded(record: Record) -> Verdict:
        try:
            verdict: object = gate(record)
        except Exception as err:  # noqa: BLE001 - a gate that fails must refuse, whatever went wrong
            return _broken(name, f"could not be carried out: {type(err).__name__}: {err}")
        if not isinstance(verdict, Verdict) or not isinstance(verdict.allowed, bool):
            return _broken(name, f"answered {verdict!r}, which is no verdict")
        if verdict.allowed and not (verdict.checks and all(check.passed is True for check in verdict.checks)):
            return _broken(name, "allowed without checks that all passed")
        return verdict

    return guarded


def _asked(name: str, guard: Guard[Record], record: Record) -> Check:
    try:
        check: object = guard(record)
    except Exception as err:  # noqa: BLE001 - a guard that fails must refuse, whatever went wrong
        return Check(name, False, f"could not be checked: {type(err).__name__}: {err}")
    if not isinstance(check, Check) or not isinstance(check.passed, bool):
        return Check(name, False, f"could not be checked: the guard answered {check!r}")
    return check


def _broken(name: str, problem: str) -> Verdict:
    return combine(name, (Check(name, False, problem),))
