"""The tagger: names of people, places, organisations, nationalities and titles in English text."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from flyball.data.privacy.detection.errors import DetectionFailed
from flyball.data.privacy.detection.tagger.decode import LABELS, OUTSIDE, best_labels
from flyball.data.privacy.detection.tagger.features import TABLE_BITS, Lexicon, features_of, find_runs
from flyball.data.privacy.detection.tagger.tokens import Bytes, Places, Tokens, split_tokens

__all__ = ["Model", "Tagged", "load_model", "tag"]


_NAMES, _COMMON = 0b101111111, 0b010000000  # flags of the lexicon: lists of names and their parts; ordinary
_CAPITAL_OR_DIGIT = 0b1100  # flags of a shape
_ROW = 16  # bytes of a row of weights with what fills it up
_CLEAR = 6.0  # a lead of "no name" that no sequence of moves makes good
_TOGETHER = 8_192
"""Rows of weights that are fetched at once: as many as stay in the cache."""


@dataclass(frozen=True, slots=True)
class Model:
    """A conditional random field over hashed features.

    Parameters
    ----------
    weights : int8 of shape (2**18, n_labels)
        Scores of each feature for each label, in units of `unit`.
    rows : complex128 of shape (2**18,)
        The same bytes, a row filled up to sixteen: numpy fetches one number far faster than a short row.
    moves : float32 of shape (n_labels, n_labels)
        Scores of going from one label to the next; -inf where that cannot be.
    unit : float
    lexicon : Lexicon
    """

    weights: npt.NDArray[np.int8]
    rows: npt.NDArray[np.complex128]
    moves: npt.NDArray[np.float32]
    unit: float
    lexicon: Lexicon


@dataclass(frozen=True, slots=True)
class Tagged:
    """Findings, as columns in the order of the text.

    Parameters
    ----------
    start, end : int64 of shape (n,)
        Byte offsets.
    kind : int64 of shape (n,)
        Places in `decode.KINDS`.
    score : float64 of shape (n,)
        In (0, 1): how far its words prefer the kind to none, as a logistic function. Not a probability.
    """

    start: Places
    end: Places
    kind: Places
    score: npt.NDArray[np.float64]


@cache
def load_model() -> Model:
    """Return the model that is shipped; read at the first call.

    Raises
    ------
    DetectionFailed
        The file is missing or is not of this version.
    """
    try:
        with files(__package__).joinpath("weights.npz").open("rb") as stream:
            stored = np.load(stream, allow_pickle=False)
            arrays = {name: stored[name] for name in ("weights", "moves", "unit", "lexicon", "labels")}
    except (OSError, ValueError, KeyError) as err:
        raise DetectionFailed(
            f"The weights of the tagger cannot be read ({type(err).__name__}).", fix="Install flyball again."
        ) from err
    if (
        arrays["weights"].shape != (1 << TABLE_BITS, len(LABELS))
        or tuple(arrays["labels"].tolist()) != LABELS
    ):
        raise DetectionFailed(
            f"The weights of the tagger have the shape {arrays['weights'].shape}.",
            fix="Train them again: tools/personal_data_tagger/train.py.",
        )
    filled = np.zeros((1 << TABLE_BITS, _ROW), np.int8)
    filled[:, : len(LABELS)] = arrays["weights"]
    return Model(
        arrays["weights"],
        filled.view(np.complex128)[:, 0],
        arrays["moves"],
        float(arrays["unit"]),
        Lexicon(arrays["lexicon"].astype(np.uint16, copy=False)),
    )


def tag(data: Bytes, model: Model) -> Tagged:
    """Return the findings in UTF-8 text.

    Parameters
    ----------
    data : uint8 of shape (n_bytes,)
        A zero byte parts two texts; no finding lies across.
    model : Model

    Returns
    -------
    Tagged
    """
    tokens = split_tokens(data)
    runs = find_runs(tokens)
    total = np.zeros((runs.tokens.size, _ROW), np.int16)
    features = features_of(tokens, runs.tokens, model.lexicon)
    together = max(1, _TOGETHER // max(runs.tokens.size, 1))
    for first in range(0, len(features), together):
        found = np.take(model.rows, features[first : first + together], mode="clip")
        total += found.view(np.int8).reshape(len(found), *total.shape).sum(axis=0, dtype=np.int16)
    scores = total[:, : len(LABELS)].astype(np.float32) * np.float32(model.unit)
    labels = np.zeros(len(scores), np.int8)
    # Most capitals and numbers are clearly no names: a run in which none comes near is not decided at length.
    near = scores[:, 1] - scores[:, OUTSIDE]
    for label in range(2, len(LABELS)):
        np.maximum(near, scores[:, label] - scores[:, OUTSIDE], out=near)
    if near.size:
        open_runs = np.flatnonzero(np.maximum.reduceat(near, runs.start) > -_CLEAR)
        start, length = runs.start[open_runs], runs.length[open_runs]
        offsets = np.cumsum(length) - length
        at = np.repeat(start - offsets, length) + np.arange(int(length.sum()))
        labels[at] = best_labels(scores[at], model.moves, offsets, length)
    begins = np.flatnonzero(labels % 2 == 1)
    inside = (labels > 0) & (labels % 2 == 0)
    # The end of a finding: the token before the next one that does not go on with it.
    stops = np.append(np.flatnonzero(~inside), labels.size)
    last = stops[np.searchsorted(stops, begins, side="right")] - 1
    margin = np.where(labels > 0, scores[np.arange(labels.size), labels] - scores[:, OUTSIDE], 0)
    sums = np.concatenate(([0.0], np.cumsum(margin, dtype=np.float64)))
    mean = (sums[last + 1] - sums[begins]) / (last + 1 - begins)
    told = ~_ordinary(tokens, runs.tokens[begins], runs.tokens[last], model.lexicon)
    begins, last, mean = begins[told], last[told], mean[told]
    return Tagged(
        tokens.start[runs.tokens[begins]],
        tokens.end[runs.tokens[last]],
        (labels[begins].astype(np.int64) - 1) // 2,
        1 / (1 + np.exp(-np.clip(mean, -20, 20))),
    )


def _ordinary(tokens: Tokens, first: Places, last: Places, lexicon: Lexicon) -> npt.NDArray[np.bool_]:
    """Return which findings are nothing but ordinary words in lower case that are on no list of names.

    A line without capitals is read as if typed so; in wrapped prose it is the middle of a sentence.
    """
    if not first.size:
        return np.zeros(0, bool)
    count = last - first + 1
    offsets = np.cumsum(count) - count
    at = np.repeat(first - offsets, count) + np.arange(int(count.sum()))
    flags = lexicon.look_up(tokens.word[at])
    small = (tokens.shape[at] & _CAPITAL_OR_DIGIT) == 0
    plain = ((flags & _COMMON) > 0) & ((flags & _NAMES) == 0)
    plain |= tokens.end[at] - tokens.start[at] == 1
    return np.asarray(np.logical_and.reduceat(small & plain, offsets))
