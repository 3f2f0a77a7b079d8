"""Fitting: multinomial logistic regression over hashed features, calibrated on cases it had not seen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of, short
from flyball.core.errors import BadInput
from flyball.core.estimates import Measurement
from flyball.core.extras import optional_import
from flyball.data.labels.columns import require_learnable
from flyball.models.experts.calibration import SCORES
from flyball.models.experts.expert import ExpertCard
from flyball.models.experts.intervals import share
from flyball.models.experts.text_classifier.artefact import FieldModel, Parts
from flyball.models.experts.text_classifier.features import PLACES, Features, features_of
from flyball.models.experts.text_classifier.model import TextClassifier, logits_of, softmax

__all__ = ["FEWEST_CASES", "FEWEST_PER_ANSWER", "fit"]

FEWEST_CASES = 60
FEWEST_PER_ANSWER = 10
_FOLDS = 5
_STRENGTHS = (0.5, 4.0, 32.0)
"""Of the weights, from careful to bold; the one whose held-out answers are most likely is taken."""
_FEWEST_TEXTS = 2
_SHARPNESS = np.geomspace(0.2, 5.0, 121)

Floats = npt.NDArray[np.float64]


def fit(cases: pa.Table, labels: pa.Table, seed: int) -> TextClassifier:
    """Fit a classifier for every field that has enough labelled cases.

    Parameters
    ----------
    cases : Table of schema CASES
    labels : Table of schema LABELS
        Of flags and labels. A field needs 60 labelled cases, and each of its answers 10; rarer answers are
        left out, and cases that have one go to a person for want of confidence.
    seed : int
        The same seed, cases and library versions give the same bytes.

    Returns
    -------
    TextClassifier

    Raises
    ------
    BadInput
        No field has enough.
    NotForTraining
        Something is labelled so.
    MissingExtra
        scikit-learn is not installed.
    """
    require_learnable(cases, labels)
    texts = dict(zip(cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True))
    features: dict[str, Features] = {}
    models: list[FieldModel] = []
    scores: list[pa.Table] = []
    figures: dict[str, Measurement] = {}
    short_of: dict[str, str] = {}
    for field, answer_of in _answers(labels, texts).items():
        ids, answers, why = _enough(answer_of)
        if why:
            short_of[field] = why
            continue
        features |= {case: features_of(texts[case]) for case in ids if case not in features}
        model, table = _fit_field(field, ids, answers, [features[case] for case in ids], seed)
        models.append(model)
        scores.append(table)
        right = table.column("right").to_pylist()
        figures[f"accuracy {field}"] = share(sum(right), len(right))
    if not models:
        seen = "; ".join(f"{field}: {why}" for field, why in short_of.items()) or "nothing is labelled"
        raise BadInput(
            f"No field has enough labelled cases ({seen}).",
            fix=f"Label {FEWEST_CASES} cases of one field, {FEWEST_PER_ANSWER} for each of two answers.",
        )
    used = {case for table in scores for case in table.column("case_id").to_pylist()}
    digests = zip(cases.column("case_id").to_pylist(), cases.column("text_digest").to_pylist(), strict=True)
    seen_texts = tuple(sorted({digest for case, digest in digests if case in used}))
    card = _card(models, figures, short_of, seen_texts, seed)
    return TextClassifier(Parts(card, tuple(models), pa.concat_tables(scores), seen_texts))


def _answers(labels: pa.Table, texts: dict[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    columns = [labels.column(name).to_pylist() for name in ("case_id", "field", "answer")]
    for case, field, answer in zip(*columns, strict=True):
        if case in texts and texts[case].strip():
            found.setdefault(field, {})[case] = answer
    return dict(sorted(found.items()))


def _enough(answer_of: dict[str, str]) -> tuple[list[str], list[str], str]:
    counts = Counter(answer_of.values())
    kept = {answer for answer, n in counts.items() if n >= FEWEST_PER_ANSWER}
    ids = sorted(case for case, answer in answer_of.items() if answer in kept)
    if len(ids) < FEWEST_CASES or len(kept) < 2:
        return [], [], f"{len(ids)} cases with {len(kept)} answers that are frequent enough"
    return ids, [answer_of[case] for case in ids], ""


def _fit_field(
    field: str, ids: Sequence[str], answers: Sequence[str], features: Sequence[Features], seed: int
) -> tuple[FieldModel, pa.Table]:
    names = tuple(sorted(set(answers)))
    truth = np.array([names.index(answer) for answer in answers])
    fold = _folds(ids, truth, seed)
    strength, logits = _best(field, names, truth, features, fold)
    chances = np.zeros_like(logits)
    for number in range(_FOLDS):
        held = fold == number
        chances[held] = softmax(logits[held] * _sharpness(logits[~held], truth[~held]))
    model = _trained(field, names, truth, features, strength)
    model = replace(model, sharpness=_sharpness(logits, truth))
    best = chances.argmax(axis=1)
    given = [names[at] for at in best.tolist()]
    table = pa.table(
        [
            pa.array(ids, pa.string()),
            pa.array([field] * len(ids), pa.string()),
            pa.array(given, pa.string()),
            pa.array(chances[np.arange(len(ids)), best]),
            pa.array(list(answers), pa.string()),
            pa.array(best == truth),
            pa.nulls(len(ids), pa.bool_()),
            pa.array(fold.astype(np.int16)),
        ],
        schema=SCORES,
    )
    return model, table


def _best(
    field: str,
    names: tuple[str, ...],
    truth: npt.NDArray[np.int64],
    features: Sequence[Features],
    fold: npt.NDArray[np.int64],
) -> tuple[float, Floats]:
    """Return the strength whose held-out answers are most likely, and the logits of these answers."""
    found: list[tuple[float, float, Floats]] = []
    for strength in _STRENGTHS:
        logits = np.zeros((len(truth), len(names)))
        for number in range(_FOLDS):
            rest = np.flatnonzero(fold != number)
            held = np.flatnonzero(fold == number)
            model = _trained(field, names, truth[rest], [features[at] for at in rest.tolist()], strength)
            logits[held] = logits_of(model, [features[at] for at in held.tolist()])
        found.append((_loss(logits * _sharpness(logits, truth), truth), strength, logits))
    _, strength, logits = min(found, key=lambda one: one[:2])
    return strength, logits


def _folds(ids: Sequence[str], truth: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each case, every answer spread evenly over all folds."""
    fold = np.zeros(len(ids), dtype=np.int64)
    keys = np.array([digest_of([seed, case]) for case in ids])
    for answer in np.unique(truth):
        mine = np.flatnonzero(truth == answer)
        fold[mine[np.argsort(keys[mine])]] = np.arange(len(mine)) % _FOLDS
    return fold


