"""How much of what is suspicious became an alert."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Became an alert, of what is true",
    unit="share of what people marked, 0 to 1",
    better="higher",
    source="docs/solutions/payment-fraud.md, alerts per analyst-hour",
)
def alert_recall(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of true cases that no machine answered no: a person sees them, or they were answered yes.

    0 means that every one was cleared by machine. Not measured where nothing is true.
    """
    there = cases.known & cases.truth
    return share_of(
        there & ~(cases.automated & ~cases.predicted), there, nothing="nothing is labelled 'present'"
    )
