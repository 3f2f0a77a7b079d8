"""The learned parts of a clause detector, as records of arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.models.experts.boosted_table.trees import Trees
from flyball.models.experts.calibration import Calibrator
from flyball.models.experts.clause_detector.linear import DocumentScorer, SegmentScorer
from flyball.models.experts.clause_detector.ngrams import Vocabulary
from flyball.models.experts.clause_detector.summary import linear_inputs, tree_inputs
from flyball.models.experts.expert import ExpertCard

__all__ = ["TREES_SHARE", "Parts", "StageOne", "StageTwo"]

TREES_SHARE = 0.65
"""Weight of the trees in the mean with the linear models."""

_AT_ONCE = 16  # cases; every tree is a column while trees are summed, so memory grows with it


@dataclass(frozen=True)
class StageOne:
    """What reads the text: vocabulary and the two linear scorers."""

    vocabulary: Vocabulary
    segments: SegmentScorer
    documents: DocumentScorer


@dataclass(frozen=True)
class StageTwo:
    """What weighs the sentences of a contract against each other and against the base rates.

    Parameters
    ----------
    prior : ndarray, shape (n_fields,)
        Log odds of each clause.
    trees : Trees
    weights : ndarray, shape (n_fields, n_linear_inputs)
    bias : ndarray, shape (n_fields,)
    """

    prior: npt.NDArray[np.float64]
    trees: Trees
    weights: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]

    def scores(self, summaries: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return log odds, not yet calibrated, of shape (n_cases, n_fields)."""
        cases, fields, _ = summaries.shape
        parts = [summaries[start : start + _AT_ONCE] for start in range(0, cases, _AT_ONCE)]
        boosted = np.concatenate([self.trees.sum(tree_inputs(part, self.prior)) for part in parts])
        boosted = boosted.reshape(cases, fields)
        linear = np.einsum("fcw,fw->cf", linear_inputs(summaries), self.weights) + self.bias
        mean: npt.NDArray[np.float64] = TREES_SHARE * boosted + (1.0 - TREES_SHARE) * linear
        return mean


@dataclass(frozen=True)
class Parts:
    """Everything that makes a detector, and all that is saved of it.

    Parameters
    ----------
    card : ExpertCard
    one : StageOne
    two : StageTwo
    calibrator : Calibrator
        From a score of stage two to P(clause present).
    quote : Calibrator
        From a segment's margin to P(the segment shows the clause).
    out_of_fold : Table of schema calibration.SCORES
        Answers for the training cases by models that had not seen them.
    seen_texts, seen_folded_texts : tuple of str
        Digests of the training texts, exactly as they were and by `ngrams.folded_digest`.
    """

    card: ExpertCard
    one: StageOne
    two: StageTwo
    calibrator: Calibrator
    quote: Calibrator
    out_of_fold: pa.Table
    seen_texts: tuple[str, ...]
    seen_folded_texts: tuple[str, ...]
