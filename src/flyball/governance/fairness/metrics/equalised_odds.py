"""Equalised odds: whether those who turned out alike were decided about alike."""

from flyball.core.estimates import NotMeasured
from flyball.governance.fairness.counting import Counts
from flyball.governance.fairness.metric import ByGroup, fairness_metric, shares

__all__ = ["equalised_odds"]

_KNOWN = slice(0, 2)


@fairness_metric(
    version=1,
    title="Difference of error rates",
    unit="larger of two differences of shares, 0 to 1",
    compared="difference",
    source="Hardt, Price and Srebro 2016, arXiv:1610.02413, definition 2.1",
)
def equalised_odds(counts: Counts) -> tuple[ByGroup, ...] | NotMeasured:
    """Share approved of those who turned out well, and of those who turned out badly; the larger gap counts.

    0 means that both shares are the same in all groups. Not measured where outcomes are known of approved
    cases only: then every known one was approved, and the shares are 1 by construction.
    """
    known = counts.rows[:, :, :2].sum(axis=(0, 2))
    if not known.all():
        which = "any case" if not known.any() else "any case that was refused" if known[1] else "any approved"
        return NotMeasured(f"no outcome is known of {which}")
    return (
        shares(counts, (1, 1), (_KNOWN, 1), part="approved of those who turned out well"),
        shares(counts, (1, 0), (_KNOWN, 0), part="approved of those who turned out badly"),
    )
