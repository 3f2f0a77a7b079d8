"""Measure KPIs over the history, window by window: all of them in one pass, however many there are."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.text import count
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.history.following import microseconds
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.checking import CheckedKpi
from flyball.evaluation.kpis.columns import Bools, Needs, Rows, Whole, needs_of
from flyball.evaluation.kpis.formula import Node, Told
from flyball.evaluation.kpis.records import Kpi, Period
from flyball.evaluation.kpis.totals import Measured, Totals, estimate_of, totals_of
from flyball.evaluation.kpis.working import Contribution, Worker, leaves_of

__all__ = ["Answer", "By", "Group", "Question", "kpi_of", "measure", "scaled", "windows_of"]

By = Literal["", "day", "week", "month"]

_FEW = 4_096
_GROUPS = 1_024
_GROUPS_OF_PERIOD = 256
_WINDOW = 200_000
_SMALLEST_WINDOW = 10_000
_MOST_PERIODS = 400
_OF_PERIOD = Sampling(resamples=500)


@dataclass(frozen=True, slots=True)
class Group:
    """Whose decisions count.

    Parameters
    ----------
    any_of : tuple of Wanted
        Periods, tenants and releases; a decision is in the group if one of them holds.
    none_of : tuple of Wanted
    """

    any_of: tuple[Wanted, ...]
    none_of: tuple[Wanted, ...] = ()

    def holds(self, rows: Rows) -> Bools:
        """Return which decisions of a window are in the group."""
        chosen = np.zeros(rows.n, dtype=np.bool_)
        for one in self.any_of:
            chosen |= _holds(one, rows)
        for one in self.none_of:
            chosen &= ~_holds(one, rows)
        return chosen


@dataclass(frozen=True, slots=True)
class Question:
    """One formula over one group.

    Parameters
    ----------
    formula : Node
    group : Group
    by : {"", "day", "week", "month"}
        Also period by period.
    """

    formula: Node
    group: Group
    by: By = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out, in bases.

    Parameters
    ----------
    measured : Measured
    unknown : tuple of (str, int)
    notes : tuple of str
    entries : tuple of int
    series : tuple of Period
    totals : tuple of (str, int)
    """

    measured: Measured
    unknown: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    entries: tuple[int, ...]
    series: tuple[Period, ...]
    totals: tuple[tuple[str, int], ...] = ()


def measure(
    history: History,
    questions: Sequence[Question],
    *,
    tenant: str | None,
    minutes: Mapping[str, float],
    sampling: Sampling | None = None,
) -> list[Answer]:
    """Answer questions about decisions.

    Parameters
    ----------
    history : History
    questions : sequence of Question
    tenant : str or None
        Nobody else's decisions are looked at; None for those of all.
    minutes : mapping of field to float
        What a person needs for each field, as the deployment assumes.
    sampling : Sampling, optional

    Returns
    -------
    list of Answer
        In the order of the questions.
    """
    sampling = sampling or Sampling()
    frame = _frame(questions, tenant)
    few = history.count(frame, at_most=_FEW).exact
    works = [_Work(one, few=few) for one in questions]
    needs = needs_of((one.formula for one in questions), minutes)
    for window in [frame] if few else windows_of(history, frame, needs, len(minutes)):
        rows = Rows(history, window, needs, minutes)
        if rows.n:
            worker = Worker(rows)
            groups = _groups(rows, few=few)
            for work in works:
                work.add(worker, groups)
    return [work.answer(sampling) for work in works]


