"""Writes digits that look like letters."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["digits_for_letters"]


def _apply(text: str, random: Random) -> str:
    del random
    return text.translate(str.maketrans("oieasOIEAS", "0134501345"))


digits_for_letters = Mutator(
    summary="Writes digits that look like letters.",
    version=1,
    apply=_apply,
)
