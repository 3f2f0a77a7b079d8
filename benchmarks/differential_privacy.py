"""Utility under differential privacy: `python benchmarks/differential_privacy.py --hmda ZIP [--plot SVG]`.

On HMDA 2018 mortgages, of which 80 % (by the hash of the row's number) are private and 20 % only measure.
For each epsilon, with delta 1e-6 and one application as the unit, and for each of several runs (noise has
no seed, so every run is a new draw):

* a fresh budget for each use of the rows: bins are found by `even_bins`, then one release takes all that
  is left of it, a synthetic table or a scorecard trained by noisy gradients; a third budget pays for five
  aggregates at a fifth of epsilon each.
* AUC on the 20 %, of models that saw only what was released, beside the same models on the real rows.

Needs the extras `dp` and `train`. Intervals: 95 % by Student's t over runs.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from flyball.data.privacy.differential import (
    Bins,
    Bounds,
    Budget,
    Categories,
    Declaration,
    count,
    even_bins,
    mean,
    protect,
    quantile,
    synthesize,
    total,
)
from flyball.data.privacy.differential.columns import encode
from flyball.ledger import open_ledger
from flyball.models.experts.scorecard.fit import ROUNDS, fit_private, learn
from flyball.models.experts.scorecard.model import points_of

EPSILONS = (0.05, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
DELTA = 1e-6
FLAGS = ("term_360", "conforming", "debt_to_income_ratio_missing")
NUMBERS = (
    "loan_amount_std",
    "loan_to_value_ratio_std",
    "no_intro_rate_period_std",
    "intro_rate_period_std",
    "property_value_std",
    "income_std",
    "debt_to_income_ratio_std",
)
TARGET = Categories("high_priced", (0, 1))
# Standard deviations, finer around the mean; nothing of it is read off the rows.
GRID = tuple(float(x) for x in np.r_[-6:-2:0.5, -2:-0.5:0.1, -0.5:0.5:0.01, 0.5:2:0.1, 2:10.1:0.5])
T975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hmda", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    train, test = read(given.hmda)
    result = measure(train, test, given.runs)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "differential_privacy.json").write_text(json.dumps(result, indent=2) + "\n")
    if given.plot:
        given.plot.parent.mkdir(parents=True, exist_ok=True)
        given.plot.write_text(plot(result), encoding="utf-8")
    print(markdown(result))
    return 0


def read(path: Path) -> tuple[pa.Table, pa.Table]:
    """Return training and test rows: the hash of the row's number decides."""
    with zipfile.ZipFile(path) as archive, archive.open("hmda_train_preprocessed.csv") as file:
        table = pa.csv.read_csv(file)
    numbers = table.column("row_id").to_pylist()
    held = np.asarray([zlib.crc32(f"hmda {number}".encode()) % 5 == 0 for number in numbers])
    return table.filter(pa.array(~held)), table.filter(pa.array(held))


def measure(train: pa.Table, test: pa.Table, runs: int) -> dict:
    """Return every figure of every run, and means with intervals."""
    found: dict[str, dict[str, list[float]]] = {}
    started = time.monotonic()
    exact_bins = [exact_bins_of(train, name) for name in NUMBERS]
    columns = [*(Categories(name, (0, 1)) for name in FLAGS), *exact_bins]
    note(found, "no privacy", "scorecard", scorecard_auc(train, test, columns))
    note(found, "no privacy", "trees", trees_auc(train, test))
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            for epsilon in EPSILONS:
                for name, value in one(train, test, epsilon, run, Path(folder)).items():
                    note(found, f"{epsilon:g}", name, value)
                print(f"{time.monotonic() - started:6.0f} s  run {run} epsilon {epsilon}", file=sys.stderr)
    return {
        "delta": DELTA,
        "unit": "one application",
        "neighbouring": "add_remove",
        "n_train": train.num_rows,
        "n_test": test.num_rows,
        "runs": runs,
        "figures": {
            epsilon: {name: {"values": values, **interval(values)} for name, values in figures.items()}
            for epsilon, figures in found.items()
        },
    }


