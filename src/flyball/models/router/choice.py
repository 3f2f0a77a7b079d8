"""The order in which models are asked for one request, with a reason for each; at its end stands a person.

Constraints come first and are never traded. Among those who are left, either the cheapest is asked first (a
cascade), or a learned router says from the prompt whether the strongest has to be. Whoever fails is followed
by the next one; when nobody is left, rules or a person answer. There is no silent end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flyball.core.errors import BadInput
from flyball.models.router.constraints import Candidate, Circumstances, PassedOver, admit

__all__ = ["Choice", "LastResort", "NeedsStrong", "choose"]

LastResort = Literal["rules", "person"]


@dataclass(frozen=True, slots=True)
class NeedsStrong:
    """What a learned router says about one prompt.

    Parameters
    ----------
    router : str
        Its name and version.
    score : float
        How much the strong model is expected to gain; higher means more.
    threshold : float
        From which the strong model is asked first.
    """

    router: str
    score: float
    threshold: float

    @property
    def strong(self) -> bool:
        """Whether the strong model is asked first; a score that is not a number says yes."""
        return not self.score < self.threshold


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom to ask, in which order, and why.

    Parameters
    ----------
    order : tuple of str
        Each is asked only when those before it failed. () means that the last resort answers at once.
    why : str
        Why the first one is asked first.
    passed_over : tuple of PassedOver
        Who is not asked at all, each with its constraint.
    last : "rules" or "person"
        Who answers when nobody in `order` did.
    score, threshold : float or None
        What the learned router said; None where none was asked.
    """

    order: tuple[str, ...]
    why: str
    passed_over: tuple[PassedOver, ...]
    last: LastResort
    score: float | None = None
    threshold: float | None = None

    def as_record(self) -> dict[str, object]:
        """Return it as plain data, for the ledger; it holds no word of the prompt."""
        said = {} if self.score is None else {"score": self.score, "threshold": self.threshold}
        return {
            "order": list(self.order),
            "why": self.why,
            "passed_over": [
                {"model": one.name, "constraint": one.constraint, "why": one.why} for one in self.passed_over
            ],
            "last": self.last,
            **said,
        }


def choose(
    candidates: Sequence[Candidate],
    around: Circumstances,
    *,
    needs_strong: NeedsStrong | None = None,
    unheard: str = "",
    last: LastResort = "person",
) -> Choice:
    """Choose the order of asking.

    Parameters
    ----------
    candidates : sequence of Candidate
        From weak and cheap to strong and dear.
    around : Circumstances
    needs_strong : NeedsStrong, optional
        What a learned router says; None for a cascade from the first to the last.
    unheard : str
        Why a learned router that should have been asked says nothing; "" where there is none.
    last : "rules" or "person"

    Returns
    -------
    Choice
        With a learned router that asks for the strong model, the order is turned around: whoever fails
        is followed by the next weaker one, for an answer of a weaker model is better than none.

    Raises
    ------
    BadInput
        Two candidates have one name.
    """
    names = [one.name for one in candidates]
    if len(set(names)) != len(names):
        raise BadInput(f"Two candidates have one name: {', '.join(names)}.", fix="Name each once.")
    admitted = admit(candidates, around)
    order = tuple(one.name for one in admitted.candidates)
    if needs_strong is None:
        but = f"; {unheard}" if unheard else ""
        why = f"{order[0]} is the first of the cascade that may be asked{but}" if order else ""
    else:
        word = "reaches" if needs_strong.strong else "is below"
        said = f"{needs_strong.router}: {needs_strong.score:.4f} {word} {needs_strong.threshold:.4f}"
        order = order[::-1] if needs_strong.strong else order
        which = "strongest" if needs_strong.strong else "cheapest"
        why = f"{order[0]} is the {which} that may be asked ({said})" if order else ""
    if not order:
        who = "rules answer" if last == "rules" else "a person answers"
        seen = "; ".join(f"{one.name}: {one.why}" for one in admitted.passed_over)
        why = f"{who}, because no model may be asked ({seen or 'there is none'})"
    return Choice(
        order,
        why,
        admitted.passed_over,
        last,
        None if needs_strong is None else needs_strong.score,
        None if needs_strong is None else needs_strong.threshold,
    )
