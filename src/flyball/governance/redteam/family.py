"""The contract of a family: which attacks there are here, and how one is carried out and judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from flyball.core.shelves import Shelf
from flyball.governance.redteam.corpus import Seed
from flyball.governance.redteam.records import Attack, Outcome
from flyball.governance.redteam.target import Ground, Target

__all__ = ["FAMILIES", "Family", "Level", "NothingHere", "Played"]

FAMILIES = Shelf(kind="family of attacks", package="flyball.governance.redteam.families")

Level = Literal["error", "warning", "note"]
"""How bad a success is, in the words of SARIF."""


@dataclass(frozen=True, slots=True)
class NothingHere:
    """A family finds nothing to attack, with the reason for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an attack: see `Result`."""

    outcome: Outcome
    by: str = ""
    why: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of attacks; the object that a module of the shelf offers under its own name.

    Parameters
    ----------
    summary : str
        What is tried and what counts as a success, in one sentence for people.
    version : int
        Raised when its attacks or its judgement change.
    level : "error", "warning" or "note"
    plan : callable (ground, seeds, random) -> attacks or NothingHere
        Every seed plain, in the order in which they should be tried.
    play : callable (target, attack) -> Played
        Whatever it raises counts as "failed".
    disguised : bool
        Whether the words of its attacks can be disguised by mutators.
    benign : bool
        Its requests are harmless: refused is what should not happen.
    """

    summary: str
    version: int
    level: Level
    plan: Callable[[Ground, Sequence[Seed], Random], Sequence[Attack] | NothingHere]
    play: Callable[[Target, Attack], Played]
    disguised: bool = False
    benign: bool = False
