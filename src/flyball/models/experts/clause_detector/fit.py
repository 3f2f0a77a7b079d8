"""Training: stage one by support vectors, stage two on scores that stage one did not train on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.estimates import Measurement
from flyball.core.extras import optional_import
from flyball.models.experts.boosted_table.trees import flattened
from flyball.models.experts.calibration import (
    Calibrator,
    fit_calibrator,
    out_of_fold_table,
)
from flyball.models.experts.clause_detector.corpus import (
    LEAST_CASES,
    OVERLAP,
    Corpus,
    folds_of,
    overlap_of,
    read,
)
from flyball.models.experts.clause_detector.figures import figures_of
from flyball.models.experts.clause_detector.linear import (
    NORM_POWER,
    DocumentScorer,
    SegmentScorer,
    quantised,
)
from flyball.models.experts.clause_detector.marks import MARK_WEIGHTS, MARKS
from flyball.models.experts.clause_detector.model import ClauseDetector
from flyball.models.experts.clause_detector.ngrams import TRIGRAMS_FROM
from flyball.models.experts.clause_detector.quotes import best_quotes
from flyball.models.experts.clause_detector.stages import Parts, StageOne, StageTwo
from flyball.models.experts.clause_detector.summary import OWN, linear_inputs, summarise, tree_inputs
from flyball.models.experts.expert import ExpertCard

__all__ = ["FOLDS", "Fitted", "Recipe", "StageOneOf", "fit", "fit_folds", "stage_one_of"]

FOLDS = 5
_LEAST_CASES_DOCUMENT = 8


@dataclass(frozen=True)
class Recipe:
    """Settings of training; all of them go on the card.

    Parameters
    ----------
    segment_c, document_c, linear_c : float
        Inverse strength of regularisation of the three linear models.
    unlabelled : float
        Weight of a segment without the label in a case that has the clause elsewhere: often an
        unmarked repetition.
    document_cue_weight : float
        How strongly cues speak beside words in the model of the whole contract.
    rounds, leaves, seeds : int
        Boosted trees of stage two: rounds, leaves of a tree, averaged models.
    """

    segment_c: float = 0.05
    document_c: float = 0.5
    linear_c: float = 0.01
    unlabelled: float = 0.3
    document_cue_weight: float = 0.2
    rounds: int = 250
    leaves: int = 12
    seeds: int = 2


@dataclass(frozen=True)
class Fitted:
    """A detector for everything outside `exclude`, and what it said about cases it had not seen.

    Parameters
    ----------
    detector : ClauseDetector
    members : ndarray of int64
        Cases that it learned from, as indices into the corpus.
    scores : ndarray of float64, shape (n_members, n_fields)
        Out-of-fold scores of stage two, before calibration.
    """

    detector: ClauseDetector
    members: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64] = field(repr=False)


StageOneOf = Callable[[frozenset[int]], StageOne]


def fit(
    cases: pa.Table,
    labels: pa.Table,
    *,
    seed: int = 0,
    folds: int = FOLDS,
    groups: Sequence[str] | None = None,
    card: ExpertCard | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ClauseDetector:
    """Learn a clause detector from labelled cases.

    Parameters
    ----------
    cases : Table with the columns case_id and text
        At least 20 cases.
    labels : Table of schema LABELS
        "true" or "false" for every case and field, with spans where true.
    seed : int
        Same seed, same data, same library versions: same bytes.
    folds : int
        For the out-of-fold answers; more folds take longer and come closer to the detector on all cases.
    groups : sequence of str, one per case, or None
        Cases of one group (a company) never stand on both sides of a fold.
    card : ExpertCard or None
        Its name, summary, licence and figures are kept; fields and parameters are filled in.
    progress : callable
        Told what is being done.

    Returns
    -------
    ClauseDetector

    Raises
    ------
    BadInput
        A label is missing.
    MissingExtra
        scikit-learn or LightGBM is not installed.
    """
    progress("reading")
    corpus = read(cases, labels)
    fold = folds_of(corpus, folds=folds, seed=seed, groups=groups)
    of = stage_one_of(corpus, fold, Recipe(), seed=seed, progress=progress)
    return fit_folds(corpus, fold, frozenset(), of, Recipe(), seed=seed, card=card).detector


def stage_one_of(
    corpus: Corpus,
    fold: npt.NDArray[np.int64],
    recipe: Recipe,
    *,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> StageOneOf:
    """Return a function that fits stage one without some folds, and remembers what it fitted."""

    @cache
    def of(exclude: frozenset[int]) -> StageOne:
        progress(
            f"reading model without folds {sorted(exclude)}" if exclude else "reading model on all cases"
        )
        kept = ~np.isin(fold, sorted(exclude))
        return StageOne(
            corpus.vocabulary,
            _fit_segments(corpus, kept, recipe, seed),
            _fit_documents(corpus, kept, recipe, seed),
        )

    return of


def fit_folds(
    corpus: Corpus,
    fold: npt.NDArray[np.int64],
    exclude: frozenset[int],
    stage_one: StageOneOf,
    recipe: Recipe,
    *,
    seed: int,
    card: ExpertCard | None = None,
) -> Fitted:
    """Fit a detector on the cases outside some folds; every calibration score is out of fold.

    Parameters
    ----------
    corpus : Corpus
    fold : ndarray, shape (n_cases,)
    exclude : frozenset of int
        Folds that are not looked at; empty for the detector that ships.
    stage_one : StageOneOf
    recipe : Recipe
    seed : int
    card : ExpertCard or None

    Returns
    -------
    Fitted
    """
    members = np.flatnonzero(~np.isin(fold, sorted(exclude)))
    summaries, margins = _summaries(corpus, fold, members, exclude, stage_one)
    truth = corpus.present[members]
    scores = np.zeros(truth.shape)
    probability = np.zeros(truth.shape)
    inner = fold[members]
    for held in np.unique(inner):
        on = inner != held
        scores[~on] = _fit_stage_two(summaries[on], truth[on], recipe, seed).scores(summaries[~on])
    for held in np.unique(inner):
        on = inner != held
        probability[~on] = fit_calibrator(scores[on], truth[on]).probability(scores[~on])
    shown = corpus.shown[np.isin(corpus.case_of, members)]
    out_of_fold = out_of_fold_table(
        [corpus.case_ids[member] for member in members],
        corpus.fields,
        probability,
        truth,
        _quotes_right(corpus, members, margins),
        inner,
    )
    settings = {name: str(value) for name, value in vars(recipe).items()}
    settings |= {"folds": str(len(np.unique(inner))), "seed": str(seed)}
    parts = Parts(
        _card(card, corpus.fields, settings, figures_of(out_of_fold)),
        stage_one(exclude),
        _fit_stage_two(summaries, truth, recipe, seed),
        fit_calibrator(scores, truth),
        _fit_quotes(margins, shown),
        out_of_fold,
        tuple(sorted(corpus.text_digests[member] for member in members)),
        tuple(sorted(corpus.folded_digests[member] for member in members)),
    )
    return Fitted(ClauseDetector(parts), members, scores)


def _summaries(
    corpus: Corpus,
    fold: npt.NDArray[np.int64],
    members: npt.NDArray[np.int64],
    exclude: frozenset[int],
    stage_one: StageOneOf,
) -> tuple[npt.NDArray[np.float64], list[npt.NDArray[np.float64]]]:
    """Return stage two's inputs for the members, each read by a model that had not seen its fold."""
    starts = np.concatenate([[0], np.cumsum([len(cut) for cut in corpus.segments])])
    summaries = []
    margins = []
    for member in members:
        one = stage_one(exclude | {int(fold[member])})
        features = corpus.encoded(int(starts[member]), int(starts[member + 1]))
        found = one.segments.margins(features)
        margins.append(found)
        summaries.append(summarise(found, one.documents.margins(features), int(corpus.lengths[member])))
    return np.stack(summaries), margins


