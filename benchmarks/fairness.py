"""Fairness: every metric beside fairlearn's, what intervals hold, and how long many rows take.

`python benchmarks/fairness.py --hmda FILE.zip --taiwan FILE.csv --peer PYTHON [--rows N] [--served N]`

`--peer` is the Python of an environment with fairlearn (`pip install fairlearn`); no comparison without.
HMDA: boosted trees under constraints (as in benchmarks/credit_risk.py, fewer) score the rows that test, 80 %
are approved. Taiwan: five folds, 80 % are approved. No trait is an input.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from credit_risk import LOOKED_AT, SMALL, read_hmda, read_taiwan
from history import fill

from flyball.core.estimates import Estimate
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import GroupedCases, Trait
from flyball.governance.fairness.measure import Options, measure
from flyball.governance.fairness.proxies import input_of_numbers, proxies
from flyball.governance.fairness.reading import Named, read_cases
from flyball.governance.fairness.records import Asked
from flyball.loop.deployment import open_deployment
from flyball.loop.served_cases import served_cases
from flyball.loop.served_groups import served_groups
from flyball.loop.workshop import Workshop
from flyball.models.experts.boosted_table.fit import Recipe, fit_trees

PEER = """
import json, sys, time
import numpy as np
from fairlearn.metrics import (MetricFrame, demographic_parity_difference, demographic_parity_ratio,
    equalized_odds_difference, equal_opportunity_difference)
