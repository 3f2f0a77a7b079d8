"""Learning: boosted trees under constraints, calibrated on what each fold had not seen."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.data.documents.rows import Value, row_of
from flyball.data.labels.columns import require_learnable
from flyball.models.experts.boosted_table.columns import Column, bounded, columns_of, encode
from flyball.models.experts.boosted_table.figures import figures_of
from flyball.models.experts.boosted_table.model import BoostedTable
from flyball.models.experts.boosted_table.monotone import broken_columns
from flyball.models.experts.boosted_table.parts import Parts
from flyball.models.experts.boosted_table.reasons import plain_reasons
from flyball.models.experts.boosted_table.trees import Trees, flattened
from flyball.models.experts.calibration import fit_calibrator, out_of_fold_table
from flyball.models.experts.expert import ExpertCard

__all__ = ["NotMonotone", "Recipe", "fit", "fit_cases", "fit_like", "fit_trees"]

Floats = npt.NDArray[np.float64]

_METHODS = ("intermediate", "basic")
"""How LightGBM may hold directions, the better first; its "advanced" method breaks them."""
_FEWEST_CASES = 100
_FEWEST_OF_EACH = 10


class NotMonotone(BadInput):
    """Trees go against a direction that was asked for."""

    code = "boosted_table.not_monotone"


@dataclass(frozen=True)
class Recipe:
    """Settings of training; all of them go on the card.

    Parameters
    ----------
    rounds, leaves, depth : int
        Boosted trees, leaves of each, and steps to its deepest leaf, at most 12.
    learning_rate, column_share, row_share, l2 : float
        As LightGBM has them.
    smallest_leaf : int
        Cases in a leaf, at least.
    folds : int
        Parts for the answers to cases that were not seen.
    """

    rounds: int = 200
    leaves: int = 15
    depth: int = 5
    learning_rate: float = 0.05
    column_share: float = 0.8
    row_share: float = 0.8
    l2: float = 5.0
    smallest_leaf: int = 20
    folds: int = 5


def fit(cases: pa.Table, labels: pa.Table, seed: int) -> BoostedTable:
    """Learn from cases that are rows, and labels of one flag; see `fit_cases`."""
    return fit_cases(cases, labels, seed=seed)


def fit_like(before: Parts, cases: pa.Table, labels: pa.Table, seed: int) -> BoostedTable:
    """Learn anew, from the columns that were looked at before, each in its direction, and by the same recipe.

    What a column may hold (its kind, categories and whether it may miss) is what the new cases hold.
    """
    recipe = Recipe()
    written = before.card.parameters
    kept = {name: type(value)(written[name]) for name, value in asdict(recipe).items() if name in written}
    return fit_cases(cases, labels, seed=seed, like=before.columns, recipe=replace(recipe, **kept))


def fit_cases(
    cases: pa.Table,
    labels: pa.Table,
    *,
    seed: int = 0,
    columns: Sequence[Column] | None = None,
    like: Sequence[Column] = (),
    recipe: Recipe | None = None,
    groups: Sequence[str] | None = None,
    card: ExpertCard | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> BoostedTable:
    """Learn a boosted table for one field.

    Parameters
    ----------
    cases : Table with the columns case_id, text and text_digest
        Texts are rows (`data.documents.rows`); at least 100 of them with a label.
    labels : Table of schema LABELS
        "true" or "false" of one field.
    seed : int
        Same seed, same data, same library versions: same bytes.
    columns : sequence of Column, optional
        What it may look at and how; by default every column, free of constraints.
    like : sequence of Column, optional
        Without `columns`: only these are looked at, each in its direction; else they are as the cases are.
    recipe : Recipe, optional
    groups : sequence of str, one per case, optional
        Cases of one group (a person) never stand on both sides of a fold.
    card : ExpertCard, optional
        Its name, summary, licence, limits and sources are kept.
    progress : callable
        Told what is being done.

    Returns
    -------
    BoostedTable

    Raises
    ------
    BadInput
        Too few cases, several fields, a label that is neither yes nor no, a text that is no row.
    NotForTraining
        Something is labelled so.
    MissingExtra
        LightGBM is not installed.
    """
    require_learnable(cases, labels)
    recipe = recipe or Recipe()
    field, truth_of = _truth(labels)
    kept = [number for number, case in enumerate(cases.column("case_id").to_pylist()) if case in truth_of]
    used = cases.take(pa.array(kept, pa.int64()))
    ids = used.column("case_id").to_pylist()
    rows = _rows(used)
    truth = np.array([truth_of[case] for case in ids], dtype=np.bool_)
    _refuse_too_few(truth)
    directions = {one.name: one.monotone for one in like}
    columns = tuple(columns or columns_of(rows, monotone=directions, only=list(directions)))
    matrix, answerable = encode(rows, columns)
    if not answerable.all():
        raise BadInput(
            f"{int((~answerable).sum())} of {len(rows)} rows lack a value in a column that may not miss any.",
            fix="Allow it in the column (may_miss), or leave these rows out.",
        )
    fold = _folds(ids if groups is None else [groups[number] for number in kept], recipe.folds, seed)
    score = np.zeros(len(rows))
    for number in range(recipe.folds):
        progress(f"fold {number + 1} of {recipe.folds}")
        held = fold == number
        score[held] = fit_trees(matrix[~held], truth[~held], columns, recipe, seed=seed).sum(matrix[held])
    chance = np.zeros(len(rows))
    for number in range(recipe.folds):
        held = fold == number
        chance[held] = fit_calibrator(score[~held], truth[~held].astype(np.int8)).probability(score[held])
    progress("all cases")
    trees = fit_trees(matrix, truth, columns, recipe, seed=seed)
    answers = out_of_fold_table(
        ids,
        (field,),
        chance[:, None],
        truth[:, None].astype(np.int8),
        np.zeros((len(rows), 1), dtype=np.bool_),
        fold,
    )
    told = {name: str(value) for name, value in asdict(recipe).items()} | {"seed": str(seed)}
    given = card or ExpertCard(
        name="boosted_table",
        version="1",
        kind="table",
        fields=(field,),
        summary="Answers one yes-or-no question about a row of a table, with calibrated chances and exact "
        "shares of each column.",
        trained_on=("cases of the deployment",),
        limits=("It knows rows like those that it learned from; others it cannot tell apart from them.",),
    )
    made = ExpertCard(
        name=given.name,
        version=given.version,
        kind="table",
        fields=(field,),
        summary=given.summary,
        trained_on=given.trained_on,
        limits=given.limits,
        licence=given.licence,
        figures={**figures_of(chance, truth), **given.figures},
        parameters={**told, **given.parameters},
    )
    spread = _spread(matrix)
    return BoostedTable(
        Parts(
            made,
            bounded(columns, matrix, spread),
            trees,
            fit_calibrator(score, truth.astype(np.int8)),
            spread,
            answers,
            tuple(sorted(used.column("text_digest").to_pylist())),
        ),
        plain_reasons(columns),
    )


def fit_trees(
    matrix: Floats,
    truth: npt.NDArray[np.bool_],
    columns: Sequence[Column],
    recipe: Recipe,
    *,
    seed: int,
    weight: Floats | None = None,
) -> Trees:
    """Fit the trees alone; the sum of trees is a log odds.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n_rows, n_columns)
        As `encode` gives it.
    truth : ndarray of bool, shape (n_rows,)
    columns : sequence of Column
    recipe : Recipe
    seed : int
    weight : ndarray of float64, shape (n_rows,), optional

    Returns
    -------
    Trees
        Each proven to keep every direction that was asked for; see `monotone.broken_columns`.

    Raises
    ------
    NotMonotone
        The library broke a direction by every method that it has.
    """
    broken: tuple[str, ...] = ()
    for method in _METHODS:
        trees = _boosted(matrix, truth, columns, recipe, seed=seed, weight=weight, method=method)
        broken = broken_columns(trees, columns)
        if not broken:
            return trees
    raise NotMonotone(
        f"The trees that were fitted go against the direction of {', '.join(broken)}.",
        fix="Report it with the version of LightGBM; or take the direction out and say so.",
        columns=broken,
    )


def _boosted(
    matrix: Floats,
    truth: npt.NDArray[np.bool_],
    columns: Sequence[Column],
    recipe: Recipe,
    *,
    seed: int,
    weight: Floats | None,
    method: str,
) -> Trees:
    boosting = optional_import("lightgbm", extra="train")
    settings = {
        "objective": "binary",
        "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.leaves,
        "max_depth": recipe.depth,
        "min_data_in_leaf": recipe.smallest_leaf,
        "feature_fraction": recipe.column_share,
        "bagging_fraction": recipe.row_share,
        "bagging_freq": 1,
        "lambda_l2": recipe.l2,
        "monotone_constraints": [column.monotone for column in columns],
        "monotone_constraints_method": method,
        "max_cat_to_onehot": 1,
        "verbose": -1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "boost_from_average": True,
        "seed": seed,
    }
    data = boosting.Dataset(
        matrix,
        truth.astype(np.float64),
        weight=weight,
        categorical_feature=[place for place, one in enumerate(columns) if one.kind == "category"],
        params={"verbose": -1},
    )
    model = boosting.train(settings, data, recipe.rounds)
    roots = [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]
    return flattened(roots, share=1.0, width=len(columns))


def _truth(labels: pa.Table) -> tuple[str, dict[str, bool]]:
    fields = sorted(set(labels.column("field").to_pylist()))
    if len(fields) != 1:
        raise BadInput(
            f"A boosted table answers one field, and the labels speak of {len(fields)}: {', '.join(fields)}.",
            fix="Fit one for each field.",
        )
    answers = dict(
        zip(labels.column("case_id").to_pylist(), labels.column("answer").to_pylist(), strict=True)
    )
    strange = next((one for one in answers.values() if one not in ("true", "false")), None)
    if strange is not None:
        raise BadInput(
            f"A label of {fields[0]} is {strange}; a boosted table learns yes or no.",
            fix="Give it a field of the kind flag.",
        )
    return fields[0], {case: answer == "true" for case, answer in answers.items()}


def _rows(cases: pa.Table) -> list[Mapping[str, Value]]:
    rows: list[Mapping[str, Value]] = []
    for case, text in zip(cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True):
        row = row_of(text)
        if row is None:
            raise BadInput(
                f"The case {case} is not a row but a text: {json.dumps(text[:40])}.",
                fix="Give it cases from a source of rows.",
                case=case,
            )
        rows.append(row)
    return rows


def _refuse_too_few(truth: npt.NDArray[np.bool_]) -> None:
    positive, negative = int(truth.sum()), int((~truth).sum())
    if len(truth) < _FEWEST_CASES or min(positive, negative) < _FEWEST_OF_EACH:
        raise BadInput(
            f"There are {positive} cases labelled true and {negative} labelled false.",
            fix=f"At least {_FEWEST_CASES} together and {_FEWEST_OF_EACH} of each are needed.",
        )


def _folds(groups: Sequence[str], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return a fold for each case; those of one group together, groups drawn at random."""
    names = sorted(set(groups))
    if len(names) < folds:
        raise BadInput(f"{len(names)} groups do not make {folds} folds.", fix="Give fewer folds.")
    drawn = np.random.default_rng(seed).permutation(len(names)) % folds
    of = dict(zip(names, drawn.tolist(), strict=True))
    return np.array([of[group] for group in groups], dtype=np.int64)


def _spread(matrix: Floats) -> Floats:
    """Return how far apart rows usually are in each column: half of them within it, never 0."""
    found = np.ones(matrix.shape[1])
    for place in range(matrix.shape[1]):
        there = matrix[:, place][~np.isnan(matrix[:, place])]
        if len(there):
            width = float(np.subtract(*np.percentile(there, [75, 25])))
            found[place] = width or float(there.std()) or 1.0
    return found
