"""Measuring: every metric for every trait and combination of traits, and what chance alone would show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import wilson
from flyball.core.text import count
from flyball.governance.fairness.cases import SMALLEST_GROUP, GroupedCases, Trait, together
from flyball.governance.fairness.comparing import compare, holm
from flyball.governance.fairness.counting import Counts, count_groups
from flyball.governance.fairness.metric import FAIRNESS_METRICS, FairnessMetric, shares
from flyball.governance.fairness.records import (
    Asked,
    Bin,
    FairnessReport,
    GroupShown,
    MetricFound,
    TraitFound,
)

__all__ = ["Options", "measure", "measure_periods"]

_ALL = slice(None)
_KNOWN = slice(0, 2)
_SMALLEST_ALLOWED = 5
_NAMED = "named"


@dataclass(frozen=True, slots=True)
class Options:
    """How groups are compared.

    Parameters
    ----------
    smallest_group : int
        Rows below which a group is neither compared nor shown, at least 5.
    together : int
        Up to how many traits are looked at together; 1 for each alone.
    references : mapping of str to str
        By trait: the group that others are compared with. Default: the one approved most often.
    limits : mapping of str to float
        By metric: what its gap should not pass. Default: as its card says.
    """

    smallest_group: int = SMALLEST_GROUP
    together: int = 2
    references: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.smallest_group < _SMALLEST_ALLOWED:
            raise BadInput(
                f"The smallest group must have {_SMALLEST_ALLOWED} cases or more, got {self.smallest_group}.",
                fix="Figures of fewer say nothing, and say too much about single people.",
            )
        if self.together < 1:
            raise BadInput(
                f"Traits looked at together must be 1 or more, got {self.together}.", fix="Write 2."
            )
        unknown = sorted(set(self.limits) - set(FAIRNESS_METRICS.names()))
        if unknown:
            raise BadInput(
                f"A limit is set for {unknown[0]!r}, which is no fairness metric.",
                fix=f"Known: {', '.join(FAIRNESS_METRICS.names())}.",
            )


def measure(
    cases: GroupedCases,
    options: Options | None = None,
    *,
    asked: Sequence[Asked] | None = None,
    warnings: Sequence[str] = (),
) -> FairnessReport:
    """Compare groups by every metric that is on.

    Parameters
    ----------
    cases : GroupedCases
    options : Options, optional
    asked : sequence of Asked, optional
        Which metrics are on, and why; None: all of them.
    warnings : sequence of str
        What the reader of the cases has to say.

    Returns
    -------
    FairnessReport

    Raises
    ------
    BadInput
        A reference is no group of its trait, or there is no such trait.
    """
    options = options or Options()
    names = FAIRNESS_METRICS.names() if asked is None else [one.metric for one in asked if one.on]
    metrics: list[FairnessMetric] = [
        FAIRNESS_METRICS.load(name) for name in FAIRNESS_METRICS.names() if name in names
    ]
    _refuse_unknown_references(cases, options)
    sets = [
        chosen
        for size in range(1, min(options.together, len(cases.traits)) + 1)
        for chosen in combinations(cases.traits, size)
    ]
    traits = [_trait(cases, together(chosen), metrics, options) for chosen in sets]
    traits, tested, significant = _adjusted(traits)
    everybody = count_groups(cases, Trait("", (), np.full(len(cases), -1, dtype=np.int32)))
    known = everybody.rows[0, :, :2].sum(axis=1)
    return FairnessReport(
        n=len(cases),
        weighted=cases.weight is not None,
        approved=_share_of(everybody, 0),
        outcome_known=(int(known[1]), int(known[0])),
        traits=tuple(traits),
        asked=tuple(asked or ()),
        comparisons=tested,
        by_chance=0.05 * tested,
        significant=significant,
        smallest_group=options.smallest_group,
        warnings=(*warnings, *_warnings(cases, everybody, known)),
    )


def measure_periods(cases: GroupedCases, period: Trait, options: Options) -> dict[str, FairnessReport]:
    """Return approval by group within each period: groups that came at other times met another bar.

    A group that is too small in a period is left out there, as everywhere.
    """
    once = replace(options, together=1, limits={})
    found = {}
    for place, name in enumerate(period.groups):
        kept = period.codes == place
        found[name] = measure(
            cases.at(kept),
            replace(once, references={}),
            asked=(Asked("four_fifths", True, "It is looked at by period."),),
        )
    return found


def _trait(
    cases: GroupedCases, trait: Trait, metrics: Sequence[FairnessMetric], options: Options
) -> TraitFound:
    counts = count_groups(cases, trait)
    n = counts.n
    large = (n >= options.smallest_group) & (counts.weights.sum(axis=(1, 2)) > 0.0)
    few = (n > 0) & ~large
    large[-1] = few[-1] = False  # those whose group is not known are no group
    kept = counts.at(large)
    approved = shares(kept, (1, _ALL), (_ALL, _ALL))
    good = shares(kept, (_ALL, 1), (_ALL, _KNOWN))
    known = kept.rows[:, :, :2].sum(axis=(1, 2))
    yes = kept.rows[:, 1].sum(axis=1)
    reference, why = _reference(kept, approved.values.tolist(), options.references.get(trait.name, ""))
    shown = [
        GroupShown(
            name,
            int(kept.n[place]),
            int(yes[place]),
            approved.estimate(place),
            good.estimate(place),
            int(known[place]),
        )
        for place, name in enumerate(kept.groups)
    ]
    return TraitFound(
        trait=trait.name,
        groups=tuple(sorted(shown, key=lambda one: (-one.n, one.group))),
        reference=kept.groups[reference] if kept.groups else "",
        reference_from=why,
        too_few=int(few.sum()),
        too_few_rows=int(n[few].sum()),
        not_said=int(n[-1]),
        approved_not_said=_share_of(counts, len(n) - 1)
        if n[-1] >= options.smallest_group
        else NotMeasured(f"{count(int(n[-1]), 'case')}; {options.smallest_group} are needed"),
        metrics=tuple(
            compare(
                metric,
                kept,
                reference,
                smallest=options.smallest_group,
                limit=options.limits.get(metric.name, metric.limit),
                limit_from="the deployment" if metric.name in options.limits else metric.limit_from,
            )
            for metric in metrics
        ),
        bins=_bins(kept, options.smallest_group),
    )


def _bins(counts: Counts, smallest: int) -> dict[str, tuple[Bin, ...]]:
    """Return what turned out by tenths of the score, without those of too few cases."""
    if counts.bins is None:
        return {}
    found = {}
    for name, table in zip(counts.groups, counts.bins.tolist(), strict=True):
        shown = []
        for total, squared, score, good in table:
            n = total**2 / squared if squared else 0.0
            if n >= smallest:
                share = min(1.0, good / total)
                shown.append(Bin(score / total, Estimate(share, round(n), *wilson(share * n, n))))
        found[name] = tuple(shown)
    return found


def _reference(counts: Counts, approved: Sequence[float], wanted: str) -> tuple[int, str]:
    if wanted in counts.groups:
        return counts.groups.index(wanted), _NAMED
    if not counts.groups:
        return 0, "no group is large enough"
    why = "approved most often"
    if wanted:
        why += f"; {wanted}, which was named, has too few cases"
    return max(range(len(approved)), key=lambda place: approved[place]), why


def _adjusted(traits: Sequence[TraitFound]) -> tuple[list[TraitFound], int, int]:
    """Return the traits with p after Holm over all of them, how many were tested, and how many remain.

    A reference that is the group approved most often was looked for, so comparisons with it stand for all
    pairs of its groups: k (k - 1) / 2 of them instead of k - 1.
    """
    tested = [
        min(1.0, pair.p * (1.0 if one.reference_from == _NAMED else max(1.0, len(one.groups) / 2)))
        for one in traits
        for found in one.metrics
        for pair in found.against
        if pair.p is not None
    ]
    adjusted = holm(tested)
    left = iter(adjusted)

    def of(found: MetricFound) -> MetricFound:
        return replace(
            found,
            against=tuple(
                pair if pair.p is None else replace(pair, p_adjusted=next(left)) for pair in found.against
            ),
        )

    done = [replace(one, metrics=tuple(of(found) for found in one.metrics)) for one in traits]
    return done, len(tested), sum(one < 0.05 for one in adjusted)


def _share_of(counts: Counts, place: int) -> Measurement:
    weights = counts.weights[place]
    total = float(weights.sum())
    if total <= 0.0:
        return NotMeasured("no case")
    n = total**2 / float(counts.squares[place].sum())
    share = min(1.0, float(weights[1].sum()) / total)
    return Estimate(share, int(counts.n[place]), *wilson(share * n, n))


def _warnings(cases: GroupedCases, everybody: Counts, known: object) -> list[str]:
    said = []
    yes = int(everybody.rows[0, 1].sum())
    if yes in (0, len(cases)):
        who = "Nobody" if yes == 0 else "Everybody"
        said.append(f"{who} was approved: approval cannot differ between groups, whoever is asked.")
    known_no, known_yes = np.asarray(known).tolist()
    no = len(cases) - yes
    if known_yes and no and known_no < 0.5 * no and known_yes > 0.5 * yes:
        said.append(
            f"Outcomes are known of {known_yes:,} of {yes:,} approved cases but of {known_no:,} of {no:,} "
            "refused ones: what is measured on outcomes speaks for those few."
        )
    return said


def _refuse_unknown_references(cases: GroupedCases, options: Options) -> None:
    known = {one.name: one for one in cases.traits}
    for name, group in options.references.items():
        if name not in known:
            raise BadInput(
                f"A reference is named for {name!r}, which is no trait of the cases.",
                fix=f"Known: {', '.join(known)}.",
            )
        if group not in known[name].groups:
            raise BadInput(
                f"The trait {name} has no group {group!r}.",
                fix=f"Its groups: {', '.join(known[name].groups)}.",
            )
