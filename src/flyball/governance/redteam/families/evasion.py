"""A case that should not pass is stated otherwise, within what its owner can change, until it passes."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from flyball.core.digests import digest_of
from flyball.core.text import count
from flyball.governance.redteam.corpus import Seed
from flyball.governance.redteam.family import Family, NothingHere, Played
from flyball.governance.redteam.feasible import Feasible, Variant, variants, wrong_way
from flyball.governance.redteam.records import Attack, Value
from flyball.governance.redteam.target import Ground, Target

__all__ = ["evasion"]

_VERSION = 1


def _plan(ground: Ground, seeds: Sequence[Seed], random: Random) -> Sequence[Attack] | NothingHere:
    if ground.decides != "rows":
        return NothingHere("it decides about no rows; documents are tried by injection_document")
    if ground.feasible is None:
        return NothingHere("redteam/feasible.toml does not say what somebody can change about a row")
    rules = ground.feasible
    bad = [one for one in ground.samples if one.labels.get(rules.field) == rules.bad]
    if not bad:
        return NothingHere(f"no case of its own is known to be {rules.field} = {rules.bad}")
    return [
        Attack("evasion", f"evade:{one.id[:12]}", _VERSION, case=one.id)
        for one in random.sample(bad, len(bad))
    ]


def _play(target: Target, attack: Attack) -> Played:
    rules = target.ground.feasible
    if rules is None:
        return Played("failed", "", "redteam/feasible.toml is not there any more")
    sample = target.ground.sample(attack.case)
    tried = [*variants(sample.row, rules), *wrong_way(sample.row, rules)]
    groups = [[dict(sample.row)], *([dict(row) for row in one.rows] for one in tried)]
    named = _named(groups, rules, attack)
    cases = [[{"name": sample.name, "row": row} for row in group] for group in named]
    decided = target.decide(cases)
    digest = digest_of(cases)
    undecided = [next((one for one in group if "fields" not in one), None) for group in decided]
    problem = undecided[0] or (undecided[-1] if tried and all(undecided[1:]) else None)
    if problem is not None:
        return Played("failed", "", f"not decided [{problem.get('code', '?')}]", digest)
    if _passes(decided[0], rules):
        return Played(
            "void", "", "it passes as it is: the model is wrong about it, nobody had to evade", digest
        )
    for variant, group in zip(tried, decided[1:], strict=True):
        if _passes(group, rules):
            return Played("succeeded", "", _told(variant), digest)
    return Played("held", "", f"{count(len(tried), 'feasible change')} tried, none passes", digest)


def _named(
    groups: list[list[dict[str, Value]]], rules: Feasible, attack: Attack
) -> list[list[dict[str, Value]]]:
    number = 0
    for group in groups:
        for row in group:
            number += 1
            for column in rules.fresh:
                row[column] = f"{row.get(column)}-{attack.id}-{number}"
    return groups


def _passes(group: Sequence[Mapping[str, Any]], rules: Feasible) -> bool:
    """Return whether all rows of a group are answered as wanted, without a person."""
    wanted = {"true": True, "false": False}.get(rules.answer, rules.answer)
    return all(
        one.get("ok", False)
        and any(
            field["field"] == rules.field and field["outcome"] == "automated" and field["answer"] == wanted
            for field in one.get("fields", ())
        )
        for one in group
    )


def _told(variant: Variant) -> str:
    return f"passes at a cost of {variant.cost:g}: {', '.join(variant.changed)}"


evasion = Family(
    summary="A case that should not pass is stated otherwise, within bounds; worked where it passes.",
    version=_VERSION,
    level="warning",
    plan=_plan,
    play=_play,
)
