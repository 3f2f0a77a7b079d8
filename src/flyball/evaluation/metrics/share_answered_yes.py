"""Answered yes: of credit, the approval rate."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Answered yes",
    unit="share of labelled decisions, 0 to 1",
    better="higher",
    source="selection rate in 29 CFR 1607.4(D) (Uniform Guidelines), of all decisions",
)
def share_answered_yes(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of labelled decisions whose answer is yes; those that wait for a person count by the best guess.

    Where yes grants something, such as a loan, it is the approval rate if people follow the guess. 0 means
    that nobody gets anything.
    """
    return share_of(cases.known & cases.predicted, cases.known, nothing="no decision has a label")