def one(train: pa.Table, test: pa.Table, epsilon: float, run: int, folder: Path) -> dict[str, float]:
    """Return the figures of one run at one epsilon: three budgets, one for each use of the rows."""
    figures: dict[str, float] = {}
    with open_ledger(f"sqlite:///{folder}/{run}_{epsilon}.db", origin="example.com/benchmark") as ledger:

        def opened(use: str):
            declared = Declaration("hmda_2018", use, "one application", epsilon=epsilon, delta=DELTA)
            budget = Budget(declared, ledger)
            private = protect(train, budget)
            numbers = [
                even_bins(private, Bins(name, GRID), parts=12, epsilon=epsilon / 8).value for name in NUMBERS
            ]
            return private, [*(Categories(name, (0, 1)) for name in FLAGS), *numbers], rest(budget)

        private, columns, left = opened("synthetic")
        synthetic = synthesize(private, columns, target=TARGET, epsilon=left, seed=run).value
        figures["scorecard from synthetic"] = scorecard_auc(synthetic, test, columns)
        figures["trees from synthetic"] = trees_auc(synthetic, test)

        private, columns, left = opened("training")
        card = fit_private(private, columns, target=TARGET, epsilon=left).value
        figures["scorecard"] = auc(card.scores(test), labels(test))

        declared = Declaration("hmda_2018", "aggregates", "one application", epsilon=epsilon, delta=DELTA)
        private = protect(train, Budget(declared, ledger))
        share = epsilon / 5
        income = Bounds("debt_to_income_ratio_std", -3.0, 4.0)
        true = np.clip(train.column(income.name).to_numpy(), income.low, income.high)
        counted = count(private, epsilon=share).value.column("count")[0].as_py()
        figures["error of count"] = abs(counted - train.num_rows)
        added = total(private, income, epsilon=share).value.column("total")[0].as_py()
        figures["error of total"] = abs(added - true.sum())
        averaged = mean(private, income, epsilon=share).value.column("mean")[0].as_py()
        figures["error of mean"] = abs(averaged - true.mean())
        by = count(private, epsilon=share, by=[Categories("black", (0.0, 1.0)), TARGET]).value
        exact = np.bincount(
            np.ravel_multi_index(tuple(encode(train, [Categories("black", (0.0, 1.0)), TARGET]).T), (3, 3)),
            minlength=9,
        )
        figures["largest error of 9 counts"] = float(np.abs(by.column("count").to_numpy() - exact).max())
        middle = quantile(private, income.name, 0.5, candidates=np.arange(-3, 4, 0.02), epsilon=share).value
        figures["error of median"] = abs(middle - float(np.median(train.column(income.name).to_numpy())))
    return figures


def rest(budget: Budget) -> float:
    """Return the largest epsilon that is left, a little less to be on the safe side of rounding."""
    return float(budget.statement()["remaining"]) * (1 - 1e-6)


def exact_bins_of(train: pa.Table, name: str) -> Bins:
    """Return the bins that `even_bins` would find without noise; for the comparison only."""
    fine = Bins(name, GRID)
    codes = fine.codes(train.column(name))
    return fine.merged(np.bincount(codes, minlength=fine.size)[:-1], 12)


def scorecard_auc(train: pa.Table, test: pa.Table, columns: list) -> float:
    codes = encode(train, [*columns, TARGET])
    known = codes[codes[:, -1] < 2]
    sizes = [column.size for column in columns]
    points = learn(known[:, :-1], known[:, -1], sizes, rows_per_unit=1, spend=None, rounds=4 * ROUNDS)
    return auc(points_of(encode(test, columns), points), labels(test))


def trees_auc(train: pa.Table, test: pa.Table) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = train.filter(train.column(TARGET.name).is_valid())
    model = HistGradientBoostingClassifier(random_state=0, max_iter=100, early_stopping=False)
    model.fit(inputs(known), labels(known))
    return auc(model.predict_proba(inputs(test))[:, 1], labels(test))


def inputs(table: pa.Table) -> np.ndarray:
    return np.column_stack([table.column(name).cast(pa.float64()).to_numpy() for name in (*FLAGS, *NUMBERS)])


