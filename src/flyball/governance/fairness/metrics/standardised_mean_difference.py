"""Standardised mean difference: how far the scores of two groups lie apart, in their own spread."""

import math

from flyball.core.estimates import NotMeasured
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, means

__all__ = ["standardised_mean_difference"]


@fairness_metric(
    version=1,
    title="Standardised difference of mean scores",
    unit="difference of two means, in standard deviations of all scores",
    compared="difference",
    source="Cohen 1988, Statistical Power Analysis, section 2.2; spread of all scores of the trait together",
)
def standardised_mean_difference(counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
    """Mean score by group in standard deviations of all scores; 0 means the same mean.

    It depends on no cutoff. The interval takes the standard deviation as known.
    """
    if counts.scored is None:
        return NotMeasured("the cases have no scores")
    total, _, first, second = counts.scored.sum(axis=0)
    if not total:
        return NotMeasured("no case of a group that is compared has a score")
    spread = math.sqrt(max(second / total - (first / total) ** 2, 0.0))
    if spread <= 1e-12 * max(1.0, abs(first / total)):
        return NotMeasured("all scores are the same")
    return (means(counts, counts.scored, scale=spread),)
