"""From what was checked and measured to evidence records: one record each, with what it rests on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from flyball.core.estimates import Estimate
from flyball.core.intervals import wilson
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.evaluation.records import Report
from flyball.governance.evidence.fairness_shown import FAIRNESS, fairness_shown
from flyball.governance.evidence.pack import (
    Examined,
    Figure,
    Limit,
    Outcome,
    PackRecord,
    Period,
    Population,
    Sample,
    figure_of,
    sealed,
)
from flyball.governance.evidence.populations import (
    POPULATIONS,
    Known,
    draw,
    examine,
    population_of,
)
from flyball.governance.evidence.records import EvidenceRecord
from flyball.ledger.records import Entry

__all__ = [
    "BETWEEN_RELEASES",
    "MEASURED",
    "About",
    "Goal",
    "gaps_of_measurements",
    "gate_entry",
    "gate_records",
    "ledger_record",
    "measured_records",
    "objective_records",
    "sample_records",
    "told_by_ledger",
]

MEASURED: Mapping[str, str] = {
    "kpi.measured": "Figures by which the business judges",
    "slo.measured": "Objectives of the running deployment",
    "drift.checked": "Drift between what was released and what came",
    FAIRNESS: "Fairness between groups",
    "redteam.run": "Attacks on the deployment",
    "redteam.outside": "Attacks on the deployment by other people's tools",
    "constitution.checked": "Principles held against the deployment's own cases",
    "constitution.measured": "Checkers of principles held against texts that people judged",
    "evaluation.groups": "Quality by group",
}
"""Kinds of entries that hold measurements, with what they are about. The check has the name of the kind."""
BETWEEN_RELEASES = frozenset({*MEASURED, *(f"{one.name}.sample" for one in POPULATIONS)})
"""Checks that packs make of a period, by their names; the gate of a release makes none of them."""

_NO_LIMIT = Limit()
_FAIRNESS = FAIRNESS.partition(".")[0] + "."
_MOST_FIGURES = 40
_NO_FIGURE = "as written down"


@dataclass(frozen=True, slots=True)
class About:
    """What all records of a pack share.

    Parameters
    ----------
    release : str
    digests : mapping of str to str
        Parts of the release.
    reviewers : tuple of str
    made_by : str
        Author of the release, and so of its limits.
    valid : timedelta
    """

    release: str
    digests: Mapping[str, str]
    reviewers: tuple[str, ...]
    made_by: str
    valid: timedelta


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective of the release."""

    metric: str
    at_least: float | None
    at_most: float | None


def told_by_ledger(
    entries: Sequence[Entry], period: Period, about: About, *, approvals_required: int
) -> tuple[PackRecord, ...]:
    """Return every record that entries of the ledger alone give: of the gate, and of what was measured.

    Parameters
    ----------
    entries : sequence of Entry
    period : Period
    about : About
    approvals_required : int
        Of the release.
    """
    gate = gate_entry(entries, about.release, period)
    unasked = [] if approvals_required else ["release.approvals"]
    before = [] if gate is None else [one for one in entries if one.index < gate.index]
    if not any(one.kind == "release.promoted" for one in before):
        unasked.append("release.no_regression")
    if not any(
        one.kind.startswith("redteam.") and one.body.get("release") == about.release for one in before
    ):
        unasked.append("release.redteam")
    return (
        *gate_records(gate, about, nothing_to_test=unasked),
        *measured_records(entries, period, about),
    )


def gate_entry(entries: Iterable[Entry], release: str, period: Period) -> Entry | None:
    """Return the newest verdict of the gate about a release, up to the end of the period."""
    found = None
    for one in entries:
        if one.kind == "evidence" and one.body.get("release") == release and one.at.date() <= period.last:
            found = one
    return found


def gate_records(
    entry: Entry | None, about: About, *, nothing_to_test: Collection[str] = ()
) -> tuple[PackRecord, ...]:
    """Return one record for every check that the gate of the release was laid before.

    Parameters
    ----------
    entry : Entry or None
        The newest one of kind "evidence" about the release; None: its gate was never asked.
    about : About
    nothing_to_test : collection of str
        Checks that passed because nothing was asked: no signature needed, no release before it, no attack.
    """
    if entry is None:
        return ()
    checks = msgspec.convert(entry.body["records"], tuple[EvidenceRecord, ...])
    return tuple(
        _of_gate(one, entry, about, "not_measured" if one.check in nothing_to_test and one.passed else "")
        for one in checks
        if one.check and not one.check.startswith(_FAIRNESS)  # told by the measurement itself, with its cases
    )


def _of_gate(
    one: EvidenceRecord, entry: Entry, about: About, outcome: Literal["not_measured", ""]
) -> PackRecord:
    cases = one.n_cases
    what = "cases on which the release was tested again" if cases else "the thing itself, whole"
    return _record(
        about,
        check=one.check,
        title=f"Check {one.check} of release {about.release[7:19]}",
        method=one.procedure,
        not_covered=one.not_covered,
        population=Population(what, cases),
        sample=Sample(cases),
        outcome=outcome or ("passed" if one.passed else "failed"),
        detail=one.detail,
        figure=Figure(None, None, None, cases, reason="the check answers yes or no"),
        limit=Limit("the check passes", "Flyball", f"check {one.check}"),
        digests={"subject": one.subject},
        entries=(entry.index,),
        must_sign=one.who_must_sign,
        made_at=one.made_at,
    )


