"""Whoever writes asks the deployment to leave its task."""

from collections.abc import Sequence
from random import Random

from flyball.governance.redteam.corpus import Seed
from flyball.governance.redteam.family import Family, NothingHere, Played
from flyball.governance.redteam.records import Attack
from flyball.governance.redteam.target import Ground, Target
from flyball.governance.redteam.words import (
    attacks_of,
    chat_body,
    obeyed,
    played_on_case,
    text_column,
    words_of,
)

__all__ = ["injection_direct"]

_VERSION = 1


def _plan(ground: Ground, seeds: Sequence[Seed], random: Random) -> Sequence[Attack] | NothingHere:
    asked = attacks_of("injection_direct", _VERSION, seeds, random) if ground.talks else []
    decided = _on_cases(ground, seeds, random)
    if isinstance(decided, NothingHere):
        return asked or decided
    return [*asked, *decided]


def _on_cases(ground: Ground, seeds: Sequence[Seed], random: Random) -> Sequence[Attack] | NothingHere:
    if not ground.samples:
        return NothingHere(ground.why_not.get("decide", "nothing takes words of a caller"))
    if ground.decides == "rows":
        column = text_column(ground.samples[0], ground)
        if not column:
            return NothingHere("no column of a row takes words")
        return attacks_of(
            "injection_direct", _VERSION, seeds, random, cases=ground.samples, options={"column": column}
        )
    return attacks_of("injection_direct", _VERSION, seeds, random, cases=ground.samples)


def _play(target: Target, attack: Attack) -> Played:
    words = words_of(attack)
    if attack.case:
        return played_on_case(target, attack, words)
    body = chat_body(target.ground, [{"role": "user", "content": words}])
    return obeyed(attack, body, target.ask("POST", "/v1/chat/completions", body))


injection_direct = Family(
    summary="A caller orders the deployment to leave its task; worked where it obeys or decides otherwise.",
    version=_VERSION,
    level="error",
    plan=_plan,
    play=_play,
    disguised=True,
)
