"""How fast mainframe files become Arrow columns, on one core, beside a decoder that goes record by record.

    python benchmarks/mainframe.py                     100 MB of a wide fixed record, and of RDW records
    python benchmarks/mainframe.py --megabytes 500     more of them

Prints one JSON object. MB are 10**6 bytes of the file per second of CPU time of the process, so that other
work on the machine does not count; every figure is the median with the smallest and largest of the runs. The
peer is what one writes with `bytes.decode`, `int.from_bytes` and `bytes.hex` for a known layout, without a
check of anything; both read the same records, and the run fails if they disagree on the first thousand.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

for one in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[one] = "1"  # before numpy is imported

import pyarrow as pa  # noqa: E402

from flyball.data.sources.mainframe import json_lines, read_records  # noqa: E402

KINDS = 12
"""Of each kind of field below, with 58 bytes in all, so 696 bytes and 84 fields in a record."""

FIELDS = (
    ("TEXT-20", "PIC X(20)", 20),
    ("TEXT-8", "PIC X(8)", 8),
    ("ZONED", "PIC S9(7)V99", 9),
    ("PACKED", "PIC S9(9)V99 COMP-3", 6),
    ("INTEGER", "PIC 9(5) COMP-3", 3),
    ("BINARY", "PIC S9(9) COMP", 4),
    ("LONGER", "PIC S9(15) COMP-3", 8),
)
PEER_RECORDS = 20_000
COMPARED = 1_000


def copybook():
    lines = ["       01  WIDE."]
    for number in range(KINDS):
        lines += [f"           05  {name}-{number:02d}  {clause}." for name, clause, _ in FIELDS]
    return "\n".join(lines) + "\n"


def record(number):
    """Return a record whose every value follows from its number."""
    parts = []
    for place in range(KINDS):
        value = (number * 7919 + place * 104729) % 99_999_999 - 40_000_000
        sign = "D" if value < 0 else "C"
        zoned = f"{abs(value):09d}".encode("cp037")
        zone = 0xD0 if value < 0 else 0xC0
        parts += [
            f"Name of {abs(value)}".ljust(20)[:20].encode("cp037"),
            f"K{number % 1000}".ljust(8).encode("cp037"),
            zoned[:-1] + bytes([zone | (zoned[-1] & 0x0F)]),
            bytes.fromhex(f"{abs(value):011d}{sign}"),
            bytes.fromhex(f"{abs(value) % 100_000:05d}C"),
            value.to_bytes(4, "big", signed=True),
            bytes.fromhex(f"{abs(value) * 1000:015d}{sign}"),
        ]
    return b"".join(parts)


def peer(data, length, header):
    """Return the rows of a file, record by record and field by field."""
    plan, offset = [], 0
    for number in range(KINDS):
        for name, _, size in FIELDS:
            plan.append((f"{name}-{number:02d}", name, offset, offset + size))
            offset += size
    rows, place = [], 0
    while place < len(data):
        if header:
            length = int.from_bytes(data[place : place + 2], "big") - 4
            place += 4
        body = data[place : place + length]
        place += length
        row = {}
        for name, kind, begin, end in plan:
            raw = body[begin:end]
            if kind.startswith("TEXT"):
                row[name] = raw.decode("cp037").strip()
            elif kind == "BINARY":
                row[name] = int.from_bytes(raw, "big", signed=True)
            elif kind == "ZONED":
                text = raw[:-1].decode("cp037") + str(raw[-1] & 0x0F)
                row[name] = Decimal(-int(text) if raw[-1] >> 4 == 0x0D else int(text)).scaleb(-2)
            else:
                text = raw.hex()
                value = -int(text[:-1]) if text[-1] == "d" else int(text[:-1])
                row[name] = Decimal(value).scaleb(-2) if kind == "PACKED" else value
        rows.append(row)
    return rows


def timed(work, size, runs):
    """Return MB per second of CPU time: median, smallest, largest."""
    rates = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        rates.append(size / (time.process_time() - begin) / 1e6)
    return {
        "median": round(statistics.median(rates), 1),
        "smallest": round(min(rates), 1),
        "largest": round(max(rates), 1),
        "runs": runs,
        "unit": "MB/s of one core",
    }


def measured(folder, form, megabytes, runs):
    length = sum(size for _, _, size in FIELDS) * KINDS
    some = [record(number) for number in range(2_000)]
    if form == "rdw":
        some = [(length + 4).to_bytes(2, "big") + b"\0\0" + one for one in some]
    block = b"".join(some)
    path = folder / f"{form}.dat"
    count = max(1, int(megabytes * 1e6 / len(block)))
    with path.open("wb") as file:
        for _ in range(count):
            file.write(block)
    size = path.stat().st_size
    settings = {"copybook_text": copybook(), "path": path, "record_format": form}

    def columns():
        return sum(len(batch) for batch in read_records(settings))

    records = columns()
    found = next(iter(read_records(settings | {"batch_rows": COMPARED}))).to_pylist()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one = (length + 4) if form == "rdw" else length
    part = path.read_bytes()[: PEER_RECORDS * one]
    if peer(part[: COMPARED * one], length, form == "rdw") != found:
        raise SystemExit("the peer and we read something else: no figure is worth anything")
    return {
        "records": records,
        "bytes of a record": length,
        "fields": len(FIELDS) * KINDS,
        "MB": round(size / 1e6, 1),
        "memory of the process, MB": round(memory / 1e3),
        "columns": timed(columns, size, runs),
        "record by record": timed(lambda: peer(part, length, form == "rdw"), len(part), runs),
    }


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--megabytes", type=float, default=100)
    asked.add_argument("--runs", type=int, default=5)
    given = asked.parse_args()
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {form: measured(folder, form, given.megabytes, given.runs) for form in ("fixed", "rdw")}
        del result["rdw"]["memory of the process, MB"]  # the peer's rows of the first form are still in it
        lines = {"copybook_text": copybook(), "path": folder / "fixed.dat"}
        begin = time.process_time()
        size = sum(len(line) for line in json_lines(lines, 20_000))
        seconds = time.process_time() - begin
        result["json lines"] = {
            "records": 20_000,
            "MB of the file a second": round(
                20_000 * result["fixed"]["bytes of a record"] / seconds / 1e6, 1
            ),
            "MB of JSON a second": round(size / seconds / 1e6, 1),
        }
    result["machine"] = (
        f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores, shared"
    )
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
