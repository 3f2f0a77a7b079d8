"""Planning: which attacks are tried, in which order, within a budget."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from random import Random

from flyball.core.errors import BadInput
from flyball.governance.redteam.corpus import Seed
from flyball.governance.redteam.family import FAMILIES, Family, NothingHere
from flyball.governance.redteam.mutator import MUTATORS
from flyball.governance.redteam.records import Attack, Plan
from flyball.governance.redteam.target import Ground

__all__ = ["plan_attacks"]

_ROUNDS = 12
"""How often each seed is disguised anew before a family has nothing more to try."""


def plan_attacks(
    ground: Ground,
    seeds: Mapping[str, Sequence[Seed]],
    *,
    families: Sequence[str] = (),
    mutators: Sequence[str] = (),
    budget: int = 300,
    seed: int = 0,
) -> Plan:
    """Choose attacks: every family takes its turn; plain seeds come first, then disguised ones.

    Parameters
    ----------
    ground : Ground
    seeds : mapping of str to sequence of Seed
        By family.
    families, mutators : sequence of str
        () for all.
    budget : int
        Attacks at most, at least 1.
    seed : int
        The same one, ground and seeds give the same plan.

    Raises
    ------
    UnknownName, BadInput
        A family or mutator that there is none of; a budget of none.
    """
    if budget < 1:
        raise BadInput(f"The budget is {budget} attacks.", fix="Give at least 1.", budget=budget)
    disguises = [(name, MUTATORS.load(name)) for name in mutators or MUTATORS.names()]
    queues: list[list[Attack]] = []
    nothing: dict[str, str] = {}
    for name in families or FAMILIES.names():
        family: Family = FAMILIES.load(name)
        random = Random(f"{seed}/{name}")  # noqa: S311 - the same seed must give the same plan
        plain = family.plan(ground, seeds.get(name, ()), random)
        if isinstance(plain, NothingHere):
            nothing[name] = plain.reason
        else:
            more = _disguised(plain, [one for one, _ in disguises], random) if family.disguised else []
            queues.append([*plain, *more])
    turns = [one for turn in zip_longest(*queues) for one in turn if one is not None]
    once = list({one.id: one for one in turns}.values())
    return Plan(tuple(once[:budget]), nothing, seed, budget, narrowed=bool(families or mutators))


def _disguised(plain: Sequence[Attack], names: Sequence[str], random: Random) -> list[Attack]:
    """Return attacks with one disguise, then with two, by chance."""
    found = []
    for number in range(_ROUNDS):
        for one in random.sample(list(plain), len(plain)):
            if one.text:
                chosen = tuple(random.sample(list(names), min(1 + number // 6, len(names))))
                found.append(replace(one, mutations=chosen, draw=random.getrandbits(32)))
    return found
