"""How long questions to a catalogue of duties take: `python benchmarks/obligations.py [ENTRIES]`.

Reads the shipped catalogue, and an invented one of ENTRIES duties (10,000) in two versions each: a third with
a demand, one in a thousand of which oppose the others. Prints one JSON line, in CPU seconds of this process;
each figure is the least of five runs.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.obligations.catalogue import Catalogue, load_catalogue
from flyball.governance.obligations.contradictions import contradictions
from flyball.governance.obligations.queries import diff, in_force, upcoming
from flyball.governance.obligations.stale import stale_entries

PLACES = ["US", "US-CA", "EU", "DE", "GB", "FR"]
ASKED = {"jurisdictions": ["DE", "US-CA"], "tags": ["credit"], "data_labels": ["personal-data"]}
DAY = date(2026, 11, 30)
RUNS = 5


def least(work: Callable[[], object]) -> float:
    """Return the least CPU time of a few runs."""
    took = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return round(min(took), 4)


def invented(entries: int) -> str:
    """Return a file of duties, half of which replace the other half on a day of their own."""
    tables = []
    for number in range(entries // 2):
        turn = date(2020, 1, 1) + timedelta(days=number % 4000)
        demand = f'demands = [{{ of = "thing.{number // 30}", at_least = {number % 7} }}]\n' * (
            number % 3 == 0
        )
        if number % 1000 == 500:
            demand = f'demands = [{{ of = "thing.{number // 30}", at_most = 0 }}]\n'
        for version, days in (
            (1, f"effective_from = 2010-01-01\neffective_to = {turn}"),
            (2, f"effective_from = {turn}"),
        ):
            tables.append(
                f'[[obligation]]\nid = "x.{number}"\nversion = {version}\ntitle = "Duty {number}"\n'
                f'jurisdiction = "{PLACES[number % len(PLACES)]}"\n'
                'source = { law = "Law", article = "1", citation = "Journal" }\ntext = "Do this."\n'
                f'{days}\nread_at = "Read 2026-01-01"\n{demand}'
            )
    return "\n".join(tables)


def asked_of(catalogue: Catalogue) -> dict[str, float | int]:
    """Return how long each question takes."""
    duties = in_force(catalogue, DAY, **ASKED)
    return {
        "entries": len(catalogue.obligations),
        "in force here": len(duties),
        "what applies on a day": least(lambda: in_force(catalogue, DAY, **ASKED)),
        "between two days": least(lambda: diff(catalogue, date(2026, 1, 1), DAY, **ASKED)),
        "a year ahead": least(lambda: upcoming(catalogue, DAY, 365, **ASKED)),
        "out of date": least(lambda: stale_entries(catalogue, DAY)),
        "contradictions": least(lambda: contradictions(duties)),
        "contradictions found": len(contradictions(duties)),
    }


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("entries", nargs="?", type=int, default=10_000)
    entries = wanted.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.toml"
        file.write_text(invented(entries), encoding="utf-8")
        start = time.process_time()
        many = load_catalogue([file], shipped=False)
        read = round(time.process_time() - start, 3)
    print(
        json.dumps(
            {
                "shipped": {"read": least(load_catalogue), **asked_of(load_catalogue())},
                "invented": {"read once": read, **asked_of(many)},
                "frameworks read": least(load_frameworks),
            }
        )
    )


if __name__ == "__main__":
    main()
