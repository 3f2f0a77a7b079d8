"""Quality: the share of automated answers that agree with what turned out."""

from collections import defaultdict
from datetime import datetime

import numpy as np
import pyarrow.compute as pc

from flyball.evaluation.history.records import Wanted
from flyball.evaluation.objectives.burn import Timeline
from flyball.evaluation.objectives.indicator import Events, Sources, indicator
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings

__all__ = ["quality"]


@indicator
def quality(slo: SloSettings, sources: Sources, since: datetime, until: datetime) -> Events:
    """Count automated answers about which something was reported, at the time of the first report.

    Only where reports agree, or were settled: a disputed answer counts for neither side. Nobody reports at
    random, so this is what was seen, and its interval decides.
    """
    wanted = Wanted(reported=True)
    fields = (slo.field,) if slo.field else ()
    reports = sources.history.reports_table(wanted)
    recent = pc.unique(reports.filter(pc.greater_equal(reports["at"], since))["decision"])
    reports = reports.filter(pc.is_in(reports["decision"], recent))
    answers = sources.history.answers_table(wanted, fields=fields)
    answers = answers.filter(
        pc.and_(pc.equal(answers["outcome"], "automated"), pc.is_in(answers["entry"], recent))
    )
    told: defaultdict[int, list[ReportedOutcome]] = defaultdict(list)
    first: dict[tuple[int, str], float] = {}
    columns = ("decision", "kind", "name", "answer", "unit", "by", "source", "at")
    for decision, kind, name, answer, unit, by, source, at in zip(
        *(reports[column].to_pylist() for column in columns), strict=True
    ):
        told[decision].append(
            ReportedOutcome(decision, "", "", "", kind, name, answer, by, source=source, unit=unit)
        )
        first.setdefault((decision, name), at.timestamp())
    known = {
        (decision, one.name): one.answer
        for decision, some in told.items()
        for one in standings(some)
        if one.about == "field" and one.state != "disputed"
    }
    begun, ended = since.timestamp(), until.timestamp()
    rows = sorted(
        (first[entry, field], same_answer(answer, known[entry, field]))
        for entry, field, answer in zip(
            *(answers[column].to_pylist() for column in ("entry", "field", "answer")), strict=True
        )
        if (entry, field) in known and begun <= first[entry, field] < ended
    )
    at = np.array([int(moment) for moment, _ in rows], np.int64)
    right = np.array([agrees for _, agrees in rows], float)
    unit = "share of automated answers that agree with what was reported"
    return Events(Timeline(at, right, 1.0 - right), unit, "reported answer", sampled=True)
