"""Minutes of a person's time that automation replaces."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import RareEvents, Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Minutes saved per case (assumed minutes)",
    unit="minutes per case",
    better="higher",
    source="docs/evaluation.md, minutes saved",
    per_field=False,
)
def minutes_saved_per_case(cases: ScoredCases) -> Tally | NotMeasured:
    """Minutes that people would have needed for what was automated, per case.

    Compared with doing everything by hand. It assumes that the minutes in `fields.toml` are right,
    that nobody looks at an automated answer, that a referred one saves nothing, and that a wrong
    one costs nothing later: a claim about work, not about errors. The interval covers which cases
    come, not whether the minutes are right. 0 means that nothing was automated.
    """
    if not (cases.minutes > 0).any():
        return NotMeasured("fields.toml states no minutes for any field")
    saved = cases.automated.astype(np.float64) @ cases.minutes
    n = len(cases)
    most = float(cases.minutes.sum())
    left = most - saved

    def at_saved(events: float) -> float:
        """So many cases with something saved, each as much as on average."""
        return min(most, events * (float(saved[saved > 0].mean()) if saved.any() else most) / n)

    def at_left(events: float) -> float:
        """So many cases with something left to people, each as much as on average."""
        return max(0.0, most - events * (float(left[left > 0].mean()) if left.any() else most) / n)

    return Tally(
        sums=np.column_stack([saved, np.ones(n)]),
        statistic=ratio_of_sums(),
        n=n,
        rare=(
            RareEvents((saved > 0).astype(np.float64), at_saved),
            RareEvents((left > 0).astype(np.float64), at_left),
        ),
    )
