"""Right answers among those that a machine gives."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Right, of those decided without a person",
    unit="share of automated decisions, 0 to 1",
    better="higher",
    source="1 - selective risk in El-Yaniv and Wiener 2010, JMLR 11, section 2",
)
def automated_accuracy(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of automated decisions that are right.

    Say the automated share beside it: whoever automates little can always be right. Not measured
    where nothing is automated.
    """
    return share_of(cases.right, cases.known & cases.automated, nothing="no labelled decision is automated")
