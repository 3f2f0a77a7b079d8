"""The classifier as plain files: arrays as .npz, unseen answers as Parquet, the rest as JSON. No pickle."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flyball.core.errors import BadInput
from flyball.models.experts.calibration import SCORES
from flyball.models.experts.expert import ExpertCard
from flyball.models.experts.saved import as_parts, card_of, packed, read_files, unpacked, write_files
from flyball.models.experts.text_classifier.features import PLACES

__all__ = ["FORMAT", "BadClassifier", "FieldModel", "Parts", "load", "save"]

FORMAT = 1


class BadClassifier(BadInput):
    """A saved text classifier is incomplete, altered or of another format."""

    code = "text_classifier.bad_artefact"


@dataclass(frozen=True)
class FieldModel:
    """A linear model of one field.

    Parameters
    ----------
    field : str
    answers : tuple of str
        JSON; one for each class.
    places : ndarray of int64, shape (n_known,)
        The known places of the feature table, ascending.
    rarity : ndarray of float32, shape (n_known,)
        Weight of a feature by itself, above 0.
    weights : ndarray of float32, shape (n_known, n_classes)
    bias : ndarray of float32, shape (n_classes,)
    sharpness : float
        By which logits are multiplied so that chances can be taken at their word.
    """

    field: str
    answers: tuple[str, ...]
    places: npt.NDArray[np.int64]
    rarity: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    sharpness: float = 1.0

    def rows_of(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the row of each place, -1 for those that are not known."""
        rows = np.searchsorted(self.places, places)
        rows[rows == len(self.places)] = 0
        return np.where(self.places[rows] == places, rows, -1)


@dataclass(frozen=True)
class Parts:
    """Everything that makes a classifier.

    Parameters
    ----------
    card : ExpertCard
    fields : tuple of FieldModel
    out_of_fold : Table of schema SCORES
    seen_texts : tuple of str
        Digests, sorted.
    """

    card: ExpertCard
    fields: tuple[FieldModel, ...]
    out_of_fold: pa.Table
    seen_texts: tuple[str, ...]


def save(parts: Parts, folder: Path) -> None:
    """Write a classifier into a folder; the same classifier gives the same bytes."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, one in enumerate(parts.fields):
        arrays |= {
            f"{number}.places": one.places.astype(np.int32),
            f"{number}.rarity": one.rarity,
            f"{number}.weights": one.weights,
            f"{number}.bias": one.bias,
        }
    scores = io.BytesIO()
    pq.write_table(parts.out_of_fold, scores, compression="zstd", store_schema=False)
    files = {"weights.npz": packed(arrays), "calibration.parquet": scores.getvalue()}
    models = [
        {"field": one.field, "answers": list(one.answers), "sharpness": one.sharpness} for one in parts.fields
    ]
    also = {"places": PLACES, "models": models, "seen_texts": list(parts.seen_texts)}
    write_files(folder, parts.card, files, format=FORMAT, also=also)


def load(folder: Path) -> Parts:
    """Read a classifier, after checking every file against the digests on its card.

    Raises
    ------
    BadClassifier
        A file is missing or altered, or the format is another one.
    """
    card, files = read_files(folder, format=FORMAT, what="text classifier", error=BadClassifier)
    with as_parts(folder, what="text classifier", error=BadClassifier):
        if card["places"] != PLACES:
            raise BadClassifier(
                f"The text classifier in {folder} has {card['places']!r} places for features, this version "
                f"{PLACES}.",
                fix="Fit it again, or use the version of Flyball that saved it.",
                folder=folder,
            )
        arrays = unpacked(files["weights.npz"])
        fields = []
        for number, about in enumerate(card["models"]):
            one = FieldModel(
                about["field"],
                tuple(about["answers"]),
                arrays[f"{number}.places"].astype(np.int64),
                arrays[f"{number}.rarity"],
                arrays[f"{number}.weights"],
                arrays[f"{number}.bias"],
                float(about["sharpness"]),
            )
            if (
                one.weights.shape != (len(one.places), len(one.answers))
                or len(one.places) == 0
                or not np.isfinite(one.weights).all()
            ):
                raise BadClassifier(
                    f"The weights of {one.field} in {folder} do not fit its answers.", fix="Fit it again."
                )
            fields.append(one)
        scores = pq.read_table(io.BytesIO(files["calibration.parquet"])).cast(SCORES)
        return Parts(card_of(card), tuple(fields), scores, tuple(card["seen_texts"]))
