"""False alarms per 1,000 cases."""

import numpy as np
from numpy.typing import NDArray

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import RareEvents, Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="False findings per 1,000 cases",
    unit="false findings per 1,000 cases, all fields together",
    better="lower",
    source="docs/evaluation.md, false findings; exact part: Garwood 1936, Biometrika 28, 437-442",
)
def false_positives_per_1000_cases(cases: ScoredCases) -> Tally | NotMeasured:
    """False findings in 1,000 cases, summed over fields; best guesses for a person included.

    A finding is false where the label says "absent", or where another value is right. 0 means
    none was seen; the upper end of the interval says how many there may be all the same.
    """
    return per_1000_cases(cases, cases.false_positive)


def per_1000_cases(cases: ScoredCases, events: NDArray[np.bool_]) -> Tally:
    """Tally events per 1,000 labelled cases."""
    seen = events.sum(axis=1).astype(np.float64)
    labelled = cases.known.any(axis=1).astype(np.float64)
    n = int(labelled.sum())
    return Tally(
        sums=np.column_stack([seen, labelled]),
        statistic=ratio_of_sums(1000.0),
        n=n,
        rare=(RareEvents(seen, lambda events: 1000.0 * events / n),),
    )
