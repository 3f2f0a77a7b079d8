"""Impact: how long it takes to say what a change touches, with many past decisions; and the law of 2026.

`python benchmarks/impact.py decisions [N]`: a deployment of credit risk whose ledger holds N decisions (else
100,000), copies of those of a real turn under ids of their own. Each question is asked three times of one
process that has the history; the median is told. `python benchmarks/impact.py law` plays `make demo-law`.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.impact import impact_of
from flyball.loop.init import init_deployment
from flyball.loop.law_demo import CHANGES, LawChange, Played, days_of, play, set_up
from flyball.loop.workshop import Workshop

QUESTIONS = (
    "rule:policy.P-08",
    "obligation:us.reg-b.1002.9",
    "principle:nothing_left_out",
    "expert:credit_model",
    "field:repaid",
    "threshold:credit_model/repaid",
    "date:2026-07-21",
)


def measured(work: Callable[[], object]) -> tuple[float, float, object]:
    """Return the CPU and wall seconds of some work, and what it returned."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def decisions(n: int, folder: Path) -> None:
    """Fill a ledger, then ask."""
    root = init_deployment("credit-risk", folder / "lending")
    with Workshop(open_deployment(root), actor="user:bench") as workshop:
        issued = [one.decision for one in full_turn(workshop).issued]
        made = 0
        while made < n - len(issued):
            part = issued[: n - len(issued) - made]
            bodies = [replace(one, case_id=f"{made + at:016x}") for at, one in enumerate(part)]
            workshop.ledger.append_many([Draft("decision", one, "system:bench") for one in bodies])
            made += len(part)
        path = folder / "lending" / ".flyball" / "history" / "history.sqlite"
        cpu, wall, _ = measured(workshop.history.follow)
        size = path.stat().st_size >> 20
        print(f"history of {made:,} decisions more: {cpu:.1f} s CPU, {wall:.1f} s, {size} MB")
    with Workshop(open_deployment(root), actor="user:bench") as workshop:
        impact_of(workshop, ["rule:policy.P-08"])  # what a process reads once is not measured
        for question in QUESTIONS:
            times = []
            for _ in range(3):
                cpu, wall, found = measured(partial(impact_of, workshop, [question]))
                times.append((cpu, wall))
            past = sum(group.n for group in found.decisions)  # type: ignore[attr-defined]
            open_ = sum(group.n for group in found.open_cases)  # type: ignore[attr-defined]
            cpu, wall = (statistics.median(one[at] for one in times) for at in (0, 1))
            print(f"{question}: {cpu:.2f} s CPU, {wall:.2f} s; {past:,} past decisions, {open_:,} open cases")


def _played(folder: Path, change: LawChange) -> list[Played]:
    return list(play(folder, change))


def law(folder: Path) -> None:
    """Play the year."""
    cpu, wall, _ = measured(lambda: set_up(folder / "year", days_of(CHANGES[0])[0] - timedelta(days=1)))
    print(f"set up: {cpu:.1f} s CPU, {wall:.1f} s")
    whole = [0.0, 0.0]
    for change in CHANGES:
        cpu, wall, told = measured(partial(_played, folder / "year", change))
        whole = [whole[0] + cpu, whole[1] + wall]
        ran = sum(len(one.ran) for one in told)  # type: ignore[attr-defined]
        all_ = ran + sum(len(one.skipped) for one in told)  # type: ignore[attr-defined]
        print(f"{change.title}: {cpu:.1f} s CPU, {wall:.1f} s; {ran} of {all_} stages run")
    print(f"all three: {whole[0]:.1f} s CPU, {whole[1]:.1f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_in:
        if sys.argv[1:2] == ["law"]:
            law(Path(made_in))
        else:
            decisions(int(sys.argv[2]) if len(sys.argv) > 2 else 100_000, Path(made_in))
