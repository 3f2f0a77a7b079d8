"""Fraud on graphs: Tolokers on its official splits, AMLSim by time and account, and transfers per second.

`python benchmarks/payment_fraud.py --tolokers tolokers.npz --amlsim 20K_fanin200cycle200.tgz`. Whatever is
chosen (settings, number of trees) is chosen on validation masks. `--network` adds the graph network, which
needs PyTorch (extra `graph-network`).
"""

import argparse
import io
import json
import tarfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pcsv

from flyball.core.estimates import Estimate, Measurement
from flyball.core.records import Field
from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.splits import EMBARGO, PART, refuse_leaks, split_by_entity, split_by_time
from flyball.data.documents.rows import document_of_row
from flyball.loop.deployment import solution
from flyball.loop.settings import load_settings
from flyball.loop.stages.thresholds import choose
from flyball.models.experts.boosted_table.figures import area_with_variance
from flyball.models.experts.expert import EXPERTS
from flyball.models.experts.graph.entities import label_columns, neighbour_columns
from flyball.models.experts.graph.features import DAY, describe, names_of_features
from flyball.models.experts.graph.fit import FitOptions, grow
from flyball.models.experts.graph.log import TransferLog, Transfers
from flyball.models.experts.graph.model import NeighbourExpert
from flyball.models.experts.graph.neighbourhood import Neighbourhood
from flyball.models.experts.graph.network import network_chances
from flyball.models.experts.graph.ranking import average_precision, by_groups, recall_at
from flyball.models.experts.graph.relation import relation_of
from flyball.models.experts.graph.transfers import TransferColumns
from flyball.solutions.payment_fraud.generate import World
from flyball.solutions.payment_fraud.train import table_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CANDIDATES: tuple[dict[str, Any], ...] = (
    {"num_leaves": 15, "min_data_in_leaf": 30},
    {"num_leaves": 31, "min_data_in_leaf": 60},
    {"num_leaves": 31, "min_data_in_leaf": 60, "feature_fraction": 0.2},
)
COMMON = {
    "objective": "binary",
    "metric": "auc",
    "learning_rate": 0.03,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.3,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "verbosity": -1,
}
FOLDS = 10
T_9 = 2.262
"""97.5 % point of Student's t with nine degrees of freedom."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tolokers", type=Path)
    parser.add_argument("--amlsim", type=Path)
    parser.add_argument("--invented", action="store_true", help="the shipped solution on towns it never saw")
    parser.add_argument(
        "--network", action="store_true", help="the graph network on Tolokers instead of trees"
    )
    parser.add_argument("--seeds", type=int, default=5, help="models that are averaged")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found: dict[str, Any] = {}
    if given.tolokers:
        found["tolokers"] = tolokers(given.tolokers, given.seeds, network=given.network)
    if given.amlsim:
        found["amlsim"] = amlsim(given.amlsim)
    if given.invented:
        found["invented"] = invented()
    print(json.dumps(found, indent=2))
    return 0


# Tolokers.


def tolokers(path: Path, seeds: int, *, network: bool) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as held:
        data = {name: held[name] for name in held.files}
    labels = data["node_labels"] == 1
    relation = relation_of("worked_with", data["edges"], len(labels))
    own = data["node_features"].astype(np.float64)
    masks = list(zip(data["train_masks"], data["val_masks"], data["test_masks"], strict=True))
    began = time.process_time()
    if network:
        rows = [
            _scored(
                labels,
                network_chances([relation], own, labels, learn=train, hold_back=valid, seed=number),
                valid,
                test,
            )
            for number, (train, valid, test) in enumerate(masks)
        ]
        return {"model": "network", **_over_splits(rows), "cpu_s": round(time.process_time() - began)}
    base = neighbour_columns([relation], own, [f"own_{number}" for number in range(own.shape[1])]).values
    seen = [
        [
            np.hstack([base, label_columns([relation], labels, train, folds=FOLDS, seed=seed).values])
            for seed in range(seeds)
        ]
        for train, _, _ in masks
    ]
    tried = []
    for settings in CANDIDATES:
        rows = [
            _scored(labels, _trees(columns[:2], labels, train, valid, settings), valid, test)
            for columns, (train, valid, test) in zip(seen, masks, strict=True)
        ]
        tried.append((float(np.mean([row["valid auroc"] + row["valid auprc"] for row in rows])), settings))
    best = max(tried, key=lambda one: one[0])[1]
    found: dict[str, Any] = {"chosen on validation": best}
    for name, columns in (("with labels of neighbours", seen), ("without", [[base] * seeds] * len(masks))):
        rows = [
            _scored(labels, _trees(some, labels, train, valid, best), valid, test)
            for some, (train, valid, test) in zip(columns, masks, strict=True)
        ]
        found[name] = _over_splits(rows)
    return {"model": "trees", **found, "cpu_s": round(time.process_time() - began)}


def _trees(
    columns: Sequence[Floats], labels: Flags, train: Flags, valid: Flags, settings: dict[str, Any]
) -> Floats:
    """Return mean log odds of a model per matrix; how many trees is chosen on the validation mask."""
    total = np.zeros(len(labels))
    for seed, values in enumerate(columns):
        data = lightgbm.Dataset(values[train], labels[train].astype(float))
        check = lightgbm.Dataset(values[valid], labels[valid].astype(float), reference=data)
        booster = lightgbm.train(
            {**COMMON, **settings, "seed": seed},
            data,
            num_boost_round=2_000,
            valid_sets=[check],
            callbacks=[lightgbm.early_stopping(100, verbose=False)],
        )
        total += booster.predict(values, raw_score=True, num_iteration=booster.best_iteration)
    return total / len(columns)


def _scored(labels: Flags, scores: Floats, valid: Flags, test: Flags) -> dict[str, float]:
    return {
        f"{name} {what}": value
        for name, mask in (("valid", valid), ("test", test))
        for what, value in (
            ("auroc", area_with_variance(scores[mask], labels[mask])[0]),
            ("auprc", average_precision(scores[mask], labels[mask])),
        )
    }


def _over_splits(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return mean and t interval over splits; splits share nodes, so the interval is for the splits only."""
    found: dict[str, Any] = {"splits": len(rows)}
    for name in ("test auroc", "test auprc"):
        values = 100.0 * np.array([row[name] for row in rows])
        half = T_9 * values.std(ddof=1) / np.sqrt(len(values))
        found[name] = {
            "mean": round(float(values.mean()), 2),
            "low": round(float(values.mean() - half), 2),
            "high": round(float(values.mean() + half), 2),
            "each": [round(float(one), 2) for one in values],
        }
    return found


