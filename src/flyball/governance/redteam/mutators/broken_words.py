"""Breaks long words with a hyphen at the end of a line."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["broken_words"]


def _apply(text: str, random: Random) -> str:
    return " ".join(_broken(word, random) for word in text.split(" "))


def _broken(word: str, random: Random) -> str:
    if len(word) < 6:
        return word
    place = random.randrange(2, len(word) - 2)
    return f"{word[:place]}-\n{word[place:]}"


broken_words = Mutator(
    summary="Breaks long words with a hyphen at the end of a line.",
    version=1,
    apply=_apply,
)
