"""Contract review, cross-validated: `python benchmarks/contracts_cv.py --cuad FILE [--out FOLDER]`.

Five folds, grouped by company and near-duplicate text. For each fold a detector is trained on the other
four, its thresholds are chosen on answers that its own inner folds gave to cases they had not seen, and
only then is the fold answered, once, through `predict`. Intervals are percentile bootstraps over
contracts. Needs the extra `train`.
"""

import argparse
import json
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flyball.data.datasets.labels import read_cuad
from flyball.evaluation.quotes import RIGHT_QUOTE, RIGHT_QUOTE_STRICT, jaccard, shared_share
from flyball.models.experts.clause_detector.corpus import folds_of, read
from flyball.models.experts.clause_detector.figures import interval
from flyball.models.experts.clause_detector.fit import FOLDS, Recipe, fit_folds, stage_one_of
from flyball.models.router.risk_control import (
    Promise,
    calibration_of,
    choose_thresholds,
    upper_bound_of_rate,
)
from flyball.solutions.contract_review.train import company_of

ALWAYS_PRESENT = ("document_name", "parties")
POINTS = {
    "careful": Promise(0.03, 0.95),
    "shipped": Promise(0.032, 0.95),
    "standard": Promise(0.035, 0.95),
    "wide": Promise(0.04, 0.95),
    "finite-sample": Promise(0.03, 0.95, proof="finite_sample"),
    "strict": Promise(0.05, 0.95, 8.0, 0.90),
    "strict-in-expectation": Promise(0.06, 0.95, 8.0, 0.0),
    "strict-and-wide": Promise(0.08, 0.95, 8.0, 0.0),
}


