"""Objectives: false alarms on sound traffic, time to a page for known faults, and what counting costs.

`python benchmarks/objectives.py` prints a JSON document. Beside us stand the same rules without evidence, as
the Site Reliability Workbook (chapter 5) writes them and as generators of Prometheus rules make them: a page
where both windows burn faster than the factor. Both see the same simulated requests, minute by minute.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flyball.core.estimates import Estimate
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.history.history import History
from flyball.evaluation.objectives.burn import RULES, Timeline, burn_of
from flyball.evaluation.objectives.indicator import Sources
from flyball.evaluation.objectives.measure import measure_objective
from flyball.evaluation.objectives.requests import Counted, RequestLog
from flyball.evaluation.objectives.settings import SloSettings
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.gateway.counting import Counting
from flyball.ledger.ledger import Ledger
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.route import Route

START = datetime(2026, 1, 1, tzinfo=UTC)
BUDGET = 0.001
DAYS = 30
DAY = 1440


def traffic(minutes: int, per_minute: float, share_bad: np.ndarray | float, seed: int) -> Timeline:
    """Requests that come at random, each bad with its chance."""
    drawn = np.random.default_rng(seed)
    n = drawn.poisson(per_minute, minutes)
    bad = drawn.binomial(n, share_bad)
    at = int(START.timestamp()) + 60 * np.arange(minutes, dtype=np.int64)
    return Timeline(at, (n - bad).astype(float), bad.astype(float))


def pages(timeline: Timeline, first: int, last: int) -> tuple[list[int], list[int]]:
    """Return the minutes at which we page, and at which the rules without evidence do.

    Ours need everything that theirs need, so ours are asked only at the minutes at which theirs page.
    """
    rules = [rule for rule in RULES if rule.severity == "page"]
    plain = np.zeros(len(timeline.at), bool)
    for rule in rules:
        plain |= (_share(timeline, rule.long_minutes) >= rule.factor * BUDGET) & (
            _share(timeline, rule.short_minutes) >= rule.factor * BUDGET
        )
    theirs = [int(minute) for minute in np.flatnonzero(plain) if first <= minute < last]
    ours = []
    for minute in theirs:
        now = START + timedelta(minutes=minute + 1) - timedelta(seconds=1)
        seen = Timeline(timeline.at[: minute + 1], timeline.good[: minute + 1], timeline.bad[: minute + 1])
        if any(burn_of(seen, rule, BUDGET, now, smallest_n=10).speaks for rule in rules):
            ours.append(minute)
    return ours, theirs


def _share(timeline: Timeline, minutes: int) -> np.ndarray:
    """Return the share of bad requests in the minutes up to each; below 0 where there was none."""

    def recent(column: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0.0], np.cumsum(column)])
        places = np.arange(1, len(total))
        return total[places] - total[np.maximum(places - minutes, 0)]

    bad = recent(timeline.bad)
    n = recent(timeline.good) + bad
    return np.where(n > 0, bad / np.maximum(n, 1), -1.0)


def alerts(minutes: list[int]) -> int:
    """Count alerts: minutes that are no more than five apart are one."""
    return sum(1 for place, one in enumerate(minutes) if not place or one - minutes[place - 1] > 5)


def sound(seeds: int) -> list[dict[str, object]]:
    """Thirty days in which exactly the whole budget is used, and half of it."""
    rows = []
    for per_minute in (0.1, 1.0, 60.0):
        for used in (0.5, 1.0):
            ours = plain = 0
            for seed in range(seeds):
                found = pages(traffic(DAYS * DAY, per_minute, BUDGET * used, seed), 0, DAYS * DAY)
                ours, plain = ours + alerts(found[0]), plain + alerts(found[1])
            rows.append(
                {
                    "requests_a_minute": per_minute,
                    "budget_used": used,
                    "days": DAYS * seeds,
                    "false_pages": ours,
                    "false_pages_without_evidence": plain,
                }
            )
    return rows


def faults(seeds: int) -> list[dict[str, object]]:
    """Minutes from the beginning of a fault, after six sound hours, to the page."""
    rows = []
    for per_minute in (1.0, 60.0):
        for share in (1.0, 0.2, 0.05, 0.02):
            begin, end = 360, 360 + 360
            chances = np.where(np.arange(end) >= begin, share, 0.0)
            took: list[list[float]] = [[], []]
            for seed in range(seeds):
                for side, found in enumerate(pages(traffic(end, per_minute, chances, seed), begin, end)):
                    took[side].append(found[0] - begin + 1 if found else float("inf"))
            median = [float(np.median(one)) for one in took]
            rows.append(
                {
                    "requests_a_minute": per_minute,
                    "share_bad": share,
                    "runs": seeds,
                    "minutes_to_page": [_whole(median[0]), _whole(min(took[0])), _whole(max(took[0]))],
                    "minutes_without_evidence": [
                        _whole(median[1]),
                        _whole(min(took[1])),
                        _whole(max(took[1])),
                    ],
                }
            )
    return rows


def _whole(minutes: float) -> float | str:
    return "none in 6 h" if minutes == float("inf") else minutes


def counting() -> dict[str, object]:
    """What one counted request costs, and how large the file of 90 busy days is."""
    with tempfile.TemporaryDirectory() as folder:
        log = RequestLog(Path(folder) / "requests.sqlite")
        one = Counting({"talk": log}, every_seconds=3600.0)
        drawn = np.random.default_rng(0).lognormal(-2.5, 0.7, 200_000)
        began = time.process_time()
        for seconds in drawn:
            one.add({"talk"}, "POST /v1/decisions", 200, float(seconds))
        took = time.process_time() - began
        one.close()
        doors = [f"POST /v1/{name}" for name in ("decisions", "chat/completions", "outcomes", "review")]
        log = RequestLog(Path(folder) / "days.sqlite")
        steps = np.random.default_rng(1)
        for hours in range(92 * 24):
            at = START + timedelta(hours=hours)
            minute = int(at.timestamp())
            rows = [
                Counted(minute, door, status, int(step), 3)
                for door in doors
                for status in (2, 4, 5)
                for step in steps.integers(30, 70, 12)
            ]
            log.add(rows, now=at)
        now = START + timedelta(days=92)
        began = time.process_time()
        found = log.read(now - timedelta(days=28), now, doors=doors[:1])
        read = time.process_time() - began
        size = (Path(folder) / "days.sqlite").stat().st_size
    return {
        "cpu_us_a_request": round(took / len(drawn) * 1e6, 2),
        "file_mb_of_90_days_4_doors": round(size / 1e6, 1),
        "cpu_ms_to_read_28_days": round(read * 1000, 1),
        "rows_read": len(found.at),
    }


def quality() -> dict[str, object]:
    """What a look at quality costs with 50,000 reported answers: the first one, and those after it."""
    slo = SloSettings(name="right", indicator="quality", target=0.95)
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite", origin="benchmark")
        history = History(Path(folder) / "history.sqlite", ledger)
        sources = Sources(RequestLog(Path(folder) / "requests.sqlite"), history, ledger)
        _report(ledger, 50_000)
        history.follow()
        took = {}
        for name, more in (("first", 0), ("nothing_new", 0), ("100_new", 100)):
            _report(ledger, more)
            history.follow()
            began = time.process_time()
            state = measure_objective(slo, sources, datetime.now(UTC))
            took[f"cpu_ms_{name}"] = round((time.process_time() - began) * 1000, 1)
        history.close()
        ledger.close()
    return {"answers": state.figure.n if isinstance(state.figure, Estimate) else 0, **took}


def _report(ledger: Ledger, n: int) -> None:
    """Decide and report so many cases."""
    at = datetime.now(UTC)
    route = Route(expert="model", considered=(), reason="why")
    made = [
        Decision(
            case_id=f"{number:016x}", case_name=f"T-{number:05}", content_digest="sha256:1",
            text_digest="sha256:1", deployment="talk", release="sha256:aa11",
            context=Context(jurisdictions=("US",), as_of=at.date(), tenant="default"),
            fields=(FieldDecision("fraud", "true", "automated", 0.9, (), route, "why"),),
            findings=(), obligations=(), principles=(), verdict=Verdict(True, "checked"), cost_eur="0.1",
            decided_at=at,
        )
        for number in range(n)
    ]  # fmt: skip
    receipts = ledger.append_many([Draft("decision", one, "test") for one in made])
    told = [
        ReportedOutcome(one.index, "", "", "", "label", "fraud", "true", "key:claims", source="api")
        for one in receipts
    ]
    ledger.append_many([Draft(OUTCOME, one, "key:claims", key=one.key) for one in told])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    began = time.process_time()
    found = {"sound": sound(seeds), "faults": faults(4 * seeds), "counting": counting(), "quality": quality()}
    print(json.dumps(found | {"cpu_seconds": round(time.process_time() - began, 1)}, indent=1))


if __name__ == "__main__":
    main()
