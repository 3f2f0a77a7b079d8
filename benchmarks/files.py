"""How fast tables and business formats are read, beside peers, and whether memory is flat.

    python benchmarks/files.py [--rows 2000000] [--repeat 3]

Each measurement is a process of its own, so that its peak memory is its own. Peers are measured in the
same run: pyarrow.csv (which checks the number of fields, and types by its first block only) and the csv
module of Python (which checks neither and makes text only) for CSV; pyx12 and python-hl7, where they are
installed, for X12 and HL7.
"""

import argparse
import contextlib
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEED_ROW = '{0},{0}.25,2026-11-{1:02},Customer {0} of the town,"a, quoted ""field"" here",{2:.6f}\n'
CLAIM = (
    "CLM*C{0}*{0}.50***11:B:1~\nHI*ABK:I10*ABF:E119~\nLX*1~\n"
    "SV1*HC:99213*{0}.50*UN*1***1~\nDTP*472*D8*20261121~\n"
)
RESULT = "OBX|{0}|NM|GLU^Glucose^LN||{0}.5|mmol/L|4-6|N|||F|||20261121120000+0100\r"


SHELF, KINDS = "flyball.data.sources.shelf", ("tables", "x12", "hl7")


def csv_file(folder: Path, rows: int) -> Path:
    path = folder / f"{rows}.csv"
    with path.open("w") as file:
        file.write("id,amount,day,name,note,share\n")
        for number in range(rows):
            file.write(SEED_ROW.format(number, number % 28 + 1, number / rows))
    return path


def x12_file(folder: Path, claims: int) -> Path:
    path = folder / f"{claims}.x12"
    body = "".join(CLAIM.format(number) for number in range(claims))
    path.write_text(
        "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*INSURER        *261121*1253"
        "*^*00501*000000007*0*T*:~\n"
        "GS*HC*CLINIC*INSURER*20261121*0802*1*X*005010X222A1~\nST*837*0001*005010X222A1~\n"
        f"BHT*0019*00*REF*20261121*0932*CH~\n{body}SE*{claims * 5 + 3}*0001~\nGE*1*1~\nIEA*1*000000007~\n"
    )
    return path


def hl7_file(folder: Path, messages: int) -> Path:
    path = folder / f"{messages}.hl7"
    body = "".join(RESULT.format(number) for number in range(1, 21))
    with path.open("w", newline="") as file:
        for number in range(messages):
            file.write(
                rf"MSH|^~\&|LAB|HOSP|EHR|HOSP|20261121130500+0100||ORU^R01|{number}|P|2.5.1"
                f"\rPID|1||P{number}||Doe^Jane\rOBR|1||F{number}\r{body}"
            )
    return path


def ours(kind: str, path: str, stream: str, **settings: object) -> int:
    make = getattr(importlib.import_module(f"{SHELF}.{kind}"), kind)
    source = make("bench", {"path": path, **settings})
    return sum(batch.rows.num_rows for batch in source.batches(stream))


def measure(what: str, path: str) -> int:
    """Read a file in one way and return the rows."""
    columns = {
        "id": "int64",
        "amount": "decimal(14,2)",
        "day": "date",
        "name": "string",
        "note": "string",
        "share": "float64",
    }
    if what == "csv declared":
        return ours("tables", path, "rows", columns=columns, infer=False)
    if what == "csv inferred":
        return ours("tables", path, "rows")
    if what == "csv pyarrow":
        import pyarrow.csv as arrow_csv

        options = arrow_csv.ReadOptions(use_threads=False, block_size=4 << 20)
        return sum(batch.num_rows for batch in arrow_csv.open_csv(path, read_options=options))
    if what == "csv python":
        import csv

        with open(path, newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    if what in ("x12 segments", "x12 claims"):
        return ours("x12", path, what.split()[1])
    if what == "x12 pyx12":
        import pyx12.x12file

        reader = pyx12.x12file.X12Reader(path)
        return sum(1 for _ in reader)
    if what == "hl7 observations":
        return ours("hl7", path, "observations")
    if what == "hl7 python-hl7":
        import hl7

        found = 0
        with open(path, newline="") as file:
            for part in file.read().split("MSH|")[1:]:
                for segment in hl7.parse("MSH|" + part):
                    if str(segment[0]) == "OBX":
                        found += bool(str(segment[5])) and bool(str(segment[3][0][0]))
        return found
    raise SystemExit(f"no measurement is called {what}")


def child(what: str, path: str) -> None:
    for module in ("pyarrow.csv", "csv", "pyx12.x12file", "hl7", *(f"{SHELF}.{one}" for one in KINDS)):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)  # the time to import is not the time to read
    used = time.process_time()
    started = time.perf_counter()
    rows = measure(what, path)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "rows": rows,
                "seconds": seconds,
                "cpu": time.process_time() - used,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def run(what: str, path: Path, repeat: int) -> None:
    command = [sys.executable, __file__, "--one", what, "--path", str(path)]
    found = []
    for _ in range(repeat):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"| {what} | {path.name} | not measured: {done.stderr.strip().splitlines()[-1]} |")
            return
        found.append(json.loads(done.stdout))
    size = path.stat().st_size / 1e6
    cpu = sorted(one["cpu"] for one in found)
    middle = statistics.median(cpu)
    print(
        f"| {what} | {path.name} | {size:.0f} MB | {found[0]['rows']:,} rows | {middle:.2f} s CPU "
        f"({cpu[0]:.2f} to {cpu[-1]:.2f}, n = {repeat}) | {size / middle:.1f} MB/s "
        f"| {found[0]['rows'] / middle:,.0f} rows/s | peak {max(one['peak_mb'] for one in found):.0f} MB |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one")
    parser.add_argument("--path")
    given = parser.parse_args()
    if given.one:
        child(given.one, given.path)
        return
    with tempfile.TemporaryDirectory(prefix="flyball-files-") as name:
        folder = Path(name)
        for rows in (given.rows // 10, given.rows):
            path = csv_file(folder, rows)
            for what in ("csv declared", "csv inferred", "csv pyarrow", "csv python"):
                run(what, path, given.repeat)
        path = x12_file(folder, max(given.rows // 50, 100))
        for what in ("x12 segments", "x12 claims", "x12 pyx12"):
            run(what, path, given.repeat)
        path = hl7_file(folder, max(given.rows // 200, 100))
        for what in ("hl7 observations", "hl7 python-hl7"):
            run(what, path, given.repeat)


if __name__ == "__main__":
    main()
