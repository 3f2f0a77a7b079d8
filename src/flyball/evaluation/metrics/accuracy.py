"""Right answers."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Right answers",
    unit="share of labelled decisions, 0 to 1",
    better="higher",
    source="ISO/IEC TS 4213:2022, 6.2 (accuracy)",
)
def accuracy(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of labelled decisions that are right, whether a machine or a person gives them out.

    For a decision that goes to a person the best guess counts; without one it counts as not right.
    0 means that every answer is wrong.
    """
    return share_of(cases.right, cases.known, nothing="no decision has a label")
