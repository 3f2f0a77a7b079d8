"""The classifier: features to classes, in numpy alone, with calibrated confidence and the words that told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.models.experts.digits import comparable, settled
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.text_classifier.artefact import FieldModel, Parts, load, save
from flyball.models.experts.text_classifier.features import Features, features_of

__all__ = ["TextClassifier", "softmax"]

_MOST_SPANS = 3
_LEAST_SHARE = 0.15
"""A word that tells less than this share of the one that tells most is not shown."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TextClassifier:
    """One linear model per field over the features of the text."""

    parts: Parts

    @property
    def card(self) -> ExpertCard:
        """What it is."""
        return self.parts.card

    @property
    def out_of_fold(self) -> pa.Table:
        """Answers of models that had not seen the case, with the truth."""
        return self.parts.out_of_fold

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests of the texts that it was trained on."""
        return frozenset(self.parts.seen_texts)

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer a batch of cases; one of which no word is known is not answered."""
        rows: list[dict[str, object]] = []
        for case_id, text in zip(
            cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True
        ):
            features = features_of(text)
            for one in self.parts.fields:
                row = _answered(one, features, text)
                if row is not None:
                    rows.append({"case_id": case_id, "field": one.field, **row})
        return pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS)

    def save(self, folder: Path) -> None:
        """Write it into a folder of plain files."""
        save(self.parts, folder)

    @classmethod
    def load(cls, folder: Path) -> "TextClassifier":
        """Read it from a folder."""
        return cls(load(folder))


def softmax(logits: Floats) -> Floats:
    """Return chances from logits of shape (..., n_classes)."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return chances


def _answered(one: FieldModel, features: Features, text: str) -> dict[str, object] | None:
    rows = one.rows_of(features.places)
    known = rows >= 0
    if not known.any():
        return None
    distinct, where = np.unique(rows[known], return_inverse=True)
    value = _unit(one.rarity[distinct])
    told = one.weights[distinct].astype(np.float64) * value[:, None]
    chances = settled(softmax((told.sum(axis=0) + one.bias) * one.sharpness))
    best = int(chances.argmax())
    answer = one.answers[best]
    spans = [] if answer == "false" else _spans(one, features, known, where, told, best)
    words = ", ".join(f'"{text[start:end][:40]}"' for start, end, _ in spans)
    why = f"the words that tell most are {words}" if words else "no word tells much by itself"
    return {
        "answer": answer,
        "confidence": float(chances[best]),
        "evidence": [{"start": start, "end": end, "score": score} for start, end, score in spans],
        "reason": f"Texts like this are {_said(answer)} {chances[best]:.0%} of the time; {why}.",
    }


def _spans(
    one: FieldModel,
    features: Features,
    known: npt.NDArray[np.bool_],
    where: npt.NDArray[np.int64],
    told: Floats,
    best: int,
) -> list[tuple[int, int, float]]:
    """Return the words that speak most for the answer, as against the mean of the others, best first."""
    n = len(one.answers)
    lead = (told[:, best] * n - told.sum(axis=1)) / max(n - 1, 1)
    often = np.bincount(where, minlength=len(lead))
    share = (lead / often)[where]
    first, last = features.first[known], features.last[known]
    alone = first == last
    alone_or_first = np.bincount(
        first, weights=np.where(alone, share, share / 2), minlength=len(features.spans)
    )
    second = np.bincount(last[~alone], weights=share[~alone] / 2, minlength=len(features.spans))
    score = comparable(alone_or_first.astype(np.float64) + second)
    order = np.argsort(-score, kind="stable")[:_MOST_SPANS]
    top = float(score[order[0]]) if len(order) else 0.0
    return [
        (int(features.spans[word, 0]), int(features.spans[word, 1]), float(score[word] / top))
        for word in order.tolist()
        if top > 0.0 and score[word] >= _LEAST_SHARE * top
    ]


def _unit(rarity: npt.NDArray[np.float32]) -> Floats:
    """Return weights of length 1, worked out in double precision."""
    exact = rarity.astype(np.float64)
    return exact / np.linalg.norm(exact)


def _said(answer: str) -> str:
    value = json.loads(answer)
    return {True: "a yes", False: "a no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def logits_of(one: FieldModel, texts: Sequence[Features]) -> Floats:
    """Return the logits of many texts, before they are sharpened; zero features give the bias alone."""
    found = np.tile(one.bias.astype(np.float64), (len(texts), 1))
    for number, features in enumerate(texts):
        rows = one.rows_of(features.places)
        distinct = np.unique(rows[rows >= 0])
        if len(distinct):
            value = _unit(one.rarity[distinct])
            found[number] += (one.weights[distinct].astype(np.float64) * value[:, None]).sum(axis=0)
    return found