def _fit_segments(corpus: Corpus, kept: npt.NDArray[np.bool_], recipe: Recipe, seed: int) -> SegmentScorer:
    svm = optional_import("sklearn.svm", extra="train")
    sparse = optional_import("scipy.sparse", extra="train")
    rows = kept[corpus.case_of]
    used = corpus.features[rows]
    seen_in = np.asarray(corpus.cases_by_feature[kept].sum(axis=0)).ravel()
    count = np.maximum(np.asarray(used.sum(axis=0)).ravel(), 1.0)
    rarity = np.where(seen_in >= LEAST_CASES, np.sqrt(np.log(used.shape[0] / count)), 0.0).astype(np.float32)
    columns = np.flatnonzero(rarity)
    weighted = used[:, columns] @ sparse.diags(rarity[columns])
    squared = np.maximum(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel(), 1.0)
    plain = corpus.marks[rows] @ sparse.diags(MARK_WEIGHTS)
    inputs = sparse.hstack([sparse.diags(squared**-NORM_POWER) @ weighted, plain]).tocsr()
    shown, present = corpus.shown[rows], corpus.present[corpus.case_of[rows]]
    width = len(corpus.fields)
    weights = np.zeros((len(rarity), width), dtype=np.float32)
    bias = np.zeros(width, dtype=np.float32)
    marks = np.zeros((MARKS, width), dtype=np.float32)
    for index in range(width):
        target = shown[:, index]
        if target.min() == target.max():
            bias[index] = 1.0 if target.max() else -1.0
            continue
        weight = np.where((present[:, index] == 1) & (target == 0), recipe.unlabelled, 1.0)
        model = svm.LinearSVC(C=recipe.segment_c, dual=True, max_iter=100, tol=0.03, random_state=seed)
        model.fit(inputs, target, sample_weight=weight)
        weights[columns, index] = model.coef_[0][: len(columns)] * rarity[columns]
        marks[:, index] = model.coef_[0][len(columns) :] * MARK_WEIGHTS
        bias[index] = model.intercept_[0]
    small, scale = quantised(weights)
    return SegmentScorer(rarity, small, scale, bias, marks)


