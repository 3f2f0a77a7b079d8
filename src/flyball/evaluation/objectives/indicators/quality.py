"""Quality: the share of automated answers that agree with what turned out."""

from collections import defaultdict
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flyball.evaluation.history.records import Wanted
from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Events, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings

__all__ = ["quality"]

_TOLD = ("decision", "kind", "name", "answer", "unit", "by", "source")


@indicator
def quality(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Events:
    """Count automated answers about which something was reported, at the time of the first report.

    Only where reports agree, or were settled: a disputed answer counts for neither side. Nobody reports at
    random, so this is what was seen, and its interval decides; of what reviewers answered, only cases that
    were drawn at random count.
    """
    wanted = Wanted(reported=True)
    reports = sources.history.reports_table(wanted, fair=True)
    reports = reports.filter(pc.not_equal(reports["kind"], "business"))
    answers = sources.history.answers_table(wanted, fields=(slo.field,) if slo.field else ())
    answers = answers.filter(pc.equal(answers["outcome"], "automated"))
    first = _plain(reports, "name").group_by(["decision", "name"])
    told = first.aggregate([("at", "min"), ("at", "count"), ("answer", "min")])
    told = told.filter(
        pc.and_(pc.greater_equal(told["at_min"], since), pc.less(told["at_min"], until))
    ).rename_columns(["decision", "name", "at", "times", "told"])
    found = told.join(
        _plain(answers, "field", "answer").select(["entry", "field", "answer"]),
        keys=["decision", "name"],
        right_keys=["entry", "field"],
        join_type="inner",
    )
    once = found.filter(pc.equal(found["times"], 1))
    alike = pc.equal(once["told"], once["answer"])
    differing = once.filter(pc.invert(alike))
    several = found.filter(pc.greater(found["times"], 1))
    pairs = zip(differing["told"].to_pylist(), differing["answer"].to_pylist(), strict=True)
    at = [*_seconds(once.filter(alike)), *_seconds(differing)]
    right = [True] * (len(once) - len(differing)) + [same_answer(one, other) for one, other in pairs]
    for moment, agrees in zip(_seconds(several), _settled(reports, several), strict=True):
        if agrees is not None:
            at.append(moment)
            right.append(agrees)
    order = np.argsort(np.array(at, np.int64), kind="stable")
    good = np.array(right, float)[order]
    unit = "share of automated answers that agree with what was reported"
    return Events(
        Timeline(np.array(at, np.int64)[order], good, 1.0 - good), unit, "reported answer", sampled=True
    )


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
