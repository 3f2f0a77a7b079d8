"""How fast a PostgreSQL table becomes Arrow batches with a state, beside a plain COPY of the same table.

    python benchmarks/databases.py                      1 M rows, 5 runs of each, in turns
    python benchmarks/databases.py --rows 100000 --runs 3

Starts its own PostgreSQL and prints one JSON object. "copy text" and "copy binary" throw the bytes away
as they arrive and decode nothing: they are the floor of what the server can do. "sync" is what a load
does without the write: pages behind the last key in one snapshot, decimals and times in their Arrow types.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.loading import open_load
from flyball.data.sources.source import SOURCES

SERVER = Path(__file__).parents[1] / "tests" / "ledger" / "postgresql_server.py"
TABLE = """
CREATE TABLE transfers (
    id bigint PRIMARY KEY, account bigint NOT NULL, amount numeric(12, 2) NOT NULL, currency char(3) NOT NULL,
    booked date NOT NULL, at timestamptz NOT NULL, text varchar(140), reversed boolean NOT NULL
);
INSERT INTO transfers SELECT n, n % 50000, (n % 1000003) / 100.0, 'EUR', date '2020-01-01' + n % 2000,
    timestamptz '2020-01-01' + n * interval '1 second', 'invoice ' || n || ' of the month', n % 97 = 0
    FROM generate_series(1, {rows}) n;
VACUUM ANALYZE transfers;
"""


def copied(url, form):
    """Return seconds and bytes of a COPY that decodes nothing."""
    count = 0
    with psycopg.connect(url) as connection:
        begun = time.perf_counter()
        with connection.cursor().copy(f"COPY transfers TO STDOUT (FORMAT {form})") as copy:
            for part in copy:
                count += len(part)
        return time.perf_counter() - begun, count


def synced(url, rows, batch_rows):
    """Return seconds of a whole load, reflection and connections included."""
    source = SOURCES.load("database")("bench", {"url": url, "batch_rows": batch_rows})
    begun = time.perf_counter()
    count = sum(batch.rows.num_rows for batch in source.batches("public.transfers"))
    seconds = time.perf_counter() - begun
    if count != rows:
        raise SystemExit(f"{count} rows came of {rows}")
    return seconds


def kept(url, rows, batch_rows):
    """Return seconds of a whole load into an Iceberg table, digest and commits included."""
    source = SOURCES.load("database")("bench", {"url": url, "batch_rows": batch_rows})
    (stream,) = [one for one in source.streams() if one.name == "public.transfers"]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with (
            open_catalogue(f"sqlite:///{folder}/catalogue.db", Path(folder) / "warehouse") as catalogue,
            open_load(
                catalogue, "transfers", stream.schema, key=stream.key, mode="replace", source="bench"
            ) as load,
        ):
            for batch in source.batches(stream.name):
                load.add(batch.rows, batch.state)
            made = load.publish(card={})
        seconds = time.perf_counter() - begun
    if made.rows != rows:
        raise SystemExit(f"{made.rows} rows were kept of {rows}")
    return seconds


def spread(seconds, rows):
    """Return rows per second: median, smallest and largest over the runs."""
    figures = [rows / one for one in seconds]
    return {
        "median": round(statistics.median(figures)),
        "smallest": round(min(figures)),
        "largest": round(max(figures)),
        "runs": len(figures),
        "unit": "rows/s",
    }


def main():
    """Measure in turns, so that a slow minute of the machine meets all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch-rows", type=int, default=50_000)
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("postgresql_server", SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.postgresql_server() as server:
        url = server.new_database()
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in TABLE.format(rows=options.rows).split(";"):
                if statement.strip():
                    connection.execute(statement)
        measured = {"copy text": [], "copy binary": [], "sync": [], "sync kept in Iceberg": []}
        size = 0
        for _ in range(options.runs):
            seconds, size = copied(url, "text")
            measured["copy text"].append(seconds)
            measured["copy binary"].append(copied(url, "binary")[0])
            measured["sync"].append(synced(url, options.rows, options.batch_rows))
            measured["sync kept in Iceberg"].append(kept(url, options.rows, options.batch_rows))
    found = {name: spread(seconds, options.rows) for name, seconds in measured.items()}
    for name in ("sync", "sync kept in Iceberg"):
        ratios = [copy / sync for copy, sync in zip(measured["copy text"], measured[name], strict=True)]
        found[f"{name} over copy text"] = {
            "median": round(statistics.median(ratios), 3),
            "smallest": round(min(ratios), 3),
            "largest": round(max(ratios), 3),
            "runs": len(ratios),
            "unit": "ratio of rows/s, run by run",
        }
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    print(json.dumps({"rows": options.rows, "text bytes": size, "machine": machine, **found}, indent=2))


if __name__ == "__main__":
    main()
