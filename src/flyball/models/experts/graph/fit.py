"""Learn: boosted trees over what the neighbours say, tested on later transfers of other payers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of, short
from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.data.datasets.splits import EMBARGO, PART, split_by_entity, split_by_time
from flyball.data.documents.rows import row_of
from flyball.models.experts.boosted_table.figures import figures_of
from flyball.models.experts.boosted_table.trees import Trees, flattened
from flyball.models.experts.calibration import (
    SCORES,
    fit_calibrator,
    out_of_fold_table,
)
from flyball.models.experts.expert import ExpertCard
from flyball.models.experts.graph.features import learned_columns
from flyball.models.experts.graph.model import NeighbourExpert, matrix_of
from flyball.models.experts.graph.ranking import average_precision, by_groups

__all__ = ["FitOptions", "fit", "fit_cases", "grow"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to learn.

    Parameters
    ----------
    trees, leaves, depth : int
        Depth at most 8: shares of columns are told exactly for each leaf.
    rate, columns, rows : float
        Learning rate; shares of columns and rows that a tree may see.
    fewest : int
        Rows in a leaf, at least.
    blocks, folds : int
        Parts in time, and parts of the payers, for answers to transfers that were not seen.
    label_days : float
        How long it takes until a label is known: a model that is tested at a time may have learned only
        from labels that were known by then.
    """

    trees: int = 120
    leaves: int = 15
    depth: int = 6
    rate: float = 0.08
    columns: float = 0.4
    rows: float = 0.8
    fewest: int = 20
    blocks: int = 4
    folds: int = 4
    label_days: float = 14.0


_CARD = ExpertCard(
    name="graph",
    version="",
    kind="graph",
    fields=(),
    summary="Says of a transfer how likely it is suspicious, from what payer, payee and device had done. "
    "Boosted trees over counts, sums and shares in each relation, over a day, a week and a month, two hops.",
    limits=(
        "It sees the latest 32 transfers of an account in each relation, and cycles of up to six transfers.",
        "It knows the ways of laundering that its labels show; a new one it does not.",
        "An account that was never seen before has no neighbours, and its first transfer little to go by.",
    ),
)


def fit_cases(
    cases: pa.Table, labels: pa.Table, seed: int, *, options: FitOptions | None = None
) -> NeighbourExpert:
    """Learn from rows as cases; see `fit`.

    Raises
    ------
    BadInput
        No row with the columns of neighbours, or labels of several fields.
    """
    names = learned_columns()
    fields = sorted(set(labels.column("field").to_pylist()))
    if len(fields) != 1:
        raise BadInput(
            f"The graph expert answers one flag, got labels of {', '.join(fields) or 'no field'}.",
            fix="Keep the labels of one field.",
        )
    said = dict(zip(labels.column("case_id").to_pylist(), labels.column("answer").to_pylist(), strict=True))
    kept, rows = [], []
    for place, (case, text) in enumerate(
        zip(cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True)
    ):
        row = row_of(text) or {}
        if case in said and all(name in row for name in (*names, "time", "payer")):
            kept.append(place)
            rows.append(row)
    if not rows:
        raise BadInput(
            f"None of {cases.num_rows} cases is a transfer with what its neighbours say.",
            fix="Name the columns of transfers in [source.neighbours] of flyball.toml.",
        )
    chosen = cases.take(kept)
    ids = chosen.column("case_id").to_pylist()
    return fit(
        matrix_of(rows, names),
        np.array([said[case] == "true" for case in ids]),
        ids=ids,
        times=[datetime.fromisoformat(str(row["time"])) for row in rows],
        payers=[str(row["payer"]) for row in rows],
        columns=names,
        field=fields[0],
        seed=seed,
        seen_texts=chosen.column("text_digest").to_pylist(),
        options=options,
    )