def objective_records(
    report: Report | None, goals: Sequence[Goal], entry: Entry | None, about: About
) -> tuple[PackRecord, ...]:
    """Return one record for every metric of the re-test, with the objective that it is held against.

    Parameters
    ----------
    report : Report or None
        None: it is no longer kept.
    goals : sequence of Goal
    entry : Entry or None
        That holds the verdict of the gate; without one nothing says when this was measured.
    about : About
    """
    if report is None or entry is None:
        return ()
    goal_of = {one.metric: one for one in goals}
    found = []
    for name, result in sorted(report.metrics.items()):
        goal = goal_of.get(name)
        measured = result.estimate
        figure = figure_of(measured, result.unit)
        outcome: Outcome = "measured" if goal is None else "failed"
        if not isinstance(measured, Estimate):
            outcome = "not_measured" if goal is None else "failed"
        elif goal is not None and _keeps(measured, goal):
            outcome = "passed"
        said = "" if goal is None else _bounds(goal)
        found.append(
            _record(
                about,
                check="release.objectives" if goal else f"evaluation.{name}",
                title=result.title,
                method=f"{report.protocol} Metric {name}, version {result.version}.",
                not_covered="Cases that differ from those of the test, and labels that are wrong.",
                population=Population("labelled cases that no expert was trained on", report.n_cases),
                sample=Sample(report.n_cases),
                outcome=outcome,
                detail=str(figure),
                figure=figure,
                limit=Limit(said, about.made_by, f"[[objective]] {name}") if goal else _NO_LIMIT,
                digests={"evaluation": about.digests.get("evaluation", "")},
                entries=(entry.index,),
                must_sign="owner of the deployment",
                made_at=entry.at,
            )
        )
    return tuple(found)


def _keeps(measured: Estimate, goal: Goal) -> bool:
    low = measured.value if measured.low is None else measured.low
    high = measured.value if measured.high is None else measured.high
    return (goal.at_least is None or low >= goal.at_least) and (goal.at_most is None or high <= goal.at_most)


def _bounds(goal: Goal) -> str:
    said = []
    if goal.at_least is not None:
        said.append(f"at least {goal.at_least:g}, by the lower end of the interval")
    if goal.at_most is not None:
        said.append(f"at most {goal.at_most:g}, by the upper end of the interval")
    return "; ".join(said)


def measured_records(entries: Iterable[Entry], period: Period, about: About) -> tuple[PackRecord, ...]:
    """Return one record for every figure of the newest measurement of each kind in the period.

    Of fairness there is also one for every metric, because duties name these one by one.
    """
    found = []
    for kind, entry in sorted(_newest(entries, period, about.release).items()):
        figures = dict(list(_figures_in(entry.body))[:_MOST_FIGURES])
        if not figures:
            said = f"the entry holds no figure; see entry {entry.index}"
            figures = {_NO_FIGURE: Figure(None, None, None, 0, reason=said)}
        for name, figure in figures.items():
            found.append(
                _record(
                    about,
                    check=kind,
                    title=f"{MEASURED[kind]}: {name}",
                    method=f"As entry {entry.index} of the ledger says, kind {kind}.",
                    not_covered="What the entry says it leaves out.",
                    population=Population("what the entry was measured on", figure.n),
                    sample=Sample(figure.n),
                    outcome="not_measured" if figure.value is None and name != _NO_FIGURE else "measured",
                    detail=str(figure),
                    figure=figure,
                    limit=_NO_LIMIT,
                    digests={},
                    entries=(entry.index,),
                    must_sign="owner of the deployment",
                    made_at=entry.at,
                )
            )
        if kind == FAIRNESS:
            found += _by_metric(entry, about)
    return tuple(found)


def _by_metric(entry: Entry, about: About) -> list[PackRecord]:
    return [
        _record(
            about,
            check=one.check.name,
            title=f"{MEASURED[FAIRNESS]}: {one.check.name.removeprefix(_FAIRNESS)}",
            method=one.procedure.done,
            not_covered=one.procedure.not_covered,
            population=Population(
                "cases that were decided in these days, of known groups", one.procedure.n_cases or 0
            ),
            sample=Sample(one.procedure.n_cases or 0),
            outcome=one.outcome,
            detail=one.check.detail,
            figure=one.figure,
            limit=Limit(one.limit, "Flyball, or [fairness] limits", "fairness.limits")
            if one.limit
            else _NO_LIMIT,
            digests={},
            entries=(entry.index,),
            must_sign="owner of the deployment",
            made_at=entry.at,
        )
        for one in fairness_shown(entry)
    ]


