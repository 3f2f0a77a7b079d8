"""Marginal cost."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Cost per case",
    unit="EUR per case",
    better="lower",
    source="the prices on the cards of the experts, as written into each decision",
    per_field=False,
)
def cost_eur_per_case(cases: ScoredCases) -> Tally | NotMeasured:
    """Mean marginal price of a case: what was paid to experts, machines and people left out.

    0 means that no expert charged for any of these cases.
    """
    if cases.cost_eur is None:
        return NotMeasured("prices were not recorded")
    return Tally(
        sums=np.column_stack([cases.cost_eur, np.ones(len(cases))]), statistic=ratio_of_sums(), n=len(cases)
    )
