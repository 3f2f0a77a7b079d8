"""The contract of a mutator: it disguises a text so that a reader, or a model, still understands it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from flyball.core.shelves import Shelf

__all__ = ["MUTATORS", "Mutator", "disguised"]

MUTATORS = Shelf(kind="mutator", package="flyball.governance.redteam.mutators")


@dataclass(frozen=True, slots=True)
class Mutator:
    """A disguise; the object that a module of the shelf offers under its own name.

    Parameters
    ----------
    summary : str
        What it does, in one sentence for people.
    version : int
        Raised when the same text comes out otherwise.
    apply : callable (text, random) -> str
        Takes chance from `random` alone, so that the same draw gives the same text.
    """

    summary: str
    version: int
    apply: Callable[[str, Random], str]


def disguised(text: str, mutations: Sequence[str], draw: int) -> str:
    """Return a text with disguises put on in their order.

    Raises
    ------
    UnknownName
    """
    random = Random(draw)  # noqa: S311 - the same draw must give the same text
    for name in mutations:
        mutator: Mutator = MUTATORS.load(name)
        text = mutator.apply(text, random)
    return text
