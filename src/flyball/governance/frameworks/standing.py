"""What the checks of a release give for each control of a framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flyball.governance.evidence.records import EvidenceRecord
from flyball.governance.frameworks.records import Control, Framework

__all__ = ["ControlStanding", "Shown", "standings"]

Shown = Literal["shown in part", "failed", "not checked", "not shown"]
"""Of a control: all its checks passed, which show part of it; one failed; one was not made; it names none."""


@dataclass(frozen=True, slots=True)
class ControlStanding:
    """How one control stands.

    Parameters
    ----------
    control : Control
    shown : Shown
    passed, failed, missing : tuple of str
        Names of its checks.
    evidence : tuple of str
        Ids of the evidence records behind it.
    """

    control: Control
    shown: Shown
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


def standings(framework: Framework, records: Sequence[EvidenceRecord]) -> tuple[ControlStanding, ...]:
    """Return how each control of a framework stands by the evidence of one release.

    Parameters
    ----------
    framework : Framework
    records : sequence of EvidenceRecord
        Of one subject; a check that was made more than once has passed when every one has.

    Returns
    -------
    tuple of ControlStanding
        In the order of the framework. Evidence, not certification.
    """
    made: dict[str, list[EvidenceRecord]] = {}
    for record in records:
        if record.check:
            made.setdefault(record.check, []).append(record)
    return tuple(_standing(control, made) for control in framework.controls)


def _standing(control: Control, made: dict[str, list[EvidenceRecord]]) -> ControlStanding:
    missing = tuple(name for name in control.checks if name not in made)
    failed = tuple(
        name for name in control.checks if any(record.passed is not True for record in made.get(name, ()))
    )
    passed = tuple(name for name in control.checks if name not in (*missing, *failed))
    shown: Shown = "not shown"
    if control.checks:
        shown = "failed" if failed else "not checked" if missing else "shown in part"
    evidence = tuple(record.id for name in control.checks for record in made.get(name, ()))
    return ControlStanding(control, shown, passed, failed, missing, evidence)
