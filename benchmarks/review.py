"""The list of cases, which to label, estimates from chosen ones, and agreement beside a published package.

`python benchmarks/review.py [--data FOLDER] [--taiwan FILE] [--only NAME]`: on the two shipped samples,
with the folder of MMLU questions of RouteLLM (a file for each subject) on short texts, and with the UCI file
of Taiwanese card holders on 6,000 of them. Each round labels twenty cases more, refits a logistic regression
on all labels, and chooses the next ones with the doubt of that model, as a team would that fits every day.
Figures: labels until the test score reaches a target (90 % of the way from twenty labels to all; where it is
not reached, one step more than the last), choosing against random on the same seed, with the interval over
seeds. "Least sure" takes those of the greatest doubt and nothing else, as plain uncertainty sampling does.
"""

import argparse
import csv
import importlib.util
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from text_classifier import questions

from flyball.evaluation.review.agreement import krippendorff_alpha
from flyball.evaluation.review.quality import Drawn, quality_of
from flyball.evaluation.review.selection import select
from flyball.models.experts.text_classifier.features import features_of

SOLUTIONS = Path(__file__).parents[1] / "src" / "flyball" / "solutions"
STEP, MOST, SEEDS = 20, 400, 20


def rows(
    path: Path, label: str, leave_out: set[str], most: int = 10_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    if len(table) > most:
        table = [table[int(at)] for at in np.random.default_rng(0).permutation(len(table))[:most]]
    truth = np.array([row[label] in ("true", "yes", "1") for row in table])
    names = [name for name in table[0] if name not in leave_out | {label}]
    columns = []
    for name in names:
        values = [row[name] for row in table]
        try:
            numbers = np.array([float(value) if value else np.nan for value in values])
            numbers = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
            columns.append((numbers - numbers.mean()) / (numbers.std() or 1.0))
        except ValueError:
            columns += [
                np.array([float(value == one) for value in values]) for one in sorted(set(values))[:20]
            ]
    texts = [json.dumps({name: row[name] for name in names}, separators=(",", ":")) for row in table]
    return np.column_stack(columns), words(texts, 512), truth


def words(texts: list[str], width: int) -> np.ndarray:
    counted = [np.bincount(features_of(text).places % width, minlength=width) for text in texts]
    return np.sqrt(np.array(counted, np.float64))


def texts(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = questions(folder)
    kinds = sorted({subject for _, subject in found})
    wide = words([text for text, _ in found], 1024)
    unit = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-9)
    truth = np.array([kinds.index(subject) for _, subject in found])
    return unit * 8.0, words([text for text, _ in found], 512), truth


def score(model: LogisticRegression, inputs: np.ndarray, truth: np.ndarray) -> float:
    if truth.max() > 1:
        return float((model.predict(inputs) == truth).mean())
    chance = model.predict_proba(inputs)[:, 1]
    rare = truth.mean() < 0.1
    return float(average_precision_score(truth, chance) if rare else roc_auc_score(truth, chance))


def fitted(inputs: np.ndarray, truth: np.ndarray, taken: list[int]) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=300).fit(inputs[taken], truth[taken])


def curve(
    how: str, data: tuple[np.ndarray, ...], pool: np.ndarray, test: np.ndarray, seed: int
) -> list[float]:
    inputs, looks, truth = data
    rng = np.random.default_rng(seed)
    taken = [int(one) for one in rng.permutation(pool)[:STEP]]
    for kind in np.unique(truth):  # a first label of each answer, or nothing can be fitted
        if not (truth[taken] == kind).any():
            taken.append(int(rng.choice(pool[truth[pool] == kind])))
    scores = []
    while True:
        model = fitted(inputs, truth, taken)
        scores.append(score(model, inputs[test], truth[test]))
        if len(taken) >= MOST:
            return scores
        rest = np.setdiff1d(pool, taken)
        doubt = 1.0 - model.predict_proba(inputs[rest]).max(axis=1)
        if how == "least sure":
            taken += rest[np.argsort(-doubt, kind="stable")[:STEP]].tolist()
            continue
        share = {"random": 1.0, "chosen": 0.0, "chosen, 30 % drawn": 0.3}[how]
        chosen = select(looks[rest], doubt, STEP, drawn_share=share, seed=seed * 1000 + len(taken)).chosen
        taken += [int(rest[one.place]) for one in chosen]


