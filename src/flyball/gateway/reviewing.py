"""Who reviews, as the doors know them, and what of outcomes they may see while a case is not settled."""

from collections.abc import Sequence

from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.gateway.principal import Principal
from flyball.loop.decided import Known
from flyball.loop.review_state import ReviewBook, Reviewer, same_person

__all__ = ["reviewer_of", "visible_reports"]


def reviewer_of(principal: Principal) -> Reviewer:
    """Return a caller as a reviewer, with what their scopes allow."""
    return Reviewer(
        principal.id,
        principal.tenant,
        reviews=principal.may("review"),
        settles=principal.may("review.settle"),
        roles=frozenset({"*"}) if "*" in principal.scopes else principal.roles,
    )


def visible_reports(
    reviews: ReviewBook, known: Known, told: Sequence[ReportedOutcome], reviewer: Reviewer
) -> list[ReportedOutcome]:
    """Return the reports about a decision that a caller may see.

    Whoever may review sees no answer of another reader until the case is settled, as they may be asked next;
    who settles as well, where it is their turn: disputed, or handed up.
    """
    if not reviewer.reviews or reviews.of(known).sees_others(reviewer):
        return list(told)
    return [
        one for one in told if one.source not in ("review", "settled") or same_person(one.by, reviewer.id)
    ]
