"""Puts a gap between the letters of every word."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["gaps"]


def _apply(text: str, random: Random) -> str:
    del random
    return "  ".join(" ".join(word) for word in text.split(" "))


gaps = Mutator(
    summary="Puts a gap between the letters of every word.",
    version=1,
    apply=_apply,
)
