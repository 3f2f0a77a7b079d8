"""Quality: the share of automated answers that agree with what turned out."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Events, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings

__all__ = ["quality"]

_TOLD = ("decision", "kind", "name", "answer", "unit", "by", "source")


@dataclass(frozen=True, slots=True)
class _Judged:
    """Answers that were reported on, in order of time: when first, of which decision, whether right.

    `size` is that of the ledger up to which they are known.
    """

    size: int
    at: np.ndarray
    decision: np.ndarray
    right: np.ndarray


_KEPT: WeakKeyDictionary[History, dict[str, _Judged]] = WeakKeyDictionary()
"""By history and field: a watcher asks every minute, and of most answers nothing new is told."""
_LOCK = Lock()


@indicator
def quality(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Events:
    """Count automated answers about which something was reported, at the time of the first report.

    Only where reports agree, or were settled: a disputed answer counts for neither side. Nobody reports at
    random, so this is what was seen, and its interval decides; of what reviewers answered, only cases that
    were drawn at random count.
    """
    with _LOCK:
        kept = _KEPT.setdefault(sources.history, {})
        judged = kept[slo.field] = _brought_up(kept.get(slo.field), slo.field, sources)
    first, last = np.searchsorted(judged.at, [int(since.timestamp()), math.ceil(until.timestamp())])
    good = judged.right[first:last]
    unit = "share of automated answers that agree with what was reported"
    return Events(Timeline(judged.at[first:last], good, 1.0 - good), unit, "reported answer", sampled=True)


def _brought_up(before: _Judged | None, field: str, sources: Sources) -> _Judged:
    """Judge anew the decisions that reports or reviews have touched since, and keep the others."""
    size = sources.ledger.size()  # first: what comes meanwhile is asked for again next time
    if before is not None and before.size == size:
        return before
    since = None if before is None else before.size
    wanted = Wanted(reported=True, touched_since=since)
    fresh = _judged(wanted, field, sources.history)
    if before is not None:
        stay = ~np.isin(before.decision, sources.history.entries(wanted))
        columns = ("at", "decision", "right")
        fresh = [
            np.concatenate([getattr(before, name)[stay], new])
            for name, new in zip(columns, fresh, strict=True)
        ]
    at, decision, right = fresh
    order = np.lexsort((decision, at))
    return _Judged(size, at[order], decision[order], right[order])


def _judged(wanted: Wanted, field: str, history: History) -> list[np.ndarray]:
    """Return of the answers of decisions time, decision and whether right."""
    reports = history.reports_table(wanted, fair=True)
    reports = reports.filter(pc.not_equal(reports["kind"], "business"))
    answers = history.answers_table(wanted, fields=(field,) if field else ())
    answers = answers.filter(pc.equal(answers["outcome"], "automated"))
    first = _plain(reports, "name").group_by(["decision", "name"])
    told = first.aggregate([("at", "min"), ("at", "count"), ("answer", "min")])
    found = told.rename_columns(["decision", "name", "at", "times", "told"]).join(
        _plain(answers, "field", "answer").select(["entry", "field", "answer"]),
        keys=["decision", "name"],
        right_keys=["entry", "field"],
        join_type="inner",
    )
    once = found.filter(pc.equal(found["times"], 1))
    alike = pc.equal(once["told"], once["answer"])
    same, differing = once.filter(alike), once.filter(pc.invert(alike))
    several = found.filter(pc.greater(found["times"], 1))
    pairs = zip(differing["told"].to_pylist(), differing["answer"].to_pylist(), strict=True)
    agreeing = [same_answer(one, other) for one, other in pairs]
    settled = _settled(reports, several)
    known = [agrees is not None for agrees in settled]
    parts = [same, differing, several.filter(pa.array(known, pa.bool_()))]
    right = [*[True] * len(same), *agreeing, *(agrees for agrees in settled if agrees is not None)]
    at = [moment for part in parts for moment in _seconds(part)]
    decision = [entry for part in parts for entry in part["decision"].to_pylist()]
    return [np.array(at, np.int64), np.array(decision, np.int64), np.array(right, float)]


def _settled(reports: pa.Table, several: pa.Table) -> list[bool | None]:
    """Return of answers reported on more than once whether they agree; None where that is disputed."""
    about = reports.filter(pc.is_in(reports["decision"], pc.unique(several["decision"])))
    told: defaultdict[int, list[ReportedOutcome]] = defaultdict(list)
    for decision, kind, name, answer, unit, by, source in zip(
        *(about[column].to_pylist() for column in _TOLD), strict=True
    ):
        told[decision].append(
            ReportedOutcome(decision, "", "", "", kind, name, answer, by, source=source, unit=unit)
        )
    known = {
        (decision, one.name): one.answer
        for decision, some in told.items()
        for one in standings(some)
        if one.state != "disputed"
    }
    keys = zip(*(several[column].to_pylist() for column in ("decision", "name", "answer")), strict=True)
    return [
        same_answer(answer, known[decision, name]) if (decision, name) in known else None
        for decision, name, answer in keys
    ]


def _plain(table: pa.Table, *columns: str) -> pa.Table:
    """Return a table with columns as text: names are kept once in a history, and such cannot be joined."""
    for column in columns:
        table = table.set_column(
            table.schema.get_field_index(column), column, table[column].cast(pa.string())
        )
    return table


def _seconds(table: pa.Table) -> list[int]:
    return (table["at"].cast(pa.int64()).to_numpy() // 1_000_000).tolist()  # type: ignore[no-any-return]
