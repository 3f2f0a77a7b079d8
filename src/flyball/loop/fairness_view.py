"""Groups as people look at them: what each comparison by group found, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyball.core.estimates import Estimate, Failed, Measurement, NotMeasured
from flyball.ledger.newest import newest
from flyball.ledger.records import Entry
from flyball.loop.by_group import SMALLEST_GROUP, GroupShares, TraitShares
from flyball.loop.workshop import Workshop

__all__ = ["Comparison", "FairnessView", "fairness_view"]

_MOST = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison by group.

    Parameters
    ----------
    entry : int
        Of the ledger.
    at : datetime
    by : str
    release : str
        Digest of the release whose re-test was looked at.
    traits : tuple of TraitShares
        Without groups of fewer than `SMALLEST_GROUP` cases.
    """

    entry: int
    at: datetime
    by: str
    release: str
    traits: tuple[TraitShares, ...]

    def of(self, field: str, trait: str) -> TraitShares | None:
        """Return what was found about one field and trait; None where it was not asked."""
        return next((one for one in self.traits if (one.field, one.trait) == (field, trait)), None)


@dataclass(frozen=True, slots=True)
class FairnessView:
    """Every comparison by group that was made.

    Parameters
    ----------
    comparisons : tuple of Comparison
        Newest first.
    smallest_group : int
        Cases below which a group is not compared and not kept.
    """

    comparisons: tuple[Comparison, ...]
    smallest_group: int = SMALLEST_GROUP


def fairness_view(workshop: Workshop) -> FairnessView:
    """Return the last hundred comparisons by group."""
    entries = newest(workshop.ledger, "evaluation.groups", _MOST)
    return FairnessView(tuple(_comparison(entry) for entry in entries))


def _comparison(entry: Entry) -> Comparison:
    written: Any = entry.body["traits"]
    return Comparison(
        entry=entry.index,
        at=entry.at,
        by=entry.actor,
        release=str(entry.body["release"]),
        traits=tuple(_trait(one) for one in written),
    )


def _trait(plain: Mapping[str, Any]) -> TraitShares:
    groups = tuple(
        GroupShares(
            str(one["group"]), int(one["n"]), *(_measured(one[word]) for word in ("yes", "no", "person"))
        )
        for one in plain["groups"]
    )
    return TraitShares(
        field=str(plain["field"]),
        trait=str(plain["trait"]),
        groups=groups,
        yes_of_all=_measured(plain["yes_of_all"]),
        ratio=_measured(plain["ratio"]),
        lowest=str(plain["lowest"]),
        highest=str(plain["highest"]),
    )


def _measured(plain: Mapping[str, Any]) -> Measurement:
    if "value" in plain:
        return Estimate(**plain)
    return Failed(plain["error"]) if "error" in plain else NotMeasured(plain["reason"])