def fit(
    values: Floats,
    labels: Flags,
    *,
    ids: Sequence[str],
    times: Sequence[datetime],
    payers: Sequence[str],
    columns: Sequence[str],
    field: str,
    seed: int,
    seen_texts: Sequence[str] = (),
    options: FitOptions | None = None,
    card: ExpertCard = _CARD,
    progress: Callable[[str], None] = lambda line: None,
) -> NeighbourExpert:
    """Learn from transfers that were described.

    Answers to unseen transfers, on which thresholds and calibration rest, come from models that had learned
    from earlier transfers of other payers only, with labels that were known by then.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_columns)
    labels : ndarray of bool, shape (n,)
    ids, times, payers : sequences of length n
        Times without a zone are UTC.
    columns : sequence of str
    field : str
    seed : int
    seen_texts : sequence of str
        Digests of the rows.
    options : FitOptions, optional
    card : ExpertCard
    progress : callable (line)

    Returns
    -------
    NeighbourExpert

    Raises
    ------
    BadInput
        Too few transfers of either kind.
    MissingExtra
        lightgbm is not installed.
    """
    options = options or FitOptions()
    if min(int(labels.sum()), int((~labels).sum())) < 20:
        raise BadInput(
            f"{int(labels.sum())} of {len(labels)} transfers are suspicious; 20 of either kind are needed.",
            fix="Give more labelled transfers.",
        )
    scores, fold = _unseen(values, labels, ids, times, payers, options, seed, progress)
    tested = np.isfinite(scores)
    if min(int(labels[tested].sum()), int((~labels[tested]).sum())) < 10:
        raise BadInput(
            f"Only {int(labels[tested].sum())} suspicious transfers could be held back for a test.",
            fix="Give transfers over a longer time, or shorten label_days.",
        )
    calibrator = fit_calibrator(scores[tested], labels[tested].astype(np.int8))
    trees = grow(values, labels, options, seed)
    chances = calibrator.probability(scores[tested])
    names = [one for one, held in zip(ids, tested, strict=True) if held]
    unseen = out_of_fold_table(
        names,
        (field,),
        chances[:, None],
        labels[tested].astype(np.int8)[:, None],
        np.zeros((len(names), 1), dtype=np.bool_),
        fold[tested],
    ).cast(SCORES)
    held = labels[tested]
    paid = [one for one, kept in zip(payers, tested, strict=True) if kept]
    made = replace(
        card,
        fields=(field,),
        trained_on=card.trained_on or (f"{len(labels)} transfers, {int(labels.sum())} of them suspicious",),
        figures={
            **figures_of(chances, held),
            "average_precision": by_groups(average_precision, chances, held, paid),
        },
        parameters={**card.parameters, **{name: str(value) for name, value in asdict(options).items()}},
        version=short(
            digest_of([arrays.tolist() for arrays in (trees.feature, trees.threshold, trees.value)])
        ),
    )
    return NeighbourExpert(made, field, tuple(columns), trees, calibrator, unseen, frozenset(seen_texts))


def grow(values: Floats, labels: Flags, options: FitOptions, seed: int) -> Trees:
    """Grow trees whose sum is the log odds.

    Raises
    ------
    MissingExtra
        lightgbm is not installed.
    """
    lightgbm = optional_import("lightgbm", extra="train")
    settings: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": options.rate,
        "num_leaves": options.leaves,
        "max_depth": options.depth,
        "min_data_in_leaf": options.fewest,
        "feature_fraction": options.columns,
        "bagging_fraction": options.rows,
        "bagging_freq": 1,
        "lambda_l2": 2.0,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(values, labels.astype(np.float64), free_raw_data=True)
    booster = lightgbm.train(settings, data, num_boost_round=options.trees)
    roots = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    return flattened(roots, share=1.0, width=values.shape[1])


def _unseen(
    values: Floats,
    labels: Flags,
    ids: Sequence[str],
    times: Sequence[datetime],
    payers: Sequence[str],
    options: FitOptions,
    seed: int,
    progress: Callable[[str], None],
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return log odds of models that had not seen a transfer, NaN where there is none, and its fold."""
    moments = [one if one.tzinfo else one.replace(tzinfo=UTC) for one in times]
    rows = pa.table(
        {
            "id": pa.array(range(len(ids))),
            "time": pa.array(moments, pa.timestamp("us", "UTC")),
            "payer": list(payers),
        }
    )
    shares = {str(number): 1.0 / options.folds for number in range(options.folds)}
    by_payer = split_by_entity(rows, key=["id"], entities=["payer"], shares=shares, salt=str(seed))
    payer_fold = np.array([int(part) for part in by_payer.column(PART).to_pylist()])
    seconds = np.array([one.timestamp() for one in moments])
    cuts = np.quantile(seconds, np.arange(1, options.blocks + 1) / (options.blocks + 1))
    scores, fold = np.full(len(ids), np.nan), np.zeros(len(ids), dtype=np.int64)
    for block, cut in enumerate(cuts):
        begins = datetime.fromtimestamp(float(cut), UTC)
        known = begins - timedelta(days=options.label_days)
        parts = split_by_time(
            rows, key=["id"], column="time", ends={"train": known}, embargo=begins - known
        ).column(PART)
        part = np.array(parts.to_pylist())
        ends = cuts[block + 1] if block + 1 < len(cuts) else np.inf
        for number in range(options.folds):
            train = (part == "train") & (payer_fold != number)
            test = (part != "train") & (part != EMBARGO) & (payer_fold == number) & (seconds < ends)
            if min(int(labels[train].sum()), int((~labels[train]).sum())) < 10 or not test.any():
                continue
            trees = grow(values[train], labels[train], options, seed)
            scores[test] = trees.sum(values[test])
            fold[test] = block * options.folds + number
            progress(
                f"block {block + 1}, payers {number + 1}: {int(train.sum())} to learn from, "
                f"{int(test.sum())} held back"
            )
    return scores, fold
