"""Equal opportunity: whether those who turned out well were approved alike."""

from flyball.core.estimates import NotMeasured
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, shares

__all__ = ["equal_opportunity"]

_KNOWN = slice(0, 2)


@fairness_metric(
    version=1,
    title="Difference in approval of those who turned out well",
    unit="difference of two shares, 0 to 1",
    compared="difference",
    source="Hardt, Price and Srebro 2016, arXiv:1610.02413, definition 2.2",
)
def equal_opportunity(counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
    """Share approved of those who turned out well; 0 means the same share in all groups.

    Not measured where no outcome of a refused case is known: then the shares are 1 by construction.
    """
    if not counts.rows[:, :, :2].any():
        return NotMeasured("no outcome is known of any case")
    if not counts.rows[:, 0, 1].any():
        return NotMeasured("no refused case is known to have turned out well")
    return (shares(counts, (1, 1), (_KNOWN, 1)),)
