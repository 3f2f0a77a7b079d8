"""How fast the ledger takes in entries, safely on disk, and how fast an export is verified.

    python benchmarks/ledger.py                       SQLite and, where its programs are, PostgreSQL
    python benchmarks/ledger.py --runs 5 --seconds 5  longer runs

Prints one JSON object: every figure with the median and the spread over the runs. "append" is 64 threads
that each wait for one entry after another to be on disk; "verify" is `verify_export` on one core.
"""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from flyball.ledger import Draft, export, load_or_create_key, open_ledger, verify_export, verify_ledger

WRITERS = 64
ENTRIES_TO_VERIFY = 200_000
SERVER = Path(__file__).parents[1] / "tests" / "ledger" / "postgresql_server.py"


def decision(number):
    """Return the body of a decision of about 1 kB."""
    fields = [
        {"field": f"clause_{field}", "answer": "true", "confidence": 0.97, "outcome": "automated"}
        for field in range(10)
    ]
    return {
        "case_id": f"case-{number:09d}",
        "deployment": "contract-review",
        "fields": fields,
        "release": "r" * 64,
    }


def spread(figures, unit):
    """Return the median and the smallest and largest figure."""
    return {
        "median": round(statistics.median(figures), 3),
        "smallest": round(min(figures), 3),
        "largest": round(max(figures), 3),
        "runs": len(figures),
        "unit": unit,
    }


def fsync_latencies(folder, count=200):
    """Return how many milliseconds a written kilobyte takes to reach the disk, one figure per call."""
    found = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(count):
            file.write(b"x" * 1024)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            found.append((time.perf_counter() - start) * 1000)
    return found


def appended_per_second(url, key, seconds):
    """Return entries per second that 64 waiting threads got onto the disk, and the latencies seen."""
    latencies = []
    with open_ledger(url, key=key) as ledger:
        before = ledger.size()
        start_line = threading.Barrier(WRITERS + 1)
        until = [0.0]

        def write(thread):
            mine = []
            start_line.wait()
            number = 0
            while (begun := time.perf_counter()) < until[0]:
                ledger.append(kind="decision", body=decision(number), actor=f"writer:{thread}")
                mine.append(time.perf_counter() - begun)
                number += 1
            latencies.extend(mine)

        threads = [threading.Thread(target=write, args=[thread]) for thread in range(WRITERS)]
        for thread in threads:
            thread.start()
        until[0] = time.perf_counter() + seconds
        begun = time.perf_counter()
        start_line.wait()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - begun
        written = ledger.size() - before
        if written != len(latencies):
            raise SystemExit(f"{len(latencies)} entries were acknowledged, {written} are there")
        latencies.sort()
        return (
            written / elapsed,
            latencies[len(latencies) // 2] * 1000,
            latencies[len(latencies) * 99 // 100] * 1000,
        )


def measure_appending(new_url, key, runs, seconds):
    """Return the figures of appending to a fresh ledger in each run."""
    found = [appended_per_second(new_url(run), key, seconds) for run in range(runs)]
    return {
        "appended": spread([one[0] for one in found], "entries/s"),
        "latency_p50": spread([one[1] for one in found], "ms"),
        "latency_p99": spread([one[2] for one in found], "ms"),
    }


def measure_verifying(folder, key, runs):
    """Return the figures of verifying an export, plain and packed, and a live ledger."""
    with open_ledger(f"sqlite:///{folder}/verify.sqlite", key=key) as ledger:
        for start in range(0, ENTRIES_TO_VERIFY, 5000):
            ledger.append_many(Draft("decision", decision(start + n), "benchmark") for n in range(5000))
        export(ledger, folder / "plain")
        export(ledger, folder / "packed", compress=True)
        size = (folder / "plain" / "entries.jsonl").stat().st_size
        figures = {"entries": ENTRIES_TO_VERIFY, "bytes_per_entry": round(size / ENTRIES_TO_VERIFY)}
        for name, check in (
            ("export", lambda: verify_export(folder / "plain", vkey=key.verifier)),
            ("export_compressed", lambda: verify_export(folder / "packed", vkey=key.verifier)),
            ("live_sqlite", lambda: verify_ledger(ledger)),
        ):
            rates = []
            for _ in range(runs):
                begun = time.perf_counter()
                found = check()
                rates.append(found.entries / (time.perf_counter() - begun))
                if not found.ok:
                    raise SystemExit(f"{name}: {found.reason}")
            figures[name] = spread(rates, "entries/s")
    return figures


def postgresql_server(stack):
    """Start the server that the tests use; None where there is none."""
    spec = importlib.util.spec_from_file_location(SERVER.stem, SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return stack.enter_context(module.postgresql_server())
    except module.NoPostgresql:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="flyball-bench-", dir=options.folder))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        key = load_or_create_key(folder / "key", name="example.com/benchmark")
        result = {
            "machine": {
                "cores": os.cpu_count(),
                "load_before": round(os.getloadavg()[0], 2),
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
            },
            "writers": WRITERS,
            "fsync": spread(fsync_latencies(folder), "ms"),
            "sqlite": measure_appending(
                lambda run: f"sqlite:///{folder}/run{run}.sqlite", key, options.runs, options.seconds
            ),
        }
        server = postgresql_server(stack)
        if server is None:
            result["postgresql"] = "not measured: no PostgreSQL programs on this machine"
        else:
            result["postgresql"] = measure_appending(
                lambda run: server.new_database(), key, options.runs, options.seconds
            )
        result["verified"] = measure_verifying(folder, key, options.runs)
        result["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
