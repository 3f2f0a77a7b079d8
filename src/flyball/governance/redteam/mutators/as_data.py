"""Puts the words into a field of JSON, as a program would hand them on."""

from json import dumps
from random import Random

from flyball.governance.redteam.mutator import Mutator

__all__ = ["as_data"]


def _apply(text: str, random: Random) -> str:
    del random
    return dumps({"role": "system", "priority": 1, "content": text}, ensure_ascii=False)


as_data = Mutator(
    summary="Puts the words into a field of JSON, as a program would hand them on.",
    version=1,
    apply=_apply,
)
