"""The settings of reviews: `[review]` of flyball.toml."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from flyball.core.errors import BadInput

__all__ = ["FieldReview", "ReviewSettings", "Scale", "Weights"]

Scale = Literal["nominal", "ordinal", "interval"]


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses what is no number
        raise BadInput(
            f"review.{name} must be {low:g} to {high:g}, got {value:g}.",
            fix="See docs/review.md for every setting of [review].",
            name=name,
            value=value,
        )


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of `[review]`; an unknown key is an error."""


class FieldReview(_Section, frozen=True):
    """`[review.field.NAME]`: what is particular about one field.

    Parameters
    ----------
    readers : int
        How many people answer a case that holds it; 0: as everywhere.
    due_hours : float
        Within which time; 0: as everywhere.
    evidence : bool
        Whether an answer needs passages that show it; "no" and "not there" need none.
    scale : {"", "nominal", "ordinal", "interval"}
        How far two answers are apart; "" goes by the kind of the field. "ordinal" takes the order of its
        choices.
    risk : float
        How bad a wrong answer is, from 0 to 1.
    wrong_eur : float
        What a wrong answer costs; 0: not known.
    """

    readers: int = 0
    due_hours: float = 0.0
    evidence: bool = False
    scale: Literal["", "nominal", "ordinal", "interval"] = ""
    risk: float = 0.5
    wrong_eur: float = 0.0

    def __post_init__(self) -> None:
        _between("readers", self.readers, 0, 9)
        _between("due_hours", self.due_hours, 0, 87_600)
        _between("risk", self.risk, 0, 1)
        _between("wrong_eur", self.wrong_eur, 0, 1e12)


class Weights(_Section, frozen=True):
    """`[review.weights]`: what counts how much when cases are put in order. 0 leaves a part out."""

    money: float = 1.0
    risk: float = 1.0
    doubt: float = 1.0
    age: float = 1.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            _between(f"weights.{name}", getattr(self, name), 0, 1000)
        if not self.money + self.risk + self.doubt + self.age > 0:
            raise BadInput("review.weights are all 0.", fix="Give one of money, risk, doubt, age a weight.")


class ReviewSettings(_Section, frozen=True):
    """`[review]`: who looks at what, when, and how often.

    Parameters
    ----------
    claim_minutes : int
        How long a case stays with who claimed it.
    readers : int
        How many people answer each case, none of them seeing what the others said.
    second_share : float
        Share of cases, drawn at random, that one reader more answers: so agreement is measured on all.
    due_hours : float
        Within which time a case is to be answered, from its decision.
    urgent_from : float
        Points, of 100 and without its age, from which a case is due within `urgent_hours`; above 100: never.
    urgent_hours : float
    escalate_to : tuple of str
        Roles that a case can be handed up to; the first is the default.
    escalated_hours : float
        Within which time a case that was handed up is to be settled.
    full_eur : float
        From which expected loss on money counts fully.
    amount_column : str
        Column of a row that holds what the case is about, in euros: a wrong answer may cost that much.
    makers_may_review : bool
        Whether who made or asked for a decision, its release included, may review it.
    turn_after_labels : int
        After how many newly reviewed cases a turn is asked for; 0: never.
    name_people : bool
        Whether figures about reviewers carry their names. Otherwise they are told together only.
    weights : Weights
    field : dict of str to FieldReview
    """

    claim_minutes: int = 60
    readers: int = 1
    second_share: float = 0.0
    due_hours: float = 72.0
    urgent_from: float = 101.0
    urgent_hours: float = 8.0
    escalate_to: tuple[str, ...] = ("officer",)
    escalated_hours: float = 8.0
    full_eur: float = 10_000.0
    amount_column: str = ""
    makers_may_review: bool = True
    turn_after_labels: int = 0
    teach: tuple[str, ...] = ("default",)
    name_people: bool = False
    weights: Weights = Weights()
    field: dict[str, FieldReview] = {}

    def __post_init__(self) -> None:
        _between("claim_minutes", self.claim_minutes, 1, 10_080)
        _between("readers", self.readers, 1, 9)
        _between("second_share", self.second_share, 0, 1)
        for name in ("due_hours", "urgent_hours", "escalated_hours"):
            _between(name, getattr(self, name), 0.01, 87_600)
        _between("urgent_from", self.urgent_from, 0, 1000)
        _between("full_eur", self.full_eur, 0.01, 1e12)
        _between("turn_after_labels", self.turn_after_labels, 0, 1_000_000)
        if not self.escalate_to or not all(self.escalate_to):
            raise BadInput("review.escalate_to names nobody.", fix='Write, for instance, ["officer"].')

    def of(self, field: str) -> FieldReview:
        """Return what is particular about a field; the defaults where nothing is."""
        return self.field.get(field, _PLAIN)

    def readers_of(self, fields: Sequence[str]) -> int:
        """Return how many people must answer a case with these fields, before any is drawn for more."""
        return max([self.readers, *(self.of(key).readers for key in fields)])

    def hours_of(self, fields: Sequence[str], points: float) -> float:
        """Return within how many hours a case is due.

        Parameters
        ----------
        fields : sequence of str
            That people answer.
        points : float
            Of its urgency, without its age, of 100.
        """
        own = [hours for key in fields if (hours := self.of(key).due_hours)]
        urgent = [self.urgent_hours] if points >= self.urgent_from else []
        return min([*own, *urgent] or [self.due_hours])


_PLAIN = FieldReview()
