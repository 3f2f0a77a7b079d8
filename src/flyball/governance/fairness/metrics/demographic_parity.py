"""Demographic parity: how far the approval rates of two groups lie apart."""

from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, shares

__all__ = ["demographic_parity"]

_ALL = slice(None)


@fairness_metric(
    version=1,
    title="Difference of approval rates",
    unit="difference of two shares, 0 to 1",
    compared="difference",
    source="Dwork, Hardt, Pitassi, Reingold and Zemel 2012, arXiv:1104.3913, section 3 (statistical parity)",
)
def demographic_parity(counts: Counts) -> tuple[ByGroup, ...]:
    """Share of each group that was approved; 0 means the same share, whatever turned out."""
    return (shares(counts, (1, _ALL), (_ALL, _ALL)),)
