"""Attributions: taken from an expert that knows its own shares, and refused where they do not add up."""

import math
from typing import ClassVar

from flyball.core.errors import FlyballError
from flyball.core.estimates import Estimate
from flyball.data.documents.rows import Value
from flyball.governance.explanation.records import Attribution, Check, Method, Share
from flyball.models.experts.attributed import Attributed

__all__ = ["MOST_GAP", "DoesNotAddUp", "attribution_of", "check_sum"]

MOST_GAP = 1e-6
"""Of the size of the output, at least of 1: what rounding may leave."""


class DoesNotAddUp(FlyballError):
    """Shares and base do not come to the output of the model, so they explain something else."""

    code = "explanation.does_not_add_up"
    status: ClassVar[int] = 422
    exit_code = 1


def attribution_of(
    told: Attributed,
    row: dict[str, Value],
    *,
    expert: str,
    method: Method = "tree_shares",
    against: str = "the average of the cases that the model learned from",
) -> Attribution:
    """Return what an expert says of itself, held against its own output.

    Raises
    ------
    DoesNotAddUp
    """
    shares = tuple(
        Share(column, row.get(column), share) for column, share in zip(told.columns, told.shares, strict=True)
    )
    found = Attribution(expert, method, True, told.unit, told.base, told.output, shares, None, against)
    check_sum(found)
    return found


def check_sum(one: Attribution) -> Check:
    """Add an attribution up.

    Returns
    -------
    Check
        Passed, with the gap that rounding left.

    Raises
    ------
    DoesNotAddUp
        It misses the output by more than rounding, or holds what is no number.
    """
    total = math.fsum((one.base, *(share.share for share in one.shares)))
    gap = abs(total - one.output)
    if not gap <= MOST_GAP * max(1.0, abs(one.output)):  # also refuses what is no number
        raise DoesNotAddUp(
            f"The shares of {one.expert} by {one.method} come to {total:.9g} {one.unit}, its output is "
            f"{one.output:.9g}: {gap:.3g} is missing, at most {MOST_GAP:g} may be.",
            fix="Tell nobody these reasons. The expert that gave them is at fault: fit it again, or take it "
            "off the route, and explain the decision anew.",
            expert=one.expert,
            method=one.method,
            base=one.base,
            total=total,
            output=one.output,
        )
    return Check(
        "adds_up",
        True,
        Estimate(gap, n=max(1, len(one.shares))),
        f"Base and {len(one.shares)} shares come to the output of the model but for {gap:.1g} {one.unit}",
    )
