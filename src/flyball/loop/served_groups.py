"""Served groups: how a deployment really decided about groups of people, and how rightly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from flyball.core.errors import FlyballError
from flyball.core.estimates import Measurement
from flyball.governance.fairness.cases import Trait
from flyball.loop.by_group import SMALLEST_GROUP, TraitShares, Words, read_groups, shares_of
from flyball.loop.served_cases import ServedCases, served_cases, traits_of_names
from flyball.loop.workshop import Workshop
from flyball.models.experts.intervals import share

__all__ = ["ServedGroups", "ServedTrait", "declared_groups", "served_groups"]

_HOW = (
    'Write [fairness] and groups = "audit/people.csv" into flyball.toml: names of cases in the first column, '
    "a trait in each other. No expert sees it."
)


@dataclass(frozen=True, slots=True)
class ServedTrait:
    """One field by the groups of one trait, in decisions that were made.

    Parameters
    ----------
    shares : TraitShares
        Without groups of fewer than `SMALLEST_GROUP` cases.
    right : mapping of str to Measurement
        By group: of what a machine answered and somebody reported on, the share that turned out so. Of what
        reviewers answered, only cases that were drawn at random count. Others do not report at random, so it
        is what was seen.
    left_out : int
        Cases in groups of fewer.
    unnamed : int
        Cases of which the file says nothing.
    """

    shares: TraitShares
    right: Mapping[str, Measurement]
    left_out: int
    unnamed: int


@dataclass(frozen=True, slots=True)
class ServedGroups:
    """What a deployment decided in the last days, each case by its newest decision.

    Parameters
    ----------
    since, until : datetime
        UTC.
    n : int
        Cases.
    everybody : tuple of ServedTrait
        Each field answered yes or no, for all cases together.
    traits : tuple of ServedTrait
        Each field by each trait of the file that `fairness.groups` names.
    reason : str
        Why there are no groups; "" where there are.
    fix : str
        What to do about it.
    smallest_group : int
    """

    since: datetime
    until: datetime
    n: int
    everybody: tuple[ServedTrait, ...]
    traits: tuple[ServedTrait, ...]
    reason: str
    fix: str
    smallest_group: int = SMALLEST_GROUP


def served_groups(workshop: Workshop, tenant: str | None = None) -> ServedGroups:
    """Return how the decisions of the last days went, for all and by group; nothing is written down.

    Parameters
    ----------
    workshop : Workshop
    tenant : str, optional
        Whose decisions; None for all.
    """
    deployment = workshop.deployment
    asked, until = deployment.settings.fairness, workshop.clock()
    since = until - timedelta(days=asked.days)
    flags = [field.key for field in deployment.fields if field.kind == "flag"]
    served = [served_cases(workshop, flag, since=since, tenant=tenant) for flag in flags]
    n = len(served[0]) if served else 0
    traits, groups, reason, fix = declared_groups(workshop, flags)
    everybody, found = [], []
    for one in served if n else ():
        everybody.append(_by(one, Trait("", ("",), np.zeros(n, dtype=np.int32))))
        for trait in traits_of_names(one.names, traits, groups):
            if not reason and (trait.codes < 0).all():
                reason = f"{asked.groups} names none of the {n:,} cases of the last {asked.days} days"
                fix = "Its first column holds names of cases, as the list of decisions shows them."
            found.append(_by(one, trait))
    return ServedGroups(since, until, n, tuple(everybody), () if reason else tuple(found), reason, fix)


def declared_groups(
    workshop: Workshop, flags: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str, str]:
    """Return the traits and groups of the declared file; or why there are none, and what to do."""
    path = workshop.deployment.settings.fairness.groups
    if not flags:
        return (), {}, "no field is answered yes or no", "Only such fields are compared by group."
    if not path:
        return (), {}, "no file of groups is declared", _HOW
    try:
        _, traits, groups = read_groups(workshop.deployment.root / path)
    except FlyballError as err:
        return (), {}, err.message.rstrip("."), err.fix
    return traits, groups, "", ""


def _by(served: ServedCases, trait: Trait) -> ServedTrait:
    many = len(trait.groups) + 1
    group = np.where(trait.codes < 0, many - 1, trait.codes).astype(np.int64)
    words = np.bincount(group * 3 + served.said, minlength=many * 3).reshape(many, 3)
    right = np.bincount(group * 3 + served.right + 1, minlength=many * 3).reshape(many, 3)
    n = words.sum(axis=1)
    large = [
        place
        for place, name in enumerate(trait.groups)
        if n[place] and (not trait.name or n[place] >= SMALLEST_GROUP)
    ]
    counted = {
        trait.groups[place]: Words(int(words[place, 1]), int(words[place, 0]), int(words[place, 2]))
        for place in large
    }
    return ServedTrait(
        shares=shares_of(served.field, trait.name, counted),
        right={
            trait.groups[place]: share(int(right[place, 2]), int(right[place, 1:].sum())) for place in large
        },
        left_out=int(n[:-1].sum()) - sum(int(n[place]) for place in large),
        unnamed=int(n[-1]),
    )
