"""Calibration by group: whether a score means the same chance whoever it is about."""

from flyball.core.estimates import NotMeasured
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, means

__all__ = ["calibration"]


@fairness_metric(
    version=1,
    title="Difference of outcome minus score",
    unit="difference of two mean differences of shares",
    compared="difference",
    source="Kleinberg, Mullainathan and Raghavan 2016, arXiv:1609.05807, section 1.1",
)
def calibration(counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
    """Mean of outcome minus score by group; 0 means that scores err alike for all groups.

    Above 0 in a group: its people do better than their scores say. The report shows by bins of the score
    where that is. Not measured unless scores are chances of turning out well, and outcomes are known.
    """
    if counts.scored is None or not counts.scored[:, 0].any():
        return NotMeasured("the cases have no scores")
    if not counts.chances:
        return NotMeasured("scores lie outside 0 to 1, so they are no chances")
    if counts.missed is None or not counts.missed[:, 0].any():
        return NotMeasured("no outcome is known of a case with a score")
    return (means(counts, counts.missed),)