# The shipped solution.


def invented(seeds: Sequence[int] = (31, 32, 33, 34, 35)) -> dict[str, Any]:
    """Ask the shipped typologies and model about towns that neither the model nor a threshold has seen."""
    home = solution("payment-fraud")
    model = NeighbourExpert.load(home / "detector")
    field = Field("suspicious", "Suspicious", "Is it?", kind="flag", minutes=12.0)
    maker = EXPERTS.load("decision_table")
    rules = maker.load(home / "rules" / "typologies.csv", {"fields": (field,)})
    chances, truth, hits, kinds, payers = [], [], [], [], []
    for seed in seeds:
        table, said = table_of(World(seed=seed))
        told = Neighbourhood(TransferColumns(device="device")).tell(table, said)
        told = told.drop_columns(["suspicious", "typology"])
        documents = [document_of_row(row, name=row["transfer_id"]) for row in told.to_pylist()]
        cases = cases_of(documents, source="town").combine_chunks().to_batches()[0]
        fired = set(rules.predict(cases).column("case_id").to_pylist())
        hits += [case in fired for case in cases.column("case_id").to_pylist()]
        columns = [told.column(name).to_numpy(zero_copy_only=False) for name in model.columns]
        chances.append(model.chances(np.column_stack(columns).astype(np.float64)))
        truth += said
        kinds += table.column("typology").to_pylist()
        payers += table.column("payer").to_pylist()
    scores, true, ruled = np.concatenate(chances), np.array(truth), np.array(hits)
    chosen = choose({"graph_model": model}, load_settings(home / "flyball.toml").promise)
    cleared_below = 1.0 - chosen.least("graph_model", "suspicious", "false")
    found: dict[str, Any] = {
        "transfers": len(true),
        "suspicious": int(true.sum()),
        "auprc": _plain(by_groups(average_precision, scores, true, payers)),
    }
    for name, alert in (
        ("typologies alone", ruled),
        ("model alone", scores > cleared_below),
        ("typologies, then model", ruled | (scores > cleared_below)),
    ):
        found[name] = {
            "alerts": int(alert.sum()),
            "recall": _plain(by_groups(lambda some, yes: float(some[yes].mean()), alert * 1.0, true, payers)),
            "true alerts per analyst-hour": _plain(
                by_groups(
                    lambda some, yes: float(5.0 * (some * yes).sum() / max(some.sum(), 1.0)),
                    alert * 1.0,
                    true,
                    payers,
                )
            ),
            "recall by typology": {
                kind: round(float(alert[np.array(kinds) == kind].mean()), 3)
                for kind in sorted(set(kinds) - {""})
            },
        }
    return found


# AMLSim.


