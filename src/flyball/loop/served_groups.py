"""Served groups: how a deployment really decided about groups of people, and how rightly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import FlyballError
from flyball.core.estimates import Measurement
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings
from flyball.loop.by_group import SMALLEST_GROUP, TraitShares, read_groups, shares_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.intervals import share

__all__ = ["ServedGroups", "ServedTrait", "served_groups"]

_HOW = (
    'Write [fairness] and groups = "audit/people.csv" into flyball.toml: names of cases in the first column, '
    "a trait in each other. No expert sees it."
)
_TOLD = ("decision", "kind", "name", "answer", "unit", "by", "source")


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said about one field: by case, "yes", "no" or "person"; and of some, whether it was right."""

    field: str
    of: Mapping[str, str]
    right: Mapping[str, bool]


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
    wanted = Wanted(tenant=tenant, since=since, newest=True)
    decisions = workshop.history.decisions_table(wanted)
    names = dict(zip(decisions["entry"].to_pylist(), _texts(decisions["case_name"]), strict=True))
    flags = [field.key for field in deployment.fields if field.kind == "flag"]
    said = _said(workshop, wanted, decisions, flags) if names and flags else []
    traits, groups, reason, fix = _groups(workshop, flags)
    if not reason and not any(name in groups for name in names.values()):
        reason = f"{asked.groups} names none of the {len(names):,} cases of the last {asked.days} days"
        fix = "Its first column holds names of cases, as the list of decisions shows them."
    everybody = [_by(one, "", dict.fromkeys(one.of, "")) for one in said]
    found = []
    for place, trait in enumerate(traits if not reason else ()):
        of = {case: groups[case][place] if case in groups else "" for case in names.values()}
        found += [_by(one, trait, of) for one in said]
    return ServedGroups(since, until, len(names), tuple(everybody), tuple(found), reason, fix)


def _groups(
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


def _said(workshop: Workshop, wanted: Wanted, decisions: pa.Table, flags: Sequence[str]) -> list[_Said]:
    entries = decisions["entry"].to_pylist()
    names = dict(zip(entries, _texts(decisions["case_name"]), strict=True))
    allowed = dict(zip(entries, decisions["allowed"].to_pylist(), strict=True))
    answers = workshop.history.answers_table(wanted, fields=flags)
    labels = _labels(workshop, wanted)
    columns = (
        answers["entry"].to_pylist(),
        *(_texts(answers[one]) for one in ("field", "answer", "outcome")),
    )
    of: dict[str, dict[str, str]] = {flag: dict.fromkeys(names.values(), "person") for flag in flags}
    right: dict[str, dict[str, bool]] = {flag: {} for flag in flags}
    for entry, field, answer, outcome in zip(*columns, strict=True):
        if outcome != "automated" or not allowed.get(entry):
            continue
        of[field][names[entry]] = "yes" if answer == "true" else "no"
        if (entry, field) in labels:
            right[field][names[entry]] = same_answer(answer, labels[entry, field])
    return [_Said(flag, of[flag], right[flag]) for flag in flags]


def _labels(workshop: Workshop, wanted: Wanted) -> dict[tuple[int, str], str]:
    """Return what stands about fields of decisions; nothing where people disagree."""
    reports = workshop.history.reports_table(wanted, fair=True)
    reports = reports.filter(pc.not_equal(reports["kind"], "business"))
    told: dict[int, list[ReportedOutcome]] = {}
    columns = (reports["decision"].to_pylist(), *(_texts(reports[one]) for one in _TOLD[1:]))
    for decision, kind, name, answer, unit, by, source in zip(*columns, strict=True):
        told.setdefault(decision, []).append(
            ReportedOutcome(decision, "", "", "", kind, name, answer, by, source=source, unit=unit)
        )
    return {
        (decision, one.name): one.answer
        for decision, some in told.items()
        for one in standings(some)
        if one.state != "disputed"
    }


def _by(said: _Said, trait: str, group_of: Mapping[str, str]) -> ServedTrait:
    counted: dict[str, list[str]] = {}
    right: dict[str, list[bool]] = {}
    for case, word in said.of.items():
        counted.setdefault(group_of[case], []).append(word)
        if case in said.right:
            right.setdefault(group_of[case], []).append(said.right[case])
    unnamed = counted.pop("", []) if trait else []
    few = [group for group, all_ in counted.items() if len(all_) < SMALLEST_GROUP] if trait else []
    left_out = sum(len(counted.pop(group)) for group in few)
    return ServedTrait(
        shares=shares_of(said.field, trait, counted),
        right={group: share(sum(right.get(group, ())), len(right.get(group, ()))) for group in counted},
        left_out=left_out,
        unnamed=len(unnamed),
    )


def _texts(column: pa.ChunkedArray) -> list[str]:
    return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
