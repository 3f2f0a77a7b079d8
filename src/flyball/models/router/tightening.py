"""Tighten thresholds where the deployment's own labelled cases contradict the promise.

A guarantee holds for cases like those on which it was made. A company's contracts may be another
kind: shorter, denser, in plainer words. Their labels cannot loosen a threshold (there are too few of
them for a guarantee of their own), but they can raise one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.core.text import count
from flyball.models.router.risk_control import Calibration
from flyball.models.router.thresholds import NEVER, ExpertThresholds

__all__ = ["LEAST_TO_CONTRADICT", "Tightened", "tighten"]

LEAST_TO_CONTRADICT = 20
"""Automated answers of one kind below which own cases say nothing, for or against."""

_LEVELS = (0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9975, 0.999, 0.9995, NEVER)


@dataclass(frozen=True, slots=True)
class Tightened:
    """Thresholds after a look at own cases.

    Parameters
    ----------
    thresholds : ExpertThresholds
        Never below those that were given.
    notes : tuple of str
        What was raised and why, for people; () where nothing was.
    """

    thresholds: ExpertThresholds
    notes: tuple[str, ...]


def tighten(given: ExpertThresholds, own: Calibration, share: float) -> Tightened:
    """Raise the threshold of "present" and of "absent" answers until own cases bear the promise out.

    Parameters
    ----------
    given : ExpertThresholds
        From risk control.
    own : Calibration
        The expert's answers to the deployment's own labelled cases, none of which is later used to
        measure what comes of this.
    share : float
        Promised share of wrong automated answers, in (0, 1).

    Returns
    -------
    Tightened
        For each kind of answer the lowest level at which the share of wrong answers seen is at most
        `share`, on at least `LEAST_TO_CONTRADICT` answers. The given level stays where there are fewer to
        begin with. `NEVER` where no level is borne out.
    """
    notes: list[str] = []
    found = {}
    for kind, says, start in (("present", True, given.present), ("absent", False, given.absent)):
        mine = own.says_present if says else ~own.says_present
        levels = [start, *(level for level in _LEVELS if level > start)]
        seen = [_wrong(own, mine, level) for level in levels]
        level = next(
            (
                level
                for level, (wrong, all_) in zip(levels, seen, strict=True)
                if (wrong <= share * all_ if all_ >= LEAST_TO_CONTRADICT else level == start)
            ),
            NEVER,
        )
        found[kind] = level
        if level > start:
            wrong, all_ = seen[0]
            now = "so a person answers all of them" if level >= NEVER else f"raised to {level:g}"
            notes.append(
                f"Own labelled cases contradict the promise for '{kind}' answers: {wrong} of "
                f"{count(all_, 'automated answer')} wrong at the threshold {start:.4g}; {now}."
            )
    raised = ExpertThresholds(
        found["present"],
        found["absent"],
        {
            key: (max(present, found["present"]), max(absent, found["absent"]))
            for key, (present, absent) in given.fields.items()
        },
    )
    return Tightened(raised, tuple(notes))


def _wrong(own: Calibration, mine: npt.NDArray[np.bool_], level: float) -> tuple[int, int]:
    """Return how many automated answers are wrong, and how many there are."""
    automated = mine & (own.confidence >= level)
    return int((automated & ~own.right).sum()), int(automated.sum())
