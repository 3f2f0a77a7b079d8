"""Stage one: two linear models over n-grams, one for segments, one for the whole contract.

Weights are stored as int8 with one scale per field; what a feature weighs by itself (its rarity) is already
multiplied in. Scoring a contract is a gather and a sum. Whole numbers are added up in single precision, which
is exact for them; everything else in double, and rounded far above its last digit, so that two sentences that
read the same weigh the same on every processor.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.models.experts.clause_detector.marks import cue_counts
from flyball.models.experts.clause_detector.ngrams import Features
from flyball.models.experts.digits import comparable

__all__ = ["NORM_POWER", "DocumentScorer", "SegmentScorer", "quantised"]

Floats = npt.NDArray[np.float32]
Margins = npt.NDArray[np.float64]

NORM_POWER = 0.25
"""Exponent on the squared length by which a segment's sum is divided; 0.5 would be unit length."""


@dataclass(frozen=True)
class SegmentScorer:
    """Linear margins of segments, one column per field.

    Parameters
    ----------
    rarity : ndarray of float32, shape (n_features,)
        Weight of a feature by itself, at least 0.
    weights : ndarray of int8, shape (n_features, n_fields)
        Times `scale`: model weight times rarity.
    scale, bias : ndarray of float32, shape (n_fields,)
    marks : ndarray of float32, shape (n_marks, n_fields)
        Weight of each mark, whatever the length of the segment.
    """

    rarity: Floats
    weights: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    marks: Floats

    def margins(self, features: Features) -> Margins:
        """Return margins of shape (n_segments, n_fields); above 0 means "reads like this clause"."""
        margins = np.zeros((features.n_segments, len(self.scale)))
        if len(features.rows):
            first = np.flatnonzero(np.diff(features.rows, prepend=-1))
            rows = features.rows[first]
            squared = np.add.reduceat(self.rarity[features.columns].astype(np.float64) ** 2, first)
            sums = np.add.reduceat(self.weights[features.columns].astype(np.float32), first, axis=0)
            margins[rows] = sums / (np.maximum(squared, 1.0) ** NORM_POWER)[:, None]
        margins *= self.scale
        margins += self.bias
        marked = np.zeros((features.n_segments, len(self.marks)))
        marked[features.mark_rows, features.marks] = 1.0
        margins += marked @ self.marks.astype(np.float64)
        return comparable(margins)


@dataclass(frozen=True)
class DocumentScorer:
    """Linear margins of a whole contract from its words, word pairs and cues, one per field.

    Parameters
    ----------
    rows : ndarray of int32, shape (n_features,)
        For each feature its row in `weights`, -1 where it has none.
    rarity : ndarray of float32, shape (n_rows,)
    weights : ndarray of int8, shape (n_rows, n_fields)
        Times `scale`: model weight times rarity.
    scale, bias : ndarray of float32, shape (n_fields,)
    cues : ndarray of float32, shape (n_cues, n_fields)
        Weight of log(1 + segments that show the cue).
    """

    rows: npt.NDArray[np.int32]
    rarity: Floats
    weights: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    cues: Floats

    def margins(self, features: Features) -> Margins:
        """Return margins of shape (n_fields,)."""
        rows = self.rows[features.columns]
        rows, counts = np.unique(rows[rows >= 0], return_counts=True)
        often = 1.0 + np.log(counts)
        length = float(np.sqrt(np.sum((often * self.rarity[rows]) ** 2)))
        sums = often @ self.weights[rows].astype(np.float64)
        cues = cue_counts(features.marks).astype(np.float64) @ self.cues.astype(np.float64)
        return comparable(sums / max(length, 1.0) * self.scale + self.bias + cues)


def quantised(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return int8 weights and one scale per column, so that `weights` is nearly `int8 * scale`."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(weights / scale).astype(np.int8), scale
