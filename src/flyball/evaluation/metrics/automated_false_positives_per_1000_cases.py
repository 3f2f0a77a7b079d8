"""False alarms per 1,000 cases that no person would have stopped."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric
from flyball.evaluation.metrics.false_positives_per_1000_cases import per_1000_cases


@metric(
    version=1,
    title="False findings per 1,000 cases, no person asked",
    unit="false findings per 1,000 cases, all fields together",
    better="lower",
    source="docs/evaluation.md, false findings; exact part: Garwood 1936, Biometrika 28, 437-442",
)
def automated_false_positives_per_1000_cases(cases: ScoredCases) -> Tally | NotMeasured:
    """False findings that leave without a person, in 1,000 cases, summed over fields.

    0 means none was seen; the upper end of the interval says how many there may be all the same.
    Not measured where nothing is automated: no promise is kept by doing nothing.
    """
    if not (cases.automated & cases.known).any():
        return NotMeasured("no labelled decision is automated")
    return per_1000_cases(cases, cases.false_positive & cases.automated)
