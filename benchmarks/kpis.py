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
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.bootstrap import Sampling
from flyball.evaluation.history.history import History
from flyball.evaluation.kpis.formula import Node
from flyball.evaluation.kpis.reading import read_formula
from flyball.evaluation.kpis.saving import difference
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


Sample = tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]
"""What each decision brings to each total (values, whether it counts), and its case."""


def a_share(rng: np.random.Generator, n: int, rate: float) -> Sample:
    """Draw a share."""
    return [((rng.random(n) < rate).astype(float), np.ones(n, dtype=np.bool_))], np.arange(n)


def minutes_per_case(rng: np.random.Generator, n: int, referred_share: float = 0.2) -> Sample:
    """Draw cases of which a fifth is referred, with log-normal minutes; three in ten are decided twice."""
    cases = np.concatenate([np.arange(n), rng.integers(0, n, size=int(0.3 * n))])
    referred = (rng.random(n) < referred_share)[cases]
    minutes = np.exp(rng.normal(size=n))[cases]
    every = np.ones(len(cases), dtype=np.bool_)
    return [(referred.astype(float), every), (np.where(referred, minutes, 0.0), referred)], cases


def money(
    rng: np.random.Generator, n: int, drawn: Callable[[np.random.Generator, int], np.ndarray]
) -> Sample:
    """Draw amounts, divided by the number of decisions."""
    every = np.ones(n, dtype=np.bool_)
    return [(drawn(rng, n), every), (np.ones(n), every)], np.arange(n)


def rare_losses(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw log-normal losses of one case in twenty."""
    return np.where(rng.random(n) < 0.05, np.exp(rng.normal(size=n)), 0.0)


def estimated(formula: Node, sample: Sample) -> Estimate | NotMeasured:
    """Return what the product says about a sample."""
    parts, cases = sample
    totals = Totals(formula, int(cases.max()) + 1)
    every = np.ones(len(cases), dtype=np.bool_)
    brought = [Contribution(values, counts, ~every) for values, counts in parts]
    totals.add(brought, cases, np.arange(len(cases)), every)
    return estimate_of(totals, Sampling(resamples=600)).estimate


def coverage(runs: int = 300) -> dict[str, object]:
    """Count how often 95 % intervals hold the truth, in per cent of the runs with an interval, by cases."""
    per_case = "sum(cost_eur) / count(decisions)"
    rate = "share(referred) * mean(minutes where referred)"
    tail = np.exp(0.5)

    def saved(rng: np.random.Generator, n: int) -> Estimate | NotMeasured:
        node = read_formula(rate)
        before, now = (estimated(node, minutes_per_case(rng, n, share)) for share in (0.3, 0.2))
        return difference(before, now, better="lower")

    def fewer(rng: np.random.Generator, n: int) -> Estimate | NotMeasured:
        node = read_formula("share(referred)")
        before, now = (estimated(node, a_share(rng, n, share)) for share in (0.2, 0.1))
        return difference(before, now, better="lower")

    def of(formula: str, draw: Callable[..., Sample], *more: object) -> Callable[..., Estimate | NotMeasured]:
        node = read_formula(formula)
        return lambda rng, n: estimated(node, draw(rng, n, *more))

    asked = {
        "share of 1 in 10": (0.1, of("share(referred)", a_share, 0.1)),
        "share of a half": (0.5, of("share(referred)", a_share, 0.5)),
        "minutes per case": (0.2 * tail, of(rate, minutes_per_case)),
        "median of log-normal amounts": (1.0, of("median(cost_eur)", median_of)),
        "money per case, log-normal (1)": (
            tail,
            of(per_case, money, lambda rng, n: np.exp(rng.normal(size=n))),
        ),
        "money per case, log-normal (1.5)": (
            np.exp(1.125),
            of(per_case, money, lambda rng, n: np.exp(1.5 * rng.normal(size=n))),
        ),
        "money per case, Pareto (2.5)": (
            2.5 / 1.5,
            of(per_case, money, lambda rng, n: 1.0 + rng.pareto(2.5, size=n)),
        ),
        "losses of 1 case in 20, log-normal (1)": (0.05 * tail, of(per_case, money, rare_losses)),
        "saving of minutes per case": (0.1 * tail, saved),
        "saving of a share": (0.1, fewer),
    }
    found = {}
    for name, (truth, measure) in asked.items():
        rng, found[name] = np.random.default_rng(11), {}
        for n in (10, 50, 200, 500):
            got = [measure(rng, n) for _ in range(runs)]
            known = [one for one in got if isinstance(one, Estimate) and one.low is not None]
            held = sum(one.low <= truth <= one.high for one in known)
            found[name][n] = round(100 * held / len(known), 1) if len(known) > runs / 2 else None
    return {"runs": runs, "coverage_percent_by_cases": found}


def median_of(rng: np.random.Generator, n: int) -> Sample:
    """Draw log-normal amounts."""
    return [(np.exp(rng.normal(size=n)), np.ones(n, dtype=np.bool_))], np.arange(n)


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