def _fit_documents(corpus: Corpus, kept: npt.NDArray[np.bool_], recipe: Recipe, seed: int) -> DocumentScorer:
    svm = optional_import("sklearn.svm", extra="train")
    sparse = optional_import("scipy.sparse", extra="train")
    by_case = corpus.cases_by_feature[kept]
    seen_in = np.asarray(by_case.sum(axis=0)).ravel()
    columns = np.flatnonzero((seen_in >= _LEAST_CASES_DOCUMENT) & (corpus.vocabulary.keys < TRIGRAMS_FROM))
    rarity = np.log(by_case.shape[0] / seen_in[columns]).astype(np.float32)
    counts = corpus.counts_by_feature[kept][:, columns]
    counts.data = 1.0 + np.log(counts.data)
    weighted = counts @ sparse.diags(rarity)
    squared = np.maximum(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel(), 1.0)
    cues = corpus.cues[kept] * recipe.document_cue_weight
    inputs = sparse.hstack([sparse.diags(squared**-0.5) @ weighted, sparse.csr_matrix(cues)]).tocsr()
    present = corpus.present[kept]
    width = len(corpus.fields)
    weights = np.zeros((len(columns), width), dtype=np.float32)
    cue_weights = np.zeros((cues.shape[1], width), dtype=np.float32)
    bias = np.zeros(width, dtype=np.float32)
    for index in range(width):
        target = present[:, index]
        if target.min() == target.max():
            bias[index] = 1.0 if target.max() else -1.0
            continue
        model = svm.LinearSVC(
            C=recipe.document_c, dual=True, max_iter=300, class_weight="balanced", random_state=seed
        )
        model.fit(inputs, target)
        weights[:, index] = model.coef_[0][: len(columns)] * rarity
        cue_weights[:, index] = model.coef_[0][len(columns) :] * recipe.document_cue_weight
        bias[index] = model.intercept_[0]
    rows = np.full(len(corpus.vocabulary.keys), -1, dtype=np.int32)
    rows[columns] = np.arange(len(columns))
    small, scale = quantised(weights)
    return DocumentScorer(rows, rarity, small, scale, bias, cue_weights)


