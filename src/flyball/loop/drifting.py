"""Drifting: the decisions of a deployment, window by window, held against what is normal for it.

Every window is looked at once and the look is in the ledger, so that the chance of a false alarm is spent as
it was stated, whoever asks and how often.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import digest_of, from_json, short
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.text import count
from flyball.data.documents.records import Document
from flyball.data.documents.rows import row_of
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.estimated import (
    Calibrator,
    Reconciled,
    estimated_accuracy,
    fit_calibrator,
    reconciled,
)
from flyball.evaluation.drift.over_time import Due, looks_due, sketch_table
from flyball.evaluation.drift.records import DriftReport, Options
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.ledger.errors import BlobErased, BlobMissing, KeyReused
from flyball.loop.asked_turns import ask_for_turn
from flyball.loop.releases import live_release
from flyball.loop.workshop import Workshop

__all__ = [
    "DRIFT_CHECKED",
    "AccuracyShown",
    "ColumnShown",
    "DriftView",
    "WindowShown",
    "check_drift",
    "drift_view",
]

DRIFT_CHECKED = "drift.checked"
"""Kind of the ledger entries that hold a look at a window."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")


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
    """

    name: str
    drifted: bool | None
    effect: Estimate | NotMeasured
    q: float | None
    what: str
    reason: str


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
        By rank.
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


@dataclass(frozen=True, slots=True)
class AccuracyShown:
    """Accuracy of one field in one window: promised by confidences, and seen.

    Parameters
    ----------
    field : str
    number : int
        Of the window, from 1 on.
    since, until : datetime
    figures : Reconciled
    """

    field: str
    number: int
    since: datetime
    until: datetime
    figures: Reconciled


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
    reason: str


@dataclass(frozen=True, slots=True)
class _Stream:
    """The decisions that are held against each other."""

    words: str
    key: str
    reference: tuple[int, ...]
    later: tuple[int, ...]
    times: Mapping[int, datetime]
    answers: pa.Table
    reports: pa.Table
    reason: str


def drift_view(workshop: Workshop) -> DriftView:
    """Return what was seen of drift up to now; looks at nothing new and writes nothing."""
    settings = workshop.deployment.settings.drift
    stream = _stream(workshop)
    looks = _looks(workshop, stream)
    whole = len(stream.later) // settings.window
    reason = stream.reason
    if not reason and not looks:
        reason = (
            f"{count(len(stream.later), 'decision')} since the reference; a window has {settings.window}"
            if not whole
            else "no look was taken yet: run flyball drift"
        )
    return DriftView(
        deployment=workshop.deployment.name,
        reference=stream.words,
        n_reference=len(stream.reference),
        window=settings.window,
        rate=settings.rate,
        smallest_effect=settings.smallest_effect,
        windows=tuple(looks),
        accuracy=tuple(_accuracy(workshop, stream, whole)),
        waiting=len(stream.later) - whole * settings.window,
        reason=reason,
    )


def check_drift(workshop: Workshop) -> DriftView:
    """Look at every whole window that nobody has looked at, write each look down, and return everything.

    Where `drift.starts_turn` is set, a window that drifted asks for a turn.
    """
    settings = workshop.deployment.settings.drift
    stream = _stream(workshop)
    whole = 0 if stream.reason else len(stream.later) // settings.window
    due = [(window, look) for window in range(1, whole + 1) for look in looks_due(window)]
    known = workshop.ledger.entries_by_key([_key(stream, look) for _, look in due])
    missing = [(window, look) for window, look in due if _key(stream, look) not in known]
    if missing:
        options = Options(
            rate=settings.rate, smallest_effect=settings.smallest_effect, leave_out=settings.leave_out
        )
        reference = sketch_table("reference", _rows(workshop, stream, stream.reference), options)
        for window, look in missing:
            entries = stream.later[(window - look.windows) * settings.window : window * settings.window]
            current = sketch_table(f"window {window}", _rows(workshop, stream, entries), options)
            report = compare(reference, current, replace(options, rate=look.share_of(settings.rate)))
            _write(workshop, stream, window, look, entries, report)
    return drift_view(workshop)


def _write(
    workshop: Workshop, stream: _Stream, window: int, look: Due, entries: Sequence[int], report: DriftReport
) -> None:
    body = {
        "reference": stream.key,
        "number": window,
        "windows": look.windows,
        "look": look.number,
        "since": stream.times[entries[0]],
        "until": stream.times[entries[-1]],
        "first": entries[0],
        "last": entries[-1],
        "report": report,
    }
    try:
        workshop.ledger.append(kind=DRIFT_CHECKED, actor=workshop.actor, body=body, key=_key(stream, look))
    except KeyReused:
        return  # another process has just taken this look: it counts
    if report.drifted and workshop.deployment.settings.drift.starts_turn:
        names = [one.name for one in report.columns if one.drifted]
        names += [one.name for one in report.joint if one.drifted]
        ask_for_turn(
            workshop.ledger,
            by="drift",
            why=f"{count(len(entries), 'decision')} drifted from {stream.words}: {', '.join(names[:5])}",
            key=f"drift/{stream.key}/{look.number}",
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
        return _nothing("the live release", "no release is live")
    else:
        words = f"the first {settings.reference_decisions} decisions of release {short(live.release)}"
        wanted = of_reference = Wanted(release=live.release)
        why = "the live release has not decided anything"
    table = workshop.history.decisions_table(wanted).select(["entry", "decided_at"])
    entries = table.column("entry").to_pylist()
    times = dict(zip(entries, table.column("decided_at").to_pylist(), strict=True))
    size = settings.reference_decisions
    if period is not None:
        size = workshop.history.count(of_reference, at_most=2**62).n
    reference, later = tuple(entries[:size]), tuple(entries[size:])
    reason = "" if reference else why
    if reference and period is None and len(reference) < size:
        reason = f"{count(len(reference), 'decision')} of the {size} that are the reference"
    how = [settings.reference, settings.reference_decisions, settings.window, settings.rate,
           settings.smallest_effect, settings.cases, settings.leave_out]  # fmt: skip
    key = digest_of([how, live.release if live and period is None else "", list(reference[:1])])
    return _Stream(
        words=words,
        key=short(key),
        reference=reference,
        later=later,
        times=times,
        answers=workshop.history.answers_table(wanted),
        reports=workshop.history.reports_table(wanted),
        reason=reason,
    )


def _nothing(words: str, reason: str) -> _Stream:
    return _Stream(words, "", (), (), {}, pa.table({}), pa.table({}), reason)


def _rows(workshop: Workshop, stream: _Stream, entries: Sequence[int]) -> pa.Table:
    """Return decisions as rows: the answers to every field, and the case itself where it may be looked at."""
    columns: dict[str, pa.Array] = {}
    numbers = {field.key for field in workshop.deployment.fields if field.kind == "number"}
    for field in sorted(stream.answers.column("field").unique().to_pylist()):
        mine = stream.answers.filter(pc.equal(stream.answers.column("field").cast(pa.string()), field))
        place = {entry: row for row, entry in enumerate(mine.column("entry").to_pylist())}
        rows = pa.array([place.get(entry) for entry in entries], pa.int64())
        taken = {name: mine.column(name).combine_chunks().take(rows) for name in mine.column_names}
        texts = [_text(one) for one in (taken["answer"], taken["outcome"])]
        if field in numbers:
            columns[f"answer: {field}"] = pa.array(
                [_number(one) for one in texts[0].to_pylist()], pa.float64()
            )
        else:
            columns[f"answer: {field}"] = texts[0]
        columns[f"outcome: {field}"] = texts[1]
        columns[f"confidence: {field}"] = taken["confidence"]
    table = pa.table(columns)
    if not workshop.deployment.settings.drift.cases:
        return table
    cases = [_case(workshop, entry) for entry in entries]
    kept = [number for number, one in enumerate(cases) if one is not None]
    names = sorted({name for one in cases if one is not None for name in one})
    table = table.take(pa.array(kept, pa.int64()))  # a case that was erased is not a case without values
    for name in names:
        table = table.append_column(name, _typed([(cases[number] or {}).get(name) for number in kept]))
    return table


def _case(workshop: Workshop, entry: int) -> dict[str, object] | None:
    """Return a case as columns; None where its text was erased."""
    refs = workshop.ledger.entry(entry).refs
    if not refs:
        return {}
    try:
        text = from_json(workshop.blobs.get(refs[0]), Document).text
    except (BlobErased, BlobMissing):
        return None
    row = row_of(text)
    if row is None:
        return {"text": text}
    return {f"case: {name}": value for name, value in row.items()}


def _typed(values: list[object]) -> pa.Array:
    """Return values as one column: numbers, flags, days, or text."""
    known = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in known):
        return pa.array(values, pa.bool_() if known else pa.null())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return pa.array(values, pa.float64())
    texts = [None if value is None else str(value) for value in values]
    if all(_DAY.fullmatch(one) for one in texts if one is not None):
        try:
            days = [None if one is None else datetime.fromisoformat(one[:10]).date() for one in texts]
            return pa.array(days, pa.date32())
        except ValueError:
            return pa.array(texts, pa.string())
    return pa.array(texts, pa.string())


def _text(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _number(text: str | None) -> float | None:
    try:
        value = json.loads(text) if text else None
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


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
            )
            for one in (*report["columns"], *report["joint"])
        ),
    )


def _measured(plain: Mapping[str, Any]) -> Estimate | NotMeasured:
    return Estimate(**plain) if "value" in plain else NotMeasured(plain["reason"])


def _accuracy(workshop: Workshop, stream: _Stream, whole: int) -> list[AccuracyShown]:
    """Return, for each field and window, what confidences promise beside what labels say."""
    if stream.reason or not whole:
        return []
    size = workshop.deployment.settings.drift.window
    labels = _labels(stream.reports)
    found = []
    for field in sorted(stream.answers.column("field").unique().to_pylist()):
        mine = stream.answers.filter(pc.equal(stream.answers.column("field").cast(pa.string()), field))
        answered = {
            entry: (confidence, answer)
            for entry, confidence, answer, expert in zip(
                *(mine.column(name).to_pylist() for name in ("entry", "confidence", "answer", "expert")),
                strict=True,
            )
            if expert
        }
        fitted = _calibrator(field, stream.reference, answered, labels)
        for number in range(whole):
            entries = stream.later[number * size : (number + 1) * size]
            there = [entry for entry in entries if entry in answered]
            confidence = _array([answered[entry][0] for entry in there])
            known = [entry for entry in there if (entry, field) in labels]
            right = [same_answer(answered[entry][1], labels[entry, field]) for entry in known]
            figures = reconciled(
                estimated_accuracy(confidence, fitted),
                NotMeasured("cases are not weighted"),
                _array(right),
                confidence_labelled=_array([answered[entry][0] for entry in known]),
                confidence_all=confidence,
            )
            ends = stream.times[entries[0]], stream.times[entries[-1]]
            found.append(AccuracyShown(field, number + 1, *ends, figures))
    return sorted(found, key=lambda one: (one.number, one.field))


def _calibrator(
    field: str,
    reference: Sequence[int],
    answered: Mapping[int, tuple[float, str]],
    labels: Mapping[tuple[int, str], str],
) -> Calibrator | None:
    known = [entry for entry in reference if entry in answered and (entry, field) in labels]
    right = _array([same_answer(answered[entry][1], labels[entry, field]) for entry in known])
    fitted = fit_calibrator(_array([answered[entry][0] for entry in known]), right)
    return fitted if isinstance(fitted, Calibrator) else None


def _labels(reports: pa.Table) -> dict[tuple[int, str], str]:
    """Return what stands for the field of a decision; nothing where people disagree."""
    said: dict[tuple[int, str], dict[str, str]] = {}
    settled: dict[tuple[int, str], str] = {}
    names = ("decision", "kind", "name", "answer", "by", "source")
    for decision, kind, name, answer, by, source in zip(
        *(reports.column(column).to_pylist() for column in names), strict=True
    ):
        if kind == "business":
            continue
        said.setdefault((decision, name), {})[by] = answer
        if source == "settled":
            settled[decision, name] = answer
    agreed = {
        key: next(iter(voices.values())) for key, voices in said.items() if len(set(voices.values())) == 1
    }
    return agreed | settled


def _array(values: Sequence[object]) -> npt.NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
