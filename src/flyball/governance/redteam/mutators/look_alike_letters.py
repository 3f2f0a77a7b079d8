"""Writes letters of another script that look the same."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["look_alike_letters"]


def _apply(text: str, random: Random) -> str:
    del random
    return text.translate(str.maketrans("aceiopxyACEHKMOPTX", "асеіорхуАСЕНКМОРТХ"))


look_alike_letters = Mutator(
    summary="Writes letters of another script that look the same.",
    version=1,
    apply=_apply,
)
