"""Drift: false alarms, delays, and a million rows of a hundred columns, with peers beside it.

`python benchmarks/drift.py looks`: two tables without drift; how many looks find any.
`python benchmarks/drift.py alarms [--kind KIND]`: streams without drift; how many raised any alarm.
`python benchmarks/drift.py dependent`: rows that depend on those beside them, without drift.
`python benchmarks/drift.py delays`: generated streams that change in one known way; rows until it is found.
`python benchmarks/drift.py streams --data FOLDER`: elec2 and California housing, of the folder with both.
`python benchmarks/drift.py impact --data FILE`: credit card clients, of whom those who pay late became more
(UCI_Credit_Card.csv); whether what that means for the share of defaults is said before they are known.
`python benchmarks/drift.py speed [--rows N] [--evidently PYTHON] [--nannyml PYTHON]`: the interpreters of
environments that hold the peers.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from flyball.core.intervals import wilson
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.estimated import (
    Calibrator,
    estimated_accuracy,
    fit_calibrator,
    reconciled,
    weights_of,
)
from flyball.evaluation.drift.over_time import Look, Watch, sketch_table
from flyball.evaluation.drift.records import Options

WINDOW, WINDOWS, REFERENCE = 250, 100, 2_000


def rows(draw: np.random.Generator, n: int, *, change: str = "", part: float = 1.0) -> pa.Table:
    """Return rows of eight columns, correlated, with gaps; changed in one way for a part of the rows."""
    common = draw.normal(size=(n, 1))
    x = 0.6 * common + 0.8 * draw.normal(size=(n, 5))
    changed = draw.random(n) < part
    if change == "mean of one column by 0.3 deviations":
        x[:, 0] += 0.3 * changed
    if change == "spread of one column by half":
        x[:, 0] *= np.where(changed, 1.5, 1.0)
    if change == "correlation of two columns, 0.36 to 0, no column by itself":
        x[changed, 1] = draw.normal(size=int(changed.sum()))
    missing = draw.random(n) < np.where(changed & (change == "missing, 10 % to 20 %"), 0.2, 0.1)
    kinds = draw.choice(5, n, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    if change == "a new value in 5 % of the rows":
        kinds = np.where(changed & (draw.random(n) < 0.05), 7, kinds)
    columns = {f"x{i}": pa.array(x[:, i]) for i in range(5)}
    columns["gap"] = pa.array(draw.normal(size=n), mask=missing)
    columns["kind"] = pa.array([f"kind {one}" for one in kinds])
    columns["count"] = pa.array(draw.poisson(4, n))
    return pa.table(columns)


CHANGES = (
    "mean of one column by 0.3 deviations",
    "spread of one column by half",
    "correlation of two columns, 0.36 to 0, no column by itself",
    "missing, 10 % to 20 %",
    "a new value in 5 % of the rows",
)


def ties(draw: np.random.Generator, n: int) -> pa.Table:
    """Return counts, rounded numbers and a column that is mostly zero."""
    counts = {f"c{i}": pa.array(draw.poisson(2 + 3 * i, n)) for i in range(5)}
    rounded = {f"r{i}": pa.array(np.round(draw.normal(size=n), 1)) for i in range(4)}
    money = pa.array(np.round(draw.lognormal(3, 1.5, n), -1))
    zero = pa.array(np.where(draw.random(n) < 0.8, 0, draw.lognormal(0, 2, n)))
    return pa.table({**counts, **rounded, "money": money, "zero": zero})


def categories(draw: np.random.Generator, n: int) -> pa.Table:
    """Return texts of 2 to 20,000 values, most of them rare, and flags of 2 %, 10 % and 50 %."""
    columns = {}
    for most in (2, 3, 8, 30, 200, 2_000, 20_000):
        columns[f"k{most}"] = pa.array([f"v{one}" for one in np.minimum(draw.zipf(1.4, n) - 1, most - 1)])
    for i in range(3):
        columns[f"b{i}"] = pa.array(draw.random(n) < (0.02, 0.1, 0.5)[i])
    return pa.table(columns)


def correlated(draw: np.random.Generator, n: int) -> pa.Table:
    """Return sixty columns of three common factors."""
    factors = draw.normal(size=(n, 3))
    x = factors @ np.random.default_rng(7).normal(size=(3, 60)) + 0.5 * draw.normal(size=(n, 60))
    return pa.table({f"x{i}": x[:, i] for i in range(60)})


def gaps(draw: np.random.Generator, n: int) -> pa.Table:
    """Return ten columns with 0.5 % to 90 % of their values missing."""
    shares = (0.005, 0.02, 0.05, 0.3, 0.9)
    return pa.table(
        {f"g{i}": pa.array(draw.normal(size=n), mask=draw.random(n) < shares[i % 5]) for i in range(10)}
    )


KINDS = {"mixed": rows, "ties": ties, "categories": categories, "correlated": correlated, "gaps": gaps}


def looks(n: int) -> None:
    """Count single looks at two tables without drift that find any, at a rate of 5 %."""
    for ours, theirs in ((250, 250), (2_000, 500)):
        options = Options(smallest_effect=0.0)
        found = 0
        for seed in range(n):
            draw = np.random.default_rng([seed, 3])
            sides = [sketch_table(str(size), rows(draw, size), options) for size in (ours, theirs)]
            found += bool(compare(*sides, options).drifted)
        low, high = wilson(found, n)
        print(f"{ours} rows beside {theirs}: {found} of {n} looks found drift, {found / n:.1%} "
              f"[{low:.1%}, {high:.1%}]; stated: 5 %", flush=True)  # fmt: skip


def alarms(kind: str, streams: int, windows: int, first: int) -> None:
    """Count streams without drift that ever raise an alarm in 100 windows."""
    made = KINDS[kind]
    began = time.process_time()
    raised = looked = 0
    options = Options(rate=0.05, smallest_effect=0.0)  # an effect that must matter makes alarms rarer still
    for seed in range(first, first + streams):
        draw = np.random.default_rng([seed, 1])
        watch = Watch(sketch_table("reference", made(draw, REFERENCE), options), options)
        found = [look for _ in range(windows) for look in watch.take(made(draw, WINDOW))]
        looked += len(found)
        raised += any(one.report.drifted for one in found)
        print(
            f"{kind}: {raised} of {seed + 1 - first} streams of {windows} windows of {WINDOW} rows raised an "
            f"alarm ({looked} looks, {time.process_time() - began:.0f} s CPU); stated: at most 5 %",
            flush=True,
        )


def dependent(n: int, every: int) -> None:
    """Count looks that find drift in half-hours which keep 0.9 of the one before, without any drift."""
    options = Options(smallest_effect=0.0)
    found = {1: 0, every: 0}
    for seed in range(n):
        draw = np.random.default_rng([seed, 9])
        new = draw.normal(size=(48 * 300, 4)) * math.sqrt(1 - 0.9**2)
        x = np.zeros_like(new)
        x[0] = draw.normal(size=4)
        for i in range(1, len(x)):
            x[i] = 0.9 * x[i - 1] + new[i]
        sides = x[: 48 * 200], x[48 * 200 :]
        for step in found:
            tables = [pa.table({f"x{i}": side[::step, i] for i in range(4)}) for side in sides]
            sketched = [sketch_table("half-hours", table, options) for table in tables]
            found[step] += bool(compare(*sketched, options).drifted)
    for step, some in found.items():
        low, high = wilson(some, n)
        print(f"one row of {step}: {some} of {n} looks found drift, {some / n:.1%} [{low:.1%}, {high:.1%}]")


def delays(seeds: int) -> None:
    """Count rows from a change, after 20 windows, to the first alarm that names it or the rows as a whole."""
    for change in CHANGES:
        found_after, early = [], 0
        for seed in range(seeds):
            draw = np.random.default_rng([seed, 2])
            options = Options()
            watch = Watch(sketch_table("reference", rows(draw, REFERENCE), options), options)
            early += any(look.report.drifted for _ in range(20) for look in watch.take(rows(draw, WINDOW)))
            for number in range(1, 41):
                if any(look.report.drifted for look in watch.take(rows(draw, WINDOW, change=change))):
                    found_after.append(number * WINDOW)
                    break
        middle = sorted(found_after)[len(found_after) // 2] if found_after else None
        print(
            f"{change}: found in {len(found_after)} of {seeds}, after {middle} rows (median, most "
            f"{max(found_after, default=0)}); alarms before the change: {early}",
            flush=True,
        )


def streams(folder: Path) -> None:
    """Watch real streams."""
    _elec2(folder / "elec2")
    _california(folder / "nannyml")


def _elec2(folder: Path) -> None:
    names = ("date", "day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    values = np.loadtxt(folder / "elec2_data.dat")
    table = pa.table({name: values[:, i] for i, name in enumerate(names) if name != "date"})
    begins = int(np.flatnonzero(values[:, 5] != values[0, 5])[0])
    week, weeks = 336, 8
    print(f"elec2: {len(values)} half-hours; the Victorian columns are constant up to row {begins}")
    options = Options(smallest_effect=0.05)
    victorian = ("vicprice", "vicdemand", "transfer")
    everything = tuple(table.column_names)
    for what, names, every, window in (
        ("Victorian columns", victorian, 1, week),
        ("all columns", everything, 1, week),
        ("all columns, one row a day", everything, 48, weeks * week),
    ):
        chosen = table.select(names)
        told, start = [], 0
        while start + weeks * week + window <= len(values) and len(told) < 20:
            days = chosen.slice(start, weeks * week).take(list(range(0, weeks * week, every)))
            watch = Watch(sketch_table("reference", days, options), options)
            row, found = start + weeks * week, list[Look]()
            while row + window <= len(values) and not found:
                seen = chosen.slice(row, window).take(list(range(0, window, every)))
                found = [one for one in watch.take(seen) if one.report.drifted]
                row += window
            if found:
                told.append(row)
            start = row  # after an alarm the next eight weeks are the reference
        after = next((row - begins for row in told if row > begins), None)
        early = sum(row <= begins for row in told)
        print(
            f"  {what}, windows of {window} half-hours, eight weeks as the reference: alarms at rows {told}"
        )
        print(f"    the first behind the change after {after} rows; {early} before it")


def _california(folder: Path) -> None:
    reference = arrow_csv.read_csv(folder / "california_housing_reference.csv")
    analysis = arrow_csv.read_csv(folder / "california_housing_analysis.csv")
    truth = arrow_csv.read_csv(folder / "california_housing_analysis_gt.csv").column("clf_target").to_numpy()
    unseen = ("id", "timestamp", "clf_target", "y_pred")
    options = Options(leave_out=unseen, smallest_effect=0.05)
    watch = Watch(sketch_table("reference", reference, options), options)
    first = next((n for n in range(1, 17) for one in watch.take(analysis.slice((n - 1) * 500, 500))
                  if one.report.drifted), None)  # fmt: skip
    print(f"California: first alarm {None if first is None else first * 500} rows after the reference ends")
    features = [name for name in analysis.column_names if name not in (*unseen, "y_pred_proba")]
    ours, theirs = (_matrix(side, features) for side in (reference, analysis))
    middle, spread = np.median(ours, axis=0), ours.std(axis=0)
    ours, theirs = (np.clip((side - middle) / spread, -4, 4) for side in (ours, theirs))
    sure, right = _confidence(reference), _right(reference, reference.column("clf_target").to_numpy())
    sure_now, right_now = _confidence(analysis), _right(analysis, truth)
    fitted = fit_calibrator(sure, right)
    errors = {"confidences alone": [], "weighted": [], "as in the reference": []}  # type: ignore[var-annotated]
    inside = {"confidences alone": 0, "weighted": 0}
    findings: dict[str, int] = {}
    chunks = [slice(k, k + 823) for k in range(0, 8230, 823)]
    for chunk in chunks:
        weighted = fit_calibrator(sure, right, weights_of(ours, theirs[chunk]))
        if not isinstance(fitted, Calibrator) or not isinstance(weighted, Calibrator):
            continue
        seen = float(right_now[chunk].mean())
        both = [estimated_accuracy(sure_now[chunk], one) for one in (fitted, weighted)]
        for name, one in zip(inside, both, strict=True):
            errors[name].append(abs(one.value - seen))
            inside[name] += one.low <= seen <= one.high
        errors["as in the reference"].append(abs(float(right.mean()) - seen))
        said = reconciled(
            *both, right_now[chunk], confidence_labelled=sure_now[chunk], confidence_all=sure_now[chunk]
        )
        findings[said.finding] = findings.get(said.finding, 0) + 1
    for name, found in errors.items():
        told = f", {inside[name]} of {len(found)} intervals hold" if name in inside else ""
        print(f"  accuracy without labels, {name}: mean error {np.mean(found):.3f}{told}")
    print(f"  reconciled: {findings}")


def impact(file: Path) -> None:
    """Say what more late payers mean for the share of defaults, and hold it against the defaults."""
    outcome = "default.payment.next.month"
    table = arrow_csv.read_csv(file)
    draw = np.random.default_rng(0)
    order = draw.permutation(len(table))
    then, later = (table.take(pa.array(np.sort(part))) for part in (order[:12_000], order[12_000:]))
    late = later.column("PAY_0").to_numpy() >= 1
    now = later.filter(
        pa.array(late | (draw.random(len(later)) < 0.5))
    )  # half of those who pay in time leave
    options = Options(outcome=outcome)
    before, seen = (float(side.column(outcome).to_numpy().mean()) for side in (later, now))
    for name, side in (("all who came later", later), ("more late payers", now)):
        sides = (
            sketch_table("then", then, options),
            sketch_table("now", side.drop_columns([outcome]), options),
        )
        report = compare(*sides, options)
        first = report.columns[0]
        print(
            f"{name}: drifted {report.drifted}; first {first.name}, effect {first.effect}, "
            f"impact {first.impact}"
        )
    print(f"  the share of defaults went from {before:.3f} to {seen:.3f}, by {seen - before:.3f}")


def _matrix(side: pa.Table, names: list[str]) -> np.ndarray:  # type: ignore[type-arg]
    return np.column_stack([side.column(name).to_numpy() for name in names])


def _confidence(side: pa.Table) -> np.ndarray:  # type: ignore[type-arg]
    chance = side.column("y_pred_proba").to_numpy()
    return np.where(side.column("y_pred").to_numpy() == 1, chance, 1 - chance)


def _right(side: pa.Table, truth: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return (side.column("y_pred").to_numpy() == truth).astype(float)


def wide(path: Path, n: int, seed: int, shift: float) -> None:
    """Write a hundred columns: 70 of real numbers, 10 of counts, 15 of texts, flags, gaps, a time."""
    draw = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for i in range(100):
        if i < 70:
            columns[f"real{i:02}"] = pa.array(
                draw.normal(size=n) * (1 + i % 3) + i + (shift if i < 5 else 0.0)
            )
        elif i < 80:
            columns[f"count{i:02}"] = pa.array(draw.poisson(5 + i % 7, size=n))
        elif i < 95:
            kinds = (3, 10, 50, 500, 5000)[i % 5]
            codes = np.minimum(draw.zipf(1.5, size=n) - 1, kinds - 1).astype(np.int32)
            names = pa.array([f"value {one}" for one in range(kinds)])
            columns[f"text{i:02}"] = pa.DictionaryArray.from_arrays(pa.array(codes), names).cast(pa.string())
        elif i < 97:
            columns[f"flag{i}"] = pa.array(draw.random(n) < 0.3)
        elif i < 99:
            columns[f"gap{i}"] = pa.array(draw.normal(size=n), mask=draw.random(n) < 0.2)
        else:
            times = 1_700_000_000_000_000 + draw.integers(0, 10**13, size=n)
            columns["time"] = pa.array(times, pa.timestamp("us"))
    pq.write_table(pa.table(columns), path)


EVIDENTLY = """
import sys, pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
ours, theirs = (pd.read_parquet(name).drop(columns=["time"]) for name in sys.argv[1:3])
for side in (ours, theirs):
    for name in side.columns:
        if name.startswith("flag"): side[name] = side[name].astype(str)