def _trained(
    field: str,
    names: tuple[str, ...],
    truth: npt.NDArray[np.int64],
    features: Sequence[Features],
    strength: float,
) -> FieldModel:
    sparse = optional_import("scipy.sparse", extra="train")
    linear = optional_import("sklearn.linear_model", extra="train")
    distinct = [np.unique(one.places) for one in features]
    holding = np.bincount(np.concatenate(distinct), minlength=PLACES)
    places = np.flatnonzero(holding >= _FEWEST_TEXTS)
    rarity = (np.log((1.0 + len(features)) / (1.0 + holding[places])) + 1.0).astype(np.float32)
    row_of = np.full(PLACES, -1, dtype=np.int64)
    row_of[places] = np.arange(len(places))
    rows, columns, values = [], [], []
    for number, one in enumerate(distinct):
        known = row_of[one]
        known = known[known >= 0]
        if len(known):
            value = rarity[known].astype(np.float64)
            rows.append(np.full(len(known), number))
            columns.append(known)
            values.append(value / np.linalg.norm(value))
    shape = (len(features), len(places))
    matrix = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape
    )
    regression = linear.LogisticRegression(C=strength, max_iter=1000, tol=1e-6)
    regression.fit(matrix, truth)
    weights, bias = _both_sides(regression.coef_, regression.intercept_)
    return FieldModel(
        field, names, places, rarity, weights.T.astype(np.float32).copy(), bias.astype(np.float32)
    )


def _both_sides(weights: Any, bias: Any) -> tuple[Floats, Floats]:
    """Return one row for each class: of two classes scikit-learn keeps only their difference."""
    if len(weights) > 1:
        return np.asarray(weights), np.asarray(bias)
    return np.concatenate([-weights, weights]) / 2.0, np.concatenate([-bias, bias]) / 2.0


def _sharpness(logits: Floats, truth: npt.NDArray[np.int64]) -> float:
    """Return the factor under which held-out truths are most likely. Source: Guo et al. 2017, section 4.2."""
    losses = [_loss(logits * one, truth) for one in _SHARPNESS]
    return float(_SHARPNESS[int(np.argmin(losses))])


def _loss(logits: Floats, truth: npt.NDArray[np.int64]) -> float:
    """Return how unlikely the truths are, on the mean; 0 where each is certain."""
    return float(-np.log(softmax(logits)[np.arange(len(truth)), truth] + 1e-12).mean())


def _card(
    models: Sequence[FieldModel],
    figures: dict[str, Measurement],
    short_of: dict[str, str],
    seen_texts: tuple[str, ...],
    seed: int,
) -> ExpertCard:
    left_out = tuple(f"{field} is not answered: {why}." for field, why in short_of.items())
    answers = {f"answers {one.field}": ", ".join(one.answers) for one in models}
    version = short(digest_of([seen_texts, seed, answers, _STRENGTHS, _FOLDS]))
    return ExpertCard(
        name="text_classifier",
        version=version,
        kind="text",
        fields=tuple(one.field for one in models),
        summary="Sorts short texts by their words, pairs of words and pieces of words, and shows the words "
        "that told most.",
        trained_on=(f"{len(seen_texts)} labelled cases of the deployment",),
        limits=(
            "It knows words, not what they mean together: irony, negation and quotation escape it.",
            "Answers that were rarer than 10 labelled cases are not known to it.",
            "A text in which no word is known is not answered.",
            *left_out,
        ),
        figures=figures,
        parameters={
            "seed": str(seed),
            "folds": str(_FOLDS),
            "strengths": ", ".join(map(str, _STRENGTHS)),
            "table": str(PLACES),
            **answers,
        },
    )
