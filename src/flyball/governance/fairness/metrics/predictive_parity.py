"""Predictive parity: whether those who were approved turned out alike."""

from flyball.core.estimates import NotMeasured
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, shares

__all__ = ["predictive_parity"]


@fairness_metric(
    version=1,
    title="Difference in what became of the approved",
    unit="difference of two shares, 0 to 1",
    compared="difference",
    source="Chouldechova 2017, Big Data 5:153, arXiv:1610.07524, definition 2.2",
)
def predictive_parity(counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
    """Share of approved cases that turned out well; 0 means the same share in all groups.

    A group that does better among the approved is held to a higher bar.
    """
    if not counts.rows[:, 1, :2].any():
        return NotMeasured("no outcome is known of any approved case")
    return (shares(counts, (1, 1), (1, slice(0, 2))),)