class _Work:
    """One question while its windows come in."""

    def __init__(self, question: Question, *, few: bool) -> None:
        self._question = question
        self._few = few
        self._totals = totals_of(question.formula)
        self._leaves = sorted(leaves_of(question.formula), key=repr)
        self._known: dict[object, int] = dict.fromkeys(self._leaves, 0)
        self._disputed: dict[str, int] = {}
        self._strange: dict[str, set[str]] = {}
        self._whole: Totals | None = None
        self._periods: dict[int, Totals] = {}

    def add(self, worker: Worker, groups: Whole) -> None:
        rows = worker.rows
        chosen = self._question.group.holds(rows)
        if not chosen.any():
            return
        contributions = [worker.contribution(one) for one in self._totals]
        n_groups = int(groups.max()) + 1 if self._few else _GROUPS
        if self._whole is None:
            self._whole = Totals(self._question.formula, n_groups)
        self._whole.add(contributions, groups, rows.entry, chosen)
        for leaf in self._leaves:
            vector = worker.leaf(leaf)
            self._known[leaf] += int((vector.known & chosen).sum())
            if isinstance(leaf, Told) and vector.disputed is not None:
                many = int((vector.disputed & chosen).sum())
                self._disputed[leaf.name] = self._disputed.get(leaf.name, 0) + many
            if isinstance(leaf, Told) and vector.strange:
                self._strange.setdefault(leaf.name, set()).update(vector.strange)
        if self._question.by:
            self._add_periods(contributions, rows, groups, chosen)

    def _add_periods(
        self, contributions: Sequence[Contribution], rows: Rows, groups: Whole, chosen: Bools
    ) -> None:
        periods = _numbered(rows.at, self._question.by)
        for number in np.unique(periods[chosen]).tolist():
            within = chosen & (periods == number)
            local, size = groups % _GROUPS_OF_PERIOD, _GROUPS_OF_PERIOD
            if self._few:  # one window only, so the cases of a period can be numbered anew
                cases, places = np.unique(groups[within], return_inverse=True)
                local, size = np.zeros(rows.n, dtype=np.int64), len(cases)
                local[within] = places
            if number not in self._periods:
                self._periods[number] = Totals(self._question.formula, size)
            self._periods[number].add(contributions, local, rows.entry, within)

    def answer(self, sampling: Sampling) -> Answer:
        if self._whole is None:
            return Answer(Measured(NotMeasured("no decision was made")), (), (), (), ())
        nothing = [leaf for leaf in self._leaves if not self._known[leaf]]
        if nothing:
            measured = Measured(NotMeasured(_why_nothing(nothing[0], self._disputed, self._strange)))
        else:
            measured = estimate_of(self._whole, sampling)
        notes = [
            f"{count(n, 'decision')}: reports about {name} disagree; left out."
            for name, n in self._disputed.items()
            if n
        ]
        notes += [
            f"Reports about {name} in {', '.join(map(repr, sorted(units)))} were left out: "
            "the formula asks for another unit."
            for name, units in self._strange.items()
        ]
        if len(self._periods) > _MOST_PERIODS:
            notes.append(
                f"Of {len(self._periods):,} periods the last {_MOST_PERIODS} are shown; ask for less."
            )
        unknown = tuple((said, n) for said, n in self._whole.unknown.items() if n)
        series = self._series() if not nothing else ()
        newest, totals = tuple(self._whole.newest), self._whole.brought()
        return Answer(measured, unknown, (*measured.notes, *notes), newest, series, totals)

    def _series(self) -> tuple[Period, ...]:
        numbers = sorted(self._periods)[-_MOST_PERIODS:]
        return tuple(
            Period(
                _start(number, self._question.by),
                _start(number + 1, self._question.by),
                estimate_of(self._periods[number], _OF_PERIOD).estimate,
            )
            for number in numbers
        )


_WHY_NOTHING = {
    "minutes": "nobody said how many minutes they spent",
    "time_to_decision": "no case that a person had to look at is finished",
    **dict.fromkeys(
        ("fields_checked", "fields_wrong", "fields_false"),
        "nothing that can be used was reported about an answer that a machine gave",
    ),
}


def _why_nothing(leaf: object, disputed: Mapping[str, int], strange: Mapping[str, set[str]]) -> str:
    if not isinstance(leaf, Told):
        name = getattr(leaf, "name", "")
        return _WHY_NOTHING.get(name, f"{name} is not known of any decision")
    if leaf.about != "outcome":
        return f"the field {leaf.name} was not answered"
    if disputed.get(leaf.name):
        return f"all reports about {leaf.name} disagree"
    if strange.get(leaf.name):
        return f"every report about {leaf.name} is in another unit: {', '.join(sorted(strange[leaf.name]))}"
    return f"nothing that can be used was reported about {leaf.name}"


def scaled(found: Estimate | NotMeasured, by: float) -> Estimate | NotMeasured:
    """Return an estimate in another unit."""
    if not isinstance(found, Estimate):
        return found
    if found.low is None or found.high is None:
        return replace(found, value=found.value * by)
    ends = sorted((found.low * by, found.high * by))
    return Estimate(found.value * by, found.n, ends[0], ends[1], found.level)


