"""How often the quoted passage proves the finding."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Quotes that prove the finding",
    unit="share of true findings, 0 to 1",
    better="higher",
    source="evaluation/quotes.py: half of the shorter passage is shared",
)
def evidence_hit_rate(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of true findings whose first quote is a right one.

    Right: it shares at least half of the characters of the shorter of the two (quote, marked
    passage) with some passage that a person marked. A true finding without a quote is a miss. 0
    means that no quote proves anything.
    """
    return share_of(cases.evidence_hit, cases.quotable, nothing="no true finding with a marked passage")
