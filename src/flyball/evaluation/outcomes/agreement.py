"""How often automated answers agreed with what turned out."""

import json
from collections.abc import Iterable

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import wilson
from flyball.evaluation.outcomes.standing import Standing
from flyball.models.decisions.records import FieldDecision

__all__ = ["automated_agreement", "same_answer"]


def automated_agreement(
    pairs: Iterable[tuple[tuple[FieldDecision, ...], list[Standing]]],
) -> Estimate | NotMeasured:
    """Share of automated answers that agree with what stands.

    Only fields whose reports agree, or were settled, count; a disputed one counts for neither side.
    Nobody reports at random, so this is what was seen, not the error rate of all decisions.

    Parameters
    ----------
    pairs : iterable of (fields, standings)
        One for each decision.

    Returns
    -------
    Estimate or NotMeasured
        In [0, 1]; 0 means that every automated answer that was reported on was wrong. The interval is
        Wilson's at 95 %.

    Source: Wilson 1927, JASA 22, page 209.
    """
    right = n = 0
    for fields, found in pairs:
        known = {one.name: one.answer for one in found if one.about == "field" and one.state != "disputed"}
        for field in fields:
            if field.outcome == "automated" and field.field in known:
                n += 1
                right += same_answer(field.answer, known[field.field])
    if not n:
        return NotMeasured("nothing was reported about an automated answer, or the reports disagree")
    return Estimate(right / n, n, *wilson(right, n))


def same_answer(one: str, other: str) -> bool:
    """Compare two answers as JSON: 5 and 5.0 are one number, true is none."""
    try:
        first, second = json.loads(one), json.loads(other)
    except ValueError:
        return one == other
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)
