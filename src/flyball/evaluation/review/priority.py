"""Priority: how urgent a case is, in points of 100, each part told with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flyball.evaluation.review.settings import ReviewSettings

__all__ = ["Part", "Points", "aged", "points_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the points.

    Parameters
    ----------
    name : {"money", "risk", "doubt", "age"}
    points : float
        Of 100.
    why : str
        For people, with the figures.
    """

    name: str
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class Points:
    """How urgent a case is.

    Parameters
    ----------
    total : float
        Of 100; the sum of its parts.
    parts : tuple of Part
        Greatest first; those with a weight of 0 are left out.
    """

    total: float
    parts: tuple[Part, ...]


def points_of(
    fields: Sequence[str],
    confidence: float | None,
    settings: ReviewSettings,
    *,
    allowed: bool = True,
    amount_eur: float | None = None,
    titles: Mapping[str, str] | None = None,
) -> Points:
    """Return the points that a case has at once, before it ages.

    Parameters
    ----------
    fields : sequence of str
        That people answer.
    confidence : float or None
        The lowest of its answers, in [0, 1]; None counts as no confidence at all.
    settings : ReviewSettings
    allowed : bool
        Whether the decision gate let it pass; a refused one has the full risk.
    amount_eur : float, optional
        What the case is about; None: not known.
    titles : mapping of str to str, optional
        How fields are called for people; a field that is not there is told by its key.

    Returns
    -------
    Points
        Money is what a wrong answer would cost, times how likely the least sure answer is wrong.
    """
    weights = settings.weights
    unit = 100.0 / (weights.money + weights.risk + weights.doubt + weights.age)
    doubt = 1.0 - min(1.0, max(0.0, confidence or 0.0))
    at_stake = sum(settings.of(key).wrong_eur for key in fields) + (amount_eur or 0.0)
    loss = at_stake * doubt
    risks = {key: settings.of(key).risk for key in fields}
    worst = max(risks, key=lambda key: risks[key], default="")
    risk = 1.0 if not allowed else risks.get(worst, 0.0)
    surest = f"the least sure answer is {confidence:.0%} sure" if confidence else "no answer is sure at all"
    parts = (
        Part(
            "money",
            unit * weights.money * min(1.0, loss / settings.full_eur),
            f"{loss:,.0f} euros expected: {at_stake:,.0f} at stake, {doubt:.0%} likely wrong"
            if at_stake
            else "what is at stake is not known",
        ),
        Part(
            "risk",
            unit * weights.risk * risk,
            f"a wrong answer to {(titles or {}).get(worst, worst)} weighs {risk:g}, of 1 at most"
            if allowed
            else "the decision gate refused it",
        ),
        Part("doubt", unit * weights.doubt * min(1.0, 2.0 * doubt), surest),
    )
    return _sum(parts, settings)


def aged(points: Points, hours: float, due_hours: float, settings: ReviewSettings) -> Points:
    """Return the points of a case that waits.

    Parameters
    ----------
    points : Points
        At once.
    hours : float
        Since its decision.
    due_hours : float
        Within which it is due; then age counts fully.
    settings : ReviewSettings
    """
    age = Part(
        "age",
        age_points(hours, due_hours, settings),
        f"{max(0.0, hours):,.1f} of {due_hours:,.1f} hours are gone",
    )
    return _sum((*points.parts, age), settings)


def age_points(hours: float, due_hours: float, settings: ReviewSettings) -> float:
    """Return the points for waiting so long."""
    weights = settings.weights
    unit = 100.0 / (weights.money + weights.risk + weights.doubt + weights.age)
    return unit * weights.age * min(1.0, max(0.0, hours) / due_hours)


def _sum(parts: Sequence[Part], settings: ReviewSettings) -> Points:
    kept = [one for one in parts if getattr(settings.weights, one.name) > 0]
    return Points(
        sum(one.points for one in kept), tuple(sorted(kept, key=lambda one: one.points, reverse=True))
    )
