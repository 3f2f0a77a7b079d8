"""Quality: how often answers are right over all cases, from a sample whose chances are known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import solve_rising

__all__ = ["Drawn", "binomial_interval", "quality_of"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One case that was chosen to be looked at.

    Parameters
    ----------
    chance : float
        With which it was taken, in (0, 1]: 1 where it was taken for certain.
    right : bool or None
        Whether its answer was right; None where nobody has answered yet.
    """

    chance: float
    right: bool | None


def quality_of(drawn: Sequence[Drawn], population: int, *, level: float = 0.95) -> Estimate | NotMeasured:
    """Share of right answers among all cases that could have been drawn (Horvitz and Thompson).

    Each answer counts for 1 / chance cases. Those that were taken for certain are known, the others speak
    for all that were not taken.

    Parameters
    ----------
    drawn : sequence of Drawn
        Certain ones with a chance of 1, the others all with one and the same chance.
    population : int
        Cases from which they were drawn.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate or NotMeasured
        In [0, 1]. The interval is exact for the drawn part (Clopper and Pearson), and counts cases that
        were chosen and not answered as right at one end and as wrong at the other: who does not answer may
        have a reason. `NotMeasured` where nothing was drawn at random and something was left out.

    Raises
    ------
    BadInput
        Chances outside (0, 1], several different ones, more cases than there are.

    Source: Horvitz and Thompson 1952, JASA 47, 663-685; Clopper and Pearson 1934, Biometrika 26, 404-413.
    """
    if any(not 0.0 < one.chance <= 1.0 for one in drawn) or len(drawn) > population:
        raise BadInput(
            f"{len(drawn)} cases drawn of {population}, with chances that cannot be.",
            fix="Give the chances with which the sample was recorded.",
        )
    certain = [one for one in drawn if one.chance == 1.0]
    chances = {one.chance for one in drawn if one.chance < 1.0}
    if len(chances) > 1:
        raise BadInput(f"One draw has one chance, got {len(chances)}.", fix="Estimate each draw of its own.")
    some = [one for one in drawn if one.chance < 1.0]
    answered = [one for one in some if one.right is not None]
    rest = population - len(certain)
    if rest and not answered:
        return NotMeasured(f"none of {len(some)} cases drawn at random has been answered")
    known = [one for one in certain if one.right is not None]
    if not known and not answered:
        return NotMeasured("none of the chosen cases has been answered")
    right = sum(bool(one.right) for one in known)
    open_ones = len(certain) - len(known)
    hits, missing = sum(bool(one.right) for one in answered), len(some) - len(answered)
    share_of_rest = hits / len(answered) if answered else 0.0
    share_of_certain = right / len(known) if known else 0.0
    low, high = binomial_interval(hits, len(some), level) if some else (0.0, 0.0)
    if missing:
        high = binomial_interval(hits + missing, len(some), level)[1]
    value = (len(certain) * share_of_certain + rest * share_of_rest) / population
    if certain and not known:  # nobody answered these: nothing is known of them, not that all are wrong
        value = share_of_rest
    return Estimate(
        value,
        len(known) + len(answered),
        max(0.0, min(value, (right + rest * low) / population)),
        min(1.0, max(value, (right + open_ones + rest * high) / population)),
        level,
    )


def binomial_interval(hits: int, n: int, level: float) -> tuple[float, float]:
    """Exact two-sided interval for a share.

    Parameters
    ----------
    hits, n : int
        Seen, of at least 1.
    level : float

    Returns
    -------
    low, high : float
        In [0, 1]; (0, 0.308) for 0 of 10 at 95 %.

    Source: Clopper and Pearson 1934, Biometrika 26, 404-413.
    """
    tail = (1.0 - level) / 2.0
    low, high = 0.0, 1.0
    if hits > 0:
        low = solve_rising(lambda share: 1.0 - _at_most(hits - 1, n, share), tail, high=1.0)
    if hits < n:
        high = solve_rising(lambda share: 1.0 - _at_most(hits, n, share), 1.0 - tail, high=1.0)
    return low, high


def _at_most(hits: int, n: int, share: float) -> float:
    """Return P(at most `hits` of `n`)."""
    if share <= 0.0 or share >= 1.0:
        return 1.0 if share <= 0.0 or hits >= n else 0.0
    up, down = math.log(share), math.log1p(-share)
    whole = math.lgamma(n + 1)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * up + (n - k) * down)
        for k in range(hits + 1)
    )
