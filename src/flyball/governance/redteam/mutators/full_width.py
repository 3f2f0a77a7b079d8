"""Writes wide forms of letters, as East Asian fonts have them."""

from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["full_width"]


def _apply(text: str, random: Random) -> str:
    del random
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


full_width = Mutator(
    summary="Writes wide forms of letters, as East Asian fonts have them.",
    version=1,
    apply=_apply,
)