def labels_needed(scores: list[float], target: float) -> float:
    reached = np.flatnonzero(np.array(scores) >= target)
    return float(STEP * (reached[0] + 1)) if len(reached) else float(MOST + STEP)


def interval(values: np.ndarray) -> dict:
    half = float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return {"value": round(mean, 3), "low": round(mean - half, 3), "high": round(mean + half, 3)}


def measured(name: str, data: tuple[np.ndarray, ...], seeds: int) -> dict:
    began = time.process_time()
    _, _, truth = data
    ways = ("random", "chosen", "chosen, 30 % drawn", "least sure")
    needed: dict[str, list[float]] = {way: [] for way in ways}
    last: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(seeds):
        order = np.random.default_rng([seed, 7]).permutation(len(truth))
        test, pool = order[: len(order) // 3], np.sort(order[len(order) // 3 :])
        full = score(fitted(data[0], truth, pool.tolist()), data[0][test], truth[test])
        curves = {way: curve(way, data, pool, test, seed) for way in ways}
        target = curves["random"][0] + 0.9 * (full - curves["random"][0])
        for way in ways:
            needed[way].append(labels_needed(curves[way], target))
            last[way].append(curves[way][199 // STEP])
    saved = {way: np.array(needed["random"]) - np.array(needed[way]) for way in ways[1:]}
    better = {way: np.array(last[way]) - np.array(last["random"]) for way in ways[1:]}
    return {
        "set": name,
        "cases": len(truth),
        "seeds": seeds,
        "labels_needed": {way: interval(np.array(needed[way])) for way in ways},
        "labels_saved": {way: interval(saved[way]) for way in saved},
        "score_at_200": {way: interval(np.array(last[way])) for way in ways},
        "better_at_200": {way: interval(better[way]) for way in better},
        "cpu_s": round(time.process_time() - began, 1),
    }


def estimates(draws: int = 2000) -> dict:
    """Draw samples from 2,000 decisions of which 88 % are right, the unsure ones less often."""
    rng = np.random.default_rng(0)
    doubt = rng.beta(1, 6, 2000)
    right = rng.random(2000) > doubt
    looks = rng.random((2000, 4))
    errors, covered, naive = [], 0, []
    for seed in range(draws):
        made = select(looks, doubt, 100, drawn_share=0.3, seed=seed)
        found = quality_of([Drawn(one.chance, bool(right[one.place])) for one in made.chosen], len(right))
        errors.append(found.value - right.mean())
        covered += found.low <= right.mean() <= found.high
        naive.append(np.mean([right[one.place] for one in made.chosen]) - right.mean())
    return {
        "set": "estimates of quality from rounds of 100, 30 drawn",
        "draws": draws,
        "bias": interval(np.array(errors)),
        "bias_of_the_plain_share": interval(np.array(naive)),
        "covered_by_95_percent_interval": round(covered / draws, 4),
    }


def the_list(n: int) -> dict:
    """Show pages of a list on which `n` cases wait; each decision is real, its case is not."""
    from flyball.core.records import Context
    from flyball.core.verdicts import Verdict
    from flyball.ledger.records import Draft
    from flyball.loop.deployment import open_deployment
    from flyball.loop.init import init_deployment
    from flyball.loop.review_queue import ReviewQueue
    from flyball.loop.review_state import Reviewer
    from flyball.loop.reviewing import Reviews
    from flyball.loop.workshop import Workshop
    from flyball.models.decisions.records import Decision, FieldDecision, Route

    at = datetime.now(UTC)
    said = FieldDecision("repaid", "true", "referred", 0.7, (), Route("", "", ()), "not sure")
    one = Decision(
        "",
        "",
        "",
        "",
        "credit-risk",
        "",
        Context(("US",), at.date()),
        (said,),
        (),
        (),
        (),
        Verdict(True, ""),
        "0",
        at,
    )
    with TemporaryDirectory() as folder:
        init_deployment("credit-risk", Path(folder) / "credit-risk")
        with Workshop(open_deployment(Path(folder) / "credit-risk")) as workshop:
            for start in range(0, n, 5_000):
                many = [
                    replace(one, case_id=f"{number:016x}") for number in range(start, min(n, start + 5_000))
                ]
                workshop.ledger.append_many([Draft("decision", each, "system:turn", ()) for each in many])
            workshop.history.follow()
            took = []
            for _ in range(12):
                queue = ReviewQueue(workshop, Reviews(workshop))  # as a process has it that has just begun
                began = time.process_time()
                page = queue.page(Reviewer("person:anna"))
                took.append(time.process_time() - began)
    return {
        "set": "the list",
        "waiting": page.waiting,
        "first_page_after_new_settings_cpu_ms": round(1000 * took[0]),
        "page_cpu_ms": round(1000 * float(np.median(took[1:]))),
    }


def agreement(tables: int = 200) -> dict:
    """Compare alpha with the package `krippendorff` on random tables, a quarter of them missing."""
    import krippendorff

    rng = np.random.default_rng(0)
    apart, ours, theirs = 0.0, 0.0, 0.0
    for number in range(tables):
        readers, units, values = (int(rng.integers(*span)) for span in ((2, 6), (10, 80), (2, 7)))
        table = rng.integers(0, values, (readers, units)).astype(float)
        table[rng.random(table.shape) < 0.25] = np.nan
        scale = ("nominal", "ordinal", "interval")[number % 3]
        began = time.process_time()
        mine = krippendorff_alpha(table, scale, fewest=2)
        middle = time.process_time()
        value = krippendorff.alpha(reliability_data=table, level_of_measurement=scale)
        ours, theirs = ours + middle - began, theirs + time.process_time() - middle
        apart = max(apart, abs(mine.value - value))
    return {
        "set": "alpha beside the package krippendorff",
        "tables": tables,
        "largest_difference": apart,
        "cpu_ms_a_table_with_its_interval": round(1000 * ours / tables, 2),
        "cpu_ms_a_table_of_the_package_without_one": round(1000 * theirs / tables, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="Folder with mmlu_*.csv.")
    parser.add_argument("--taiwan", type=Path, help="UCI_Credit_Card.csv")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument(
        "--only", default="", help="list, estimates, agreement, credit, fraud, taiwan or texts"
    )
    given = parser.parse_args()
    cases = SOLUTIONS / "payment_fraud/cases"
    strange = {"transfer_id", "time", "payer", "payee", "device", "typology"}
    applications = SOLUTIONS / "credit_risk/cases/applications.csv"
    parts = {
        "list": lambda: the_list(100_000),
        "estimates": estimates,
        "credit": lambda: measured(
            "credit applications, AUROC", rows(applications, "repaid", {"application"}), given.seeds
        ),
        "fraud": lambda: measured(
            "transfers, average precision",
            rows(next(cases.glob("*.csv")), "suspicious", strange),
            given.seeds,
        ),
    }
    if importlib.util.find_spec("krippendorff"):
        parts["agreement"] = agreement
    if given.taiwan:
        label = "default.payment.next.month"
        parts["taiwan"] = lambda: measured(
            "card holders, AUROC", rows(given.taiwan, label, {"ID"}, 6_000), given.seeds
        )
    if given.data:
        parts["texts"] = lambda: measured(
            "MMLU questions by subject, accuracy", texts(given.data), given.seeds
        )
    for name, part in parts.items():
        if given.only in ("", name):
            print(json.dumps(part()), flush=True)


if __name__ == "__main__":
    main()
