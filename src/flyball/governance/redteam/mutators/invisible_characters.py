"""Puts a character of no width into every word."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["invisible_characters"]


def _apply(text: str, random: Random) -> str:
    return " ".join(_split(word, random) for word in text.split(" "))


def _split(word: str, random: Random) -> str:
    if len(word) < 3:
        return word
    place = random.randrange(1, len(word))
    return word[:place] + "\u200b" + word[place:]


invisible_characters = Mutator(
    summary="Puts a character of no width into every word.",
    version=1,
    apply=_apply,
)
