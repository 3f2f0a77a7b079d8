"""What a snapshot costs: one commit, a load of 10^4 to 10^7 rows, a read; beside plain pyiceberg and Parquet.

    python benchmarks/snapshots.py                     up to 10^6 rows, some minutes
    python benchmarks/snapshots.py --rows 10000000     up to 10^7 rows

Prints one JSON object. Each load runs in a process of its own, so that its peak of memory is its own
(VmHWM; about 200 MB of it are Python with pyarrow and pyiceberg). Rows have 6 columns;
making them is measured too ("rows made, not kept") and not subtracted. The peers get the same batches:
"pyiceberg append" commits every 250,000 rows, "parquet" is one file; neither keeps a state or a digest.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load
from flyball.data.datasets.snapshots import scan_snapshot

BATCH, COMMIT = 50_000, 250_000
CARD = {"what": "One made-up payment."}
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("customer", pa.string()),
        ("amount", pa.decimal128(12, 2)),
        ("at", pa.timestamp("us", "UTC")),
        ("foreign", pa.bool_()),
        ("note", pa.string()),
    ]
)


def batches(rows):
    """Yield made-up payments, the same for each call."""
    random = np.random.default_rng(1)
    for start in range(0, rows, BATCH):
        size = min(BATCH, rows - start)
        ids = np.arange(start, start + size)
        customers = pa.array(random.integers(0, 1_000_000, size)).cast(pa.string())
        euros = pa.array(random.integers(1, 10_000_000, size)).cast(pa.decimal128(21, 2))
        columns = [
            pa.array(ids),
            customers,
            euros,
            pa.array(1_700_000_000_000_000 + ids * 1_000_000).cast(pa.timestamp("us", "UTC")),
            pa.array(random.random(size) < 0.1),
            pa.array(np.where(random.random(size) < 0.2, "checked by hand", None)),
        ]
        yield pa.RecordBatch.from_arrays(
            [one.cast(kind) for one, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA
        )


def made(folder, rows):
    """Make the rows and forget them."""
    for _ in batches(rows):
        pass


def loaded(folder, rows, mode="replace", key=()):
    """Load the rows and publish them."""
    with (
        open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue,
        open_load(catalogue, "payments", SCHEMA, mode=mode, key=key, source="made") as load,
    ):
        for number, batch in enumerate(batches(rows)):
            load.add(batch, str(number))
        load.publish(card=CARD)


def loaded_with_key(folder, rows):
    """Load the rows as a stream with a key: of doubled keys the last row would stay."""
    loaded(folder, rows, key=("id",))


def upserted(folder, rows):
    """Put the first 1 % of the rows in again by key: all keys are compared, one to four files rewritten."""
    loaded(folder, rows // 100, mode="upsert", key=("id",))


def appended(folder, rows):
    """Append with pyiceberg alone, a commit every 250,000 rows."""
    catalogue = SqlCatalog("plain", uri=f"sqlite:///{folder}/plain.db", warehouse=(folder / "plain").as_uri())
    catalogue.create_namespace("n")
    table = catalogue.create_table("n.payments", schema=SCHEMA)
    waiting = []
    for batch in batches(rows):
        waiting.append(batch)
        if len(waiting) * BATCH >= COMMIT:
            table.append(pa.Table.from_batches(waiting))
            waiting = []
    if waiting:
        table.append(pa.Table.from_batches(waiting))


def in_one_file(folder, rows):
    """Write one Parquet file."""
    with pq.ParquetWriter(folder / "rows.parquet", SCHEMA, compression="zstd") as writer:
        for batch in batches(rows):
            writer.write_batch(batch)


def scanned(folder, rows):
    """Read the snapshot and hold it against its digest."""
    with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue:
        found = sum(batch.num_rows for batch in scan_snapshot(catalogue, "payments"))
        if found != rows:
            raise SystemExit(f"{found} rows, expected {rows}")


def scanned_in_part(folder, rows):
    """Read two of six columns, which cannot be held against the digest."""
    with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue:
        for _ in scan_snapshot(catalogue, "payments", columns=["id", "amount"]):
            pass


def scanned_by_pyiceberg(folder, rows):
    """Read the same table with pyiceberg alone, batch by batch."""
    with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue:
        table = catalogue.sql.load_table(("flyball", "payments"))
        for _ in table.scan().to_arrow_batch_reader():
            pass


STEPS = {
    "rows made, not kept": made,
    "load": loaded,
    "load with a key": loaded_with_key,
    "pyiceberg append": appended,
    "parquet": in_one_file,
    "read and verify": scanned,
    "read two columns": scanned_in_part,
    "pyiceberg read": scanned_by_pyiceberg,
    "upsert of 1 %": upserted,
}


def commit_times(runs):
    """Return the milliseconds of commits of 1,000 rows: loads, and appends of pyiceberg."""
    ours, plain = [], []
    rows = next(batches(1_000))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = SqlCatalog("plain", uri=f"sqlite:///{folder}/p.db", warehouse=(folder / "p").as_uri())
        table.create_namespace("n")
        table = table.create_table("n.payments", schema=SCHEMA)
        with open_catalogue(f"sqlite:///{folder}/catalogue.db", folder / "warehouse") as catalogue:
            for run in range(runs + 1):
                start = time.perf_counter()
                with open_load(catalogue, "payments", SCHEMA, mode="append", source="made") as load:
                    load.add(rows, str(run))
                    load.publish(card=CARD)
                middle = time.perf_counter()
                table.append(pa.Table.from_batches([rows]))
                plain.append((time.perf_counter() - middle) * 1000)
                ours.append((middle - start) * 1000)
    return {
        "load of 1,000 rows, published": told(ours[1:]),
        "pyiceberg append of 1,000 rows": told(plain[1:]),
    }


def told(figures):
    """Return the median with its 95 % interval by order statistics."""
    ordered, n = sorted(figures), len(figures)
    reach = 0.98 * n**0.5
    low, high = max(0, int(n / 2 - reach)), min(n - 1, int(n / 2 + reach))
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "interval_95": [round(ordered[low], 1), round(ordered[high], 1)],
        "n": n,
    }


def measured(step, folder, rows):
    """Run one step in a process of its own; return its seconds and its peak of memory."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run_step(step, folder, rows):
    """Do the step, and print what it took."""
    start = time.perf_counter()
    STEPS[step](folder, rows)
    seconds = time.perf_counter() - start
    peak = next(
        line for line in Path("/proc/self/status").read_text().split("\n") if line.startswith("VmHWM")
    )
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "rows_per_s": round((rows // 100 if STEPS[step] is upserted else rows) / seconds),
                "peak_mb": round(int(peak.split()[1]) / 1024),
            }
        )
    )


def main():
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="largest load, a power of ten from 10,000"
    )
    parser.add_argument("--commits", type=int, default=40)
    parser.add_argument("--step")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.step:
        run_step(asked.step, asked.folder, asked.rows)
        return
    result = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "commits": commit_times(asked.commits),
    }
    rows = 10_000
    while rows <= asked.rows:
        with tempfile.TemporaryDirectory() as name:
            result[f"{rows:,} rows"] = {step: measured(step, Path(name), rows) for step in STEPS}
        print(f"{rows:,} rows done", file=sys.stderr, flush=True)
        rows *= 10
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