definition = DataDefinition(
    numerical_columns=[one for one in ours.columns if one[:4] in ("real", "coun") or one.startswith("gap")],
    categorical_columns=[one for one in ours.columns if one[:4] in ("text", "flag")])
sides = [Dataset.from_pandas(side, data_definition=definition) for side in (theirs, ours)]
Report([DataDriftPreset()]).run(*sides).dict()
"""

NANNYML = """
import sys, pandas as pd, nannyml
ours, theirs = (pd.read_parquet(name).drop(columns=["time"]) for name in sys.argv[1:3])
names = list(ours.columns)
calculator = nannyml.UnivariateDriftCalculator(
    column_names=names, chunk_number=1,
    continuous_methods=["kolmogorov_smirnov"], categorical_methods=["chi2"])
calculator.fit(ours); calculator.calculate(theirs)
"""


def speed(n: int, evidently: str, nannyml: str, limit: int) -> None:
    """Compare two files of n rows; each program a process of its own, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference.parquet", "current.parquet")]
        for seed, path in enumerate(paths):
            wide(path, n, seed, 0.2 * seed)
        ours = [sys.executable, "-m", "flyball", "drift", "--json",
                "--reference", str(paths[0]), "--current", str(paths[1])]  # fmt: skip
        told = _run("Flyball", ours, limit)
        if told:
            found = json.loads(told)
            print(f"  says itself: {found['seconds']} s, {found['peak_mb']} MB; {found['overall']}")
        for name, python, text in (("Evidently", evidently, EVIDENTLY), ("NannyML", nannyml, NANNYML)):
            if python:
                _run(name, [python, "-W", "ignore", "-c", text, *map(str, paths)], limit)
            else:
                print(f"{name}: no interpreter named")


