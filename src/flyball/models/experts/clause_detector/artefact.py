"""The detector as plain files: arrays as .npz, words as text, scores as Parquet, the rest as JSON. No pickle.

| file | what |
| --- | --- |
| `card.json` | what it is, settings, calibrator, and the SHA-256 of every other file |
| `words.txt` | one known word per line, in the order of their numbers |
| `weights.npz` | keys, rarities and int8 weights of stage one; trees and weights of stage two |
| `calibration.parquet` | out-of-fold answers with the truth; no text of any case |
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from flyball.core.digests import digest_of_bytes, from_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured, as_plain
from flyball.models.experts.boosted_table.trees import Trees
from flyball.models.experts.clause_detector.calibration import SCORES, Calibrator
from flyball.models.experts.clause_detector.linear import DocumentScorer, SegmentScorer
from flyball.models.experts.clause_detector.marks import MARKS
from flyball.models.experts.clause_detector.ngrams import Vocabulary
from flyball.models.experts.clause_detector.stages import Parts, StageOne, StageTwo
from flyball.models.experts.expert import ExpertCard

__all__ = ["BadArtefact", "load", "save"]

_FORMAT = 1
_CARD = "card.json"


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
    folder.mkdir(parents=True, exist_ok=True)
    scores = io.BytesIO()
    pq.write_table(parts.out_of_fold, scores, compression="zstd", store_schema=False)
    files = {
        "words.txt": "".join(word + "\n" for word in parts.one.vocabulary.words).encode(),
        "weights.npz": _packed(_arrays(parts)),
        "calibration.parquet": scores.getvalue(),
    }
    card = parts.card
    content = {
        "format": _FORMAT,
        "name": card.name,
        "version": card.version,
        "kind": card.kind,
        "fields": list(card.fields),
        "summary": card.summary,
        "trained_on": list(card.trained_on),
        "limits": list(card.limits),
        "licence": card.licence,
        "figures": {name: as_plain(figure) for name, figure in card.figures.items()},
        "parameters": dict(card.parameters),
        "calibrator": vars(parts.calibrator),
        "quote": vars(parts.quote),
        "seen_texts": list(parts.seen_texts),
        "seen_folded_texts": list(parts.seen_folded_texts),
        "files": {name: digest_of_bytes(data) for name, data in files.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / _CARD).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
    card = _card_of(folder)
    files = {name: _checked(folder, name, digest) for name, digest in card["files"].items()}
    words = files["words.txt"].decode("utf-8").splitlines()
    with np.load(io.BytesIO(files["weights.npz"]), allow_pickle=False) as packed:
        arrays = {name: packed[name] for name in packed.files}
    if len(arrays["segment_marks"]) != MARKS:
        raise BadArtefact(
            f"The detector in {folder} knows {len(arrays['segment_marks'])} marks, this version has {MARKS}.",
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
        _expert_card(card),
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


def _packed(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    target = io.BytesIO()
    np.savez_compressed(target, allow_pickle=False, **arrays)
    return target.getvalue()


def _card_of(folder: Path) -> dict[str, Any]:
    path = folder / _CARD
    if not path.is_file():
        raise BadArtefact(
            f"{folder} holds no {_CARD}, so there is no clause detector in it.",
            fix="Point `path` at a folder that a detector was saved to.",
            folder=folder,
        )
    card = from_json(path.read_bytes(), dict[str, Any])
    if card.get("format") != _FORMAT:
        raise BadArtefact(
            f"{path} is of format {card.get('format')!r}, this version reads {_FORMAT}.",
            fix="Fit the detector again, or use the version of Flyball that saved it.",
            folder=folder,
        )
    return card


def _checked(folder: Path, name: str, digest: str) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError as err:
        raise BadArtefact(
            f"{name} of the clause detector in {folder} cannot be read ({err}).",
            fix="Restore the folder from the release, or fit the detector again.",
            folder=folder,
            file=name,
        ) from err
    found = digest_of_bytes(data)
    if found != digest:
        raise BadArtefact(
            f"{name} of the clause detector in {folder} has digest {found}, its card says {digest}.",
            fix="The file was altered: restore it from the release, or fit the detector again.",
            folder=folder,
            file=name,
        )
    return data


def _expert_card(card: dict[str, Any]) -> ExpertCard:
    return ExpertCard(
        name=card["name"],
        version=card["version"],
        kind=card["kind"],
        fields=tuple(card["fields"]),
        summary=card["summary"],
        trained_on=tuple(card["trained_on"]),
        limits=tuple(card["limits"]),
        licence=card["licence"],
        figures={name: _figure(figure) for name, figure in card["figures"].items()},
        parameters=card["parameters"],
    )


def _figure(plain: dict[str, Any]) -> Measurement:
    if plain["value"] is None:
        return NotMeasured(plain.get("reason", "not measured"))
    return Estimate(plain["value"], n=plain["n"], low=plain["low"], high=plain["high"])
