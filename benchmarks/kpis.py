"""How long KPIs and outcomes take, and how much memory: `python benchmarks/kpis.py [DECISIONS]`.

A deployment of two fields whose decisions and reports are written to a real ledger; four KPIs, two of them
with a baseline; a file of one outcome for each decision, loaded twice. Prints one JSON line, in CPU seconds
of this process. With `--history-only N` the history is filled with N decisions without a ledger behind, to
see what memory does; with `--coverage`, how often the intervals hold the truth is counted.
"""

import argparse
import json
import resource
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flyball.core.estimates import Estimate
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.history.history import History
from flyball.evaluation.kpis.reading import read_formula
from flyball.evaluation.kpis.totals import Totals, estimate_of
from flyball.evaluation.kpis.working import Contribution
from flyball.evaluation.outcomes.files import read_outcomes
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.kpis import kpis_view
from flyball.loop.outcomes import load_outcomes
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.route import Route

TOML = """
[deployment]
name = "payments"
purpose = "Benchmark"
owner = "Team"
jurisdictions = ["DE"]
[[source]]
name = "transfers"
path = "cases"
[[expert]]
name = "rules"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.1
[[kpi]]
name = "false_alarm_cost"
formula = \"\"\"count(decisions where field('fraud') = true and outcome('fraud') = false)
    * 12 minutes * 65 EUR per hour / count(decisions where outcome('fraud') is known)\"\"\"
unit = "EUR per transfer"
better = "lower"
baseline = { value = 3.0, source = "stated" }
volume = "count(decisions)"
[[kpi]]
name = "minutes"
formula = "share(referred) * mean(minutes where referred)"
unit = "minutes per transfer"
better = "lower"
baseline = { since = 2026-01-01, until = 2026-02-01 }
[[kpi]]
name = "automated"
formula = "share(automated)"
unit = "%"
[[kpi]]
name = "cost"
formula = "percentile(cost_eur, 95)"
unit = "EUR"
"""
FIELDS = """
[[field]]
key = "fraud"
title = "Fraud"
question = "Is it?"
kind = "flag"
minutes = 12.0
[[field]]
key = "route"
title = "Route"
question = "Which?"
kind = "label"
minutes = 1.0
"""
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=60)


def decision(number: int) -> Draft:
    """Return a decision: every fourth an alarm, every tenth for a person."""
    outcome = "automated" if number % 10 else "referred"
    answers = (("fraud", "true" if number % 4 == 0 else "false"), ("route", '"A"'))
    body = Decision(
        case_id=f"{number:016x}",
        case_name=f"T-{number:08}",
        content_digest="sha256:1",
        text_digest="sha256:1",
        deployment="payments",
        release="sha256:" + "a" * 64,
        context=Context(("DE",), START.date()),
        fields=tuple(
            FieldDecision(key, answer, outcome, 0.9, (), Route("model", (), "why"), "why")
            for key, answer in answers
        ),
        findings=(),
        obligations=(),
        principles=(),
        verdict=Verdict(True, "checked"),
        cost_eur=f"0.0{number % 7 + 1}",
        decided_at=START + STEP * number,
    )
    return Draft("decision", body, "system:bench")


def measured(function):
    """Return what a function returns, and its CPU seconds."""
    begin = time.process_time()
    found = function()
    return found, round(time.process_time() - begin, 2)