def labels(table: pa.Table) -> np.ndarray:
    return table.column(TARGET.name).to_numpy().astype(int)


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pairs in the right order; ties count half."""
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    yes = int(truth.sum())
    return float((ranks[truth == 1].sum() - yes * (yes + 1) / 2) / (yes * (len(truth) - yes)))


def note(found: dict, epsilon: str, name: str, value: float) -> None:
    found.setdefault(epsilon, {}).setdefault(name, []).append(float(value))


def interval(values: list[float]) -> dict[str, float]:
    center = float(np.mean(values))
    if len(values) < 2:
        return {"mean": center, "low": center, "high": center}
    half = T975.get(len(values), 1.96) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return {"mean": center, "low": center - half, "high": center + half}


def markdown(result: dict) -> str:
    """Return two tables: AUC and errors of aggregates, by epsilon."""
    figures = result["figures"]
    lines = [
        f"{result['n_train']:,} private rows, {result['n_test']:,} to measure, {result['runs']} runs, delta "
        f"{result['delta']:g}; mean [95 % interval over runs], errors: mean (largest of all runs).",
    ]
    for names, form in (
        (("scorecard", "scorecard from synthetic", "trees from synthetic", "trees"), "{:.3f}"),
        ([name for name in figures["1"] if "error" in name], "{:.3g}"),
    ):
        shown = [name for name in names if any(name in figures[epsilon] for epsilon in figures)]
        lines += ["", f"| epsilon | {' | '.join(shown)} |", "| --- |" + " --- |" * len(shown)]
        for epsilon, row in figures.items():
            if any(name in row for name in shown):
                cells = [told(name, row.get(name), form) for name in shown]
                lines.append(f"| {epsilon} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def told(name: str, figure: dict | None, form: str) -> str:
    if figure is None:
        return "-"
    center = form.format(figure["mean"])
    if name.startswith(("error", "largest")):
        return f"{center} (at most {form.format(max(figure['values']))})"
    if len(figure["values"]) < 2:
        return center
    return f"{center} [{form.format(figure['low'])}, {form.format(figure['high'])}]"


def plot(result: dict) -> str:
    """Return a picture of AUC by epsilon, as SVG."""
    figures = result["figures"]
    series = (
        ("scorecard", "scorecard, trained privately", "#1b6ca8", ""),
        ("scorecard from synthetic", "scorecard on a synthetic table", "#c2571a", "6 4"),
        ("trees from synthetic", "boosted trees on a synthetic table", "#5b8c2a", "2 4"),
    )
    values = [
        end
        for epsilon, row in figures.items()
        for name, figure in row.items()
        if "error" not in name
        for end in (figure["low"], figure["high"])
    ]
    bottom, top = np.floor(min(values) * 50 - 0.2) / 50, np.ceil(max(values) * 50 + 0.2) / 50
    left, right, upper, lower = 70.0, 470.0, 50.0, 330.0

    def x(epsilon: float) -> float:
        return (
            left
            + 30
            + (right - left - 60) * np.log(epsilon / EPSILONS[0]) / np.log(EPSILONS[-1] / EPSILONS[0])
        )

    def y(value: float) -> float:
        return lower - (lower - upper) * (value - bottom) / (top - bottom)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 390" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13">',
        "<title>AUC on HMDA 2018 by epsilon</title>",
        '<rect width="740" height="390" fill="#ffffff"/>',
        f'<text x="{left}" y="22" font-size="15" fill="#222">AUC on real rows by epsilon, HMDA 2018</text>',
        f'<text x="{left}" y="40" fill="#444">delta {result["delta"]:g}; mean and 95 % interval of '
        f"{result['runs']} runs</text>",
    ]
    for tick in np.arange(bottom, top + 1e-9, 0.02):
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#e3e3e3"/>'
        )
        parts.append(
            f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="#444">{tick:.2f}</text>'
        )
    for epsilon in EPSILONS:
        parts.append(
            f'<text x="{x(epsilon):.1f}" y="{lower + 20}" text-anchor="middle" fill="#444">{epsilon:g}</text>'
        )
    parts.append(
        f'<text x="{(left + right) / 2}" y="{lower + 42}" text-anchor="middle" fill="#444">'
        "epsilon of everything released (smaller is more private)</text>"
    )
    ends = []
    for name, label, colour in (
        ("trees", "boosted trees, no privacy", "#777777"),
        ("scorecard", "scorecard, no privacy", "#111111"),
    ):
        level = figures["no privacy"][name]["mean"]
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{y(level):.1f}" y2="{y(level):.1f}" stroke="{colour}" '
            'stroke-width="1.2" stroke-dasharray="1 3"/>'
        )
        ends.append((y(level), label, colour))
    for place, (name, label, colour, dashes) in enumerate(series):
        shift = (place - 1) * 5.0
        points = [(x(e) + shift, figures[f"{e:g}"][name]) for e in EPSILONS]
        path = " ".join(f"{across:.1f},{y(figure['mean']):.1f}" for across, figure in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes or "none"}"/>'
        )
        for across, figure in points:
            parts.append(
                f'<line x1="{across:.1f}" x2="{across:.1f}" y1="{y(figure["low"]):.1f}" '
                f'y2="{y(figure["high"]):.1f}" stroke="{colour}" stroke-width="1.5"/>'
            )
            parts.append(f'<circle cx="{across:.1f}" cy="{y(figure["mean"]):.1f}" r="3.5" fill="{colour}"/>')
        ends.append((y(points[-1][1]["mean"]), label, colour))
    above = -100.0
    for height, label, colour in sorted(ends):  # labels keep 17 pixels apart
        above = max(height, above + 17.0)
        parts.append(f'<text x="{right + 10}" y="{above + 4:.1f}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