@dataclass
class Answers:
    """Out-of-fold answers through `predict`, as matrices of shape (n_cases, n_fields)."""

    fields: tuple[str, ...]
    fold: np.ndarray
    truth: np.ndarray
    says: np.ndarray
    sure: np.ndarray
    quote_right: np.ndarray
    quote_strict: np.ndarray
    cpu_ms: np.ndarray
    automated: dict[str, np.ndarray]
    chosen: dict[str, list[dict]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuad", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    answers = cross_validated(given.cuad, given.seed)
    result = figures(answers, given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "contracts_cv.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (given.out / "contracts_cv.md").write_text(markdown(result), encoding="utf-8")
    print(markdown(result))
    return 0


def cross_validated(cuad: Path, seed: int) -> Answers:
    started = time.monotonic()

    def progress(what: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {what}", file=sys.stderr, flush=True)

    cases, labels = read_cuad(cuad)
    progress(f"{cases.num_rows} contracts read; cutting and counting")
    corpus = read(cases, labels)
    groups = [company_of(name) for name in cases.column("name").to_pylist()]
    fold = folds_of(corpus, folds=FOLDS, seed=seed, groups=groups)
    of = stage_one_of(corpus, fold, Recipe(), seed=seed, progress=progress)
    shape = corpus.present.shape
    found = Answers(
        corpus.fields,
        fold,
        corpus.present == 1,
        np.zeros(shape, dtype=bool),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
        np.zeros(shape, dtype=bool),
        np.zeros(shape[0]),
        {name: np.zeros(shape, dtype=bool) for name in POINTS},
        {name: [] for name in POINTS},
    )
    for held in range(FOLDS):
        progress(f"fold {held + 1} of {FOLDS}")
        detector = fit_folds(corpus, fold, frozenset({held}), of, Recipe(), seed=seed).detector
        members = np.flatnonzero(fold == held)
        for member in members:
            batch = cases.slice(int(member), 1).combine_chunks().to_batches()[0]
            before = time.thread_time()
            predicted = detector.predict(batch)
            found.cpu_ms[member] = 1000.0 * (time.thread_time() - before)
            _note(found, member, predicted.to_pylist(), corpus.spans[member])
        columns = detector.out_of_fold.to_pydict()
        calibration = calibration_of(
            columns["case_id"], columns["answer"], columns["confidence"], columns["right"]
        )
        for name, promise in POINTS.items():
            _automate(found, name, promise, calibration, members, held)
    return found


def _note(found: Answers, member: int, rows: list[dict], spans: dict[int, list[tuple[int, int]]]) -> None:
    number = {key: index for index, key in enumerate(found.fields)}
    for row in rows:
        index = number[row["field"]]
        found.says[member, index] = row["answer"] == "true"
        found.sure[member, index] = row["confidence"]
        if row["evidence"]:
            quote = (row["evidence"][0]["start"], row["evidence"][0]["end"])
            marked = spans.get(index, [])
            found.quote_right[member, index] = any(shared_share(quote, one) >= RIGHT_QUOTE for one in marked)
            found.quote_strict[member, index] = any(
                jaccard(quote, one) >= RIGHT_QUOTE_STRICT for one in marked
            )


def _automate(found: Answers, name: str, promise: Promise, calibration, members, held: int) -> None:
    controlled = choose_thresholds(calibration, promise)
    least = np.where(found.says[members], controlled.thresholds.present, controlled.thresholds.absent)
    automated = found.sure[members] >= least
    found.automated[name][members] = automated
    right = found.says[members] == found.truth[members]
    false = automated & found.says[members] & ~right
    count = int(automated.sum())
    realised = 1.0 - float(right[automated].mean()) if count else None
    found.chosen[name].append(
        {
            "fold": held,
            "contracts": len(members),
            "present_threshold": controlled.thresholds.present,
            "absent_threshold": controlled.thresholds.absent,
            "promised_wrong_share": promise.wrong_share_at_most,
            "calibration_wrong_share": controlled.guarantees[0].observed,
            "realised_wrong_share": realised,
            "kept": realised is None or realised <= promise.wrong_share_at_most,
            "automated_share": float(automated.mean()),
            "false_positives": int(false.sum()),
            "promises": [guarantee.promise for guarantee in controlled.guarantees],
        }
    )


def figures(found: Answers, seed: int) -> dict:
    right = found.says == found.truth
    n = len(right)

    def share(top: np.ndarray, bottom: np.ndarray) -> dict:
        good, count = top.sum(axis=1).astype(float), bottom.sum(axis=1).astype(float)
        low, high = interval(lambda at: good[at].sum() / max(count[at].sum(), 1.0), n, seed=seed)
        value = good.sum() / max(count.sum(), 1.0)
        return {"value": float(value), "low": low, "high": high, "n": int(count.sum())}

    def per_thousand(hits: np.ndarray) -> dict:
        per_case = hits.sum(axis=1).astype(float)
        low, high = interval(lambda at: 1000.0 * per_case[at].mean(), n, seed=seed)
        hit = int((per_case > 0).sum())
        return {
            "value": 1000.0 * float(per_case.mean()),
            "low": low,
            "high": high,
            "n": n,
            "contracts_with_any": hit,
            "upper_95_contracts_with_any_per_1000": 1000.0 * upper_bound_of_rate(hit, n),
        }

    everything = np.ones_like(right)
    hits = found.says & found.truth
    varied = np.broadcast_to(np.array([key not in ALWAYS_PRESENT for key in found.fields]), right.shape)
    cpu = found.cpu_ms
    low, high = interval(lambda at: float(cpu[at].mean()), n, seed=seed)
    return {
        "contracts": n,
        "fields": len(found.fields),
        "machine": {"python": platform.python_version(), "processor": platform.machine()},
        "accuracy": share(right, everything),
        "accuracy_without_always_present": share(right & varied, varied),
        "evidence_right": share(hits & found.quote_right, hits),
        "evidence_right_strict": share(hits & found.quote_strict, hits),
        "cpu_ms_per_contract": {"value": float(cpu.mean()), "low": low, "high": high, "n": n},
        "curve": _curve(found, right),
        "points": {
            name: {
                "promise": f"{POINTS[name].wrong_share_at_most:g} wrong at {POINTS[name].confidence:g}",
                "automated_share": share(automated, everything),
                "automated_accuracy": share(automated & right, automated),
                "automated_accuracy_without_always_present": share(
                    automated & right & varied, automated & varied
                ),
                "automated_share_without_always_present": share(automated & varied, varied),
                "false_positives_per_1000": per_thousand(automated & found.says & ~right),
                "evidence_right": share(automated & hits & found.quote_right, automated & hits),
                "folds": found.chosen[name],
            }
            for name, automated in found.automated.items()
        },
        "per_field": _per_field(found, right),
    }


def _curve(found: Answers, right: np.ndarray) -> dict:
    """Accuracy of the surest answers, all folds in one order: a perfect choice of threshold."""
    order = np.argsort(-found.sure.ravel(), kind="stable")
    cumulated = np.cumsum(right.ravel()[order]) / np.arange(1, right.size + 1)
    shares = {
        f"accuracy_at_{share:.0%}": float(cumulated[int(share * right.size) - 1])
        for share in (0.8, 0.85, 0.9)
    }
    reach = {
        f"share_at_{level:.1%}_right": float((np.flatnonzero(cumulated >= level)[-1] + 1) / right.size)
        for level in (0.97, 0.975, 0.98)
    }
    return {**shares, **reach}


def _per_field(found: Answers, right: np.ndarray) -> list[dict]:
    automated = found.automated["standard"]
    rows = []
    for index, key in enumerate(found.fields):
        hits = found.says[:, index] & found.truth[:, index]
        taken = automated[:, index]
        rows.append(
            {
                "field": key,
                "present": int(found.truth[:, index].sum()),
                "accuracy": float(right[:, index].mean()),
                "precision": float(hits.sum() / max(found.says[:, index].sum(), 1)),
                "recall": float(hits.sum() / max(found.truth[:, index].sum(), 1)),
                "automated_share": float(taken.mean()),
                "automated_accuracy": float(right[taken, index].mean()) if taken.any() else None,
                "evidence_right": float(found.quote_right[hits, index].mean()) if hits.any() else None,
            }
        )
    return rows


def markdown(result: dict) -> str:
    def shown(figure: dict, scale: float = 100.0, unit: str = " %") -> str:
        return (
            f"{scale * figure['value']:.1f}{unit} [{scale * figure['low']:.1f}, {scale * figure['high']:.1f}]"
        )

    lines = [
        f"CUAD v1 training split, {result['contracts']} contracts x {result['fields']} fields, five folds "
        "grouped by company and near-duplicate; 95 % bootstrap intervals over contracts.",
        "",
        "| figure | value |",
        "| --- | --- |",
        f"| right, all decisions | {shown(result['accuracy'])} |",
        f"| without Document Name and Parties | {shown(result['accuracy_without_always_present'])} |",
        f"| quote right, of true positives | {shown(result['evidence_right'])} |",
        f"| quote right, strict (Jaccard) | {shown(result['evidence_right_strict'])} |",
        f"| CPU per contract | {shown(result['cpu_ms_per_contract'], 1.0, ' ms')} |",
    ]
    lines += [f"| {name.replace('_', ' ')} | {value:.4f} |" for name, value in result["curve"].items()]
    lines += [
        "",
        "| operating point | promise | automated | right of these | false positives per 1,000 | kept |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, point in result["points"].items():
        kept = sum(fold["kept"] for fold in point["folds"])
        false = point["false_positives_per_1000"]
        bound = false["upper_95_contracts_with_any_per_1000"]
        lines.append(
            f"| {name} | {point['promise']} | {shown(point['automated_share'])} | "
            f"{shown(point['automated_accuracy'])} | {shown(false, 1.0, '')}, "
            f"contracts with any below {bound:.1f} | {kept} of {FOLDS} |"
        )
    lines += [
        "",
        "| operating point | fold | promised | calibration | realised | automated | false positives |",
    ]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    for name, point in result["points"].items():
        for fold in point["folds"]:
            numbers = [
                "none" if fold[key] is None else f"{fold[key]:.2%}"
                for key in ("promised_wrong_share", "calibration_wrong_share", "realised_wrong_share")
            ]
            lines.append(
                f"| {name} | {fold['fold']} | {' | '.join(numbers)} | {fold['automated_share']:.1%} | "
                f"{fold['false_positives']} |"
            )
    lines += [
        "",
        "| field | present | right | precision | recall | automated | right of these | quote right |",
    ]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for row in result["per_field"]:
        shares = (
            "accuracy",
            "precision",
            "recall",
            "automated_share",
            "automated_accuracy",
            "evidence_right",
        )
        cells = ["-" if row[key] is None else f"{row[key]:.1%}" for key in shares]
        lines.append(f"| {row['field']} | {row['present']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
