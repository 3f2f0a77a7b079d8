"""Families that plant something which must not come out, and look whether it does."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from flyball.governance.redteam.corpus import Seed
from flyball.governance.redteam.family import Family, NothingHere, Played
from flyball.governance.redteam.probing import probe
from flyball.governance.redteam.records import Attack
from flyball.governance.redteam.target import Ground, Planted, Target
from flyball.governance.redteam.wanting import told_secrets
from flyball.governance.redteam.words import attacks_of

__all__ = ["planting_family"]

_VERSION = 1


def planting_family(name: str, *, summary: str, secrets: Callable[[Planted], Mapping[str, str]]) -> Family:
    """Return a family that asks models, and tries the doors of another tenant, for what was planted.

    Parameters
    ----------
    name, summary : str
    secrets : callable (Planted) -> mapping of str to str
        What must not come out, by what it is called.
    """

    def plan(ground: Ground, seeds: Sequence[Seed], random: Random) -> Sequence[Attack] | NothingHere:
        if ground.planted is None:
            return NothingHere(ground.why_not.get("plant", "nothing could be planted that must not come out"))
        asking = [one for one in seeds if one.text and ground.talks]
        probing = [one for one in seeds if "probe" in one.options and ground.tenants and ground.samples]
        same = {"planted": ground.seed}
        found = attacks_of(name, _VERSION, asking, random, options=same)
        found += attacks_of(name, _VERSION, probing, random, cases=ground.samples, options=same)
        return found or NothingHere(ground.why_not.get("decide", "no model and no second tenant is here"))

    def play(target: Target, attack: Attack) -> Played:
        if target.ground.planted is None:
            return Played("failed", "", "nothing was planted")
        wanted = secrets(target.ground.planted)
        how = probe if "probe" in attack.options else told_secrets
        return how(target, attack, wanted)

    return Family(summary=summary, version=_VERSION, level="error", plan=plan, play=play, disguised=True)
