"""How far stated confidence lies from what happens."""

import numpy as np

from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Floats, RareEvents, Tally, divided
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric

SMALLEST = 100


@metric(
    version=1,
    title="Gap between stated confidence and what happened",
    unit="mean distance of two shares, 0 to 1",
    better="lower",
    source="Guo et al. 2017, arXiv:1706.04599, section 2",
    per_field=False,
)
def expected_calibration_error(cases: ScoredCases, *, bins: int = 15) -> Tally | NotMeasured:
    """Mean distance between stated confidence and the share of right answers, over bins.

    Equal-width bins, at least 2; empty ones are left out, not counted as 0. 0 means that
    confidence can be taken at its word. Chance alone makes it larger than 0, the more so the
    fewer decisions: read it beside the Brier score. Not measured below 100 answered decisions.
    """
    if bins < 2:
        raise BadInput(f"At least 2 bins are needed, got {bins}.", fix="Leave it at 15.", bins=bins)
    looked = cases.known & cases.answered
    n = int(looked.sum())
    if n < SMALLEST:
        return NotMeasured(f"{n} answered and labelled decisions; {SMALLEST} are needed")
    bin_of = np.minimum((cases.confidence * bins).astype(np.intp), bins - 1)
    rows = np.broadcast_to(np.arange(len(cases))[:, None], looked.shape)
    place = (rows * bins + bin_of)[looked]

    def binned(values: Floats) -> Floats:
        counts = np.bincount(place, weights=values, minlength=len(cases) * bins).astype(np.float64)
        return counts.reshape(len(cases), bins)

    gap = cases.confidence[looked] - cases.right[looked]

    def mean_gap(sums: Floats) -> Floats:
        return divided(np.abs(sums[:, :bins]).sum(axis=1), sums[:, bins:].sum(axis=1))

    sums = np.hstack([binned(gap), binned(np.ones(n))])
    value = float(mean_gap(sums.sum(axis=0)[None, :])[0])
    wrong = (looked & ~cases.right).sum(axis=1).astype(np.float64)

    def at_faults(events: float) -> float:
        """One error more moves the summed gap by at most 1."""
        return min(1.0, max(0.0, value + (events - float(wrong.sum())) / n))

    return Tally(sums=sums, statistic=mean_gap, n=n, rare=(RareEvents(wrong, at_faults),))
