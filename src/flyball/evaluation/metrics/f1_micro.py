"""F1 over all decisions."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Floats, RareEvents, Tally, divided
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="F1, all decisions together",
    unit="harmonic mean of two shares, 0 to 1",
    better="higher",
    source="van Rijsbergen 1979, Information Retrieval, chapter 7",
)
def f1_micro(cases: ScoredCases) -> Tally | NotMeasured:
    """Harmonic mean of precision and recall, all fields together.

    0 means that nothing was found rightly. Not measured where nothing is there and nothing found.
    """
    hits = cases.true_positive.sum(axis=1).astype(np.float64)
    faults = (cases.false_positive.sum(axis=1) + cases.false_negative.sum(axis=1)).astype(np.float64)
    n = int((cases.known & (cases.truth | cases.predicted)).sum())
    if n == 0:
        return NotMeasured("nothing is labelled 'present' and nothing was answered so")
    return Tally(
        sums=np.column_stack([hits, faults]),
        statistic=f1_of,
        n=n,
        rare=(
            RareEvents(faults, lambda events: _f1(max(float(hits.sum()), 1.0), events)),
            RareEvents(hits, lambda events: _f1(events, max(float(faults.sum()), 1.0))),
        ),
    )


def f1_of(sums: Floats) -> Floats:
    """Return F1 from columns (true positives, false positives + false negatives)."""
    return divided(2.0 * sums[:, 0], 2.0 * sums[:, 0] + sums[:, 1])


def _f1(hits: float, faults: float) -> float:
    return 2.0 * hits / (2.0 * hits + faults)
