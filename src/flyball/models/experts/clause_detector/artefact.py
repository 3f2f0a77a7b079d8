"""The detector as plain files: arrays as .npz, words as text, scores as Parquet, the rest as JSON. No pickle.

| file | what |
| --- | --- |
| `card.json` | what it is, settings, calibrator, and the SHA-256 of every other file |
| `words.txt` | one known word per line, in the order of their numbers |
| `weights.npz` | keys, rarities and int8 weights of stage one; trees and weights of stage two |
| `calibration.parquet` | out-of-fold answers with the truth; no text of any case |
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.trees import Trees
from flyball.models.experts.calibration import SCORES, Calibrator
from flyball.models.experts.clause_detector.linear import DocumentScorer, SegmentScorer
from flyball.models.experts.clause_detector.marks import MARKS
from flyball.models.experts.clause_detector.ngrams import Vocabulary
from flyball.models.experts.clause_detector.stages import Parts, StageOne, StageTwo
from flyball.models.experts.saved import as_parts, card_of, packed, read_files, unpacked, write_files

__all__ = ["BadArtefact", "load", "save"]

_FORMAT = 1


class BadArtefact(BadInput):
    """A saved detector is incomplete, altered or of another format."""

    code = "clause_detector.bad_artefact"


def save(parts: Parts, folder: Path) -> None:
    """Write a detector into a folder; the same detector gives the same bytes.

    Parameters
    ----------
    parts : Parts
    folder : Path
        Made where it does not exist; files of the same names are replaced.
    """
    scores = io.BytesIO()
    pq.write_table(parts.out_of_fold, scores, compression="zstd", store_schema=False)
    files = {
        "words.txt": "".join(word + "\n" for word in parts.one.vocabulary.words).encode(),
        "weights.npz": packed(_arrays(parts)),
        "calibration.parquet": scores.getvalue(),
    }
    also = {
        "calibrator": vars(parts.calibrator),
        "quote": vars(parts.quote),
        "seen_texts": list(parts.seen_texts),
        "seen_folded_texts": list(parts.seen_folded_texts),
    }
    write_files(folder, parts.card, files, format=_FORMAT, also=also)


def load(folder: Path) -> Parts:
    """Read a detector, after checking every file against the digests on its card.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Parts

    Raises
    ------
    BadArtefact
        A file is missing or altered, or the format is another one.
    """
    card, files = read_files(folder, format=_FORMAT, what="clause detector", error=BadArtefact)
    with as_parts(folder, what="clause detector", error=BadArtefact):
        words = files["words.txt"].decode("utf-8").splitlines()
        arrays = unpacked(files["weights.npz"])
        if len(arrays["segment_marks"]) != MARKS:
            raise BadArtefact(
                f"The detector in {folder} knows {len(arrays['segment_marks'])} marks, this version has "
                f"{MARKS}.",
                fix="Fit the detector again, or use the version of Flyball that saved it.",
                folder=folder,
            )
        one = StageOne(
            Vocabulary(
                {word: number for number, word in enumerate(words, start=1)}, np.cumsum(arrays["key_steps"])
            ),
            SegmentScorer(
                arrays["segment_rarity"],
                arrays["segment_weights"],
                arrays["segment_scale"],
                arrays["segment_bias"],
                arrays["segment_marks"],
            ),
            DocumentScorer(
                arrays["document_rows"],
                arrays["document_rarity"],
                arrays["document_weights"],
                arrays["document_scale"],
                arrays["document_bias"],
                arrays["document_cues"],
            ),
        )
        trees = Trees(
            arrays["tree_feature"],
            arrays["tree_threshold"],
            arrays["tree_left"],
            arrays["tree_right"],
            arrays["tree_value"],
            arrays["tree_roots"],
            int(arrays["tree_depth"]),
        )
        two = StageTwo(arrays["prior"], trees, arrays["linear_weights"], arrays["linear_bias"])
        scores = pq.read_table(io.BytesIO(files["calibration.parquet"])).cast(SCORES)
        return Parts(
            card_of(card),
            one,
            two,
            Calibrator(**card["calibrator"]),
            Calibrator(**card["quote"]),
            scores,
            tuple(card["seen_texts"]),
            tuple(card["seen_folded_texts"]),
        )


def _arrays(parts: Parts) -> dict[str, npt.NDArray[Any]]:
    one, two = parts.one, parts.two
    return {
        "key_steps": np.diff(one.vocabulary.keys, prepend=0),  # small numbers pack well
        "segment_rarity": one.segments.rarity,
        "segment_weights": one.segments.weights,
        "segment_scale": one.segments.scale,
        "segment_bias": one.segments.bias,
        "segment_marks": one.segments.marks,
        "document_rows": one.documents.rows,
        "document_rarity": one.documents.rarity,
        "document_weights": one.documents.weights,
        "document_scale": one.documents.scale,
        "document_bias": one.documents.bias,
        "document_cues": one.documents.cues,
        "prior": two.prior,
        "linear_weights": two.weights,
        "linear_bias": two.bias,
        "tree_feature": two.trees.feature,
        "tree_threshold": two.trees.threshold,
        "tree_left": two.trees.left,
        "tree_right": two.trees.right,
        "tree_value": two.trees.value,
        "tree_roots": two.trees.roots,
        "tree_depth": np.array(two.trees.depth),
    }
