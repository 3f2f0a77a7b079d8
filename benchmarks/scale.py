"""How memory and cost grow with rows: load into Iceberg, contract, personal data; Spark beside.

    python benchmarks/scale.py                          10,000 to 10,000,000 rows, Spark to 1,000,000
    python benchmarks/scale.py --rows 10000 100000 --spark 10000 --plot docs/pictures/scale.svg

Each measurement is a process of its own. "cpu_s" is user and system time, "peak_mib" the largest resident
set, both of the process and all that it starts (Spark's JVM and Python workers), sampled ten times a
second: the last tenth of a second of a process is not seen, and shared pages count once per process.
"load" reads nothing: rows are made batch by batch and published as a snapshot. "contract" and "personal"
read that snapshot. "personal" looks for every kind of personal data, names included, up to `--text` rows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow as pa

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load
from flyball.data.datasets.snapshots import scan_snapshot
from flyball.data.privacy.detection import default_detector
from flyball.data.quality.check import ContractCheck
from flyball.data.quality.contract import parse_contract
from flyball.data.spark.run import map_batches

BATCH = 50_000
CONTRACT = """
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "amount"
type = "int64"
at_least = 0
at_most = 1000000
[[column]]
name = "note"
type = "string"
length_at_most = 60
"""
SCHEMA = pa.schema([("id", pa.int64()), ("amount", pa.int64()), ("note", pa.string())])
FOUND = pa.schema([("found", pa.int64())])


def made(rows):
    """Yield the rows of the measurement; every seventh note holds a name and an address."""
    for first in range(0, rows, BATCH):
        ids = range(first, min(first + BATCH, rows))
        notes = [
            f"Pay Anna Miller, customer{n}@example.com, soon." if n % 7 == 0 else f"invoice {n}" for n in ids
        ]
        yield pa.RecordBatch.from_arrays(
            [pa.array(ids, pa.int64()), pa.array([n % 1_000_001 for n in ids], pa.int64()), pa.array(notes)],
            schema=SCHEMA,
        )


def kept(batch):
    """Return the rows of a batch that keep the contract."""
    return ContractCheck(parse_contract(CONTRACT), batch.schema).look(batch)


def found(batch):
    """Return how many pieces of personal data a batch holds, as one row."""
    told = default_detector().scan(batch.column("note").to_pylist())
    return pa.RecordBatch.from_pylist([{"found": sum(map(len, told))}], schema=FOUND)


STEPS = {"contract": (kept, SCHEMA), "personal": (found, FOUND)}


def counted(step, batches):
    """Return rows kept, or pieces found."""
    if step == "contract":
        return sum(batch.num_rows for batch in batches)
    return sum(sum(batch.column("found").to_pylist()) for batch in batches)


def load(catalogue, rows):
    """Publish the rows as a snapshot."""
    with open_load(catalogue, "scale", SCHEMA, mode="replace", source="made") as opened:
        for number, batch in enumerate(made(rows)):
            opened.add(batch, str(number))
        opened.publish(card={})
    return rows


def on_spark(catalogue, step):
    """Return what the step counts, on a Spark of one process with one core."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH))
        .config("spark.log.level", "OFF")
        .getOrCreate()
    )
    frame = map_batches(spark, catalogue, "scale", *STEPS[step])
    column = "found" if step == "personal" else "1"
    count = frame.selectExpr(f"sum({column}) AS n").collect()[0]["n"]
    spark.stop()
    return count


def work(folder, engine, step, rows):
    """Do one measurement in this process and print what was counted."""
    sys.modules.setdefault("scale", sys.modules["__main__"])
    if engine == "spark":
        from pyspark import cloudpickle

        cloudpickle.register_pickle_by_value(sys.modules["__main__"])
    with open_catalogue(f"sqlite:///{folder}/catalogue.db", Path(folder) / "files") as catalogue:
        if step == "load":
            count = load(catalogue, rows)
        elif engine == "spark":
            count = on_spark(catalogue, step)
        else:
            count = counted(step, map(STEPS[step][0], scan_snapshot(catalogue, "scale")))
    print(count)


