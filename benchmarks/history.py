"""What the history answers over many millions of decisions: `python benchmarks/history.py [DECISIONS]`.

The file is filled by SQL, without a ledger behind: one answer and one report for each decision, 40 releases,
90 days; what is measured is asking, not following. Every question runs in a process of its own, so that its
memory is its own; CPU and wall seconds, and the most memory held, are printed as one JSON line each. With
`--outcomes N` a CSV file of N outcomes about these decisions is loaded, up to the writing (which goes to the
ledger); with `--keep FOLDER` the file is made once and kept.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kpis import FIELDS, START, TOML, decision

from flyball.core.errors import FlyballError
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.files import read_outcomes
from flyball.loop.deployment import open_deployment
from flyball.loop.kpis import kpi_decisions, kpis_view
from flyball.loop.outcomes import load_outcomes, outcomes_view
from flyball.loop.workshop import Workshop

STEP_US = 90 * 86_400 * 1_000_000
CHUNK = 500_000
NUMBERS = (
    "WITH RECURSIVE numbers (value) AS (SELECT {start} UNION ALL "
    "SELECT value + 1 FROM numbers WHERE value < {last}) "
)
FILLED = (
    "INSERT INTO decisions SELECT {columns} FROM decisions, numbers WHERE entry = 0",
    "INSERT INTO answers SELECT value, field, value % 10 = 0, expert, (value % 997) / 997.0, "
    "CASE WHEN value % 4 THEN 'false' ELSE 'true' END FROM answers, numbers "
    "WHERE entry = 0 AND field = (SELECT id FROM names WHERE name = 'fraud')",
    "INSERT INTO reports SELECT {n} + value, value, 'label', (SELECT id FROM names WHERE name = 'fraud'), "
    "CASE WHEN value % 8 THEN 'false' ELSE 'true' END, '', {person}, 'file', NULL, "
    "CASE WHEN value % 10 = 0 THEN 2.5 + value % 13 END, {at} + value FROM numbers",
)


def fill(folder: Path, n: int) -> None:
    """Write a deployment and a history of n decisions."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flyball.toml").write_text(TOML)
    (folder / "fields.toml").write_text(FIELDS)
    with Workshop(open_deployment(folder), actor="user:bench") as workshop:
        workshop.ledger.append_many([decision(0)])
        workshop.history.follow()
    database = sqlite3.connect(folder / ".flyball" / "history" / "history.sqlite", isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -500000")
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    for number in range(40):
        database.execute("INSERT INTO names (name) VALUES (?)", (f"sha256:{number:064x}",))
    [[release]] = database.execute("SELECT min(id) FROM names WHERE name LIKE 'sha256:000%'").fetchall()
    database.execute("INSERT INTO names (name) VALUES ('person:bench')")
    [[person]] = database.execute("SELECT id FROM names WHERE name = 'person:bench'").fetchall()
    columns = [row[1] for row in database.execute("PRAGMA table_info(decisions)")]
    changed = {
        "entry": "value",
        "case_id": "printf('%016x', value * 7919 % 1000000007)",
        "case_name": "printf('T-%08d', value)",
        "decided_at": f"decided_at + value * ({STEP_US} / {n})",
        "release": f"{release} + value * 40 / {n + 1}",
        "referred": "value % 10 = 0",
        "automated": "value % 10 > 0",
        "waits": "value % 10 = 0 AND value % 200 = 0",
        "confidence": "(value % 997) / 997.0",
        "cost": "cost * (1 + value % 7)",
        "reports": "1",
    }
    values = {
        "columns": ", ".join(changed.get(name, name) for name in columns),
        "person": person,
        "n": n,
        "at": int(START.timestamp() * 1e6),
    }
    for start in range(1, n, CHUNK):
        database.execute("BEGIN")
        for query in FILLED:
            chunk = NUMBERS.format(start=start, last=min(n, start + CHUNK) - 1)
            database.execute(chunk + query.format(**values))
        database.execute("COMMIT")
    for _, sql in indexes:
        database.execute(sql)
    database.close()


def questions(workshop: Workshop) -> dict[str, Callable[[], object]]:
    """Return what is asked."""
    history: History = workshop.history
    names = ("false_alarm_cost", "minutes", "automated", "cost")
    return {
        "page": lambda: len(history.decisions(Wanted())),
        "page, 4 filters": lambda: len(
            history.decisions(
                Wanted(field="fraud", answer="true", outcome="referred", confidence_at_most=0.5)
            )
        ),
        "page, filters that nothing meets": lambda: len(
            history.decisions(Wanted(field="fraud", answer='"nothing"'))
        ),
        "page, beginning of a name": lambda: len(history.decisions(Wanted(case="T-0000123"))),
        "page, one release": lambda: len(history.decisions(Wanted(release=f"{7:064x}"))),
        "page, what waits": lambda: len(history.decisions(Wanted(waiting=True))),
        "count to 100,000": lambda: str(history.count(Wanted(reported=True))),
        "count all": lambda: str(history.count(Wanted(), at_most=2**62)),
        "count, 2 filters": lambda: str(history.count(Wanted(field="fraud", answer="true"), at_most=2**62)),
        "by day": lambda: len(history.by_period(Wanted())),
        "releases that are known": lambda: len(history.known("release")),
        "fields that are known": lambda: len(history.known("field")),
        "all decisions as one table": lambda: len(history.decisions_table(Wanted())),
        "all reports as one table": lambda: len(history.reports_table(Wanted())),
        "reported outcomes, what is disputed": lambda: outcomes_view(workshop, disputed=True).disputed,
        "four KPIs": lambda: {one.name: str(one.estimate) for one in kpis_view(workshop, names=names).kpis},
        "a share, by month": lambda: len(
            kpis_view(workshop, names=("automated",), by="month").kpis[0].series
        ),
        "decisions behind a total": lambda: kpi_decisions(workshop, "false_alarm_cost", Wanted()).n,
    }


def load(workshop: Workshop, n: int, of: int) -> object:
    """Load n outcomes and one about no decision: all are read and checked, none is written."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", dir=workshop.state) as file:
        file.write("case,field,answer,minutes\n")
        file.writelines(
            f"T-{1 + at % (of - 1):08},fraud,{'yes' if at % 8 else 'no'},2.5\n" for at in range(n)
        )
        file.write("nobody,fraud,yes,\n")
        file.flush()
        return str(load_outcomes(workshop, read_outcomes(Path(file.name)), by="person:other"))


def peak_mb() -> int:
    """Return the most memory that this process has held, in MB; Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


def ask(folder: Path, question: str, decisions: int) -> None:
    """Ask one question, and print what it took."""
    with Workshop(open_deployment(folder), actor="user:bench") as workshop:
        asked = questions(workshop)
        work = asked.get(question) or (lambda: load(workshop, int(question.split()[1]), decisions))
        workshop.history.count(Wanted(), at_most=1)
        Path("/proc/self/clear_refs").write_text(
            "5"
        )  # the peak begins here; it is that of the parent otherwise
        before = peak_mb()
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            answer = work()
        except FlyballError as err:
            answer = str(err)
        told = {
            "question": question,
            "answer": answer,
            "cpu_s": round(time.process_time() - cpu, 2),
            "wall_s": round(time.perf_counter() - wall, 2),
            "peak_mb_before": before,
            "peak_mb": peak_mb(),
        }
    sys.stdout.write(json.dumps(told) + "\n")


def main() -> None:
    """Fill, ask each question in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("decisions", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--outcomes", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--ask", default="")
    given = parser.parse_args()
    if given.ask:
        ask(given.keep, given.ask, given.decisions)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        if not (folder / "flyball.toml").exists():
            begin = time.process_time()
            fill(folder, given.decisions)
            path = folder / ".flyball" / "history" / "history.sqlite"
            told = {"decisions": given.decisions, "fill_cpu_s": round(time.process_time() - begin, 1)}
            sys.stdout.write(json.dumps({**told, "file_mb": path.stat().st_size >> 20}) + "\n")
        with Workshop(open_deployment(folder), actor="user:bench") as workshop:
            asked = [*questions(workshop)]
        for question in [f"load {given.outcomes} outcomes"] if given.outcomes else asked:
            command = [
                sys.executable,
                __file__,
                str(given.decisions),
                "--keep",
                str(folder),
                "--ask",
                question,
            ]
            sys.stdout.flush()
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
