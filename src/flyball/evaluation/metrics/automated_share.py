"""Decided by machine."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Decided without a person",
    unit="share of labelled decisions, 0 to 1",
    better="higher",
    source="coverage in El-Yaniv and Wiener 2010, JMLR 11, section 2",
)
def automated_share(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of labelled decisions that leave without a person.

    Over the same decisions as `automated_accuracy`, so that the two can be read together. 0 means
    that a person sees everything.
    """
    return share_of(cases.automated, cases.known, nothing="no decision has a label")
