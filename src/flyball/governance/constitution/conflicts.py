"""Conflicts that a constitution leaves open: two principles of one rank, and different wishes for a field."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from flyball.core.records import Outcome
from flyball.governance.constitution.principle import Constitution, Principle, WhenFailed

__all__ = ["OpenConflict", "open_conflicts", "wanted_by"]


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """Two principles between which no rule decides.

    Parameters
    ----------
    first, second : str
    wants_first, wants_second : tuple of Outcome
        What each may ask for a field to become.
    """

    first: str
    second: str
    wants_first: tuple[Outcome, ...]
    wants_second: tuple[Outcome, ...]

    @property
    def words(self) -> str:
        """The conflict as half a sentence."""
        return (
            f"{self.first} may want a field {' or '.join(self.wants_first)} and {self.second} the same one "
            f"{' or '.join(self.wants_second)}"
        )


def wanted_by(principle: Principle, constitution: Constitution) -> tuple[Outcome, ...]:
    """Return what a principle may ask for a field to become.

    () where it never speaks of a field, or only mends answers: a revision is checked again by all others,
    and can only be more careful.
    """
    checker = constitution.checkers[principle.checker]
    if not checker.names_fields:
        return ()
    own: dict[WhenFailed, tuple[Outcome, ...]] = {
        "refuse": ("refused",),
        "refer": ("referred",),
        "revise": (),
    }
    return tuple(dict.fromkeys((*own[principle.when_failed], *checker.demands)))


def open_conflicts(constitution: Constitution) -> tuple[OpenConflict, ...]:
    """Return the pairs of principles that may want different things, and between which nothing decides.

    Parameters
    ----------
    constitution : Constitution
        As it counts for a case: see `Constitution.for_case`.
    """
    return tuple(
        OpenConflict(one.id, two.id, wanted_by(one, constitution), wanted_by(two, constitution))
        for one, two in combinations(constitution.principles, 2)
        if _unranked(one, two) and _differ(wanted_by(one, constitution), wanted_by(two, constitution))
    )


def _unranked(one: Principle, two: Principle) -> bool:
    return one.priority == two.priority and one.id not in two.over and two.id not in one.over


def _differ(some: Sequence[Outcome], others: Sequence[Outcome]) -> bool:
    return any(one != other for one in some for other in others)
