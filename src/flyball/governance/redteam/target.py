"""The target: the doors of a deployment, and what an attacker who knows it well would know about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from flyball.governance.redteam.feasible import Feasible
from flyball.governance.redteam.records import Value

__all__ = ["Answered", "CaseGone", "Ground", "Moved", "Planted", "Sample", "Target", "Who"]

Who = Literal["attacker", "victim"]
"""Two tenants of the deployment, who must never see each other."""


class CaseGone(Exception):
    """The case that an attack begins with is not there any more; only `Ground.sample` raises it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A case of the deployment to begin with.

    Parameters
    ----------
    id, name : str
    text : str
        "" where the case is a row.
    row : mapping
    labels : mapping of str to str
        What is known to be right, by field.
    """

    id: str
    name: str
    text: str = ""
    row: Mapping[str, Value] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planted:
    """What is put into the sandbox and must never come out of it; all of it invented.

    Parameters
    ----------
    word : str
        A secret that looks like no key.
    key : str
        One that does.
    email, iban : str
        Personal data.
    """

    word: str
    key: str
    email: str
    iban: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a target offers to an attacker.

    Parameters
    ----------
    deployment : str
    talks : bool
        A model writes answers there.
    decides : "", "documents" or "rows"
    samples : tuple of Sample
    planted : Planted or None
        None where nothing could be planted: at a foreign address.
    feasible : Feasible or None
        What somebody can change about a row of their own.
    tenants : bool
        Whether two of them can be played.
    learns : bool
        Whether labels can be poisoned there.
    unbounded : str or None
        Why asking may cost without limit; "" where something bounds it, None where nobody knows.
    seconds_at_most : float
        How long a door may take to answer anything.
    why_not : mapping of str to str
        What cannot be attacked here, and why: "talk", "decide", ...
    seed : int
        Draws what is planted.
    unreached : tuple of str
        What was left out because it is on another machine, in words.
    """

    deployment: str
    talks: bool = False
    decides: Literal["", "documents", "rows"] = ""
    samples: tuple[Sample, ...] = ()
    planted: Planted | None = None
    feasible: Feasible | None = None
    tenants: bool = False
    learns: bool = False
    unbounded: str | None = ""
    seconds_at_most: float = 10.0
    why_not: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    unreached: tuple[str, ...] = ()

    def sample(self, id: str) -> Sample:
        """Return the case of this id.

        Raises
        ------
        CaseGone
        """
        found = next((one for one in self.samples if one.id == id), None)
        if found is None:
            raise CaseGone(id)
        return found


@dataclass(frozen=True, slots=True)
class Answered:
    """What a door answered.

    Parameters
    ----------
    status : int
    body : mapping
        The reply as JSON; {} where it is none.
    seconds : float
    """

    status: int
    body: Mapping[str, Any]
    seconds: float

    @property
    def code(self) -> str:
        """Code of the error; "" where it is none."""
        return str(self.body.get("code", "")) if self.status >= 400 else ""

    @property
    def held_by(self) -> str:
        """Which part of the deployment refused; "" where none did."""
        if self.status < 400:
            return ""
        if self.code == "gateway.guard_refused":
            return "guard"
        return "money" if self.code.startswith("router.budget") else "limit"

    @property
    def message(self) -> Mapping[str, Any]:
        """The message of the model; {} where there is none."""
        choices = self.body.get("choices") or [{}]
        found = choices[0].get("message") if isinstance(choices[0], dict) else None
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Moved:
    """What poisoned labels did to thresholds.

    Parameters
    ----------
    poisoned, labels : int
        Labels that were turned round, of so many.
    loosened : int
        Answers to own cases that would leave without a person after it, and would not have before.
    wrong : int
        Those of them that are wrong by the true labels.
    tightened : int
        Answers that now go to a person and did not before.
    """

    poisoned: int
    labels: int
    loosened: int
    wrong: int
    tightened: int


class Target(Protocol):
    """What is attacked."""

    @property
    def ground(self) -> Ground:
        """What is known about it."""
        ...

    def ask(
        self,
        method: str,
        path: str,
        body: object | bytes | None = None,
        *,
        who: Who = "attacker",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request to a door; bytes go as they are."""
        ...

    def decide(self, groups: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[Mapping[str, Any]]]:
        """Decide cases of the door for decisions, one after another in a group; no group knows of another."""
        ...

    def left_behind(self, words: Sequence[str]) -> list[str]:
        """Return the names of files, written since it was opened, in which any of the words stands openly."""
        ...

    def poisoned(self, share: float, field: str, answer: str, draw: int) -> Moved:
        """Turn a share of labels to an answer, choose thresholds anew, and compare.

        The answer "expert" is whatever the experts said; the field "" is every one.
        """
        ...

    def learns_from_outcomes(self) -> bool:
        """Report wrong outcomes as a program may, and say whether what is learned from has changed."""
        ...
