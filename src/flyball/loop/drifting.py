"""Drifting: the decisions of a deployment, window by window, held against what is normal for it.

Every window is looked at once and the look is in the ledger, so that the chance of a false alarm is spent as
it was stated, whoever asks and how often.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of, short
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.text import count
from flyball.core.tracing import traced
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.over_time import Due, looks_due, sketch_table
from flyball.evaluation.drift.records import DriftReport, Options
from flyball.evaluation.drift.table_sketch import TableSketch
from flyball.evaluation.history.records import Wanted
from flyball.ledger.errors import KeyReused
from flyball.loop.asked_turns import ask_for_turn
from flyball.loop.drifting_accuracy import AccuracyShown, Judged, accuracy_by_window, judged
from flyball.loop.drifting_rows import Answers, DecidedRows, Whole, answers_by_field
from flyball.loop.releases import live_release
from flyball.loop.workshop import Workshop

__all__ = [
    "DRIFT_CHECKED",
    "AccuracyShown",
    "ColumnShown",
    "DriftView",
    "WindowShown",
    "check_drift",
    "columns_in_words",
    "drift_view",
]

DRIFT_CHECKED = "drift.checked"
"""Kind of the ledger entries that hold a look at a window."""

_OUTCOME = "outcome"
"""Column of the reference by which what changed is ranked; the columns of decisions have other names."""

_FEWEST_LABELS = 100

_MOST_NAMED = 5
_OF_DECISIONS = {
    "case": "{} of the cases",
    "answer": "the answers to {}",
    "confidence": "the confidence in {}",
    "outcome": "whether people decide {}",
    "text": "the words of the cases",
    "relations": "how columns go together",
    "rows": "the decisions as a whole",
}
"""What the columns of decisions are, by what their names begin with."""

RankedBy = Literal["labels", "confidences", ""]


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """One column, relation or the rows as a whole in a look.

    Parameters
    ----------
    name : str
        "answer: cap", "confidence: cap", "outcome: cap", "case: amount", "text", "relations", "rows".
    drifted : bool or None
    effect : Estimate or NotMeasured
        Share of decisions that differ.
    q : float or None
    what, reason : str
    impact : Estimate or NotMeasured
        Change of the share of right answers that comes with the change of this column.
    """

    name: str
    drifted: bool | None
    effect: Estimate | NotMeasured
    q: float | None
    what: str
    reason: str
    impact: Estimate | NotMeasured


@dataclass(frozen=True, slots=True)
class WindowShown:
    """One look at the last windows.

    Parameters
    ----------
    entry : int
        In the ledger.
    number, windows : int
        The last window, and how many were taken together.
    since, until : datetime
        Of the first and last decision.
    first, last : int
        Ledger entries of those.
    n : int
        Decisions.
    drifted : bool or None
    effect : Estimate or NotMeasured
    q : float or None
    rate : float
        The part of the rate that this look might spend.
    columns : tuple of ColumnShown
        By rank: what matters most for the share of right answers first, as `ranked_by` knows it.
    ranked_by : {"labels", "confidences", ""}
        Whether that share was known from labels of the reference, or is what confidences promise.
    """

    entry: int
    number: int
    windows: int
    since: datetime
    until: datetime
    first: int
    last: int
    n: int
    drifted: bool | None
    effect: Estimate | NotMeasured
    q: float | None
    rate: float
    columns: tuple[ColumnShown, ...]
    ranked_by: RankedBy


@dataclass(frozen=True, slots=True)
class DriftView:
    """What is known about drift of a deployment.

    Parameters
    ----------
    deployment : str
    reference : str
        What is normal, for people.
    n_reference : int
        Decisions of it.
    window : int
        Decisions in one window.
    rate, smallest_effect : float
    windows : tuple of WindowShown
        Every look since the reference, oldest first.
    accuracy : tuple of AccuracyShown
        Of every field and whole window, oldest first.
    waiting : int
        Decisions since the last whole window.
    due : int
        Looks at whole windows that nobody has taken.
    reason : str
        Why there is no look yet; "" where there is one.
    """

    deployment: str
    reference: str
    n_reference: int
    window: int
    rate: float
    smallest_effect: float
    windows: tuple[WindowShown, ...]
    accuracy: tuple[AccuracyShown, ...]
    waiting: int
    due: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Stream:
    """The decisions that are held against each other: the first ones are the reference."""

    words: str
    key: str
    entries: Whole
    times: pa.ChunkedArray
    n_reference: int
    answers: Answers
    judged: Mapping[str, Judged]
    reason: str

    def windows(self, size: int) -> int:
        """How many whole windows there are."""
        return 0 if self.reason else (len(self.entries) - self.n_reference) // size

    def part(self, look: Due, number: int, size: int) -> tuple[int, int]:
        """The first decision of a look, and the one behind its last."""
        behind = self.n_reference + number * size
        return behind - look.windows * size, behind

    def ends(self, first: int, behind: int) -> tuple[datetime, datetime]:
        """When the first and the last of these decisions were made."""
        return self.times[first].as_py(), self.times[behind - 1].as_py()


def drift_view(workshop: Workshop) -> DriftView:
    """Return what was seen of drift up to now; looks at nothing new and writes nothing."""
    stream = _stream(workshop)
    return _view(workshop, stream, _looks(workshop, stream))


@traced("drift", minor=True)
def check_drift(workshop: Workshop, *, at_most: int | None = None) -> DriftView:
    """Look at every whole window that nobody has looked at, write each look down, and return everything.

    Where `drift.starts_turn` is set, a window that drifted asks for a turn.

    Parameters
    ----------
    workshop : Workshop
    at_most : int, optional
        Looks that are taken, the earliest first; None for all.
    """
    stream = _stream(workshop)
    looks = _looks(workshop, stream)
    missing = _missing(workshop, stream, looks)[:at_most]
    if missing:
        _look(workshop, stream, missing)
        looks = _looks(workshop, stream)
    return _view(workshop, stream, looks)


def _missing(workshop: Workshop, stream: _Stream, looks: Sequence[WindowShown]) -> list[tuple[int, Due]]:
    """Return the looks at whole windows that nobody has taken, the earliest first."""
    known = {(one.number, one.windows) for one in looks}
    whole = stream.windows(workshop.deployment.settings.drift.window)
    return [
        (number, look)
        for number in range(1, whole + 1)
        for look in looks_due(number)
        if (number, look.windows) not in known
    ]


def columns_in_words(names: Iterable[str]) -> str:
    """Return columns for people, each kind of them once: "amount, price of the cases; the answers to cap"."""
    different = list(dict.fromkeys(names))
    kinds: dict[str, list[str]] = {}
    for name in different[:_MOST_NAMED]:
        kind, _, rest = name.partition(": ")
        kinds.setdefault(kind, []).append(rest)
    told = "; ".join(
        _OF_DECISIONS.get(kind, kind).format(", ".join(one for one in rest if one))
        for kind, rest in kinds.items()
    )
    more = len(different) - _MOST_NAMED
    return f"{told}; and {more:,} more" if more > 0 else told


def _look(workshop: Workshop, stream: _Stream, missing: Sequence[tuple[int, Due]]) -> None:
    settings = workshop.deployment.settings.drift
    rows = DecidedRows(
        workshop, stream.entries, stream.answers, reference=stream.n_reference, window=settings.window
    )
    options = Options(
        rate=settings.rate, smallest_effect=settings.smallest_effect, leave_out=settings.leave_out
    )
    reference, ranked_by = _reference(rows, stream, options)
    if ranked_by:
        options = replace(options, outcome=_OUTCOME)
    firsts = [number - look.windows + 1 for number, look in missing]
    needed = np.minimum.accumulate(firsts[::-1])[::-1].tolist()
    todo = workshop.progress(missing, "looks for drift", len(missing))
    for (number, look), first in zip(todo, needed, strict=True):
        rows.forget(first)
        table = rows.windows(number, look.windows)
        current = sketch_table(f"window {number}", table, options)
        report = compare(reference, current, replace(options, rate=look.share_of(settings.rate)))
        _write(workshop, stream, number, look, report, ranked_by)


def _reference(rows: DecidedRows, stream: _Stream, options: Options) -> tuple[TableSketch, RankedBy]:
    """Return the sketch of the reference, with the share of right answers by which columns are ranked."""
    table, there = rows.reference()
    outcome, ranked_by = _outcome(stream.judged.values(), there)
    if not ranked_by:
        return sketch_table("reference", table, options), ranked_by
    sketch = sketch_table("reference", table.append_column(_OUTCOME, pa.array(outcome)), options)
    kinds = {name: kind for name, kind in sketch.kinds.items() if name != _OUTCOME}
    columns = {name: sketch.columns[name] for name in sketch.columns if name != _OUTCOME}
    return replace(sketch, kinds=kinds, columns=columns), ranked_by


def _outcome(fields: Iterable[Judged], there: Whole) -> tuple[npt.NDArray[np.float64], RankedBy]:
    """Return, for each decision of the reference, the share of its answers that were right, or may be."""
    one_by_one = list(fields)
    for name, values in (
        ("labels", [one.right[there] for one in one_by_one]),
        ("confidences", [one.confidence[there] for one in one_by_one]),
    ):
        known = [~np.isnan(one) for one in values]
        n = np.sum(known, axis=0) if values else np.zeros(len(there))
        if (n > 0).sum() >= _FEWEST_LABELS:
            total = np.sum([np.nan_to_num(one) for one in values], axis=0)
            return np.where(n > 0, total / np.maximum(n, 1), np.nan), cast("RankedBy", name)
    return np.empty(0), ""


def _view(workshop: Workshop, stream: _Stream, looks: Sequence[WindowShown]) -> DriftView:
    settings = workshop.deployment.settings.drift
    whole = stream.windows(settings.window)
    later = len(stream.entries) - stream.n_reference
    reason = stream.reason
    if not reason and not looks:
        reason = (
            f"{count(later, 'decision')} since the reference; a window has {settings.window:,}"
            if not whole
            else count(whole, "whole window waits", "whole windows wait")
        )
    alone = Due(1, 1)
    ends = [stream.ends(*stream.part(alone, number, settings.window)) for number in range(1, whole + 1)]
    return DriftView(
        deployment=workshop.deployment.name,
        reference=stream.words,
        n_reference=stream.n_reference,
        window=settings.window,
        rate=settings.rate,
        smallest_effect=settings.smallest_effect,
        windows=tuple(looks),
        accuracy=tuple(
            accuracy_by_window(stream.judged, ends, reference=stream.n_reference, window=settings.window)
        ),
        waiting=later - whole * settings.window,
        due=len(_missing(workshop, stream, looks)),
        reason=reason,
    )


def _write(
    workshop: Workshop, stream: _Stream, number: int, look: Due, report: DriftReport, ranked_by: RankedBy
) -> None:
    settings = workshop.deployment.settings.drift
    first, behind = stream.part(look, number, settings.window)
    since, until = stream.ends(first, behind)
    body = {
        "reference": stream.key,
        "number": number,
        "windows": look.windows,
        "look": look.number,
        "since": since,
        "until": until,
        "first": int(stream.entries[first]),
        "last": int(stream.entries[behind - 1]),
        "ranked_by": ranked_by,
        "report": report,
    }
    try:
        workshop.ledger.append(kind=DRIFT_CHECKED, actor=workshop.actor, body=body, key=_key(stream, look))
    except KeyReused:
        return  # another process has just taken this look: it counts
    if report.drifted and settings.starts_turn:
        names = [one.name for one in report.columns if one.drifted]
        names += [one.name for one in report.joint if one.drifted]
        decisions = count(look.windows * settings.window, "decision")
        ask_for_turn(
            workshop.ledger,
            by="drift",
            why=f"{decisions} drifted from {stream.words}: {columns_in_words(names)}",
            key=_key(stream, look),
        )


def _key(stream: _Stream, look: Due) -> str:
    return f"drift/{stream.key}/{look.number}"


def _stream(workshop: Workshop) -> _Stream:
    """Return which decisions are the reference and which come after it."""
    settings = workshop.deployment.settings.drift
    period = settings.period()
    live = live_release(workshop.ledger)
    if period is not None:
        words = settings.reference.replace("/", " to ")
        wanted, of_reference = Wanted(since=period[0]), Wanted(since=period[0], until=period[1])
        why = "no decision was made in that period"
    elif live is None:
        nothing = pa.chunked_array([], pa.timestamp("us", "UTC"))
        return _Stream(
            "the live release",
            "",
            np.empty(0, np.int64),
            nothing,
            0,
            {},
            {},
            "no release is live; make one: flyball turn",
        )
    else:
        words = f"the first {settings.reference_decisions:,} decisions of release {short(live.release)}"
        wanted = of_reference = Wanted(release=live.release)
        why = "the live release has not decided anything"
    table = workshop.history.decisions_table(wanted).select(["entry", "decided_at"])
    entries = table.column("entry").to_numpy().astype(np.int64)
    size = settings.reference_decisions
    if period is not None:
        size = workshop.history.count(of_reference, at_most=2**62).n
    n_reference = min(size, len(entries))
    reason = "" if n_reference else why
    if n_reference and period is None and n_reference < size:
        reason = f"{count(n_reference, 'decision')} of the {size:,} that are the reference"
    how = [settings.reference, settings.reference_decisions, settings.window, settings.rate,
           settings.smallest_effect, settings.cases, settings.leave_out]  # fmt: skip
    first = entries[:1].tolist() if n_reference else []
    key = digest_of([how, live.release if live and period is None else "", first])
    answers = answers_by_field(workshop.history.answers_table(wanted), entries)
    # Only reports that speak for all decisions: cases that were looked at because they are hard do not.
    reports = workshop.history.reports_table(wanted, fair=True)
    return _Stream(
        words=words,
        key=short(key),
        entries=entries,
        times=table.column("decided_at"),
        n_reference=n_reference,
        answers=answers,
        judged=judged(answers, reports, entries),
        reason=reason,
    )


def _looks(workshop: Workshop, stream: _Stream) -> list[WindowShown]:
    if not stream.key:
        return []
    return [
        _shown(entry.index, entry.body)
        for entry in workshop.ledger.entries(DRIFT_CHECKED)
        if entry.body["reference"] == stream.key
    ]


def _shown(entry: int, body: Mapping[str, Any]) -> WindowShown:
    report = body["report"]
    return WindowShown(
        entry=entry,
        number=body["number"],
        windows=body["windows"],
        since=datetime.fromisoformat(body["since"]),
        until=datetime.fromisoformat(body["until"]),
        first=body["first"],
        last=body["last"],
        n=report["n_current"],
        drifted=report["drifted"],
        effect=_measured(report["effect"]),
        q=report["q"],
        rate=report["rate"],
        columns=tuple(
            ColumnShown(
                one["name"],
                one["drifted"],
                _measured(one["effect"]),
                one["q"],
                one.get("what", " and ".join(one.get("columns", ()))),
                one["reason"],
                _measured(one.get("impact", {"reason": "not of one column"})),
            )
            for one in (*report["columns"], *report["joint"])
        ),
        ranked_by=body.get("ranked_by", ""),
    )


def _measured(plain: Mapping[str, Any]) -> Estimate | NotMeasured:
    return Estimate(**plain) if "value" in plain else NotMeasured(plain["reason"])
