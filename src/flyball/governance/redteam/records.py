"""What an attack is, what came of it, and what a run of many of them showed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.estimates import Estimate, NotMeasured

__all__ = [
    "FORMAT",
    "Attack",
    "FamilyFigures",
    "Outcome",
    "Plan",
    "RedTeamReport",
    "Result",
    "Value",
]

FORMAT = 1
"""Raised when what makes up the id of an attack changes."""

Outcome = Literal["held", "succeeded", "failed", "void"]
"""`failed`: it could not be carried out, so nobody knows; never counted as held. `void`: nothing to win."""
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, described so fully that the same bytes are sent whenever it is carried out.

    Parameters
    ----------
    family, seed : str
        Which seed of which family.
    version : int
        Of the family.
    text : str
        Words of the seed, before any disguise; "" where it is made of none.
    mutations : tuple of str
        Disguises, in the order in which they are put on.
    carrier : str
        Where in a document the words stand; "" for a message.
    case : str
        Id of the case that it begins with; "" for none.
    options : mapping of str to value
        What else the family needs.
    draw : int
        For whatever is drawn by chance.
    """

    family: str
    seed: str
    version: int
    text: str = ""
    mutations: tuple[str, ...] = ()
    carrier: str = ""
    case: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    draw: int = 0

    @property
    def id(self) -> str:
        """Name, from everything that makes it up."""
        return f"rt-{digest_of((FORMAT, msgspec.to_builtins(self))).removeprefix('sha256:')[:12]}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attack.

    Parameters
    ----------
    attack : Attack
    outcome : "held", "succeeded", "failed" or "void"
        For a harmless request, "succeeded" means that it was refused: that is what should not happen.
    by : str
        Which part of the deployment held: "guard", "limit", "money", "people", "" where none had to.
    why : str
        What was seen, for people, without words of the attack or of a case.
    sent : str
        Digest of what was sent, to prove that a later run sent the same; "" where nothing was.
    seconds : float
    """

    attack: Attack
    outcome: Outcome
    by: str = ""
    why: str = ""
    sent: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be tried, before anything is.

    Parameters
    ----------
    attacks : tuple of Attack
        In the order of trying: families take turns, plain seeds before disguised ones.
    not_applicable : mapping of str to str
        Families that find nothing to attack here, and why.
    seed, budget : int
    narrowed : bool
        Only some families or disguises were asked for.
    digest : str
        Of all of it: two plans with the same one try the same.
    """

    attacks: tuple[Attack, ...]
    not_applicable: Mapping[str, str]
    seed: int
    budget: int
    narrowed: bool = False

    @property
    def digest(self) -> str:
        """Of everything in it."""
        return digest_of([one.id for one in self.attacks])


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """What a family showed.

    Parameters
    ----------
    family : str
    benign : bool
        Its requests are harmless, and a success is a refusal.
    attempts, successes, failed : int
        `failed` could not be carried out and are no attempts.
    seeds, seeds_succeeded : int
        Different ones, and those with any success.
    rate : Estimate or NotMeasured
        Successes per attempt. The interval takes attempts of one seed as one piece of knowledge.
    held_by : mapping of str to int
    """

    family: str
    benign: bool
    attempts: int
    successes: int
    failed: int
    seeds: int
    seeds_succeeded: int
    rate: Estimate | NotMeasured
    held_by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RedTeamReport:
    """What a run showed.

    Parameters
    ----------
    deployment, release : str
        `release` is "" where none was attacked: a deployment that only talks, or a foreign address.
    target : str
        "sandbox", or the address.
    plan : Plan
    results : tuple of Result
    families : mapping of str to FamilyFigures
    attacks, benign : Estimate or NotMeasured
        Success rate of all attacks together; share of harmless requests that were refused.
    not_tested : tuple of str
        In words.
    seconds : float
    unreached : tuple of str
        Parts of the deployment that were left out because they are on another machine, in words.
    """

    deployment: str
    release: str
    target: str
    plan: Plan
    results: tuple[Result, ...]
    families: Mapping[str, FamilyFigures]
    attacks: Estimate | NotMeasured
    benign: Estimate | NotMeasured
    not_tested: tuple[str, ...]
    seconds: float
    unreached: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Result, ...]:
        """What worked, and should not."""
        return tuple(one for one in self.results if one.outcome == "succeeded")

    @property
    def failed(self) -> int:
        """How many could not be carried out."""
        return sum(one.outcome == "failed" for one in self.results)