def _run(name: str, command: list[str], limit: int) -> str:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=quiet, text=True)
    most = 0.0
    while process.poll() is None:
        most = max(most, _resident(process.pid))
        if time.perf_counter() - began > limit:
            process.kill()
            process.communicate()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{name}: stopped after {limit} s, {cpu:.0f} s CPU, {most:.0f} MB by then", flush=True)
            return ""
        time.sleep(0.05)
    out, err = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    state = "" if process.returncode == 0 else f" FAILED: {err.strip().splitlines()[-1:]}"
    print(f"{name}: {time.perf_counter() - began:.1f} s, {cpu:.1f} s CPU, {most:.0f} MB{state}", flush=True)
    return out if process.returncode == 0 else ""


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().split("\n")
        return next((int(one.split()[1]) / 1024 for one in lines if one.startswith("VmHWM")), math.nan)
    except OSError:
        return 0.0


PARTS = ("looks", "alarms", "dependent", "delays", "streams", "impact", "speed")


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--kind", choices=tuple(KINDS), default="mixed")
    parser.add_argument("--every", type=int, default=48)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--looks", type=int, default=400)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--first", type=int, default=0, help="Seed of the first stream.")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--evidently", default="")
    parser.add_argument("--nannyml", default="")
    parser.add_argument("--limit", type=int, default=600)
    given = parser.parse_args()
    if given.part == "looks":
        looks(given.looks)
    elif given.part == "alarms":
        alarms(given.kind, given.streams, given.windows, given.first)
    elif given.part == "dependent":
        dependent(given.looks, given.every)
    elif given.part == "delays":
        delays(given.seeds)
    elif given.part == "streams":
        streams(given.data)
    elif given.part == "impact":
        impact(given.data)
    else:
        speed(given.rows, given.evidently, given.nannyml, given.limit)


if __name__ == "__main__":
    main()
