"""Explanation: whether shares are exact, estimates honest, and checks able to tell good from bad.

`python benchmarks/explanation.py [--taiwan FILE.csv] [--decisions 300] [--only trees,kernel,decisions]`

Needs the extra `train`. Where `shap` and `lime` are installed they are measured beside us on the same rows;
nothing of the product needs them. Taiwanese card holders: half of the rows teach, the others are explained;
sex, marriage and age are left out. Times are processor time of one core.
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow.csv

from flyball.core.intervals import wilson
from flyball.governance.explanation.attribution import DoesNotAddUp, check_sum
from flyball.governance.explanation.checks import check_deletion, typical_of
from flyball.governance.explanation.kernel import kernel_shares
from flyball.governance.explanation.records import Attribution, Share
from flyball.models.experts.boosted_table.shares import shares_of
from flyball.models.experts.boosted_table.trees import flattened

SEED = 20
REFERENCES = 8
SETS = 512
EXPLAINED = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--taiwan", type=Path, help="UCI_Credit_Card.csv")
    parser.add_argument("--decisions", type=int, default=300, help="applications to decide and explain")
    parser.add_argument("--only", default="trees,kernel,decisions")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    given = parser.parse_args()
    wanted = given.only.split(",")
    found: dict[str, object] = {}
    if given.taiwan and {"trees", "kernel"} & set(wanted):
        model, rows, columns = taiwan(given.taiwan)
        if "trees" in wanted:
            found["trees"] = trees(model, rows)
        if "kernel" in wanted:
            found["kernel"] = kernel(model, rows, columns)
    if "decisions" in wanted:
        found["decisions"] = decisions(given.decisions)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "explanation.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0


def taiwan(path: Path) -> tuple[lightgbm.Booster, np.ndarray, list[str]]:
    """Fit on half of the rows; return the model and the other half."""
    table = pyarrow.csv.read_csv(path)
    target = next(name for name in table.column_names if name.startswith("default"))
    left_out = {"ID", "GENDER", "SEX", "MARRIAGE", "AGE", target}
    columns = [name for name in table.column_names if name not in left_out]
    rows = np.column_stack([table.column(name).cast("double").to_numpy() for name in columns])
    bad = table.column(target).cast("double").to_numpy()
    order = np.random.default_rng(SEED).permutation(len(rows))
    teach, rest = order[: len(rows) // 2], order[len(rows) // 2 :]
    settings = {
        "objective": "binary",
        "num_leaves": 31,
        "max_depth": 6,
        "learning_rate": 0.05,
        "min_data_in_leaf": 50,
        "seed": SEED,
        "num_threads": 1,
        "deterministic": True,
        "verbose": -1,
    }
    data = lightgbm.Dataset(rows[teach], label=bad[teach])
    return lightgbm.train(settings, data, num_boost_round=200), rows[rest], columns


def trees(model: lightgbm.Booster, rows: np.ndarray) -> dict[str, object]:
    """Hold our shares against those of LightGBM and of shap, and time them."""
    flat = flattened(
        [one["tree_structure"] for one in model.dump_model()["tree_info"]], share=1.0, width=rows.shape[1]
    )
    asked = rows[:2000]
    made, prepare = timed(lambda: shares_of(flat, rows.shape[1]))
    ours, took = timed(lambda: made.of(asked))
    theirs, lightgbm_took = timed(lambda: model.predict(asked, pred_contrib=True, num_threads=1))
    found: dict[str, object] = {
        "rows": len(asked),
        "columns": rows.shape[1],
        "trees": len(flat.roots),
        "most_that_a_share_differs_from_lightgbm": float(np.abs(ours - theirs[:, :-1]).max()),
        "most_that_base_differs": float(np.abs(made.base - theirs[:, -1]).max()),
        "most_that_a_sum_misses_the_output": float(
            np.abs(ours.sum(axis=1) + made.base - flat.sum(asked)).max()
        ),
        "ours_tables_made_s": prepare,
        "ours_us_per_row": took / len(asked) * 1e6,
        "lightgbm_us_per_row": lightgbm_took / len(asked) * 1e6,
    }
    shap = peer("shap")
    if shap is not None:
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        explainer.shap_values(asked[:10])
        told, shap_took = timed(lambda: explainer.shap_values(asked))
        found["most_that_a_share_differs_from_shap"] = float(np.abs(ours - np.asarray(told)).max())
        found["shap_us_per_row"] = shap_took / len(asked) * 1e6
        found["shap"] = shap.__version__
    return found


def kernel(model: lightgbm.Booster, rows: np.ndarray, columns: Sequence[str]) -> dict[str, object]:
    """Explain the model as if it were closed, and hold the estimates against the exact shares."""
    draw = np.random.default_rng(SEED)
    others = rows[draw.choice(len(rows), REFERENCES, replace=False)]
    asked = rows[draw.choice(len(rows), EXPLAINED, replace=False)]

    def game(row: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        def value(masks: np.ndarray) -> np.ndarray:
            mixed = np.where(masks[:, None, :], row, others[None, :, :]).reshape(-1, len(row))
            raw = model.predict(mixed, raw_score=True, num_threads=1)
            return raw.reshape(len(masks), REFERENCES).mean(axis=1)

        return value

    ours, took = timed(
        lambda: [kernel_shares(game(row), len(columns), most_sets=SETS, seed=SEED) for row in asked]
    )
    shares = np.array([one.shares for one in ours])
    fidelity = [one.fidelity for one in ours]
    found: dict[str, object] = {
        "cases": EXPLAINED,
        "columns": len(columns),
        "sets": SETS,
        "other_cases": REFERENCES,
        "ours_ms_per_case": took / EXPLAINED * 1e3,
        "fidelity_median": float(np.median([one.value for one in fidelity])),
        "fidelity_least": float(min(one.value for one in fidelity)),
        "most_that_a_sum_misses_the_output": float(
            max(abs(one.base + one.shares.sum() - one.output) for one in ours)
        ),
    }
    found |= honest(game, asked, ours)
    shap, lime = peer("shap"), peer("lime.lime_tabular")
    if shap is not None:
        exact = shap.TreeExplainer(model, data=others, feature_perturbation="interventional")
        truth = np.asarray(exact.shap_values(asked))
        theirs = shap.KernelExplainer(
            lambda given: model.predict(given, raw_score=True, num_threads=1), others, silent=True
        )
        np.random.seed(SEED)
        told, shap_took = timed(
            lambda: np.asarray(theirs.shap_values(asked, nsamples=SETS, l1_reg=False, silent=True))
        )
        found |= {
            "error_of_ours": error(shares, truth),
            "error_of_shap": error(told, truth),
            "same_four_of_ours": same_four(shares, truth),
            "same_four_of_shap": same_four(told, truth),
            "shap_ms_per_case": shap_took / EXPLAINED * 1e3,
        }
    if lime is not None:
        explainer = lime.LimeTabularExplainer(
            rows[:5000], feature_names=list(columns), mode="regression", random_state=SEED
        )
        scores, lime_took = timed(
            lambda: [
                explainer.explain_instance(
                    row,
                    lambda given: model.predict(given, raw_score=True, num_threads=1),
                    num_features=len(columns),
                    num_samples=SETS * REFERENCES,
                ).score
                for row in asked
            ]
        )
        found |= {"lime_r2_median": float(np.median(scores)), "lime_ms_per_case": lime_took / EXPLAINED * 1e3}
    return found


def honest(game: Callable[..., Any], asked: np.ndarray, ours: Sequence[Any]) -> dict[str, object]:
    """Hold the stated fidelity against that on 4,000 fresh sets of the same kind."""
    draw = np.random.default_rng(SEED + 1)
    inside, gaps = 0, []
    columns = asked.shape[1]
    for row, one in list(zip(asked, ours, strict=True))[:20]:
        sizes = np.arange(1, columns)
        chance = 1.0 / (sizes * (columns - sizes))
        drawn = draw.choice(sizes, size=4000, p=chance / chance.sum())
        masks = draw.random((4000, columns)).argsort(axis=1) < drawn[:, None]
        seen = game(row)(masks)
        fresh = 1.0 - ((seen - one.base - masks @ one.shares) ** 2).sum() / ((seen - seen.mean()) ** 2).sum()
        inside += one.fidelity.low <= fresh <= one.fidelity.high
        gaps.append(one.fidelity.value - fresh)
    return {
        "stated_fidelity_minus_that_on_fresh_sets": float(np.mean(gaps)),
        "fresh_fidelity_inside_the_interval": f"{inside} of {len(gaps)}",
    }


def decisions(n: int) -> dict[str, object]:
    """Decide fresh applications with the shipped credit deployment, explain each, and count the checks."""
    from flyball.loop.deciding import decide_documents
    from flyball.loop.deployment import open_deployment
    from flyball.loop.explaining import Explainer
    from flyball.loop.full_turn import full_turn
    from flyball.loop.init import init_deployment
    from flyball.loop.letters import draft_letter
    from flyball.loop.live import live_engine
    from flyball.loop.rows import document_of_row
    from flyball.loop.workshop import Workshop
    from flyball.solutions.credit_risk.generate import applications

    with tempfile.TemporaryDirectory(prefix="flyball-explanation-") as place:
        home = init_deployment("credit-risk", Path(place) / "credit-risk")
        with Workshop(open_deployment(home), actor="user:benchmark") as workshop:
            if not full_turn(workshop).promoted.live:
                raise SystemExit("The release did not go live.")
            live = live_engine(workshop)
            rows, _ = applications(n, seed=77, first=900_001)
            documents = [
                document_of_row({k: v for k, v in row.items() if k != "repaid"}, name=str(row["application"]))
                for row in rows
            ]
            context = workshop.context_of(live.settings.deployment)
            issued = [
                one.issued
                for one in decide_documents(workshop, live, documents, context=context)
                if one.issued is not None
            ]
            explainer = Explainer(workshop)
            entries = [workshop.ledger.entry(one.entry) for one in issued]
            explainer.explain(entries[0])
            told, took = timed(lambda: [explainer.explain(entry) for entry in entries])
            letters, letters_took = timed(
                lambda: [
                    draft_letter(workshop, one, language=language)
                    for one in told
                    if one.answers[0].against and one.answers[0].outcome == "automated"
                    for language in ("en", "de")
                ]
            )
            engine, others = live.engine, explainer.others(live.digest)
        answers = [one.answers[0] for one in told]
        against = [one for one in answers if one.against]
        refused = [one for one in against if one.outcome == "automated"]
        found: dict[str, object] = {
            "decisions": len(answers),
            "ms_per_explanation": took / len(answers) * 1e3,
            "checks": counted(answers),
            "against": len(against),
            "of_these_with_a_change": share(sum(bool(one.changed.moves) for one in against), len(against)),
            "refused_without_a_person": len(refused),
            "of_these_by_a_rule": sum(bool(one.rules) for one in refused),
            "of_the_refused_with_a_change": share(
                sum(bool(one.changed.moves) for one in refused), len(refused)
            ),
            "letters": len(letters),
            "sentences_without_a_record": sum(
                not line.records
                for one in letters
                for line in one.lines
                if line.kind in ("sentence", "point")
            ),
            "ms_per_letter": letters_took / max(1, len(letters)) * 1e3,
        }
        return found | tampered(answers, engine.experts["credit_model"], told, others)


def tampered(
    answers: Sequence[Any], expert: Any, told: Sequence[Any], others: Sequence[Any]
) -> dict[str, object]:
    """Spoil the shares of every case, and count how often a check sees it."""
    draw = np.random.default_rng(SEED)
    caught, deleted, honest_passed, n = 0, 0, 0, 0
    rows = [dict(one.row) for one in told]
    for answer, row in zip(answers, rows, strict=True):
        one = answer.attribution
        if one is None:
            continue
        n += 1
        shares = list(one.shares)
        place = int(draw.integers(0, len(shares)))
        scaled = [
            Share(
                each.column,
                each.value,
                each.share + 0.01 * max(abs(each.share), 0.01) if number == place else each.share,
            )
            for number, each in enumerate(shares)
        ]
        try:
            check_sum(replaced(one, scaled))
        except DoesNotAddUp:
            caught += 1
        mixed = draw.permutation(len(shares))
        moved = [
            Share(each.column, each.value, shares[int(other)].share)
            for each, other in zip(shares, mixed, strict=True)
        ]
        typical = typical_of(others, [each.column for each in shares])
        sign = 1.0 if answer.answer == "true" else -1.0
        for which, spoiled in ((replaced(one, moved), True), (one, False)):
            check = check_deletion(which, row, typical, expert.outputs, sign=sign, seed=SEED, at_least=0.8)
            deleted += spoiled and check.passed is False
            honest_passed += not spoiled and check.passed is True
    return {
        "one_share_wrong_by_1_percent_refused": share(caught, n),
        "shares_of_other_columns_fail_the_deletion": share(deleted, n),
        "own_shares_pass_the_deletion": share(honest_passed, n),
    }


def replaced(one: Attribution, shares: Sequence[Share]) -> Attribution:
    """Return an attribution with other shares."""
    return Attribution(one.expert, one.method, one.exact, one.unit, one.base, one.output, tuple(shares))


def counted(answers: Sequence[Any]) -> Mapping[str, object]:
    """Return how many passed each check."""
    names = ("repeats", "adds_up", "stable", "agrees", "deletion")
    found = {}
    for name in names:
        checks = [one for answer in answers for one in answer.checks if one.name == name]
        judged = [one for one in checks if one.passed is not None]
        found[name] = share(sum(bool(one.passed) for one in judged), len(judged))
    return found


def share(hits: int, n: int) -> str:
    """Return a share with its interval at 95 %."""
    if not n:
        return "not measured: no case"
    low, high = wilson(hits, n)
    return f"{hits} of {n}: {hits / n:.3f} [{low:.3f}, {high:.3f}]"


def error(told: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean distance of a share from the exact one, in parts of the mean size of a share."""
    return float(np.abs(told - truth).mean() / np.abs(truth).mean())


def same_four(told: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean part of the four largest shares that are the exact four."""
    ours, exact = (np.argsort(-np.abs(one), axis=1)[:, :4] for one in (told, truth))
    return float(np.mean([len(set(a) & set(b)) / 4 for a, b in zip(ours, exact, strict=True)]))


def peer(name: str) -> Any:
    """Return a library that is measured beside us, None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """Return what comes of it, and its processor time in seconds."""
    began = time.process_time()
    found = make()
    return found, time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
