"""Credit: how well a model under constraints ranks, whom it passes over, and whether a fairer one is found.

`python benchmarks/credit_risk.py --hmda FILE.zip [--taiwan FILE] [--german FILE] [--turn ROWS]`

HMDA 2018 mortgages (target: the loan was high-priced; who is "approved" is predicted not to be). A fifth of
the rows, by the hash of the row's number, is the test and is looked at once; another fifth chooses. Race,
ethnicity, sex and age are inputs of no model: they are read only to measure.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.csv

from flyball.core.estimates import NotMeasured
from flyball.core.intervals import ratio_ends, wilson
from flyball.governance.fairness.alternatives import Held, candidates_of, said_of
from flyball.governance.fairness.alternatives import search as search_models
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import Trait
from flyball.governance.fairness.records import FairnessReport
from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.figures import area_with_variance
from flyball.models.experts.boosted_table.fit import Recipe, fit_trees
from flyball.models.experts.boosted_table.shares import shares_of
from flyball.models.experts.boosted_table.trees import flattened

LOOKED_AT = (
    Column("term_360", "flag"),
    Column("conforming", "flag"),
    Column("debt_to_income_ratio_missing", "flag"),
    Column("loan_amount_std"),
    Column("loan_to_value_ratio_std"),
    Column("no_intro_rate_period_std"),
    Column("intro_rate_period_std"),
    Column("property_value_std"),
    Column("income_std", monotone=-1),
    Column("debt_to_income_ratio_std", monotone=1),
)
"""Monotone where a direction can be told to an applicant: more debt for the income is never better, more
income never worse. Loan to value is free: cheap loans of public programmes stand at its top, and the data do
not say which they are (settled on the rows that choose; the figure with it monotone stands beside)."""

GROUPS = {
    "black": "white",
    "asian": "white",
    "hispanic": "non_hispanic",
    "female": "male",
    "agegte62": "agelt62",
}
APPROVED = (0.5, 0.7, 0.8, 0.9)
SEARCHED_AT = 0.8

MONOTONE = Recipe(
    rounds=1_000, leaves=31, depth=-1, learning_rate=0.03, smallest_leaf=50, column_share=0.8, row_share=0.8
)
SMALL = replace(MONOTONE, rounds=250, learning_rate=0.08)


@dataclass(frozen=True)
class Rows:
    """Rows with their target and, apart from them, the groups; 1 belongs, 0 does not, NaN unknown."""

    matrix: np.ndarray
    bad: np.ndarray
    groups: Mapping[str, np.ndarray]

    def at(self, kept: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows(self.matrix[kept], self.bad[kept], {name: one[kept] for name, one in self.groups.items()})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hmda", type=Path, help="hmda_train_preprocessed.zip")
    parser.add_argument("--taiwan", type=Path, help="UCI_Credit_Card.csv")
    parser.add_argument("--german", type=Path, help="SouthGermanCredit.asc")
    parser.add_argument("--candidates", type=int, default=36, help="models that the search fits")
    parser.add_argument("--turn", type=int, default=0, help="rows of a whole turn to be timed")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args()
    found: dict[str, object] = {}
    if given.hmda:
        found["hmda"] = mortgages(read_hmda(given.hmda), given.candidates)
    for name, path, read in (("taiwan", given.taiwan, read_taiwan), ("german", given.german, read_german)):
        if path:
            found[name] = five_folds(*read(path))
    found["speed"] = speed()
    if given.turn:
        found["turn"] = whole_turn(given.turn)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "credit_risk.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0


def read_hmda(path: Path) -> tuple[Rows, Rows, Rows]:
    """Return the rows that teach, that choose, and that test."""
    with zipfile.ZipFile(path) as archive, archive.open("hmda_train_preprocessed.csv") as file:
        table = pyarrow.csv.read_csv(file)

    def column(name: str) -> np.ndarray:
        return table.column(name).cast("double").to_numpy(zero_copy_only=False)

    groups = {name: column(name) for pair in GROUPS.items() for name in pair}
    rows = Rows(
        np.column_stack([column(one.name) for one in LOOKED_AT]), column("high_priced") == 1.0, groups
    )
    part = np.array([zlib.crc32(f"hmda {one}".encode()) % 5 for one in table.column("row_id").to_pylist()])
    return rows.at(part > 1), rows.at(part == 1), rows.at(part == 0)


def mortgages(parts: tuple[Rows, Rows, Rows], candidates: int) -> dict[str, object]:
    """Return the figures of HMDA."""
    teach, choose, test = parts
    together = Rows(np.vstack([teach.matrix, choose.matrix]), np.concatenate([teach.bad, choose.bad]), {})
    free = [replace(one, monotone=0) for one in LOOKED_AT]
    with_value = [
        replace(one, monotone=1) if one.name == "loan_to_value_ratio_std" else one for one in LOOKED_AT
    ]
    fitted: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "monotone boosting": fit_trees(together.matrix, together.bad, LOOKED_AT, MONOTONE, seed=0).sum,
        "monotone in loan to value too": fit_trees(
            together.matrix, together.bad, with_value, MONOTONE, seed=0
        ).sum,
        "free boosting": fit_trees(together.matrix, together.bad, free, MONOTONE, seed=0).sum,
        "logistic regression": logistic(together),
    }
    found: dict[str, object] = {
        "rows": {"teach": len(teach.bad), "choose": len(choose.bad), "test": len(test.bad)},
        "high-priced": round(float(test.bad.mean()), 4),
        "monotone": {one.name: one.monotone for one in LOOKED_AT if one.monotone},
    }
    scores = {name: model(test.matrix) for name, model in fitted.items()}
    for name, score in scores.items():
        found[name] = {
            "auc": interval(score, test.bad),
            "impact ratios": {f"{share:.0%}": ratios(score, test, share) for share in APPROVED},
        }
    for name in ("free boosting", "logistic regression"):
        found[f"monotone boosting against {name}"] = difference(
            scores["monotone boosting"], scores[name], test.bad
        )
    found["search"] = search(teach, choose, test, candidates)
    return found


def logistic(rows: Rows) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    low, high = np.quantile(rows.matrix, [0.001, 0.999], axis=0)
    model = LogisticRegression(max_iter=500).fit(np.clip(rows.matrix, low, high), rows.bad)
    return lambda matrix: model.decision_function(np.clip(matrix, low, high))


def interval(score: np.ndarray, bad: np.ndarray) -> list[float]:
    """Return the area under the curve with its 95 % interval (DeLong)."""
    value, variance = area_with_variance(score, bad)
    half = 1.96 * variance**0.5
    return [round(value, 4), round(value - half, 4), round(value + half, 4)]


def difference(one: np.ndarray, other: np.ndarray, bad: np.ndarray, resamples: int = 200) -> list[float]:
    """Return the difference of two areas on the same rows, with its 95 % bootstrap interval."""
    draw = np.random.default_rng(0)
    value = area_with_variance(one, bad)[0] - area_with_variance(other, bad)[0]
    drawn = []
    for _ in range(resamples):
        rows = draw.integers(0, len(bad), len(bad))
        drawn.append(
            area_with_variance(one[rows], bad[rows])[0] - area_with_variance(other[rows], bad[rows])[0]
        )
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(one), 4) for one in (value, low, high)]


def ratios(score: np.ndarray, rows: Rows, share: float) -> dict[str, list[float]]:
    """Return adverse impact ratios: approval of a group over that of the other, with 95 % intervals."""
    passed = approve_share(-score, share) == 1
    found = {}
    for group, other in GROUPS.items():
        inside, against = rows.groups[group] == 1.0, rows.groups[other] == 1.0
        one, two = (
            (float(passed[some].mean()), *wilson(float(passed[some].sum()), float(some.sum())))
            for some in (inside, against)
        )
        found[f"{group} / {other}"] = [round(end, 4) for end in (one[0] / two[0], *ratio_ends(one, two))]
    return found


def search(teach: Rows, choose: Rows, test: Rows, candidates: int) -> dict[str, object]:
    """Look for less discriminatory models at a fixed approval rate, by race.

    Candidates differ in what they look at and in their recipe; each is also blended with the first. All are
    measured on the rows that choose; the best at a given loss of AUC goes to the test once.
    """
    first = fit_trees(teach.matrix, teach.bad, LOOKED_AT, MONOTONE, seed=0)
    matrix = np.vstack([one.matrix for one in (teach, choose, test)])
    part = np.repeat([2, 1, 0], [len(one.bad) for one in (teach, choose, test)])
    pool = candidates_of(
        matrix,
        ~np.concatenate([one.bad for one in (teach, choose, test)]),
        [replace(one, monotone=-one.monotone) for one in LOOKED_AT],
        part == 2,
        part == 1,
        part == 0,
        first=-first.sum(matrix),
        suspect="debt_to_income_ratio_std",
        many=candidates,
        recipe=SMALL,
    )

    def held(rows: Rows) -> Held:
        def trait(name: str, one: str, other: str) -> Trait:
            codes = np.where(rows.groups[other] == 1.0, 1, np.where(rows.groups[one] == 1.0, 0, -1))
            return Trait(name, (one, other), codes.astype(np.int32))

        beside = (trait("ethnicity", "hispanic", "non_hispanic"), trait("sex", "female", "male"))
        return Held(~rows.bad, trait("race", "black", "white"), beside)

    found = search_models(
        pool, held(choose), held(test), approve=SEARCHED_AT, losses=(0.005, 0.01, 0.02, 0.025)
    )
    if isinstance(found, NotMeasured):
        raise SystemExit(found.reason)

    def ratios(report: FairnessReport) -> dict[str, str]:
        return {
            f"{one.metrics[0].lowest} / {one.metrics[0].highest}": str(one.metrics[0].gap)
            for one in report.traits
        }

    return {
        "approval rate": found.approved,
        "candidates": found.tried,
        "first": {"auc": str(found.first_area), **ratios(found.first_report)},
        "front where it was chosen": [
            {"auc": round(one.area, 4), "air": round(one.ratio, 4), "model": dict(one.about)}
            for one in found.front
        ],
        "chosen, on the test": {
            f"at most {one.at_most:.3f} AUC lost": {
                "model": dict(one.about),
                "auc": str(one.area),
                "auc lost against the first": str(one.area_lost),
                "ratio won": str(one.ratio_won),
                **ratios(one.report),
            }
            for one in found.choices
        },
        "said": said_of(found),
    }


def read_taiwan(path: Path) -> tuple[np.ndarray, np.ndarray, list[Column]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    target = next(name for name in rows[0] if name.lower().startswith("default"))
    left_out = {"ID", "GENDER", "AGE", "MARRIAGE", target}  # traits that no model may look at
    names = [name for name in rows[0] if name not in left_out]
    monotone = {"LIMIT_BAL": -1} | {
        name: 1 for name in names if name.startswith("PAY_") and "AMT" not in name
    }
    monotone |= {name: -1 for name in names if name.startswith("PAY_AMT")}
    matrix = np.array([[float(row[name]) for name in names] for row in rows])
    columns = [Column(name, monotone=monotone.get(name, 0)) for name in names]
    return matrix, np.array([row[target] == "1" for row in rows]), columns


def read_german(path: Path) -> tuple[np.ndarray, np.ndarray, list[Column]]:
    rows = list(csv.DictReader(io.StringIO(path.read_text()), delimiter=" "))
    left_out = {"credit_risk", "personal_status_sex", "age", "foreign_worker"}
    names = [name for name in rows[0] if name not in left_out]
    direction = {"status": -1, "credit_history": -1, "savings": -1, "duration": 1, "employment_duration": -1}
    matrix = np.array([[float(row[name]) for name in names] for row in rows])
    columns = [Column(name, monotone=direction.get(name, 0)) for name in names]
    return matrix, np.array([row["credit_risk"] == "0" for row in rows]), columns


def five_folds(matrix: np.ndarray, bad: np.ndarray, columns: Sequence[Column]) -> dict[str, object]:
    """Return areas of five folds together; each row is scored by a model that had not seen it."""
    fold = np.random.default_rng(0).permutation(len(bad)) % 5
    small = len(bad) < 5_000
    recipe = (
        Recipe(rounds=120, leaves=6, depth=4, smallest_leaf=10) if small else Recipe(rounds=250, leaves=15)
    )
    found: dict[str, object] = {"rows": len(bad), "columns": len(columns)}
    for name, used in (
        ("monotone", list(columns)),
        ("free", [replace(one, monotone=0) for one in columns]),
    ):
        score = np.zeros(len(bad))
        for number in range(5):
            held = fold == number
            score[held] = fit_trees(matrix[~held], bad[~held], used, recipe, seed=0).sum(matrix[held])
        found[name] = interval(score, bad)
    return found


def speed() -> dict[str, object]:
    """Return rows a second, in processor time of one thread, beside LightGBM on the same trees."""
    import lightgbm

    draw = np.random.default_rng(0)
    matrix = draw.normal(size=(20_000, 12))
    matrix[:, 1] = draw.integers(0, 12, len(matrix))
    matrix[:, 2] = np.where(draw.random(len(matrix)) < 0.2, np.nan, matrix[:, 2])
    target = matrix[:, 0] + matrix[:, 3] * matrix[:, 4] + draw.normal(size=len(matrix)) > 0
    settings = {"objective": "binary", "num_leaves": 15, "max_depth": 5, "num_threads": 1, "verbose": -1}
    data = lightgbm.Dataset(matrix, target.astype(float), categorical_feature=[1])
    model = lightgbm.train(settings, data, 200)
    roots = [one["tree_structure"] for one in model.dump_model()["tree_info"]]
    trees = flattened(roots, share=1.0, width=matrix.shape[1])
    started = time.process_time()
    shares = shares_of(trees, matrix.shape[1])
    built = time.process_time() - started
    told = model.predict(matrix[:2_000], pred_contrib=True)
    return {
        "trees": 200,
        "sum of trees, rows a second": rate(lambda: trees.sum(matrix), len(matrix)),
        "the same by LightGBM": rate(
            lambda: model.predict(matrix, raw_score=True, num_threads=1), len(matrix)
        ),
        "exact shares, rows a second": rate(lambda: shares.of(matrix[:5_000]), 5_000),
        "the same by LightGBM (pred_contrib)": rate(
            lambda: model.predict(matrix[:2_000], pred_contrib=True, num_threads=1), 2_000
        ),
        "largest difference of a share": float(np.abs(shares.of(matrix[:2_000]) - told[:, :-1]).max()),
        "tables made in seconds": round(built, 3),
    }


def rate(work: Callable[[], object], rows: int) -> int:
    best = min(_timed(work) for _ in range(3))
    return round(rows / best)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def whole_turn(rows: int) -> dict[str, object]:
    """Return how long a turn of the shipped solution takes over so many rows, and then to decide 1,000."""
    from flyball.solutions.credit_risk.generate import applications, write

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "credit-risk"
        run = [sys.executable, "-m", "flyball"]
        subprocess.run([*run, "init", "credit-risk", "--folder", str(home)], check=True, capture_output=True)
        write(home / "cases" / "applications.csv", applications(rows, seed=7)[0])
        write(home / "new.csv", applications(1_000, seed=8, first=900_001)[0])
        first = _wall([*run, "turn"], home)
        again = _wall([*run, "turn"], home)
        decided = _wall([*run, "decide", "new.csv"], home)
    return {"rows": rows, "first turn": first, "nothing changed": again, "decide 1,000 rows": decided}


def _wall(command: list[str], home: Path) -> dict[str, float]:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, cwd=home, check=False, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout[-500:]} {done.stderr[-500:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(time.monotonic() - started, 1), "cpu seconds": round(used, 1)}


if __name__ == "__main__":
    sys.exit(main())
