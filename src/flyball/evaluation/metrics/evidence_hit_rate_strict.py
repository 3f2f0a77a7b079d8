"""How often the quoted passage is the marked one, neither much longer nor much shorter."""

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, share_of
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Quotes that prove it and little else",
    unit="share of true findings, 0 to 1",
    better="higher",
    source="Hendrycks et al. 2021, arXiv:2103.06268, section 4 (Jaccard of at least 0.5)",
)
def evidence_hit_rate_strict(cases: ScoredCases) -> Tally | NotMeasured:
    """Share of true findings whose first quote overlaps a marked passage by Jaccard 0.5 or more.

    Read it beside `evidence_hit_rate`: a long quote can hold the marked words and bury them. 0
    means that no quote comes close.
    """
    return share_of(
        cases.evidence_hit_strict, cases.quotable, nothing="no true finding with a marked passage"
    )
