"""The loop: from an edited rule to a signed release, a new detector, and deciding many contracts.

    python benchmarks/loop.py [--cuad FILE] [--contracts 500] [--runs 5]

Every run is a process of its own, as a person would start it. Prints JSON. Without --cuad the sample
contracts are repeated, each with a line that makes it another contract.
"""

import argparse
import csv
import gzip
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLYBALL = [sys.executable, "-c", "from flyball.cli import main; main()"]
SOLUTION = Path(__file__).parent.parent / "src" / "flyball" / "solutions" / "contract_review"


def flyball(*arguments: str, folder: Path) -> tuple[str, str, float]:
    """Return stdout, stderr and seconds of one command."""
    began = time.perf_counter()
    done = subprocess.run([*FLYBALL, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout, done.stderr, time.perf_counter() - began


def spread(values: list[float]) -> dict[str, float]:
    """Return the median with the smallest and largest."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "n": len(values),
    }


def edit_rule(folder: Path, number: int) -> None:
    """Give the first rule of the liability table another message."""
    path = folder / "rules" / "playbook" / "liability.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[1][rows[0].index("then message")] = (
        f"The contract does not limit what we may have to pay ({number})."
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def edited_rule(folder: Path, runs: int) -> dict[str, object]:
    """Measure from an edited rule to a signed, live release with its report."""
    seconds, ran = [], set()
    for number in range(runs):
        edit_rule(folder, number)
        out, _, took = flyball("turn", "--json", folder=folder)
        seconds.append(took)
        ran |= {stage["stage"] for stage in json.loads(out)["stages"] if stage["action"] == "run"}
    return {"seconds": spread(seconds), "stages_run": sorted(ran)}


def new_detector(folder: Path) -> dict[str, object]:
    """Measure from a new version of the detector to a live release."""
    shutil.copytree(SOLUTION / "detector", folder / "detector")
    settings = folder / "flyball.toml"
    settings.write_text(settings.read_text().replace("shipped:contract_review/detector", "detector"))
    card = folder / "detector" / "card.json"
    card.write_bytes(card.read_bytes() + b"\n")
    out, _, took = flyball("turn", "--json", folder=folder)
    stages = json.loads(out)["stages"]
    return {
        "seconds": round(took, 3),
        "stages_run": [one["stage"] for one in stages if one["action"] == "run"],
        "stages_skipped": [one["stage"] for one in stages if one["action"] == "skip"],
    }


def texts(cuad: Path | None, number: int) -> list[str]:
    """Return so many different contracts."""
    if cuad is None:
        found = [path.read_text() for path in sorted((SOLUTION / "cases" / "contracts").glob("*.txt"))]
    else:
        data = cuad.read_bytes()
        data = gzip.decompress(data) if cuad.suffix == ".gz" else data
        found = [entry["paragraphs"][0]["context"] for entry in json.loads(data)["data"]]
    return [
        found[index % len(found)] + (f"\nCopy {index}." if index >= len(found) else "")
        for index in range(number)
    ]


def deciding(folder: Path, contracts: list[str], workers: int) -> dict[str, object]:
    """Measure documents per second, ledger on, from files to decisions on stdout."""
    with tempfile.TemporaryDirectory() as given:
        for index, text in enumerate(contracts):
            (Path(given) / f"{index:04d}.txt").write_text(f"{text}\nRun with {workers}.", newline="")
        began = time.perf_counter()
        out, err, _ = flyball("decide", given, "--json", "--workers", str(workers), folder=folder)
        seconds = time.perf_counter() - began
    lines = out.strip().split("\n")
    del err
    return {
        "workers": workers,
        "contracts": len(lines),
        "megabytes": round(sum(map(len, contracts)) / 1e6, 1),
        "seconds": round(seconds, 1),
        "documents_per_second": round(len(lines) / seconds, 1),
    }


def main() -> None:
    """Run everything and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuad", type=Path)
    parser.add_argument("--contracts", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "deployment"
        flyball("init", "--folder", str(folder), folder=Path(place))
        _, _, first = flyball("turn", "--json", folder=folder)
        _, _, again = flyball("turn", "--json", folder=folder)
        contracts = texts(given.cuad, given.contracts)
        result = {
            "machine": {
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "load_before": os.getloadavg()[0],
            },
            "first_turn_seconds": round(first, 3),
            "turn_with_nothing_to_do_seconds": round(again, 3),
            "edited_rule": edited_rule(folder, given.runs),
            "new_detector": new_detector(folder),
            "deciding": [deciding(folder, contracts, workers) for workers in (1, os.cpu_count() or 1)],
        }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
