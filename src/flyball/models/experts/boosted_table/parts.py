"""The learned parts of a boosted table."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.trees import Trees
from flyball.models.experts.calibration import Calibrator
from flyball.models.experts.expert import ExpertCard

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """What was learned.

    Parameters
    ----------
    card : ExpertCard
    columns : tuple of Column
    trees : Trees
        Their sum is a log odds of "true", before calibration.
    calibrator : Calibrator
    spread : ndarray of float64, shape (n_columns,)
        How far apart rows usually are in each column.
    out_of_fold : Table of schema `calibration.SCORES`
    seen_texts : tuple of str
        Digests of the rows that it learned from.
    """

    card: ExpertCard
    columns: tuple[Column, ...]
    trees: Trees
    calibrator: Calibrator
    spread: npt.NDArray[np.float64]
    out_of_fold: pa.Table
    seen_texts: tuple[str, ...]
