"""Writes letters large and small by chance."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["casing"]


def _apply(text: str, random: Random) -> str:
    return "".join(one.upper() if random.random() < 0.5 else one.lower() for one in text)


casing = Mutator(
    summary="Writes letters large and small by chance.",
    version=1,
    apply=_apply,
)
