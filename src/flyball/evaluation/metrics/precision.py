"""How many findings are real."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Findings that are real",
    unit="share of answers 'present', 0 to 1",
    better="higher",
    source="ISO/IEC TS 4213:2022, 6.2 (precision)",
)
def precision(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of the answers "present" that are right, all fields together.

    0 means that every finding is a false alarm. Not measured where nothing was found.
    """
    found = cases.known & cases.predicted
    return share_of(cases.true_positive, found, nothing="nothing was answered 'present'")