def peak_mb() -> int:
    """Return the most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def with_ledger(folder: Path, n: int) -> dict[str, object]:
    """Measure over a real ledger."""
    with Workshop(open_deployment(folder), actor="user:bench") as workshop:
        for start in range(0, n, 5_000):
            workshop.ledger.append_many(decision(at) for at in range(start, min(n, start + 5_000)))
        _, follow = measured(workshop.history.follow)
        file = folder / "outcomes.csv"
        with file.open("w") as out:
            out.write("case,field,answer,minutes\n")
            out.writelines(f"T-{at:08},fraud,{'yes' if at % 8 == 0 else 'no'},2.5\n" for at in range(n))
        first, load = measured(lambda: load_outcomes(workshop, read_outcomes(file), by="person:bench"))
        again, load_again = measured(lambda: load_outcomes(workshop, read_outcomes(file), by="person:bench"))
        _, follow_reports = measured(workshop.history.follow)
        view, kpis = measured(lambda: kpis_view(workshop))
        _, weekly = measured(lambda: kpis_view(workshop, by="week"))
    return {
        "decisions": n,
        "follow_decisions_s": follow,
        "load_s": load,
        "written": first.written,
        "load_again_s": load_again,
        "repeated": again.repeated,
        "follow_reports_s": follow_reports,
        "kpis_s": kpis,
        "kpis_by_week_s": weekly,
        "kpis": {one.name: str(one.estimate) for one in view.kpis},
        "peak_mb": peak_mb(),
    }


def history_only(folder: Path, n: int) -> dict[str, object]:
    """Fill the history by hand: what is measured is reading, not the ledger."""
    with Workshop(open_deployment(folder), actor="user:bench") as workshop:
        workshop.ledger.append_many([decision(0)])
        workshop.history.follow()
        path = folder / ".flyball" / "history" / "history.sqlite"
        database = sqlite3.connect(path)
        columns = [row[1] for row in database.execute("PRAGMA table_info(decisions)")]
        changed = {
            "entry": "entry + value",
            "case_id": "printf('%016x', value)",
            "decided_at": f"decided_at + value * {int(STEP.total_seconds() * 1e6)}",
            "referred": "CASE WHEN value % 10 THEN 0 ELSE 2 END",
            "automated": "CASE WHEN value % 10 THEN 2 ELSE 0 END",
            "cost": "cost * (1 + value % 7)",
        }
        made = ", ".join(changed.get(name, name) for name in columns)
        database.execute(
            "WITH RECURSIVE numbers (value) AS "  # noqa: S608 - our own names
            f"(SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < {n}) "
            f"INSERT INTO decisions SELECT {made} FROM decisions, numbers WHERE entry = 0"
        )
        database.commit()
        database.close()
        before = peak_mb()
        history: History = workshop.history
        names = ("automated", "cost")
        view, seconds = measured(lambda: kpis_view(workshop, names=names, by="month"))
        del history
    return {
        "decisions": view.decisions,
        "kpis_s": seconds,
        "peak_mb_before": before,
        "peak_mb": peak_mb(),
        "kpis": {one.name: str(one.estimate) for one in view.kpis},
    }


def coverage(runs: int = 400) -> dict[str, object]:
    """Count how often 95 % intervals hold the truth: a fifth referred, log-normal minutes, 3 in 10 twice."""
    formula = read_formula("share(referred) * mean(minutes where referred)")
    truth, rng, found = 0.2 * 600.0 * np.exp(0.5), np.random.default_rng(11), {}
    for n in (50, 200, 1_000):
        held = 0
        for _ in range(runs):
            cases = np.concatenate([np.arange(n), rng.integers(0, n, size=int(0.3 * n))])
            referred = (rng.random(n) < 0.2)[cases]
            minutes = (600.0 * np.exp(rng.normal(size=n)))[cases]
            every, entries = np.ones(len(cases), dtype=np.bool_), np.arange(len(cases))
            none = ~every
            parts = {
                "share": Contribution(referred.astype(float), every, none),
                "mean": Contribution(np.where(referred, minutes, 0.0), referred, none),
            }
            totals = Totals(formula, n)
            totals.add([parts[one.how] for one in totals.totals], cases, entries, every)
            got = estimate_of(totals, Sampling(resamples=1_000)).estimate
            held += isinstance(got, Estimate) and got.low is not None and got.low <= truth <= got.high
        found[str(n)] = round(held / runs, 3)
    return {"runs": runs, "coverage_by_cases": found}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("decisions", nargs="?", type=int, default=100_000)
    parser.add_argument("--history-only", type=int, default=0)
    parser.add_argument("--coverage", action="store_true")
    given = parser.parse_args()
    if given.coverage:
        sys.stdout.write(json.dumps(coverage()) + "\n")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "flyball.toml").write_text(TOML)
        (folder / "fields.toml").write_text(FIELDS)
        found = (
            history_only(folder, given.history_only)
            if given.history_only
            else with_ledger(folder, given.decisions)
        )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