def kpi_of(checked: CheckedKpi, answer: Answer, wanted: Wanted) -> Kpi:
    """Return a KPI in its own unit."""
    by = 1.0 / checked.unit.scale
    about = checked.settings
    return Kpi(
        name=about.name,
        title=about.title or about.name,
        formula=" ".join(about.formula.split()),
        unit=about.unit or ("" if not checked.unit.powers else str(checked.unit)),
        better=about.better,
        estimate=scaled(answer.measured.estimate, by),
        of=wanted,
        unknown=answer.unknown,
        notes=answer.notes,
        entries=answer.entries,
        totals=answer.totals,
        series=tuple(replace(one, estimate=scaled(one.estimate, by)) for one in answer.series),
    )


def _holds(wanted: Wanted, rows: Rows) -> Bools:
    chosen = np.ones(rows.n, dtype=np.bool_)
    if wanted.since is not None:
        chosen &= rows.at >= microseconds(wanted.since)
    if wanted.until is not None:
        chosen &= rows.at < microseconds(wanted.until)
    for column, text in (("tenant", wanted.tenant), ("release", wanted.release)):
        if text:
            codes, words = rows.codes(column)  # type: ignore[arg-type]
            digest = column == "release"
            begin = text if not digest or text.startswith("sha256:") else f"sha256:{text}"
            good = [word.startswith(begin) if digest else word == begin for word in words]
            chosen &= np.array(good or [False])[codes]
    return chosen


def _frame(questions: Sequence[Question], tenant: str | None) -> Wanted:
    """Return the period that holds every question."""
    parts = [part for one in questions for part in one.group.any_of]
    starts = [part.since for part in parts]
    ends = [part.until for part in parts]
    return Wanted(
        tenant=tenant,
        since=None if None in starts or not starts else min(one for one in starts if one is not None),
        until=None if None in ends or not ends else max(one for one in ends if one is not None),
    )


def windows_of(history: History, frame: Wanted, needs: Needs, fields: int) -> Iterator[Wanted]:
    """Cut a period so that no window holds more than is good for memory, oldest first.

    Parameters
    ----------
    history : History
    frame : Wanted
    needs : Needs
    fields : int
        Of each decision: all of them are read where answers are checked.
    """
    answers = len(needs.fields) + (fields if needs.checked else 0)
    most = max(_SMALLEST_WINDOW, _WINDOW // max(1, answers))
    yield from _cut(history, frame, most, seconds=86_400)


def _cut(history: History, frame: Wanted, most: int, *, seconds: int) -> Iterator[Wanted]:
    step = timedelta(seconds=seconds)
    begin, held, end = None, 0, None
    for start, n in history.sizes(frame, seconds=seconds):
        if begin is not None and held + n > most:
            yield _between(frame, begin, end)
            begin, held = None, 0
        if n > most and seconds > 1:
            finer = _between(frame, start, start + step)
            yield from _cut(history, finer, most, seconds=60 if seconds > 60 else 1)
            continue
        begin = start if begin is None else begin
        held, end = held + n, start + step
    if begin is not None:
        yield _between(frame, begin, end)


def _between(frame: Wanted, since: datetime, until: datetime | None) -> Wanted:
    since = since if frame.since is None else max(since, frame.since)
    if until is None or (frame.until is not None and frame.until < until):
        until = frame.until
    return replace(frame, since=since, until=until)


def _groups(rows: Rows, *, few: bool) -> Whole:
    codes, words = rows.codes("case_id")
    if few:
        return codes
    table = np.array(
        [zlib.crc32(word.encode("utf-8", "replace")) % _GROUPS for word in words], dtype=np.int64
    )
    return table[codes]


_DAY = 86_400_000_000


def _numbered(at: Whole, by: By) -> Whole:
    """Return the number of the period of each time; weeks begin on Monday, UTC."""
    days = at // _DAY
    if by == "month":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (days + 3) // 7 if by == "week" else days  # 1970-01-01 was a Thursday


def _start(number: int, by: By) -> datetime:
    if by == "month":
        return datetime(1970 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number * 7 - 3 if by == "week" else number)