def _fit_stage_two(
    summaries: npt.NDArray[np.float64], truth: npt.NDArray[np.int8], recipe: Recipe, seed: int
) -> StageTwo:
    boosting = optional_import("lightgbm", extra="train")
    linear_model = optional_import("sklearn.linear_model", extra="train")
    cases, width = truth.shape
    having = truth.sum(axis=0)
    prior = np.log((having + 1.0) / (cases - having + 1.0))
    rows, target = tree_inputs(summaries, prior), truth.ravel().astype(np.float64)
    roots: list[Mapping[str, object]] = []
    for number in range(recipe.seeds):
        settings = {
            "objective": "binary",
            "learning_rate": 0.04,
            "num_leaves": recipe.leaves,
            "max_depth": 6,
            "min_data_in_leaf": 30,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 10.0,
            "verbose": -1,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "boost_from_average": True,
            "seed": seed * 1000 + number,
        }
        model = boosting.train(settings, boosting.Dataset(rows, target), recipe.rounds)
        roots += [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]
    inputs = linear_inputs(summaries)
    weights = np.zeros((width, inputs.shape[2]))
    bias = np.zeros(width)
    strength = np.where(np.arange(inputs.shape[2]) < OWN, 3.0, 1.0)  # a field's own numbers are freer
    for index in range(width):
        positive = int(having[index])
        if positive < 3 or cases - positive < 3:
            bias[index] = 8.0 if positive > cases / 2 else -8.0
            continue
        mean, spread = inputs[index].mean(axis=0), inputs[index].std(axis=0) + 1e-6
        factor = strength / spread
        model = linear_model.LogisticRegression(C=recipe.linear_c, max_iter=300)
        model.fit((inputs[index] - mean) * factor, truth[:, index])
        weights[index] = model.coef_[0] * factor
        bias[index] = model.intercept_[0] - float(weights[index] @ mean)
    return StageTwo(prior, flattened(roots, share=1.0 / recipe.seeds), weights, bias)


def _fit_quotes(margins: list[npt.NDArray[np.float64]], shown: npt.NDArray[np.int8]) -> Calibrator:
    """Return P(segment shows the clause), learned on the best segments of every case and field."""
    scores: list[npt.NDArray[np.float64]] = []
    truth: list[npt.NDArray[np.int8]] = []
    start = 0
    for found in margins:
        kept = np.argsort(-found, axis=0, kind="stable")[:5]
        part = shown[start : start + len(found)]
        scores.append(np.take_along_axis(found, kept, axis=0).ravel().astype(np.float64))
        truth.append(np.take_along_axis(part, kept, axis=0).ravel())
        start += len(found)
    return fit_calibrator(np.concatenate(scores), np.concatenate(truth))


def _quotes_right(
    corpus: Corpus, members: npt.NDArray[np.int64], margins: list[npt.NDArray[np.float64]]
) -> npt.NDArray[np.bool_]:
    """Return whether the best quote overlaps a marked span, shape (n_members, n_fields)."""
    right = np.zeros((len(members), len(corpus.fields)), dtype=np.bool_)
    for row, (member, found) in enumerate(zip(members, margins, strict=True)):
        cut = corpus.segments[member]
        quotes = best_quotes(cut, found)
        for index, spans in corpus.spans[member].items():
            first, last = quotes[index]
            quote = np.array([[cut[first, 0], cut[last, 1]]], dtype=np.int32)
            right[row, index] = any(overlap_of(quote, start, end)[0] >= OVERLAP for start, end in spans)
    return right


def _card(
    card: ExpertCard | None,
    fields: tuple[str, ...],
    settings: Mapping[str, str],
    figures: Mapping[str, Measurement],
) -> ExpertCard:
    given = card or ExpertCard(
        name="clause_detector",
        version="1",
        kind="text",
        fields=fields,
        summary="Says which clause types a contract has, with calibrated confidence and the sentence.",
    )
    return ExpertCard(
        name=given.name,
        version=given.version,
        kind=given.kind,
        fields=fields,
        summary=given.summary,
        trained_on=given.trained_on,
        limits=given.limits,
        licence=given.licence,
        figures={**figures, **given.figures},
        parameters={**settings, **given.parameters},
        price_eur_per_case=given.price_eur_per_case,
    )
