"""Measuring: what a run showed, with intervals that do not take one seed in ten disguises for ten seeds."""

from collections import Counter
from collections.abc import Mapping, Sequence

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import wilson
from flyball.governance.redteam.family import FAMILIES, Family
from flyball.governance.redteam.records import FamilyFigures, Result

__all__ = ["figures_of", "rate_of"]


def figures_of(results: Sequence[Result]) -> Mapping[str, FamilyFigures]:
    """Return the figures of every family that was tried, by name."""
    found = {}
    for name in sorted({one.attack.family for one in results}):
        family: Family = FAMILIES.load(name)
        mine = [one for one in results if one.attack.family == name and one.outcome != "void"]
        tried = [one for one in mine if one.outcome != "failed"]
        won = [one for one in tried if one.outcome == "succeeded"]
        found[name] = FamilyFigures(
            family=name,
            benign=family.benign,
            attempts=len(tried),
            successes=len(won),
            failed=len(mine) - len(tried),
            seeds=len({one.attack.seed for one in tried}),
            seeds_succeeded=len({one.attack.seed for one in won}),
            rate=rate_of(tried),
            held_by=dict(Counter(one.by or "nothing had to" for one in tried if one.outcome == "held")),
        )
    return found


def rate_of(tried: Sequence[Result]) -> Estimate | NotMeasured:
    """Return successes per attempt; the interval is that of as many independent attempts as there seem to be.

    Attempts of one seed resemble each other. Their number is divided by how much more the shares of seeds
    scatter than chance would have them (never multiplied), and where all attempts ended alike, which tells
    nothing of that, by the attempts per seed.

    Source: Rao and Scott 1992, Biometrics 48, section 2, for the ratio estimate with its design effect.
    """
    n = len(tried)
    if not n:
        return NotMeasured("nothing was tried")
    seeds: dict[str, list[bool]] = {}
    for one in tried:
        seeds.setdefault(f"{one.attack.family}/{one.attack.seed}", []).append(one.outcome == "succeeded")
    won = sum(map(sum, seeds.values()))
    rate = won / n
    effective = float(len(seeds))
    if 0 < won < n and len(seeds) > 1:
        residuals = sum((sum(one) - rate * len(one)) ** 2 for one in seeds.values())
        variance = residuals * len(seeds) / (len(seeds) - 1) / n**2
        chance = rate * (1 - rate) / n
        effective = min(float(n), max(1.0, n * chance / variance if variance > 0 else float(n)))
    low, high = wilson(rate * effective, effective)
    return Estimate(rate, n, low=low, high=high)
