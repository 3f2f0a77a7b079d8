"""What was found about groups of people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flyball.core.estimates import Measurement

__all__ = [
    "Asked",
    "Bin",
    "FairnessReport",
    "Finding",
    "GroupShown",
    "MetricFound",
    "Pair",
    "TraitFound",
]

Finding = Literal["outside", "unsure", "within", "not judged"]
"""The whole interval lies outside the limit, the limit lies in it, all of it keeps it, or there is none."""


@dataclass(frozen=True, slots=True)
class GroupShown:
    """One group that is large enough.

    Parameters
    ----------
    group : str
    n : int
        Rows.
    yes : int
        Rows of them whose decision was yes.
    approved : Estimate or NotMeasured
        Share of them whose decision was yes.
    good : Estimate or NotMeasured
        Share of those whose outcome is known that turned out well.
    outcome_known : int
        Rows whose outcome is known.
    """

    group: str
    n: int
    yes: int
    approved: Measurement
    good: Measurement
    outcome_known: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One group against the reference.

    Parameters
    ----------
    group, reference : str
    part : str
        Which figure of the metric: equalised odds compares two. "" where there is one.
    value : Estimate or NotMeasured
        Ratio of, or difference to, the reference; with its own interval at 95 %.
    p : float or None
        Two-sided, of no difference; None where there is none to be had.
    p_adjusted : float or None
        The same, after Holm, for all comparisons of the report together.
    """

    group: str
    reference: str
    part: str
    value: Measurement
    p: float | None = None
    p_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class MetricFound:
    """One metric by the groups of one trait.

    Parameters
    ----------
    name, title, unit, source : str
    version : int
    compared : {"ratio", "difference"}
        What the gap is: of the lowest to the highest figure, or how far they lie apart.
    gap : Estimate or NotMeasured
        Between the two groups that are furthest apart. Its interval holds for every pair of groups at once.
    part : str
        Which figure of the metric the gap is of.
    lowest, highest : str
        Those two groups.
    by_group : mapping of str to mapping of str to Measurement
        By part and group: the figure that is compared.
    against : tuple of Pair
        Every other group against the reference.
    limit : float or None
        What the gap should not pass; None where nobody set one.
    limit_from : str
        Who set it.
    finding : Finding
    """

    name: str
    title: str
    unit: str
    source: str
    version: int
    compared: Literal["ratio", "difference"]
    gap: Measurement
    part: str = ""
    lowest: str = ""
    highest: str = ""
    by_group: Mapping[str, Mapping[str, Measurement]] | None = None
    against: tuple[Pair, ...] = ()
    limit: float | None = None
    limit_from: str = ""
    finding: Finding = "not judged"


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of one group whose scores are about the same.

    Parameters
    ----------
    score : float
        Their mean score.
    good : Estimate
        Share of them that turned out well.
    """

    score: float
    good: Measurement


@dataclass(frozen=True, slots=True)
class TraitFound:
    """One trait, or several together.

    Parameters
    ----------
    trait : str
        "sex", or "sex and race".
    groups : tuple of GroupShown
        Largest first; none of fewer rows than the smallest number.
    reference : str
        The group that others are compared with.
    reference_from : str
        Why this one.
    too_few : int
        Groups of fewer rows, which are neither compared nor shown.
    too_few_rows : int
        Rows in them.
    not_said : int
        Rows whose group is not known.
    approved_not_said : Estimate or NotMeasured
        Share of yes among those: who says nothing may be no accident.
    metrics : tuple of MetricFound
    bins : mapping of str to tuple of Bin
        By group: what turned out, by tenths of the score that hold enough cases. Empty without chances.
    """

    trait: str
    groups: tuple[GroupShown, ...]
    reference: str
    reference_from: str
    too_few: int
    too_few_rows: int
    not_said: int
    approved_not_said: Measurement
    metrics: tuple[MetricFound, ...]
    bins: Mapping[str, tuple[Bin, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a duty asks for a metric on the day.

    Parameters
    ----------
    metric : str
    on : bool
        Whether it was measured.
    why : str
        One sentence.
    duties : tuple of str
        Keys of the duties in force that ask for it.
    """

    metric: str
    on: bool
    why: str
    duties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """Everything that was measured.

    Parameters
    ----------
    n : int
        Rows that were decided.
    weighted : bool
        Whether rows count by a weight; intervals then rest on Kish's effective numbers.
    approved : Estimate or NotMeasured
        Share of yes of all; no figure here means anything without it.
    outcome_known : tuple of int
        Rows with a known outcome among those decided yes, and among those decided no.
    traits : tuple of TraitFound
    asked : tuple of Asked
    comparisons : int
        Pairs that were tested, all together.
    by_chance : float
        How many of them are expected below 0.05 where all groups are treated alike.
    significant : int
        Of them below 0.05 after Holm.
    smallest_group : int
    warnings : tuple of str
    """

    n: int
    weighted: bool
    approved: Measurement
    outcome_known: tuple[int, int]
    traits: tuple[TraitFound, ...]
    asked: tuple[Asked, ...]
    comparisons: int
    by_chance: float
    significant: int
    smallest_group: int
    warnings: tuple[str, ...] = ()
