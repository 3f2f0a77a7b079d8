"""Four fifths: how often the group that gets least is approved, for each time that the one with most is."""

from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, shares

__all__ = ["four_fifths"]

_ALL = slice(None)


@fairness_metric(
    version=1,
    title="Ratio of approval rates",
    unit="ratio of two shares, 0 up; 1 means the same",
    compared="ratio",
    source="29 CFR 1607.4(D), Uniform Guidelines on Employee Selection Procedures",
    limit=0.8,
    limit_from="29 CFR 1607.4(D)",
)
def four_fifths(counts: Counts) -> tuple[ByGroup, ...]:
    """Approval rate of a group over that of the group with the highest.

    1 means the same rate; 0 means that nobody of the group was approved. The rule of four fifths is one of
    employment; lenders and their supervisors borrow it. It says nothing without the approval rate: the same
    model passes and fails by the cutoff alone.
    """
    return (shares(counts, (1, _ALL), (_ALL, _ALL)),)