def _newest(entries: Iterable[Entry], period: Period, release: str) -> dict[str, Entry]:
    """Return the newest measurement of each kind in the period, but none about another release."""
    found: dict[str, Entry] = {}
    for entry in entries:
        about = entry.body.get("release") or release
        if entry.kind in MEASURED and period.holds(entry.at) and about == release:
            found[entry.kind] = entry
    return found


def gaps_of_measurements(entries: Iterable[Entry], period: Period, release: str) -> tuple[str, ...]:
    """Return what the newest measurements say that they did not test."""
    found = []
    for kind, entry in sorted(_newest(entries, period, release).items()):
        said = entry.body.get("not_tested")
        found += [f"{MEASURED[kind]}: {one}" for one in (said if isinstance(said, list) else ())]
    return tuple(found)


def _figures_in(value: object, name: str = "") -> Iterable[tuple[str, Figure]]:
    """Yield every measurement in the body of an entry, by where it stands."""
    if isinstance(value, Mapping):
        if {"value", "n", "low", "high"} <= value.keys():
            try:
                yield name, msgspec.convert({"level": 0.95} | dict(value), Figure, strict=False)
            except msgspec.ValidationError:
                return
            return
        for key, inner in value.items():
            yield from _figures_in(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            told = inner.get("name") or inner.get("metric") if isinstance(inner, Mapping) else None
            yield from _figures_in(inner, f"{name}.{told or place}" if name else str(told or place))


def sample_records(
    known: Known, period: Period, about: About, *, n: int, seed: str, at: datetime
) -> tuple[tuple[PackRecord, ...], tuple[Examined, ...]]:
    """Return for every population what its sample showed, and each item that was looked at.

    Parameters
    ----------
    known : Known
    period : Period
    about : About
    n : int
        Items to draw, at most.
    seed : str
    at : datetime
    """
    records: list[PackRecord] = []
    items: list[Examined] = []
    for kind in POPULATIONS:
        population = population_of(kind, known.entries, period)
        sample = draw([one.index for one in population], n=n, seed=f"{seed}/{kind.name}")
        drawn = [one for one in population if one.index in set(sample.drawn)]
        found = examine(kind, drawn, known)
        items += found
        good = sum(one.passed for one in found)
        records.append(
            _record(
                about,
                check=f"{kind.name}.sample",
                title=f"{kind.title}: a sample",
                method=f"{kind.asked} Drawn by the smallest SHA-256 of seed/number; everything where there "
                f"are no more than {n}.",
                not_covered=kind.not_covered,
                population=Population(
                    f"entries of the ledger in {period} of the kinds {', '.join(kind.kinds)}", len(population)
                ),
                sample=sample,
                outcome="not_measured" if not found else "passed" if good == len(found) else "failed",
                detail=f"{good} of {count(len(found), 'item')} without exception"
                if found
                else "nothing of this kind is in the ledger for the period",
                figure=_share(good, len(found), whole=len(found) == len(population)),
                limit=Limit("no exception", "Flyball", f"population {kind.name}"),
                digests={},
                entries=sample.drawn,
                must_sign="auditor",
                made_at=at,
            )
        )
    return tuple(records), tuple(items)


def _share(good: int, of: int, *, whole: bool) -> Figure:
    if not of:
        return Figure(None, None, None, 0, reason="the population is empty")
    low, high = (good / of, good / of) if whole else wilson(good, of)
    return Figure(good / of, low, high, of, unit="share without exception")


def ledger_record(check: Check, about: About, *, size: int, root: str, at: datetime) -> PackRecord:
    """Return what the verification of the whole ledger showed."""
    return _record(
        about,
        check="release.ledger_verified",
        title="The ledger is what was signed",
        method="Every entry was hashed again, and the tree built again and held against every checkpoint.",
        not_covered="Whether what was written is true, and what was never written.",
        population=Population("entries of the ledger", size),
        sample=Sample(size),
        outcome="failed" if not check.passed else "passed" if size else "not_measured",
        detail=check.detail,
        figure=Figure(None, None, None, size, reason="the check answers yes or no"),
        limit=Limit("every entry as signed", "Flyball", "verification of the ledger"),
        digests={"root": root},
        entries=(0, size - 1) if size else (),
        must_sign="owner of the deployment",
        made_at=at,
    )


def _record(
    about: About,
    *,
    check: str,
    title: str,
    method: str,
    not_covered: str,
    population: Population,
    sample: Sample,
    outcome: Outcome,
    detail: str,
    figure: Figure,
    limit: Limit,
    digests: Mapping[str, str],
    entries: tuple[int, ...],
    must_sign: str,
    made_at: datetime,
) -> PackRecord:
    return sealed(
        PackRecord(
            id="",
            check=check,
            title=title,
            method=method,
            not_covered=not_covered,
            population=population,
            sample=sample,
            outcome=outcome,
            detail=detail,
            figure=figure,
            limit=limit,
            digests={"release": about.release} | dict(digests),
            entries=entries,
            reviewers=about.reviewers,
            must_sign=must_sign,
            made_at=made_at,
            expires_at=made_at + about.valid,
        )
    )
