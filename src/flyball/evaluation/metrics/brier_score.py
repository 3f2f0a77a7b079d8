"""Mean squared distance between confidence and outcome."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import RareEvents, Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Squared gap between confidence and outcome (Brier)",
    unit="mean squared distance, 0 to 1",
    better="lower",
    source="Brier 1950, Monthly Weather Review 78, 1-3 (two-outcome form)",
)
def brier_score(cases: ScoredCases) -> Tally | NotMeasured:
    """Mean of (confidence - 1 if right else 0) squared, over answered and labelled decisions.

    0 means right every time and sure of it; always saying 0.5 gives 0.25.
    """
    looked = cases.known & cases.answered
    n = int(looked.sum())
    if n == 0:
        return NotMeasured("no labelled decision is answered")
    squared = np.where(looked, (cases.confidence - cases.right) ** 2, 0.0)
    wrong = looked & ~cases.right
    of_right = float(squared[looked & cases.right].sum())
    each = float(squared[wrong].mean()) if wrong.any() else float((cases.confidence[looked] ** 2).max())

    def at_faults(events: float) -> float:
        return min(1.0, (of_right + events * each) / n)

    return Tally(
        sums=np.column_stack([squared.sum(axis=1), looked.sum(axis=1).astype(np.float64)]),
        statistic=ratio_of_sums(),
        n=n,
        rare=(RareEvents(wrong.sum(axis=1).astype(np.float64), at_faults),),
    )