def amlsim(path: Path) -> dict[str, Any]:
    """Is this transfer part of a laundering scheme? Learn on earlier transfers of other accounts."""
    accounts, moves = _read_amlsim(path)
    n = moves.num_rows
    steps = moves.column("time").to_numpy()
    payer, payee = moves.column("sourceNodeId").to_numpy(), moves.column("targetNodeId").to_numpy()
    fraud, step = accounts["isFraud"] == 1, accounts["fraudStep"]
    truth = fraud[payer] & (step[payer] == steps)  # the step at which the payer did its part of a scheme
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    transfers = Transfers(
        [f"t{number}" for number in range(n)],
        [f"a{number}" for number in payer],
        [f"a{number}" for number in payee],
        start + steps.astype(np.int64) * DAY,
        np.rint(moves.column("value").to_numpy() * 100).astype(np.int64),
        [None] * n,
    )
    log = TransferLog()
    entries = log.add(transfers)
    log.tell(transfers.ids, truth.tolist(), (transfers.times + 14 * DAY).tolist())
    values = describe(log, entries).values
    rows = pa.table(
        {
            "id": transfers.ids,
            "payer": transfers.payers,
            "at": pa.array(transfers.times, pa.timestamp("s", "UTC")).cast(pa.timestamp("us", "UTC")),
        }
    )
    begins = datetime.fromtimestamp(start, UTC) + timedelta(days=105)
    known = begins - timedelta(days=14)
    by_time = split_by_time(
        rows, key=["id"], column="at", ends={"train": known}, embargo=timedelta(days=14)
    ).column(PART)
    by_payer = split_by_entity(
        rows, key=["id"], entities=["payer"], shares={"train": 0.6, "test": 0.4}, salt="amlsim"
    ).column(PART)
    both = [
        one if one == other else EMBARGO
        for one, other in zip(by_time.to_pylist(), by_payer.to_pylist(), strict=True)
    ]
    refuse_leaks(
        rows, rows.select(["id"]).append_column(PART, pa.array(both)), key=["id"], entities=["payer"]
    )
    part = np.array(both)
    train, test = part == "train", part == "test"
    # Labels of earlier transfers count from 14 days after them; beside it, what is reached without any.
    blind = [
        place for place, name in enumerate(names_of_features()) if "suspicious" in name or "known" in name
    ]
    amount = names_of_features().index("transfer_amount")
    found: dict[str, Any] = {
        "learned from": int(train.sum()),
        "of them suspicious": int(truth[train].sum()),
        "tested on": int(test.sum()),
        "suspicious": int(truth[test].sum()),
        "left out of both": int((part == EMBARGO).sum()),
    }
    for name, columns in (
        ("all columns", list(range(values.shape[1]))),
        ("without labels", [place for place in range(values.shape[1]) if place not in blind]),
        ("amount alone", [amount]),
    ):
        trees = grow(values[np.ix_(train, columns)], truth[train], FitOptions(), 0)
        scores = trees.sum(values[np.ix_(test, columns)])
        found[name] = _ranked(scores, truth[test], [transfers.payers[one] for one in np.flatnonzero(test)])
    trees = grow(values[train], truth[train], FitOptions(), 0)
    found["speed"] = _speed(transfers, trees.sum)
    return found


def _ranked(scores: Floats, truth: Flags, payers: Sequence[str]) -> dict[str, Any]:
    found = {"auprc": by_groups(average_precision, scores, truth, payers)}
    for share in (0.01, 0.02, 0.05):
        alerts = int(share * len(scores))

        def within(some: Floats, true: Flags, share: float = share) -> float:
            return recall_at(some, true, alerts=int(share * len(some)))

        found[f"recall at {alerts} alerts ({share:.0%})"] = by_groups(within, scores, truth, payers)
    return {name: _plain(one) for name, one in found.items()}


def _plain(one: Measurement) -> dict[str, Any]:
    if not isinstance(one, Estimate):
        return {"not measured": str(one)}
    return {"value": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4), "n": one.n}


def _speed(transfers: Transfers, scored: Callable[[Floats], Floats]) -> dict[str, Any]:
    """Add, describe and score all transfers, in batches, on one core; CPU time."""
    found = {}
    for size in (1, 64, 1_024):
        log, few = TransferLog(), len(transfers) if size > 1 else 2_000
        began = time.process_time()
        for start in range(0, few, size):
            batch = transfers.take(range(start, min(start + size, few)))
            scored(describe(log, log.add(batch)).values)
        spent = time.process_time() - began
        found[f"batches of {size}"] = {"transfers": few, "per_cpu_second": round(few / spent)}
    return found


def _read_amlsim(path: Path) -> tuple[dict[str, npt.NDArray[np.float64]], pa.Table]:
    with tarfile.open(path) as packed:
        held = {Path(one.name).name: packed.extractfile(one) for one in packed if one.isfile()}
        nodes, moves = (
            pcsv.read_csv(io.BytesIO(held[name].read())) for name in ("nodes.csv", "transactions.csv")
        )
    moves = moves.sort_by(
        [("time", "ascending"), ("sourceNodeId", "ascending"), ("targetNodeId", "ascending")]
    )
    order = np.argsort(nodes.column("nodeid").to_numpy())
    return {name: nodes.column(name).to_numpy()[order] for name in ("isFraud", "fraudStep")}, moves


if __name__ == "__main__":
    raise SystemExit(main())
