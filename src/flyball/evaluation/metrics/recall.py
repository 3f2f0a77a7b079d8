"""How much of what is there was found."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Found, of what is there",
    unit="share of what people marked, 0 to 1",
    better="higher",
    source="ISO/IEC TS 4213:2022, 6.2 (recall)",
)
def recall(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of what people marked that was found, all fields together.

    0 means that nothing was found. Not measured where nothing is there.
    """
    there = cases.known & cases.truth
    return share_of(cases.true_positive, there, nothing="nothing is labelled 'present'")