from sklearn.metrics import precision_score
t = np.load(sys.argv[1])
y, p, g = t["outcome"], t["decision"], t["group"]
began = time.process_time()
found = {
    "demographic_parity": demographic_parity_difference(y, p, sensitive_features=g),
    "four_fifths": demographic_parity_ratio(y, p, sensitive_features=g),
    "equalised_odds": equalized_odds_difference(y, p, sensitive_features=g),
    "equal_opportunity": equal_opportunity_difference(y, p, sensitive_features=g),
    "predictive_parity": MetricFrame(metrics=precision_score, y_true=y, y_pred=p,
                                     sensitive_features=g).difference(),
}
seconds = time.process_time() - began
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"found": {k: float(v) for k, v in found.items()}, "seconds": seconds, "peak_mb": peak}))
"""
BOTH = ("demographic_parity", "four_fifths", "equalised_odds", "equal_opportunity", "predictive_parity")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hmda", type=Path)
    parser.add_argument("--taiwan", type=Path)
    parser.add_argument("--peer", help="Python of an environment with fairlearn")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--served", type=int, default=0, help="decisions in a history")
    parser.add_argument("--draws", type=int, default=2_000, help="of the simulation of intervals")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args()
    found: dict[str, object] = {}
    if given.hmda:
        found["hmda"] = hmda(given.hmda, given.peer)
    if given.taiwan:
        found["taiwan"] = taiwan(given.taiwan, given.peer)
    if given.draws:
        found["intervals"] = [
            coverage(groups, rate, n, given.draws)
            for groups, rate, n in ((2, 0.8, 40), (2, 0.97, 100), (6, 0.8, 60), (6, 0.5, 500))
        ]
    if given.rows:
        found["rows"] = many_rows(given.rows, given.peer)
    if given.served:
        found["served"] = served(given.served)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "fairness.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0


def hmda(path: Path, peer: str | None) -> dict[str, object]:
    teach, choose, test = read_hmda(path)
    trees = fit_trees(
        np.vstack([teach.matrix, choose.matrix]),
        np.concatenate([teach.bad, choose.bad]),
        LOOKED_AT,
        SMALL,
        seed=0,
    )
    scores = -trees.sum(test.matrix)
    race = np.full(len(scores), -1, dtype=np.int32)
    for place, name in enumerate(("black", "white", "asian")):
        race[test.groups[name] == 1.0] = place
    sex = np.full(len(scores), -1, dtype=np.int32)
    for place, name in enumerate(("female", "male")):
        sex[test.groups[name] == 1.0] = place
    traits = (Trait("race", ("black", "white", "asian"), race), Trait("sex", ("female", "male"), sex))
    chance = 1.0 / (1.0 + np.exp(-scores))
    cases = GroupedCases(approve_share(scores, 0.8), traits, (~test.bad).astype(np.int8), chance)
    began = time.process_time()
    told = {
        one.name: proxies(
            [input_of_numbers(column.name, test.matrix[:, at]) for at, column in enumerate(LOOKED_AT)], one
        )
        for one in traits
    }
    seconds = time.process_time() - began
    return {
        **beside(cases, peer),
        "proxies": {
            name: {
                "best alone": [one.alone[0].inputs[0], one.alone[0].group, str(one.alone[0].area)],
                "best pair": [list(one.pairs[0].inputs), one.pairs[0].group, str(one.pairs[0].area)]
                if one.pairs
                else None,
                "all together": [one.all_together[0].group, str(one.all_together[0].area)],
            }
            for name, one in told.items()
        },
        "proxies, cpu seconds": round(seconds, 2),
    }


def taiwan(path: Path, peer: str | None) -> dict[str, object]:
    matrix, bad, columns = read_taiwan(path)
    fold = np.random.default_rng(0).permutation(len(bad)) % 5
    scores = np.zeros(len(bad))
    for number in range(5):
        held = fold == number
        trees = fit_trees(matrix[~held], bad[~held], columns, Recipe(rounds=250, leaves=15), seed=0)
        scores[held] = -trees.sum(matrix[held])
    read = read_cases_of(path)
    chance = 1.0 / (1.0 + np.exp(-scores))
    return beside(GroupedCases(approve_share(scores, 0.8), read, (~bad).astype(np.int8), chance), peer)


def read_cases_of(path: Path) -> tuple[Trait, ...]:
    import csv

    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sex = np.array([int(row["GENDER"]) - 1 for row in rows], dtype=np.int32)
    age = np.array([int(float(row["AGE"])) >= 40 for row in rows], dtype=np.int32)
    return Trait("sex", ("male", "female"), sex), Trait("age", ("under 40", "40 and over"), age)


def beside(cases: GroupedCases, peer: str | None) -> dict[str, object]:
    began = time.process_time()
    report = measure(cases)
    ours = time.process_time() - began
    found: dict[str, object] = {
        "rows": len(cases),
        "approved": str(report.approved),
        "cpu seconds, all metrics, traits and pairs": round(ours, 3),
        "comparisons": report.comparisons,
        "below 0.05 after Holm": report.significant,
    }
    for trait in report.traits:
        found[trait.trait] = {
            one.name: f"{one.gap} ({one.lowest} and {one.highest})" for one in trait.metrics
        }
    if peer:
        apart: dict[str, object] = {}
        for trait in cases.traits:
            theirs = asked(peer, cases, trait)
            found_here = next(one for one in report.traits if one.trait == trait.name)
            values = {one.name: one.gap.value for one in found_here.metrics if isinstance(one.gap, Estimate)}
            apart[trait.name] = max(abs(values[name] - theirs["found"][name]) for name in BOTH)
        found["largest difference to fairlearn, five metrics"] = apart
    return found


def asked(peer: str, cases: GroupedCases, trait: Trait) -> Any:
    known = trait.codes >= 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.npz"
        np.savez(path, outcome=cases.outcome[known], decision=cases.decision[known], group=trait.codes[known])
        done = subprocess.run(
            [peer, "-W", "ignore", "-c", PEER, path], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr[-800:])
    return json.loads(done.stdout)


def coverage(groups: int, rate: float, n: int, draws: int) -> dict[str, object]:
    """How often intervals hold what is true where all groups have one approval rate, and what is claimed."""
    draw = np.random.default_rng(11)
    codes = np.repeat(np.arange(groups), n).astype(np.int32)
    trait = Trait("group", tuple(f"g{one}" for one in range(groups)), codes)
    asked_for = tuple(Asked(name, True, "simulated") for name in ("four_fifths", "demographic_parity"))
    held = {"four_fifths": 0, "demographic_parity": 0}
    claimed = below = outside = measured = 0
    for _ in range(draws):
        cases = GroupedCases((draw.random(len(codes)) < rate).astype(np.int8), (trait,))
        report = measure(cases, Options(together=1), asked=asked_for)
        claimed += measure(cases, Options(together=1), asked=asked_for[:1]).significant > 0
        measured += 1
        for one in report.traits[0].metrics:
            same = 1.0 if one.name == "four_fifths" else 0.0
            held[one.name] += one.gap.low <= same <= one.gap.high
            if one.name == "four_fifths":
                below += one.gap.value < 0.8
                outside += one.finding == "outside"
    return {
        "groups": groups,
        "approval rate": rate,
        "cases in each": n,
        "draws": draws,
        "interval of the gap holds, difference": held["demographic_parity"] / measured,
        "interval of the gap holds, ratio": held["four_fifths"] / measured,
        "ratio below 0.8 by chance": below / measured,
        "called outside": outside / measured,
        "any p of the ratio below 0.05 after Holm": claimed / measured,
    }


def many_rows(n: int, peer: str | None) -> dict[str, object]:
    draw = np.random.default_rng(0)
    score = draw.random(n)
    table = pa.table(
        {
            "decision": (score > 0.3).astype(np.int8),
            "outcome": (draw.random(n) < score).astype(np.int8),
            "score": score,
            "sex": pa.array(draw.integers(0, 2, n), pa.int8()),
            "race": pa.DictionaryArray.from_arrays(
                pa.array(draw.integers(0, 5, n), pa.int32()), list("abcde")
            ),
        }
    )
    found: dict[str, object] = {"rows": n}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(table, path)
        code = (
            "import sys,time,json,resource\n"
            "from pathlib import Path\n"
            "from flyball.governance.fairness.measure import measure\n"
            "from flyball.governance.fairness.reading import Named, read_cases\n"
            "began=time.process_time(); read=read_cases(Path(sys.argv[1]), Named())\n"
            "mid=time.process_time()\n"
            "report=measure(read.cases); end=time.process_time()\n"
            "peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024\n"
            "print(json.dumps({'read': mid-began, 'measure': end-mid, 'peak_mb': peak, 'n': report.n}))"
        )
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        ours = json.loads(done.stdout)
        found["cpu seconds to read"] = round(ours["read"], 2)
        found["cpu seconds to measure, seven metrics, two traits and their pair"] = round(ours["measure"], 2)
        found["peak MB"] = round(ours["peak_mb"])
        if peer:
            cases = read_cases(path, Named()).cases
            theirs = asked(peer, cases, cases.traits[0])
            found["fairlearn, five metrics, one trait, cpu seconds"] = round(theirs["seconds"], 2)
            found["fairlearn, peak MB"] = round(theirs["peak_mb"])
    found["peak MB of this process"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return found


def served(n: int) -> dict[str, object]:
    """Return how long it takes to compare by group what was decided, with so many decisions."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "deployment"
        fill(home, n)
        with (home / "flyball.toml").open("a") as file:
            file.write('\n[fairness]\ngroups = "people.csv"\ndays = 3660\n')
        with Workshop(open_deployment(home), actor="user:bench") as workshop:
            flag = next(one.key for one in workshop.deployment.fields if one.kind == "flag")
            names = served_cases(workshop, flag).names.to_pylist()
            lines = [f"{name},g{at % 3},{'fm'[at % 2]}\n" for at, name in enumerate(names)]
            (home / "people.csv").write_text("case,group,sex\n" + "".join(lines))
            cpu, wall = time.process_time(), time.monotonic()
            found = served_groups(workshop)
            return {
                "cases": found.n,
                "traits": [one.shares.trait for one in found.traits],
                "why none": found.reason,
                "cpu seconds": round(time.process_time() - cpu, 2),
                "seconds": round(time.monotonic() - wall, 2),
            }


if __name__ == "__main__":
    sys.exit(main())
