"""Approving by score: exactly a share of all cases, so that models are compared at one approval rate."""

import numpy as np

from flyball.core.text import count
from flyball.governance.fairness.cases import BadFairnessCases, Flags, Floats

__all__ = ["approve_share"]


def approve_share(score: Floats, share: float, weight: Floats | None = None) -> Flags:
    """Return decisions that approve this share, those of the highest scores; ties in the order of rows.

    Raises
    ------
    BadFairnessCases
        The share does not lie between 0 and 1, or a score is missing.
    """
    if not 0.0 < share < 1.0:
        raise BadFairnessCases(
            f"The share to approve must lie between 0 and 1, got {share}.", fix="Write 0.8 for 80 %."
        )
    if not np.isfinite(score).all():
        raise BadFairnessCases(
            f"{count(int((~np.isfinite(score)).sum()), 'row')} have no score, so no share can be approved.",
            fix="Leave them out, or give a column of decisions.",
        )
    decided: Flags = np.zeros(len(score), dtype=np.int8)
    if weight is None:
        decided[np.argsort(-score, kind="stable")[: round(share * len(score))]] = 1
        return decided
    order = np.argsort(-score, kind="stable")
    decided[order[np.cumsum(weight[order]) <= share * weight.sum() * (1.0 + 1e-12)]] = 1
    return decided