def looked(session, ticks):
    """Note the processor ticks of each process of a session; return the resident bytes of all."""
    total = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(place.name)) == session:
                words = (place / "stat").read_text().rpartition(")")[2].split()
                ticks[place.name] = int(words[11]) + int(words[12])
                total += int((place / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE")


def measured(folder, engine, step, rows):
    """Return one measurement."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, "--work", str(folder), engine, step, str(rows)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    peak, ticks = [0], {}

    def watch():
        while child.poll() is None:
            peak[0] = max(peak[0], looked(child.pid, ticks))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out = child.stdout.read()
    watcher.join()
    if child.returncode:
        raise SystemExit(f"{engine} {step} of {rows} rows ended with {child.returncode}")
    cpu = sum(ticks.values()) / os.sysconf("SC_CLK_TCK")
    figure = {
        "engine": engine,
        "step": step,
        "rows": rows,
        "count": int(out.split()[-1]),
        "cpu_s": round(cpu, 2),
        "wall_s": round(time.perf_counter() - begun, 2),
        "peak_mib": round(peak[0] / 2**20),
    }
    print(json.dumps(figure), file=sys.stderr, flush=True)  # a long run tells how far it is
    return figure


def plot(figures, path):
    """Draw CPU seconds and memory over rows, both on logarithmic scales."""
    import math

    colours = {"load": "#1b6ca8", "contract": "#2a9d5c", "personal": "#c2571a"}
    drawn = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 330"',
        ' font-family="sans-serif" font-size="11">',
    ]
    drawn.append('<rect width="760" height="330" fill="white"/>')
    for panel, (name, title, low, high) in enumerate(
        (("cpu_s", "CPU seconds", 0, 3), ("peak_mib", "peak memory, MiB", 2, 4))
    ):
        left = 50 + panel * 370

        def place(rows, value, left=left, low=low, high=high):
            across = left + (math.log10(rows) - 4) / 3 * 290
            return across, 280 - (math.log10(max(value, 10**low)) - low) / (high - low) * 230

        drawn.append(f'<text x="{left}" y="30" font-weight="bold">{title}</text>')
        for power in range(low, high + 1):
            _, down = place(10_000, 10**power)
            drawn.append(f'<path d="M{left} {down:.0f}h290" stroke="#ddd"/>')
            drawn.append(f'<text x="{left - 6}" y="{down + 4:.0f}" text-anchor="end">{10**power}</text>')
        for power in range(4, 8):
            across, _ = place(10**power, 1)
            drawn.append(f'<text x="{across:.0f}" y="298" text-anchor="middle">{10**power:,}</text>')
        for engine in ("embedded", "spark"):
            for step, colour in colours.items():
                points = [
                    place(f["rows"], f[name]) for f in figures if (f["engine"], f["step"]) == (engine, step)
                ]
                line = " ".join(f"{across:.0f},{down:.0f}" for across, down in points)
                dash = ' stroke-dasharray="5 4"' if engine == "spark" else ""
                drawn.append(
                    f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
                )
    for number, (step, colour) in enumerate(colours.items()):
        drawn.append(f'<text x="{60 + number * 90}" y="322" fill="{colour}">{step}</text>')
    drawn.append('<text x="340" y="322">solid: embedded, dashed: Spark; rows across</text></svg>')
    Path(path).write_text("\n".join(drawn) + "\n", encoding="utf-8")


def main():
    """Measure, print one JSON object, and draw it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10**n for n in range(4, 8)])
    parser.add_argument(
        "--spark", type=int, default=1_000_000, help="Spark up to so many rows; 0: not at all"
    )
    parser.add_argument("--text", type=int, default=1_000_000, help="personal data up to so many rows")
    parser.add_argument("--plot")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        folder, engine, step, rows = options.work
        work(folder, engine, step, int(rows))
        return
    figures = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory(prefix="flyball-scale-") as folder:
            steps = ["load", "contract", *(["personal"] if rows <= options.text else [])]
            figures += [measured(folder, "embedded", step, rows) for step in steps]
            if rows <= options.spark:
                figures += [measured(folder, "spark", step, rows) for step in steps[1:]]
    for step in STEPS:
        for rows in options.rows:
            counts = {one["count"] for one in figures if (one["step"], one["rows"]) == (step, rows)}
            if len(counts) > 1:
                raise SystemExit(f"{step} of {rows} rows differs between engines: {sorted(counts)}")
    if options.plot:
        plot(figures, options.plot)
    print(
        json.dumps(
            {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2), "figures": figures}, indent=1
        )
    )


if __name__ == "__main__":
    main()
